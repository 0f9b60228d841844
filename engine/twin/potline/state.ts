import {
  initialiseCell,
  inputIndex,
  potlineModel,
  stateIndex,
} from '#twin-models/potline/lumped/cell.ts'
import type { PotlineParameters } from '#twin-models/potline/lumped/parameters.ts'
import { FILTER_ROWS, filterTuning, startFilter } from './filter.ts'
import { createRing, type SampleRing } from './ring.ts'

/** Rows of what the twin keeps of each cell beside model and filter, [row][cell]. */
export const own = {
  /** 1 once the first voltage was seen. */
  started: 0,
  /** Seconds with an accepted voltage. */
  updates: 1,
  /** Seconds for which events still hide the voltage. */
  mask_s: 2,
  /** Seconds for which the bias may still move faster after an anode change. */
  restless_s: 3,
  /** Seconds since a usable voltage. */
  voltageAge_s: 4,
  /** Seconds the voltage has shown one value. */
  stuck_s: 5,
  lastVoltage_V: 6,
  beam_m: 7,
  /** Net beam travel with a memory of minutes; a long one is tapping or bridge raising. */
  beamTravel_m: 8,
  /** Seconds left of following metal down; the beam then does not change the distance. */
  tapping_s: 9,
  anodeEffect: 10,
  /** Seconds since the voltage fell back after an anode effect. */
  calm_s: 11,
  /** Consecutive seconds of refused innovations. */
  refused_s: 12,
  innovationMean_V: 13,
  noiseVariance_V2: 14,
  noiseLagged_V2: 15,
  noiseLast_V: 16,
  shortNoise_V2: 17,
  resistance_uOhm: 18,
  resistanceSlow_uOhm: 19,
  resistanceSlower_uOhm: 20,
  /** Age of the resistance filters since their last restart. */
  slopeAge_s: 21,
  /** dV/dAlumina over the band, V per wt%. */
  aluminaSlope_V: 22,
  /** Commanded alumina, averaged over hours, for forecasts. */
  feed_kg_s: 23,
  alf3Feed_kg_s: 24,
  /** Heat the cell gets beside the model's own balance, learned from samples. */
  heat_W: 25,
  varAlf3_wtpct2: 26,
  covAlf3Superheat: 27,
  varSuperheat_K2: 28,
  varCaf2_wtpct2: 29,
  varMetal_kg2: 30,
  lineFast_A: 31,
  expected_V: 32,
  expectedStd_V: 33,
  residual: 34,
  masked: 35,
  gapSlope_Ohm_m: 36,
  /** Doubt about the cell's onset of anode effects, which shifts the whole voltage curve. */
  varOnset_wtpct2: 37,
  /** Innovation of the tick before, NaN when there was none. */
  lastInnovation_V: 38,
} as const
export const OWN_ROWS = 39

/** Rows of what the line as a whole keeps. */
export const line = { current_A: 0, currentAge_s: 1, ticks: 2 } as const
const LINE_ROWS = 3

/** All memory of a potline twin: typed arrays only, so that a snapshot is a copy. */
export interface PotlineState {
  readonly cells: number
  readonly parameters: PotlineParameters
  readonly model: Float64Array // [stateIndex][cell]
  readonly input: Float64Array // [inputIndex][cell]
  readonly output: Float64Array // [outputIndex][cell]
  readonly filter: Float64Array // [filterRow][cell]
  readonly own: Float64Array // [own][cell]
  readonly line: Float64Array // [line]
  readonly ring: SampleRing
}

/** Standard deviations before the first sample. */
export const prior = {
  alf3_wtpct: 1.2,
  superheat_K: 3,
  caf2_wtpct: 0.8,
  metal_kg: 2000,
  noise_V: 0.008,
  onset_wtpct: 0.12,
} as const

/** Nominal cells with wide priors. */
export function createState(parameters: PotlineParameters): PotlineState {
  const cells = parameters.cellCount
  const state: PotlineState = {
    cells,
    parameters,
    model: new Float64Array(potlineModel.states.length * cells),
    input: new Float64Array(potlineModel.inputs.length * cells),
    output: new Float64Array(potlineModel.outputs.length * cells),
    filter: new Float64Array(FILTER_ROWS * cells),
    own: new Float64Array(OWN_ROWS * cells),
    line: new Float64Array(LINE_ROWS),
    ring: createRing(cells),
  }
  potlineModel.initialise(parameters, state.model)
  state.line[line.current_A] = parameters.nominalLine_A[0]!
  state.line[line.currentAge_s] = 1e6
  for (let cell = 0; cell < cells; cell++) {
    startFilter(state.filter, cells, cell, filterTuning)
    startOwn(state, cell)
  }
  return state
}

function startOwn(state: PotlineState, cell: number): void {
  const put = (row: number, value: number) => {
    state.own[row * state.cells + cell] = value
  }
  put(own.voltageAge_s, 1e6)
  put(own.lastVoltage_V, Number.NaN)
  put(own.beam_m, Number.NaN)
  put(own.noiseVariance_V2, prior.noise_V * prior.noise_V)
  put(own.noiseLagged_V2, 0.5 * prior.noise_V * prior.noise_V)
  put(own.shortNoise_V2, Number.NaN)
  put(own.resistance_uOhm, Number.NaN)
  put(own.feed_kg_s, Number.NaN)
  put(own.varAlf3_wtpct2, prior.alf3_wtpct * prior.alf3_wtpct)
  put(own.varSuperheat_K2, prior.superheat_K * prior.superheat_K)
  put(own.varCaf2_wtpct2, prior.caf2_wtpct * prior.caf2_wtpct)
  put(own.varMetal_kg2, prior.metal_kg * prior.metal_kg)
  put(own.varOnset_wtpct2, prior.onset_wtpct * prior.onset_wtpct)
  put(own.expected_V, Number.NaN)
  put(own.expectedStd_V, Number.NaN)
  put(own.residual, Number.NaN)
  put(own.lastInnovation_V, Number.NaN)
  put(own.lineFast_A, state.parameters.nominalLine_A[cell]!)
}

/** All arrays of a snapshot, in their fixed order; input and output are of one tick only. */
export function snapshotArrays(state: PotlineState): readonly (Float64Array | Float32Array)[] {
  return [
    state.model,
    state.filter,
    state.own,
    state.line,
    state.parameters.anodeEffectAlumina_share,
    state.ring.times_s,
    state.ring.values,
  ]
}

const one = new Float64Array(potlineModel.states.length)

/** Puts one cell back to nominal, after its numbers went bad. */
export function restartCell(state: PotlineState, cell: number): void {
  const { cells } = state
  initialiseCell(state.parameters, cell, one)
  for (let i = 0; i < one.length; i++) state.model[i * cells + cell] = one[i]!
  for (let row = 0; row < OWN_ROWS; row++) state.own[row * cells + cell] = 0
  for (let row = 0; row < potlineModel.inputs.length; row++) state.input[row * cells + cell] = 0
  state.input[inputIndex.line_A * cells + cell] = state.line[line.current_A]!
  startFilter(state.filter, cells, cell, filterTuning)
  startOwn(state, cell)
}

/** Liquid bath of one cell, kg. */
export function bathMass_kg(state: PotlineState, cell: number): number {
  const { model, cells } = state
  return (
    model[stateIndex.dissolved_kg * cells + cell]! +
    model[stateIndex.alf3_kg * cells + cell]! +
    model[stateIndex.caf2_kg * cells + cell]! +
    model[stateIndex.mgf2_kg * cells + cell]! +
    model[stateIndex.cryolite_kg * cells + cell]!
  )
}
