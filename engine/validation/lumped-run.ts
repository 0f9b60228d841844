/** The reference runs S1 to S6 of the lumped cell: what goes in, and a rig that runs them. */
import fixtures from '#twin-models/potline/fixtures.json' with { type: 'json' }
import { ALUMINA_KG_MOL, ALUMINIUM_KG_MOL } from '#twin-models/potline/heat.ts'
import {
  inputIndex,
  outputIndex,
  potlineModel,
  stateIndex,
} from '#twin-models/potline/lumped/cell.ts'
import { rc350 } from '#twin-models/potline/lumped/rc-350.ts'

export type ScenarioName = keyof typeof fixtures.scenarios

const USE_KG_S = fixtures.nominal.aluminaUse_kg_s
const MADE_KG_S = (2 * USE_KG_S * ALUMINIUM_KG_MOL) / ALUMINA_KG_MOL
const STEP_S = 5
const ACD_RISE_M = 1.5e-3

/** Current, alumina feed, AlF3 feed and tap of each run at a time. */
const INPUTS: Readonly<Record<ScenarioName, (time_s: number) => readonly number[]>> = {
  S1: () => [350e3, USE_KG_S, 0, MADE_KG_S],
  S2: () => [340e3, (USE_KG_S * 34) / 35, 0, (MADE_KG_S * 34) / 35],
  S3: () => [350e3, 0, 0, MADE_KG_S],
  S4: time_s => [350e3, time_s < 3600 ? 1.4 * USE_KG_S : USE_KG_S, 0, MADE_KG_S],
  S5: time_s => [350e3, USE_KG_S, time_s < 600 ? 0.05 : 0, MADE_KG_S],
  S6: time_s => (time_s < 3600 ? [35e3, 0, 0, 0] : [350e3, USE_KG_S, 0, MADE_KG_S]),
}

export const SCENARIO_NAMES = Object.keys(INPUTS) as readonly ScenarioName[]

/** The lumped cell at one time; reading it does not advance it. */
export interface LumpedSample {
  readonly time_s: number
  readonly state: Float64Array // [state]
  readonly output: Float64Array // [output]
}

/** Runs one reference run from its nominal start and calls back at each of the rising times. */
export function runScenario(
  name: ScenarioName,
  times_s: readonly number[],
  at: (sample: LumpedSample) => void,
): void {
  const parameters = rc350(1)
  // The reference carries the logarithms to any current and knows no freezing in bulk.
  parameters.lowCurrent_A.fill(0)
  parameters.bulkFreezing_W_K.fill(0)
  const state = new Float64Array(potlineModel.states.length)
  const input = new Float64Array(potlineModel.inputs.length)
  const output = new Float64Array(potlineModel.outputs.length)
  potlineModel.initialise(parameters, state)
  if (name === 'S1') state[stateIndex.acd_m] = state[stateIndex.acd_m]! + ACD_RISE_M
  let time_s = 0
  for (const stop_s of times_s) {
    for (; time_s < stop_s; time_s += STEP_S) {
      input.set(INPUTS[name](time_s))
      potlineModel.advance(parameters, state, input, STEP_S, output)
    }
    input.set(INPUTS[name](time_s))
    potlineModel.advance(parameters, state, input, 0, output)
    at({ time_s, state, output })
  }
}

/** A column of the reference runs, read from a sample. */
export function columnOf(column: string, { state, output }: LumpedSample): number {
  if (column === 'bath_C') return state[stateIndex.bath_K]! - 273.15
  if (column === 'liquidus_C') return output[outputIndex.liquidus_K]! - 273.15
  if (column === 'alumina_wtpct') return 100 * output[outputIndex.alumina]!
  if (column === 'alf3_wtpct') return 100 * output[outputIndex.alf3]!
  const inState = stateIndex[column as keyof typeof stateIndex]
  return inState === undefined
    ? output[outputIndex[column as keyof typeof outputIndex]]!
    : state[inState]!
}

/** The nominal cell with its input, at time zero. */
export function nominalSample(): LumpedSample & { readonly input: Float64Array } {
  const parameters = rc350(1)
  const state = new Float64Array(potlineModel.states.length)
  const input = new Float64Array(potlineModel.inputs.length)
  const output = new Float64Array(potlineModel.outputs.length)
  potlineModel.initialise(parameters, state)
  input[inputIndex.line_A] = 350e3
  input[inputIndex.aluminaFeed_kg_s] = USE_KG_S
  potlineModel.advance(parameters, state, input, 0, output)
  return { time_s: 0, state, output, input }
}
