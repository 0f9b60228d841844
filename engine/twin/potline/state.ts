import type { CellBank } from '#twin-models/potline/cell/bank.ts'
import { openCells } from '#twin-models/potline/cell/cells.ts'
import { inputPlace, LANES, statePlace } from '#twin-models/potline/cell/layout.ts'
import { parameterOf, setParameter } from '#twin-models/potline/cell/parameters.ts'
import type { VoltageParameters } from '#twin-models/potline/voltage.ts'
import type { LineDefinition } from '../../flow.ts'
import { refreshBath } from './bath-state.ts'
import { createFeeders, type FeederState, startFeeders } from './feeders.ts'
import { FILTER_ROWS, filterRow, filterTuning, startFilter } from './filter.ts'
import { lumpedVoltage, plantPrior } from './parameters.ts'
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
  /** Heat the cell gets beside the model's own balance and that of the bias. */
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
  /** dV/dAlumina under one anode, where the conductivity is that of the whole bath; V per wt%. */
  localSlope_V: 39,
  /** Bias that is usual, whose heat is in the balance of the model; NaN until it is known. */
  usualBias_uOhm: 40,
} as const
export const OWN_ROWS = 41

/** Rows of what the line as a whole keeps. */
export const line = { current_A: 0, currentAge_s: 1, ticks: 2 } as const
const LINE_ROWS = 3

/** All memory of a potline twin: typed arrays only, so that a snapshot is a copy. */
export interface PotlineState {
  readonly cells: number
  readonly tick_ms: number
  /** The full cells, all in one memory. */
  readonly bank: CellBank
  /** The same cells with all anodes in one, for the curve of the voltage over alumina. */
  readonly lumped: VoltageParameters
  /** Alumina at the onset of anode effects as it was learned. */
  readonly onset_share: Float64Array // [cell]
  /** Superheat at which a cell keeps its ledge, as its samples told. */
  readonly usualSuperheat_K: Float64Array // [cell]
  /** Sums over the bath of the bank, see refreshBath. */
  readonly bath_kg: Float64Array // [cell]
  readonly dissolved_kg: Float64Array // [cell]
  /** Commanded alumina of the tick. */
  readonly commanded_kg_s: Float64Array // [cell]
  /** Feed as commanded, by feeder, of the tick. */
  readonly shot_kg_s: Float64Array // [cell][feeder]
  readonly filter: Float64Array // [filterRow][cell]
  readonly own: Float64Array // [own][cell]
  readonly line: Float64Array // [line]
  readonly ring: SampleRing
  readonly feeders: FeederState
  readonly fixed: FixedNumbers
}

