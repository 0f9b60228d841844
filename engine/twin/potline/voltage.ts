import { bathComposition, liquidus_C, ZERO_C_IN_K } from '#twin-models/potline/bath.ts'
import { outputPlace } from '#twin-models/potline/cell/layout.ts'
import { setParameter } from '#twin-models/potline/cell/parameters.ts'
import { cellVoltage_V, VOLTAGE_PARTS, voltageIndex } from '#twin-models/potline/voltage.ts'
import { alumina_wtpct, correctAlumina, ONSET_GAP_WTPCT } from './bath-state.ts'
import { disturbAnodes } from './feeders.ts'
import {
  filterRow,
  filterTuning,
  loosenAlumina,
  loosenBias,
  loosenFeed,
  predictedVariance,
  updateFilter,
} from './filter.ts'
import { mask } from './inputs.ts'
import { acd_m, isLoaded, line, own, type PotlineState, shiftBias, stateOf } from './state.ts'
import {
  effectiveNoise_V2,
  noiseCorrelation,
  restartTrackers,
  trackNoise,
  trackResistance,
} from './trackers.ts'

/** Voltage above which an anode effect counts. */
const ANODE_EFFECT_V = 8
const ANODE_EFFECT_OVER_V = 5.5
const ANODE_EFFECT_CALM_S = 60
const AFTER_EFFECT_MASK_S = 300
const AFTER_EFFECT_UOHM = 0.15
const AFTER_EFFECT_WTPCT = 0.3
const AFTER_EFFECT_FEED_1 = 0.15
/** So far above the expected voltage only alumina at its onset is an explanation. */
const STARVED_OVER_V = 0.25
const STARVED_STD_WTPCT = 0.15
const STARVED_MEMORY_S = 60
const VOLTAGE_MIN_V = 2
/** A voltage that repeats to the last digit for so long is not believed. */
const STUCK_S = 20
const NODE_GAP_WTPCT = 0.15
const SPREAD_MAX_WTPCT = 0.5
/** Richest alumina that cells are run at, and how firmly that is known. */
const RICH_WTPCT = 3.2
const RICH_STD_WTPCT = 0.4
const RICH_MEMORY_S = 1800
/** A young filter may sit on the wrong part of the curve: it believes the slope less. */
const YOUNG_S = 4000
const YOUNG_NOISE = 6
const REFUSE_SIGMA = 5
const REFUSED_MAX_S = 45
const RESIDUAL_MAX = 50

const bath = bathComposition()
const parts = new Float64Array(VOLTAGE_PARTS)

/** Statistical linearisation of the voltage over the alumina band of one cell. */
export interface VoltagePrediction {
  mean_V: number
  /** V per wt% of alumina. */
  slope_V: number
  /** What a straight line leaves out, V2. */
  bend_V2: number
}

const prediction: VoltagePrediction = { mean_V: 0, slope_V: 0, bend_V2: 0 }

/** Fills the module's composition with the model's bath of a cell; returns the onset, wt%. */
function fillBath(state: PotlineState, cell: number): number {
  const share = 100 / state.bath_kg[cell]!
  bath.alf3_wtpct = stateOf(state, cell, 'alf3_kg') * share
  bath.caf2_wtpct = stateOf(state, cell, 'caf2_kg') * share
  bath.mgf2_wtpct = stateOf(state, cell, 'mgf2_kg') * share
  return 100 * state.onset_share[cell]!
}

/** Liquidus of the model's bath of a cell. */
export function liquidus_K(state: PotlineState, cell: number): number {
  fillBath(state, cell)
  bath.alumina_wtpct = alumina_wtpct(state, cell)
  return liquidus_C(bath) + ZERO_C_IN_K
}

/** Takes over the onset of anode effects as a sample moved it; plan the bank again after. */
export function learnOnset(state: PotlineState, cell: number, onset_share: number): void {
  state.onset_share[cell] = onset_share
  setParameter(state.bank.parameters, cell, 'anodeEffectAlumina_share', onset_share)
}

interface MeanCell {
  line_A: number
  acd_m: number
  bath_K: number
}

const mean: MeanCell = { line_A: 0, acd_m: 0, bath_K: 0 }

/** Voltage of the cell with all anodes in one. */
function voltageAt(state: PotlineState, cell: number, alumina: number): number {
  bath.alumina_wtpct = alumina
  return cellVoltage_V(state.lumped, cell, mean.line_A, mean.acd_m, mean.bath_K, bath, parts)
}

