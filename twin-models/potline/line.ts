/**
 * A line of cells in series: one current, that the rectifier's controller holds against the sum
 * of all cell voltages and the line's inductance. An anode effect of one cell dips the current of
 * all; a change of current moves all voltages. Neighbours may tilt each other's metal.
 */
import type { CellBank } from './cell/bank.ts'
import { type CellOptions, openCells } from './cell/cells.ts'
import { inputPlace, outputPlace } from './cell/layout.ts'
import type { CellParameters } from './cell/parameters.ts'

/** Numbers of the rectifier and its line. */
export interface LineParameters {
  readonly inductance_H: number
  /** Bus bars that belong to no cell. */
  readonly bus_Ohm: number
  /** Voltage that the rectifier has over the nominal line, as a share of it. */
  readonly reserve_share: number
  readonly proportional_V_A: number
  readonly integral_V_As: number
  /** How fast the rectifier can change its voltage. */
  readonly slew_V_s: number
  /** Tilt of a cell's metal per asymmetry of each neighbour's anode currents; 0: none. */
  readonly coupling_m: number
}

type LineKey = keyof LineParameters

const RANGES: Readonly<Record<LineKey, readonly [low: number, high: number]>> = {
  inductance_H: [1e-4, 1],
  bus_Ohm: [0, 1e-2],
  reserve_share: [0, 1],
  proportional_V_A: [0, 1],
  integral_V_As: [0, 1],
  slew_V_s: [0.1, 1e4],
  coupling_m: [0, 0.02],
}

/** What a line file of parameters/ holds. */
export interface LineSet {
  readonly name: string
  readonly parameters: Readonly<Record<string, { readonly value: number; readonly source: string }>>
}

/** Line numbers from a data file; throws a RangeError that names an impossible one. */
export function lineParameters(set: LineSet): LineParameters {
  const values: Partial<Record<LineKey, number>> = {}
  for (const [key, [low, high]] of Object.entries(RANGES)) {
    const value = set.parameters[key]?.value
    if (value === undefined) throw new RangeError(`${set.name}: parameter ${key} is missing`)
    if (!(value >= low && value <= high)) {
      throw new RangeError(
        `${set.name}: parameter ${key} is ${value}; ${low} to ${high} is possible`,
      )
    }
    values[key as LineKey] = value
  }
  return values as LineParameters
}

/** The rectifier is followed in steps of at most this length. */
const RECTIFIER_STEP_S = 0.25

/** What the rectifier carries from step to step. */
export interface LineState {
  current_A: number
  rectifier_V: number
  /** The controller's integral. */
  integral_V: number
}

/** A line of cells. */
export interface CellLine {
  readonly bank: CellBank
  readonly state: LineState
  /** Current that the controller holds. */
  setpoint_A: number
  /** Highest voltage of the rectifier. */
  readonly limit_V: number
  /** Sum of the cell voltages and the bus bars at the current. */
  lineVoltage_V(): number
  /** Advances the current and all cells by dt_s; the other inputs are the bank's. */
  advance(dt_s: number): void
  /** Copies current, controller and cells out; `restore` puts them back. */
  snapshot(): LineSnapshot
  restore(from: LineSnapshot): void
}

/** A line as it was. */
export interface LineSnapshot {
  readonly line: Readonly<LineState>
  readonly setpoint_A: number
  readonly cells: Float64Array // [tile][state][lane]
  /** Voltages and asymmetries that the next step starts from. */
  readonly output: Float64Array // [tile][output][lane]
}

/** Opens a line at nominal operation; parameters must be balanced, see `balanceHeat`. */
export function openLine(
  line: LineParameters,
  parameters: CellParameters,
  options: CellOptions = {},
): CellLine {
  const bank = openCells(parameters, options)
  bank.advance(0)
  const { cellCount } = bank
  const sumOf = (place: number) => {
    let sum = 0
    for (let cell = 0; cell < cellCount; cell++) sum += bank.output[bank.outputAt(cell, place)]!
    return sum
  }
  const current_A = bank.input[bank.inputAt(0, inputPlace.line_A)]!
  const nominal_V = sumOf(outputPlace.voltage_V) + line.bus_Ohm * current_A
  const state: LineState = { current_A, rectifier_V: nominal_V, integral_V: nominal_V }
  const limit_V = nominal_V * (1 + line.reserve_share)
  const opened: CellLine = {
    bank,
    state,
    setpoint_A: current_A,
    limit_V,
    lineVoltage_V: () => sumOf(outputPlace.voltage_V) + line.bus_Ohm * state.current_A,
    advance(dt_s) {
      const mean_A = followRectifier(
        line,
        state,
        limit_V,
        opened.setpoint_A,
        sumOf(outputPlace.voltage_V),
        sumOf(outputPlace.slope_Ohm),
        dt_s,
      )
      for (let cell = 0; cell < cellCount; cell++) {
        bank.input[bank.inputAt(cell, inputPlace.line_A)] = mean_A
        if (line.coupling_m > 0) {
          bank.input[bank.inputAt(cell, inputPlace.metalTilt_m)] =
            line.coupling_m * (asymmetryOf(bank, cell - 1) + asymmetryOf(bank, cell + 1))
        }
      }
      bank.advance(dt_s)
    },
    snapshot: () => ({
      line: { ...state },
      setpoint_A: opened.setpoint_A,
      cells: bank.snapshot(),
      output: bank.output.slice(),
    }),
    restore(from) {
      Object.assign(state, from.line)
      opened.setpoint_A = from.setpoint_A
      bank.restore(from.cells)
      bank.output.set(from.output)
    },
  }
  return opened
}

/** Follows current and controller through a step, the cells' voltage as a straight line. */
function followRectifier(
  line: LineParameters,
  state: LineState,
  limit_V: number,
  setpoint_A: number,
  cells_V: number,
  slope_Ohm: number,
  dt_s: number,
): number {
  const steps = Math.ceil(dt_s / RECTIFIER_STEP_S)
  const h_s = steps > 0 ? dt_s / steps : 0
  const start_A = state.current_A
  const perInductance = h_s / line.inductance_H
  let charge = 0
  for (let i = 0; i < steps; i++) {
    const error_A = setpoint_A - state.current_A
    const wish_V = state.integral_V + line.proportional_V_A * error_A
    const reach_V = line.slew_V_s * h_s
    const slewed_V = Math.min(
      Math.max(wish_V, state.rectifier_V - reach_V),
      state.rectifier_V + reach_V,
    )
    state.rectifier_V = Math.min(Math.max(slewed_V, 0), limit_V)
    // The integral waits while the rectifier is at an end of its range.
    if (state.rectifier_V === wish_V) state.integral_V += line.integral_V_As * error_A * h_s
    const rise_V = state.rectifier_V - cells_V + slope_Ohm * start_A
    const current_A =
      (state.current_A + perInductance * rise_V) / (1 + perInductance * (slope_Ohm + line.bus_Ohm))
    // Rectifiers let no current back.
    state.current_A = Math.max(current_A, 0)
    charge += state.current_A
  }
  return steps > 0 ? charge / steps : state.current_A
}

function asymmetryOf(bank: CellBank, cell: number): number {
  if (cell < 0 || cell >= bank.cellCount) return 0
  return bank.output[bank.outputAt(cell, outputPlace.asymmetry)]!
}
