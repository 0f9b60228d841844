/** The full cell under the reference runs of the lumped one, and on an eventful day. */
import type { CellBank } from '#twin-models/potline/cell/bank.ts'
import { openCells } from '#twin-models/potline/cell/cells.ts'
import {
  type CellSizes,
  inputPlace,
  outputPlace,
  statePlace,
} from '#twin-models/potline/cell/layout.ts'
import { balanceHeat } from '#twin-models/potline/cell/nominal.ts'
import { cellParameters, type ParameterSet } from '#twin-models/potline/cell/parameters.ts'
import potline350 from '#twin-models/potline/parameters/potline-350.json' with { type: 'json' }
import rc350 from '#twin-models/potline/parameters/rc-350.json' with { type: 'json' }
import type { ScenarioName } from './lumped-run.ts'

/** A bank of one cell at nominal operation, with the input that holds it. */
export interface CellRig {
  readonly bank: CellBank
  readonly nominal: Float64Array // [tile][input][lane]
}

const SETS = { 'rc-350': rc350, 'potline-350': potline350 } as const

/** Opens one cell of a parameter set. */
export function openRig(set: keyof typeof SETS, sizes: Partial<CellSizes> = {}): CellRig {
  const given = SETS[set] as ParameterSet
  const parameters = cellParameters(given, 1, { ...given.sizes, ...sizes })
  balanceHeat(parameters)
  const bank = openCells(parameters)
  bank.advance(0)
  return { bank, nominal: bank.input.slice() }
}

export const bath_C = ({ bank }: CellRig): number =>
  bank.state[bank.stateAt(0, statePlace.bath_K)]! - 273.15

export const ledge_m = ({ bank }: CellRig, height: 'bathLedge_m' | 'metalLedge_m'): number =>
  bank.state[bank.stateAt(0, bank.layout.state[height].first)]!

export const output = ({ bank }: CellRig, key: keyof typeof outputPlace): number =>
  bank.output[bank.outputAt(0, outputPlace[key])]!

/** Sets one input of the cell and of the unused lanes of its tile. */
function setInput({ bank }: CellRig, field: number, change: (value: number) => number): void {
  for (let lane = 0; lane < 4; lane++) {
    const at = bank.inputAt(lane, field)
    bank.input[at] = change(bank.input[at]!)
  }
}

function scaleFeed(rig: CellRig, factor: number): void {
  const { first, count } = rig.bank.layout.input.feed_kg_s
  for (let i = 0; i < count; i++) setInput(rig, first + i, value => value * factor)
}

function setCurrent(rig: CellRig, line_A: number, others: number): void {
  setInput(rig, inputPlace.line_A, () => line_A)
  setInput(rig, inputPlace.metalTap_kg_s, value => value * others)
  scaleFeed(rig, others)
}

const ACD_RISE_M = 1.5e-3

/** What each run changes of the nominal input. */
const CHANGES: Readonly<Record<ScenarioName, (rig: CellRig, time_s: number) => void>> = {
  S1: () => {},
  S2: rig => setCurrent(rig, 340e3, 34 / 35),
  S3: rig => scaleFeed(rig, 0),
  S4: (rig, time_s) => {
    if (time_s < 3600) scaleFeed(rig, 1.4)
  },
  S5: (rig, time_s) => {
    if (time_s < 600) setInput(rig, inputPlace.alf3Feed_kg_s, value => value + 0.05)
  },
  S6: (rig, time_s) => {
    if (time_s < 3600) setCurrent(rig, 35e3, 0)
  },
}