/**
 * Moves the bath of a cell by what a sample told and leaves the expected voltage, and the heat it
 * gives, as they are: until now voltage was matched with a wrong conductivity, so what that was
 * wrong by is in the bias.
 */
export function keepVoltage(state: PotlineState, cell: number, move: () => void): void {
  if (!isLoaded(state)) {
    move()
    return
  }
  const before_V = meanVoltage_V(state, cell)
  move()
  const more_V = meanVoltage_V(state, cell) - before_V
  shiftBias(state, cell, (-1e6 * more_V) / state.line[line.current_A]!)
}

function meanVoltage_V(state: PotlineState, cell: number): number {
  mean.line_A = state.line[line.current_A]!
  mean.acd_m = acd_m(state, cell)
  mean.bath_K = stateOf(state, cell, 'bath_K')
  fillBath(state, cell)
  return voltageAt(state, cell, alumina_wtpct(state, cell))
}

/** Voltage of the whole network at the end of the last step, without an anode effect. */
export function networkVoltage_V(state: PotlineState, cell: number): number {
  const { bank } = state
  return (
    bank.output[bank.outputAt(cell, outputPlace.voltage_V)]! -
    bank.output[bank.outputAt(cell, outputPlace.anodeEffect_V)]!
  )
}

/**
 * Three-point quadrature over the band on the curve of the mean cell; the lower point stays clear
 * of the onset. What the network at its own distances, ages and profile is off the curve is added.
 */
function predictVoltage(state: PotlineState, cell: number): VoltagePrediction {
  const { cells, filter } = state
  mean.line_A = state.line[line.current_A]!
  mean.acd_m = acd_m(state, cell)
  mean.bath_K = stateOf(state, cell, 'bath_K')
  const onset = fillBath(state, cell)
  const centre = alumina_wtpct(state, cell)
  const sigma = Math.sqrt(filter[filterRow.varAlumina * cells + cell]!)
  const reach = Math.min(Math.max(1.732 * sigma, 0.05), SPREAD_MAX_WTPCT)
  const low = Math.min(centre - 0.02, Math.max(centre - reach, onset + NODE_GAP_WTPCT))
  const high = centre + reach
  const v0 = voltageAt(state, cell, centre)
  const current_A = state.line[line.current_A]!
  state.own[own.gapSlope_Ohm_m * cells + cell] =
    current_A > 0
      ? 1 /
        (parts[voltageIndex.conductivity_S_m]! *
          state.lumped.anodeArea_m2[cell]! *
          state.lumped.fanning[cell]!)
      : 0
  const conductivity = parts[voltageIndex.conductivity_S_m]!
  const vLow = voltageAt(state, cell, low)
  const atLow_V = vLow - gapRise_V(conductivity)
  const vHigh = voltageAt(state, cell, high)
  const atHigh_V = vHigh - gapRise_V(conductivity)
  state.own[own.localSlope_V * cells + cell] = (atHigh_V - atLow_V) / (high - low)
  const mean_V = (4 * v0 + vLow + vHigh) / 6
  const meanAlumina = (4 * centre + low + high) / 6
  const d0 = centre - meanAlumina
  const dLow = low - meanAlumina
  const dHigh = high - meanAlumina
  const variance = (4 * d0 * d0 + dLow * dLow + dHigh * dHigh) / 6
  const slope = (4 * d0 * v0 + dLow * vLow + dHigh * vHigh) / 6 / variance
  const second =
    (4 * (v0 - mean_V) * (v0 - mean_V) +
      (vLow - mean_V) * (vLow - mean_V) +
      (vHigh - mean_V) * (vHigh - mean_V)) /
    6
  prediction.mean_V = mean_V + slope * d0 + (networkVoltage_V(state, cell) - v0)
  // Past its minimum the curve rises a little: to the filter that is no news at all.
  prediction.slope_V = Math.min(slope, 0)
  prediction.bend_V2 = Math.max(0, second - slope * slope * variance)
  return prediction
}

/** Rise of the drop in the gap since the conductivity was `before`. */
function gapRise_V(before: number): number {
  const gap_V = parts[voltageIndex.bath_V]! + parts[voltageIndex.bubble_V]!
  return gap_V * (1 - parts[voltageIndex.conductivity_S_m]! / before)
}

