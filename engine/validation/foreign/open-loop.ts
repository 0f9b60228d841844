/**
 * Runs the full cell on a recorded day of the synthetic plant, open loop: line current, feed,
 * AlF3, beam, taps, anode changes and logged anode effects go in, and nothing that the cell answers with.
 */
import type { CellBank } from '#twin-models/potline/cell/bank.ts'
import { openCells } from '#twin-models/potline/cell/cells.ts'
import { inputPlace, outputPlace, statePlace } from '#twin-models/potline/cell/layout.ts'
import { balanceHeat } from '#twin-models/potline/cell/nominal.ts'
import {
  type CellParameters,
  cellParameters,
  type ParameterKey,
  type ParameterSet,
  padParameters,
  setParameter,
} from '#twin-models/potline/cell/parameters.ts'
import potline350 from '#twin-models/potline/parameters/potline-350.json' with { type: 'json' }
import { BIN_S, type Dose, type PlantDay, type PlantDesign } from './recording.ts'

/** What the model said each minute, [minute][cell]. */
export interface OpenLoopRun {
  readonly minutes: number
  readonly voltage_V: Float64Array
  readonly bath_C: Float64Array
  readonly superheat_K: Float64Array
  readonly bathLedge_cm: Float64Array
  readonly metalLedge_cm: Float64Array
  readonly alumina_wtpct: Float64Array
  /** Minutes in which each cell was in an anode effect that the log does not have. */
  readonly false_min: Float64Array // [cell]
}

const STEP_S = 2
const STEPS_A_BIN = BIN_S / STEP_S
const BINS_A_MINUTE = 60 / BIN_S

/**
 * The day through cells that know only the design numbers; they start at nominal operation, or
 * with the mean alumina given for each cell.
 */
export function runOpenLoop(day: PlantDay, start_wtpct?: Float64Array): OpenLoopRun {
  const bank = openCells(designCells(day.design))
  if (start_wtpct) startAlumina(bank, start_wtpct)
  const { cells } = day.design
  const minutes = Math.floor(day.bins / BINS_A_MINUTE)
  const column = () => new Float64Array(minutes * cells)
  const run = {
    minutes,
    voltage_V: column(),
    bath_C: column(),
    superheat_K: column(),
    bathLedge_cm: column(),
    metalLedge_cm: column(),
    alumina_wtpct: column(),
    false_min: new Float64Array(cells),
  }
  const inputs = new DayInputs(day, bank)
  bank.advance(0)
  for (let bin = 0; bin < minutes * BINS_A_MINUTE; bin++) {
    if (bin % BINS_A_MINUTE === 0) record(bank, run, bin / BINS_A_MINUTE)
    for (let step = 0; step < STEPS_A_BIN; step++) {
      inputs.fill(bin, bin * BIN_S + step * STEP_S)
      imposeEffects(day, bank, bin * BIN_S + step * STEP_S, run.false_min)
      bank.advance(STEP_S)
    }
  }
  return run
}

/** Scales the dissolved alumina of each cell to the given mean. */
function startAlumina(bank: CellBank, start_wtpct: Float64Array): void {
  const { dissolvedA_kg, dissolvedB_kg } = bank.layout.state
  bank.advance(0)
  for (let cell = 0; cell < bank.cellCount; cell++) {
    const now = bank.output[bank.outputAt(cell, outputPlace.alumina)]!
    // Bath less its alumina stays, so that shares follow from masses.
    const wished = start_wtpct[cell]! / 100
    const factor = (wished * (1 - now)) / (now * (1 - wished))
    for (const { first, count } of [dissolvedA_kg, dissolvedB_kg]) {
      for (let i = 0; i < count; i++) {
        const at = bank.stateAt(cell, first + i)
        bank.state[at] = bank.state[at]! * factor
      }
    }
  }
}

/** Anode effects are events of the log: the cell has those, and none of its own. */
function imposeEffects(day: PlantDay, bank: CellBank, time_s: number, false_min: Float64Array) {
  for (let cell = 0; cell < bank.cellCount; cell++) {
    const at = bank.stateAt(cell, statePlace.anodeEffect)
    const logged = day.effects.some(
      one => one.cell === cell && one.time_s <= time_s && time_s < one.time_s + one.amount,
    )
    if (bank.state[at]! > 0 && !logged) {
      false_min[cell] = false_min[cell]! + STEP_S / 60
      bank.state[at] = 0
    } else if (logged && bank.state[at] === 0) bank.state[at] = 1
  }
}

function record(bank: CellBank, run: OpenLoopRun, minute: number): void {
  const { state } = bank.layout
  for (let cell = 0; cell < bank.cellCount; cell++) {
    const at = minute * bank.cellCount + cell
    const output = (field: number) => bank.output[bank.outputAt(cell, field)]!
    const stateOf = (field: number) => bank.state[bank.stateAt(cell, field)]!
    // An effect that the log does not have ends with the next step; its voltage does not count.
    run.voltage_V[at] = output(outputPlace.voltage_V) - output(outputPlace.anodeEffect_V)
    run.bath_C[at] = stateOf(statePlace.bath_K) - 273.15
    run.superheat_K[at] = output(outputPlace.superheat_K)
    run.bathLedge_cm[at] = 100 * stateOf(state.bathLedge_m.first)
    run.metalLedge_cm[at] = 100 * stateOf(state.metalLedge_m.first)
    run.alumina_wtpct[at] = 100 * output(outputPlace.alumina)
  }
}

