/** A bank of cells: it owns their memory and advances them all, in the clear or the fast form. */
import { takeInventory } from './closure.ts'
import { type CellLayout, LANES, placeOf } from './layout.ts'
import {
  type BankMemory,
  bankMemory,
  type CellPlaces,
  cellPlaces,
  createLane,
  INVENTORY,
  moveLane,
} from './memory.ts'
import { initialiseLane, sameCell } from './nominal.ts'
import { type CellParameters, checkParameters } from './parameters.ts'
import { planCell } from './plan.ts'
import { advanceLane, type CellKernels, createKernels, settleLane } from './step.ts'

/** Longest step; a longer time is cut into equal steps. */
export const SUBSTEP_MAX_S = 60

/** How a bank computes: both give the same bytes. */
export type CellForm = 'wasm' | 'clear'

/** Cells side by side, all of one layout. */
export interface CellBank {
  readonly form: CellForm
  readonly cellCount: number
  readonly parameters: CellParameters
  readonly layout: CellLayout
  readonly state: Float64Array // [tile][state][lane]
  readonly input: Float64Array // [tile][input][lane]
  readonly output: Float64Array // [tile][output][lane]
  /** Index in `state` of a field of a cell; likewise for input and output. */
  stateAt(cell: number, field: number): number
  inputAt(cell: number, field: number): number
  outputAt(cell: number, field: number): number
  /** Sets state and input of all cells, or of one, to nominal operation. */
  initialise(cell?: number): void
  /** Advances all cells by dt_s under their inputs and fills the outputs; 0 only fills them. */
  advance(dt_s: number): void
  /** Copies the state out; `restore` puts it back, and the outputs follow with the next step. */
  snapshot(into?: Float64Array): Float64Array
  restore(state: Float64Array): void
  /** Fills `into` [inventoryPlace] with the masses and the energy that a cell holds. */
  inventory(cell: number, into: Float64Array): void
  /** Takes over changed parameters of the cells; the state stays. */
  replan(): void
}

/** Opens a bank in the clear form, at nominal operation. */
export function openClearCells(parameters: CellParameters): CellBank {
  const places = cellPlaces(parameters)
  const memory = bankMemory(places, parameters.cellCount, 0)
  const m = new Float64Array(memory.end)
  const lane = createLane(places, m)
  const kernels = createKernels(lane)
  return createBank('clear', parameters, places, memory, m, (dt_s, steps) => {
    for (let cell = 0; cell < parameters.cellCount; cell++) {
      moveLane(lane, memory, cell)
      if (steps === 0) settleLane(lane, kernels)
      for (let i = 0; i < steps; i++) {
        advanceLane(lane, kernels, dt_s, i === 0)
      }
    }
  })
}

/** The parts of a bank that both forms share; `run` advances all tiles by equal steps. */
export function createBank(
  form: CellForm,
  parameters: CellParameters,
  places: CellPlaces,
  memory: BankMemory,
  m: Float64Array,
  run: (step_s: number, steps: number) => void,
): CellBank {
  const { layout } = places
  const { cellCount } = parameters
  const lane = createLane(places, m)
  const kernels: CellKernels = createKernels(lane)
  let planned_s = 0
  const part = (at: number, fields: number) => m.subarray(at, at + LANES * memory.tiles * fields)
  const state = part(memory.stateAt, layout.states.length)
  const input = part(memory.inputAt, layout.inputs.length)
  const output = part(memory.outputAt, layout.outputs.length)
  const eachLane = (visit: () => void) => {
    for (let cell = 0; cell < LANES * memory.tiles; cell++) {
      moveLane(lane, memory, cell)
      visit()
    }
  }
  const plan = (step_s: number) => {
    if (planned_s === step_s) return
    eachLane(() => planCell(parameters, lane, step_s))
    planned_s = step_s
  }
  const replan = () => {
    checkParameters(parameters)
    m.set(parameters.values, memory.parametersAt)
    planned_s = 0
    plan(1)
  }
  const initialise = (only?: number) => {
    const first = only ?? 0
    const end = only === undefined ? LANES * memory.tiles : only + 1
    for (let cell = first; cell < end; cell++) {
      moveLane(lane, memory, cell)
      if (cell > first && sameCell(parameters, cell, true)) copyCell(cell - 1, cell)
      else initialiseLane(parameters, lane, kernels)
    }
  }
  const copyCell = (from: number, to: number) => {
    for (const [values, fields] of [
      [state, layout.states.length],
      [input, layout.inputs.length],
    ] as const) {
      for (let i = 0; i < fields; i++) {
        values[placeOf(fields, to, i)] = values[placeOf(fields, from, i)]!
      }
    }
  }
  replan()
  initialise()
  return {
    form,
    cellCount,
    parameters,
    layout,
    state,
    input,
    output,
    stateAt: (cell, field) => placeOf(layout.states.length, cell, field),
    inputAt: (cell, field) => placeOf(layout.inputs.length, cell, field),
    outputAt: (cell, field) => placeOf(layout.outputs.length, cell, field),
    initialise,
    replan,
    advance(dt_s) {
      if (!(dt_s >= 0)) throw new RangeError(`dt_s is ${dt_s}; 0 and above work`)
      const steps = Math.ceil(dt_s / SUBSTEP_MAX_S)
      if (steps > 0) plan(dt_s / steps)
      run(steps > 0 ? dt_s / steps : 0, steps)
    },
    inventory(cell, into) {
      moveLane(lane, memory, cell)
      const at = lane.work + LANES * places.work.after
      takeInventory(lane, at)
      for (let i = 0; i < INVENTORY.length; i++) into[i] = m[at + LANES * i]!
    },
    snapshot: (into = new Float64Array(state.length)) => {
      into.set(state)
      return into
    },
    restore: from => state.set(from),
  }
}