/** 1 at a cell's first voltage, 0 once it has been followed through a feed cycle or two. */
export function youth(state: PotlineState, cell: number): number {
  return Math.max(0, 1 - state.own[own.updates * state.cells + cell]! / YOUNG_S)
}

/** Compares the measured voltage with the expected one, and corrects the cell by it. */
export function assimilateVoltage(
  state: PotlineState,
  cell: number,
  measured_V: number,
  dt_s: number,
): void {
  const { cells, filter } = state
  const at = (row: number) => row * cells + cell
  const expected = predictVoltage(state, cell)
  const current_A = state.line[line.current_A]!
  const h_bias = current_A * 1e-6
  const expected_V = expected.mean_V + h_bias * filter[at(filterRow.bias_uOhm)]!
  const spread_V2 =
    predictedVariance(filter, cells, cell, expected.slope_V, h_bias) + expected.bend_V2
  const total_V2 = spread_V2 + state.own[at(own.noiseVariance_V2)]!
  state.own[at(own.expected_V)] = expected_V
  state.own[at(own.expectedStd_V)] = Math.sqrt(total_V2)
  state.own[at(own.aluminaSlope_V)] = expected.slope_V
  state.own[at(own.residual)] = Number.NaN
  const last_V = state.own[at(own.lastInnovation_V)]!
  state.own[at(own.lastInnovation_V)] = Number.NaN

  const fresh = state.line[line.currentAge_s] === 0
  const usable = measured_V >= VOLTAGE_MIN_V && measured_V < 1000 && fresh
  const stuck = watchStuck(state, cell, measured_V, dt_s)
  const effect = watchAnodeEffect(state, cell, measured_V, dt_s)
  const hidden = state.own[at(own.mask_s)]! > 0 || state.own[at(own.tapping_s)]! > 0 || effect
  state.own[at(own.masked)] = hidden ? 1 : 0
  if (!usable || stuck) {
    state.own[at(own.voltageAge_s)] = Math.min(1e6, state.own[at(own.voltageAge_s)]! + dt_s)
    return
  }
  state.own[at(own.voltageAge_s)] = 0
  trackResistance(state, cell, measured_V, current_A, hidden, dt_s)
  if (hidden) return

  const innovation_V = measured_V - expected_V
  const score = innovation_V / Math.sqrt(total_V2)
  const started = state.own[at(own.started)]! === 1
  if (started) state.own[at(own.residual)] = whitened(state, cell, innovation_V, last_V, spread_V2)
  state.own[at(own.lastInnovation_V)] = innovation_V
  if (started && innovation_V > STARVED_OVER_V) {
    pullToOnset(state, cell, dt_s)
    return
  }
  if (started && Math.abs(score) > REFUSE_SIGMA && refuse(state, cell, dt_s)) return
  state.own[at(own.refused_s)] = 0
  const scale = filterTuning.noiseScale * (1 + YOUNG_NOISE * youth(state, cell))
  const noise_V2 = scale * effectiveNoise_V2(state, cell) + expected.bend_V2
  const by = updateFilter(filter, cells, cell, expected.slope_V, h_bias, innovation_V, noise_V2)
  correctAlumina(state, cell, by)
  clampFeed(state, cell)
  holdToRange(state, cell, dt_s)
  if (started) trackNoise(state, cell, innovation_V, dt_s)
  state.own[at(own.started)] = 1
  state.own[at(own.updates)]! += dt_s
}

/** Takes alumina to be about at the onset, once per minute's worth of time. */
function pullToOnset(state: PotlineState, cell: number, time_s: number): void {
  const onset = 100 * state.onset_share[cell]! + ONSET_GAP_WTPCT
  const innovation = onset - alumina_wtpct(state, cell)
  if (innovation > 0) return
  const noise = (STARVED_STD_WTPCT * STARVED_STD_WTPCT * STARVED_MEMORY_S) / time_s
  const by = updateFilter(state.filter, state.cells, cell, 1, 0, innovation, noise)
  correctAlumina(state, cell, by)
  clampFeed(state, cell)
}

/** The innovation less what the one before foretold of it, over the standard deviation. */
function whitened(
  state: PotlineState,
  cell: number,
  innovation_V: number,
  last_V: number,
  spread_V2: number,
): number {
  const noise_V2 = state.own[own.noiseVariance_V2 * state.cells + cell]!
  const rho = Number.isNaN(last_V) ? 0 : noiseCorrelation(state, cell)
  const error_V = rho === 0 ? innovation_V : innovation_V - rho * last_V
  const variance_V2 = (1 - rho * rho) * noise_V2 + (1 - rho) * (1 - rho) * spread_V2
  return Math.max(-RESIDUAL_MAX, Math.min(RESIDUAL_MAX, error_V / Math.sqrt(variance_V2)))
}