/** Parameters that all cells of a twin share. */
export interface FixedNumbers {
  readonly nominalAcd_m: number
  readonly backEmf_V: number
  readonly anodeEffect_V: number
  readonly slowAlumina_share: number
  readonly dissolution_per_s: number
  readonly cathodeArea_m2: number
  readonly metalDensity_kg_m3: number
  readonly nominalLine_A: number
  readonly nominalAlf3_share: number
  readonly nominalSuperheat_K: number
  /** From bath and from metal to the ledge, where superheat is nominal. */
  readonly bathTransfer_W_m2K: number
  readonly metalTransfer_W_m2K: number
  /** Heat lost elsewhere than to the ledge, per kelvin. */
  readonly elsewhere_W_K: number
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
export function createState(definition: LineDefinition): PotlineState {
  const parameters = plantPrior(definition)
  const cells = parameters.cellCount
  const bank = openCells(parameters)
  const lumped = lumpedVoltage(parameters)
  const get = (key: Parameters<typeof parameterOf>[2]) => parameterOf(parameters, 0, key)
  const state: PotlineState = {
    cells,
    tick_ms: definition.tick_ms,
    bank,
    lumped,
    onset_share: lumped.anodeEffectAlumina_share,
    usualSuperheat_K: new Float64Array(cells).fill(get('nominalSuperheat_K')),
    bath_kg: new Float64Array(cells),
    dissolved_kg: new Float64Array(cells),
    commanded_kg_s: new Float64Array(cells),
    shot_kg_s: new Float64Array(cells * parameters.sizes.feeders),
    filter: new Float64Array(FILTER_ROWS * cells),
    own: new Float64Array(OWN_ROWS * cells),
    line: new Float64Array(LINE_ROWS),
    ring: createRing(cells),
    feeders: createFeeders(parameters),
    fixed: {
      nominalAcd_m: get('nominalAcd_m'),
      backEmf_V: get('backEmf_V'),
      anodeEffect_V: get('anodeEffect_V'),
      slowAlumina_share: get('slowAlumina_share'),
      dissolution_per_s: get('dissolution_per_s'),
      cathodeArea_m2: get('cathodeArea_m2'),
      metalDensity_kg_m3: get('metalDensity_kg_m3'),
      nominalLine_A: get('nominalLine_A'),
      nominalAlf3_share: get('nominalAlf3_share'),
      nominalSuperheat_K: get('nominalSuperheat_K'),
      bathTransfer_W_m2K: get('bathTransfer_W_m2K'),
      metalTransfer_W_m2K: get('metalTransfer_W_m2K'),
      elsewhere_W_K: get('top_W_K') + get('rim_W_K') + get('bottom_W_K') + get('bars_W_K'),
    },
  }
  state.line[line.current_A] = get('nominalLine_A')
  state.line[line.currentAge_s] = 1e6
  for (let cell = 0; cell < cells; cell++) {
    startFilter(state.filter, cells, cell, filterTuning)
    startOwn(state, cell)
    startFeeders(state.feeders, cell)
    refreshBath(state, cell)
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
  put(own.usualBias_uOhm, Number.NaN)
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
  put(own.lineFast_A, state.line[line.current_A]!)
}

/** Value of a state of a cell. */
export function stateOf(state: PotlineState, cell: number, key: keyof typeof statePlace): number {
  const { bank } = state
  return bank.state[bank.stateAt(cell, statePlace[key])]!
}

/** Sets a state of a cell. */
export function putState(
  state: PotlineState,
  cell: number,
  key: keyof typeof statePlace,
  value: number,
): void {
  const { bank } = state
  bank.state[bank.stateAt(cell, statePlace[key])] = value
}

const SUPERHEAT_LOW_K = 4
const SUPERHEAT_HIGH_K = 20
/** How far off its usual superheat a cell counts at most, as after an anode change. */
const OFF_USUAL_MAX = 4 / 3

/**
 * Takes over that a cell runs hotter than its model, now at `superheat_K`, by `more_K`: the bath
 * gives less heat to the ledge per kelvin. As much heat goes out as before, and the ledge stays.
 * The bank is to be planned again after.
 */
export function learnSuperheat(
  state: PotlineState,
  cell: number,
  superheat_K: number,
  more_K: number,
): void {
  const usual_K = state.usualSuperheat_K[cell]!
  const now_K = Math.min(OFF_USUAL_MAX * usual_K, Math.max(usual_K / OFF_USUAL_MAX, superheat_K))
  const learned_K = (usual_K * (now_K + more_K)) / now_K
  state.usualSuperheat_K[cell] = Math.min(SUPERHEAT_HIGH_K, Math.max(SUPERHEAT_LOW_K, learned_K))
  setTransfer(state, cell)
}

/** Gives the model of a cell the transfer that belongs to its usual superheat; replan after. */
export function setTransfer({ bank, fixed, usualSuperheat_K }: PotlineState, cell: number): void {
  const share = fixed.nominalSuperheat_K / usualSuperheat_K[cell]!
  setParameter(bank.parameters, cell, 'bathTransfer_W_m2K', share * fixed.bathTransfer_W_m2K)
  setParameter(bank.parameters, cell, 'metalTransfer_W_m2K', share * fixed.metalTransfer_W_m2K)
}

/** Adds to a single input of a cell for this tick. */
export function addInput(
  state: PotlineState,
  cell: number,
  key: keyof typeof inputPlace,
  value: number,
): void {
  const { bank } = state
  const at = bank.inputAt(cell, inputPlace[key])
  bank.input[at] = bank.input[at]! + value
}

/** Mean distance of all anodes of a cell. */
export function acd_m(state: PotlineState, cell: number): number {
  const { bank } = state
  const { first, count } = bank.layout.state.acd_m
  const start = bank.stateAt(cell, first)
  const end = start + LANES * count
  let sum_m = 0
  for (let i = start; i < end; i += LANES) sum_m += bank.state[i]!
  return sum_m / count
}

/** Memory of what bias is usual. */
const USUAL_BIAS_S = 24 * 3600
/** More than that no cell is heated beside its model; a gauge is off. */
const BIAS_HEAT_MAX_W = 60e3
/** Below this share of the nominal current a resistance says nothing. */
const LOADED_SHARE = 0.3
const FULL_SHARE = 0.9

/** Whether a voltage says something of a resistance. */
export function isLoaded(state: PotlineState, share = LOADED_SHARE): boolean {
  return state.line[line.current_A]! > share * state.fixed.nominalLine_A
}

/**
 * Heat that a cell gets beside the model's own. The measured voltage heats it, which is the model's
 * and the bias: what that is off its usual counts. The usual one was there before, with its heat.
 */
export function extraHeat_W(state: PotlineState, cell: number): number {
  const { cells, own: rows, filter } = state
  const beside_W = rows[own.heat_W * cells + cell]!
  const usual_uOhm = rows[own.usualBias_uOhm * cells + cell]!
  if (Number.isNaN(usual_uOhm)) return beside_W
  const more_uOhm = filter[filterRow.bias_uOhm * cells + cell]! - usual_uOhm
  const more_W = jouleHeat_W(state, more_uOhm)
  return beside_W + Math.max(-BIAS_HEAT_MAX_W, Math.min(BIAS_HEAT_MAX_W, more_W))
}

/** Follows the usual bias of a cell that runs at full load and is not disturbed. */
export function followBias(state: PotlineState, cell: number, dt_s: number): void {
  const { cells, own: rows, filter } = state
  const usual = own.usualBias_uOhm * cells + cell
  const bias_uOhm = filter[filterRow.bias_uOhm * cells + cell]!
  const disturbed = rows[own.restless_s * cells + cell]! > 0 || rows[own.mask_s * cells + cell]! > 0
  if (disturbed || !isLoaded(state, FULL_SHARE)) return
  if (Number.isNaN(rows[usual]!)) rows[usual] = bias_uOhm
  else rows[usual]! += (bias_uOhm - rows[usual]!) * (dt_s / USUAL_BIAS_S)
}

/** Moves a part of the model's resistance into the bias: neither voltage nor heat change by it. */
export function shiftBias(state: PotlineState, cell: number, by_uOhm: number): void {
  const { cells, own: rows, filter } = state
  filter[filterRow.bias_uOhm * cells + cell]! += by_uOhm
  rows[own.usualBias_uOhm * cells + cell]! += by_uOhm
  rows[own.heat_W * cells + cell]! += jouleHeat_W(state, by_uOhm)
}

function jouleHeat_W(state: PotlineState, resistance_uOhm: number): number {
  const current_A = state.line[line.current_A]!
  return 1e-6 * resistance_uOhm * current_A * current_A
}

const ACD_LOW_M = 0.02
const ACD_HIGH_M = 0.08

/** Moves all anodes alike, the mean within what a cell can run at. */
export function shiftAcd(state: PotlineState, cell: number, by_m: number): void {
  const { bank } = state
  const { first, count } = bank.layout.state.acd_m
  const mean_m = acd_m(state, cell)
  const move_m = Math.min(ACD_HIGH_M, Math.max(ACD_LOW_M, mean_m + by_m)) - mean_m
  const start = bank.stateAt(cell, first)
  const end = start + LANES * count
  for (let i = start; i < end; i += LANES) bank.state[i] = Math.max(0.01, bank.state[i]! + move_m)
}

/** Clears the inputs of a cell but for the line current; the nominal ones of a bank are not its own. */
export function clearInputs(state: PotlineState, cell: number): void {
  const { bank } = state
  const start = bank.inputAt(cell, 0)
  const end = start + LANES * bank.layout.inputs.length
  for (let i = start; i < end; i += LANES) bank.input[i] = 0
  bank.input[bank.inputAt(cell, inputPlace.line_A)] = state.line[line.current_A]!
  state.commanded_kg_s[cell] = 0
  const { feeders } = bank.layout.sizes
  state.shot_kg_s.fill(0, cell * feeders, (cell + 1) * feeders)
}

/** Puts one cell back to nominal, after its numbers went bad. */
export function restartCell(state: PotlineState, cell: number): void {
  const { cells } = state
  state.bank.initialise(cell)
  clearInputs(state, cell)
  for (let row = 0; row < OWN_ROWS; row++) state.own[row * cells + cell] = 0
  startFilter(state.filter, cells, cell, filterTuning)
  startOwn(state, cell)
  startFeeders(state.feeders, cell)
  refreshBath(state, cell)
  state.usualSuperheat_K[cell] = state.fixed.nominalSuperheat_K
  setTransfer(state, cell)
  state.bank.replan()
}