/** Runs one reference run and calls back at each of the rising times. */
export function runCellScenario(
  rig: CellRig,
  name: ScenarioName,
  times_s: readonly number[],
  dt_s: number,
  at: (time_s: number) => void,
): void {
  const { bank } = rig
  if (name === 'S1') {
    const { first, count } = bank.layout.state.acd_m
    for (let i = 0; i < 4 * count; i++) {
      const place = bank.stateAt(i % 4, first + Math.floor(i / 4))
      bank.state[place] = bank.state[place]! + ACD_RISE_M
    }
  }
  let time_s = 0
  for (const stop_s of times_s) {
    for (; time_s < stop_s; time_s += dt_s) {
      bank.input.set(rig.nominal)
      CHANGES[name](rig, time_s)
      bank.advance(dt_s)
    }
    at(time_s)
  }
}

/** Worst residuals of a run, relative to what moved in a step. */
export interface Closure {
  readonly mass: number
  readonly energy: number
  readonly effect_min: number
  readonly finite: boolean
}

const DAY_S = 86_400
const SHOT_KG = 1.2

/**
 * A day of feeding cycles in shots, AlF3, beam moves, a tap, an anode change, a current step, an
 * hour at a tenth of the current, and an anode effect with its quench.
 */
export function eventfulDay(rig: CellRig, dt_s: number): Closure {
  const { bank } = rig
  const { first, count } = bank.layout.input.feed_kg_s
  const due_kg = new Float64Array(count)
  const nominal_kg_s = rig.nominal[bank.inputAt(0, first)]!
  let mass = 0
  let energy = 0
  let effect_s = 0
  let finite = true
  for (let time_s = 0; time_s < DAY_S; time_s += dt_s) {
    bank.input.set(rig.nominal)
    setCurrent(rig, currentAt(time_s), currentAt(time_s) / 350e3)
    for (let i = 0; i < count; i++) {
      due_kg[i] = due_kg[i]! + nominal_kg_s * feedAt(time_s) * dt_s
      const shot_kg = due_kg[i]! >= SHOT_KG ? SHOT_KG : 0
      due_kg[i] = due_kg[i]! - shot_kg
      setInput(rig, first + i, () => shot_kg / dt_s)
    }
    events(rig, time_s, dt_s)
    bank.advance(dt_s)
    const made = Math.abs(output(rig, 'massResidual'))
    const heated = Math.abs(output(rig, 'energyResidual'))
    finite &&= Number.isFinite(made) && Number.isFinite(heated)
    mass = Math.max(mass, made)
    energy = Math.max(energy, heated)
    effect_s += output(rig, 'anodeEffect') * dt_s
  }
  return { mass, energy, effect_min: effect_s / 60, finite }
}

function currentAt(time_s: number): number {
  const hour = time_s / 3600
  if (hour >= 3 && hour < 5) return 340e3
  return hour >= 8 && hour < 9 ? 35e3 : 350e3
}

function feedAt(time_s: number): number {
  const hour = time_s / 3600
  if (hour >= 8 && hour < 9) return 0
  if (hour >= 17 && hour < 17.6) return 0
  if (hour >= 17.6 && hour < 17.7) return 10
  return Math.floor(hour) % 2 === 0 || (hour >= 9 && hour < 10) ? 1.1 : 0.9
}

function events(rig: CellRig, time_s: number, dt_s: number): void {
  const during = (from_s: number, length_s: number) =>
    time_s >= from_s && time_s < from_s + length_s
  const add = (field: number, amount: number) => setInput(rig, field, value => value + amount)
  if (time_s % 3600 < dt_s) add(inputPlace.alf3Feed_kg_s, 1.9 / dt_s)
  if (during(6 * 3600, 480)) {
    add(inputPlace.metalTap_kg_s, 1500 / 480)
    add(inputPlace.beam_m_s, -0.0116 / 480)
  }
  if (during(12 * 3600, dt_s)) setInput(rig, inputPlace.anodeChange, () => 11)
  if (during(14 * 3600, 600)) add(inputPlace.bathTap_kg_s, 0.5)
  if (during(15 * 3600, dt_s)) add(inputPlace.beam_m_s, 5e-4 / dt_s)
  if (during(17.6 * 3600, 360)) setInput(rig, inputPlace.quench, () => 1)
}