/** Inputs of each step from the records of a day. */
class DayInputs {
  readonly #day: PlantDay
  readonly #bank: CellBank
  readonly #shots: Queue
  readonly #alf3: Queue
  readonly #changes: Queue

  constructor(day: PlantDay, bank: CellBank) {
    this.#day = day
    this.#bank = bank
    this.#shots = new Queue(day.shots)
    this.#alf3 = new Queue(day.alf3)
    this.#changes = new Queue(day.anodeChanges)
  }

  fill(bin: number, time_s: number): void {
    const bank = this.#bank
    const end_s = time_s + STEP_S
    const cells = bank.cellCount
    bank.input.fill(0)
    const add = (cell: number, field: number, value: number) => {
      const at = bank.inputAt(cell, field)
      bank.input[at] = bank.input[at]! + value
    }
    for (let cell = 0; cell < cells; cell++) {
      const at = bin * cells + cell
      const next = Math.min(bin + 1, this.#day.bins - 1) * cells + cell
      add(cell, inputPlace.line_A, this.#day.line_A[at]!)
      const rise_m = this.#day.beam_m[next]! - this.#day.beam_m[at]!
      add(cell, inputPlace.beam_m_s, rise_m / BIN_S)
    }
    const feed = bank.layout.input.feed_kg_s.first
    this.#shots.upTo(end_s, dose => add(dose.cell, feed + dose.part, dose.amount / STEP_S))
    this.#alf3.upTo(end_s, dose => add(dose.cell, inputPlace.alf3Feed_kg_s, dose.amount / STEP_S))
    this.#changes.upTo(end_s, dose => add(dose.cell, inputPlace.anodeChange, dose.part + 1))
    for (const tap of this.#day.taps) {
      const during_s = Math.min(end_s, tap.time_s + tap.part) - Math.max(time_s, tap.time_s)
      if (during_s <= 0) continue
      add(tap.cell, inputPlace.metalTap_kg_s, (tap.amount / tap.part) * (during_s / STEP_S))
    }
    for (let cell = cells; cell % 4 !== 0; cell++) copyInput(bank, cell, cells - 1)
  }
}

/** Unused lanes of the last tile run along with a cell of theirs. */
function copyInput(bank: CellBank, to: number, from: number): void {
  for (let field = 0; field < bank.layout.inputs.length; field++) {
    bank.input[bank.inputAt(to, field)] = bank.input[bank.inputAt(from, field)]!
  }
}

/** Doses in the order of their times. */
class Queue {
  readonly #doses: readonly Dose[]
  #next = 0

  constructor(doses: readonly Dose[]) {
    this.#doses = doses.toSorted((a, b) => a.time_s - b.time_s)
  }

  upTo(end_s: number, each: (dose: Dose) => void): void {
    while (this.#next < this.#doses.length && this.#doses[this.#next]!.time_s < end_s) {
      each(this.#doses[this.#next++]!)
    }
  }
}

/**
 * Cells from the design numbers alone: areas, masses, feeders, and the distance at which the
 * cell has its resistance set point in nominal operation. All else is the usual 350 kA cell.
 */
function designCells(design: PlantDesign): CellParameters {
  const set = potline350 as ParameterSet
  const length_m = design.cavityM[0]
  const geometry = {
    ...set.geometry,
    channelLength_m: length_m,
    anodeLength_m: design.anodeM[1],
    feeders_m: design.feederX.map(share => share * length_m),
  }
  const parameters = cellParameters({ ...set, geometry }, design.cells)
  const all = (key: ParameterKey, value: number) => {
    for (let cell = 0; cell < design.cells; cell++) setParameter(parameters, cell, key, value)
  }
  all('nominalLine_A', design.currentA)
  all('anodeArea_m2', design.anodes * design.anodeM[0] * design.anodeM[1])
  all('cathodeArea_m2', design.cavityM[0] * design.cavityM[1])
  all('nominalBath_kg', design.bathKgNominal)
  all('nominalMetal_kg', design.metalKgNominal)
  all('backEmf_V', design.eExt)
  all('acdDrift', 1)
  setDistances(parameters, design)
  balanceHeat(parameters)
  return parameters
}

/** Newton on the distance of each cell until its nominal resistance is the set point. */
function setDistances(parameters: CellParameters, design: PlantDesign): void {
  const acd_m = new Float64Array(design.cells).fill(0.04)
  const slope_Ohm_m = 1.1e-4
  for (let round = 0; round < 6; round++) {
    for (let cell = 0; cell < design.cells; cell++) {
      setParameter(parameters, cell, 'nominalAcd_m', acd_m[cell]!)
    }
    padParameters(parameters)
    balanceHeat(parameters)
    const bank = openCells(parameters)
    bank.advance(0)
    for (let cell = 0; cell < design.cells; cell++) {
      const got_Ohm = bank.output[bank.outputAt(cell, outputPlace.pseudoResistance_Ohm)]!
      acd_m[cell]! += (1e-6 * design.rSetMicroOhm[cell]! - got_Ohm) / slope_Ohm_m
    }
  }
}