/** Cells are not run so rich; where the voltage is flat only this holds alumina. */
function holdToRange(state: PotlineState, cell: number, dt_s: number): void {
  const over = alumina_wtpct(state, cell) - RICH_WTPCT
  if (over <= 0) return
  const noise = (RICH_STD_WTPCT * RICH_STD_WTPCT * RICH_MEMORY_S) / dt_s
  const by = updateFilter(state.filter, state.cells, cell, 1, 0, -over, noise)
  correctAlumina(state, cell, by)
  clampFeed(state, cell)
}

function clampFeed(state: PotlineState, cell: number): void {
  const at = filterRow.feedEfficiency * state.cells + cell
  state.filter[at] = Math.min(1.4, Math.max(0, state.filter[at]!))
}

/** A wild voltage is left out; when it stays wild the resistance itself has moved. */
function refuse(state: PotlineState, cell: number, dt_s: number): boolean {
  const at = own.refused_s * state.cells + cell
  state.own[at]! += dt_s
  if (state.own[at]! < REFUSED_MAX_S) return true
  loosenBias(state.filter, state.cells, cell, 0.15)
  loosenAlumina(state.filter, state.cells, cell, 0.15)
  return false
}

function watchStuck(state: PotlineState, cell: number, measured_V: number, dt_s: number): boolean {
  const at = (row: number) => row * state.cells + cell
  const same = measured_V === state.own[at(own.lastVoltage_V)]!
  state.own[at(own.stuck_s)] = same ? state.own[at(own.stuck_s)]! + dt_s : 0
  state.own[at(own.lastVoltage_V)] = measured_V
  return state.own[at(own.stuck_s)]! >= STUCK_S
}

/** Latches an anode effect by its voltage; the filter then only runs the model. */
function watchAnodeEffect(
  state: PotlineState,
  cell: number,
  measured_V: number,
  dt_s: number,
): boolean {
  const { cells } = state
  const at = (row: number) => row * cells + cell
  const was = state.own[at(own.anodeEffect)]! === 1
  if (!was) {
    if (!(measured_V > ANODE_EFFECT_V && measured_V < 1000)) return false
    state.own[at(own.anodeEffect)] = 1
    state.own[at(own.calm_s)] = 0
    // Its onset is the one moment at which alumina is known without any curve.
    loosenAlumina(state.filter, cells, cell, AFTER_EFFECT_WTPCT)
    pullToOnset(state, cell, STARVED_MEMORY_S)
    return true
  }
  // A tick without a reading says neither that the effect goes on nor that it is over.
  if (measured_V < ANODE_EFFECT_OVER_V) state.own[at(own.calm_s)]! += dt_s
  else if (measured_V >= ANODE_EFFECT_OVER_V) state.own[at(own.calm_s)] = 0
  if (state.own[at(own.calm_s)]! < ANODE_EFFECT_CALM_S) return true
  state.own[at(own.anodeEffect)] = 0
  loosenBias(state.filter, cells, cell, AFTER_EFFECT_UOHM)
  loosenAlumina(state.filter, cells, cell, AFTER_EFFECT_WTPCT)
  loosenFeed(state.filter, cells, cell, AFTER_EFFECT_FEED_1)
  restartTrackers(state, cell)
  disturbAnodes(state.feeders, cell)
  mask(state, cell, AFTER_EFFECT_MASK_S)
  return true
}

/** Energy of the model's last balance, with the measured voltage where there is one. */
export function energy_J_kg(state: PotlineState, cell: number): number {
  const { cells } = state
  const current_A = state.line[line.current_A]!
  const { bank } = state
  const made_kg_s = bank.output[bank.outputAt(cell, outputPlace.metalMade_kg_s)]!
  const resistance_Ohm = 1e-6 * state.own[own.resistance_uOhm * cells + cell]!
  const cell_V = Number.isFinite(resistance_Ohm)
    ? state.fixed.backEmf_V + resistance_Ohm * current_A
    : state.own[own.expected_V * cells + cell]!
  return made_kg_s > 0 ? (current_A * cell_V) / made_kg_s : Number.NaN
}
