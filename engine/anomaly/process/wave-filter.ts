/**
 * One small Kalman filter per cosine of a cell, on what the cell is like while all feeders go on
 * delivering what they do: [alumina, gauges, feeders]. Its innovations are white as long as that
 * holds, and lean in a known way once a feeder changes.
 */
import type { FeederModel } from './feeder-model.ts'

/** Places in the state of a cosine. */
export const waveState = {
  /** Amplitude of alumina, wt%. */
  alumina: 0,
  /** Amplitude of what the gauges are off, as a share. */
  gauges: 1,
  /** Amplitude of what the feeders deliver unevenly, in feeders. */
  feeders: 2,
} as const
export const WAVE_STATES = 3
const aa = 0
const ag = 1
const af = 2
const gg = 3
const gf = 4
const ff = 5
const COVARIANCES = 6

// First standard deviations, and those gained in one hour.
const ALUMINA_WTPCT = 0.05
const ALUMINA_PERROOT_H = 0.02
const GAUGES_1 = 0.003
const GAUGES_PERROOT_H = 0.0003
const GAUGES_MAX_1 = 0.02
const FEEDERS_1 = 0.05
const FEEDERS_PERROOT_H = 0.025
/** While a feeder is at fault what it delivers is followed, not taken for granted. */
const FAULTY_PERROOT_H = 0.1
const FEEDERS_MAX_1 = 0.3
/** After an anode effect alumina lies as it will. */
const STIRRED_WTPCT = 0.15
const STIRRED_1 = 0.1
/** How far a change may be misjudged, as a share of it. */
const CHANGE_OFF = 0.5
/** One reading of one anode, as a share; and how long what else moves the currents is followed. */
const GAUGE_1 = 0.0084
const NOISE_SCANS = 180
/** How far the answer of the currents to a standing profile may be misjudged, as a share of it. */
const STEEPNESS_OFF = 0.6
/** The same in a cell that an effect has stirred. */
const STIRRED_STEEPNESS_OFF = 1.5
const CLIP_SIGMA = 4

/** Filters of all cells of a line. */
export interface WaveFilter {
  readonly model: FeederModel
  readonly estimate: Float64Array // [cell][mode][waveState]
  readonly covariance: Float64Array // [cell][mode][6]
  readonly noise: Float64Array // [cell][mode], mean square of the innovations
  // Of the scan in hand, by mode:
  /** Innovation over its variance. */
  readonly weighed: Float64Array
  readonly variance: Float64Array
  readonly gain: Float64Array // [mode][waveState]
  readonly keep: Float64Array
}

/** Filters at their first guess. */
export function waveFilter(model: FeederModel, cells: number): WaveFilter {
  const { modes } = model
  const filter: WaveFilter = {
    model,
    estimate: new Float64Array(cells * modes * WAVE_STATES),
    covariance: new Float64Array(cells * modes * COVARIANCES),
    noise: new Float64Array(cells * modes),
    weighed: new Float64Array(modes),
    variance: new Float64Array(modes),
    gain: new Float64Array(modes * WAVE_STATES),
    keep: new Float64Array(modes),
  }
  for (let i = 0; i < cells * modes; i++) {
    const p = i * COVARIANCES
    filter.covariance[p + aa] = ALUMINA_WTPCT * ALUMINA_WTPCT
    filter.covariance[p + gg] = GAUGES_1 * GAUGES_1
    filter.covariance[p + ff] = FEEDERS_1 * FEEDERS_1
  }
  return filter
}

/**
 * Moves a cosine on by one scan: `known_wtpct` comes of what was commanded and used up,
 * `perFeeder_wtpct` of one whole feeder at the crest.
 */
export function predictWave(
  { model, estimate, covariance: P, keep }: WaveFilter,
  cell: number,
  k: number,
  known_wtpct: number,
  perFeeder_wtpct: number,
  isFaulty: boolean,
  dt_s: number,
): void {
  const hold = 1 / (1 + model.decay_per_s[k]! * dt_s)
  const gain = hold * perFeeder_wtpct
  keep[k] = hold
  const at = (cell * model.modes + k) * WAVE_STATES
  const { alumina, feeders } = waveState
  estimate[at + alumina] =
    hold * (estimate[at + alumina]! + known_wtpct) + gain * estimate[at + feeders]!
  const p = (cell * model.modes + k) * COVARIANCES
  const hours = dt_s / 3600
  const grown = (perRoot_h: number) => perRoot_h * perRoot_h * hours
  const feeders_perRoot_h = isFaulty ? FAULTY_PERROOT_H : FEEDERS_PERROOT_H
  const before = P[p + af]!
  P[p + aa] =
    hold * hold * P[p + aa]! +
    2 * hold * gain * before +
    gain * gain * P[p + ff]! +
    grown(ALUMINA_PERROOT_H)
  P[p + ag] = hold * P[p + ag]! + gain * P[p + gf]!
  P[p + af] = hold * before + gain * P[p + ff]!
  P[p + gg] = Math.min(GAUGES_MAX_1 * GAUGES_MAX_1, P[p + gg]! + grown(GAUGES_PERROOT_H))
  P[p + ff] = Math.min(FEEDERS_MAX_1 * FEEDERS_MAX_1, P[p + ff]! + grown(feeders_perRoot_h))
}

/** The amplitude that the filter thinks will be measured. */
export function foretold(
  { estimate, model }: WaveFilter,
  cell: number,
  k: number,
  perWtpct: number,
) {
  const at = (cell * model.modes + k) * WAVE_STATES
  return perWtpct * estimate[at + waveState.alumina]! + estimate[at + waveState.gauges]!
}

/** Corrects a cosine by its measured amplitude; `anodes` were read. */
export function correctWave(
  filter: WaveFilter,
  cell: number,
  k: number,
  perWtpct: number,
  measured: number,
  anodes: number,
  isStirred: boolean,
): void {
  const { estimate, covariance: P, noise, model } = filter
  const i = cell * model.modes + k
  const at = i * WAVE_STATES
  const p = i * COVARIANCES
  const pa = perWtpct * P[p + aa]! + P[p + ag]!
  const pg = perWtpct * P[p + ag]! + P[p + gg]!
  const pf = perWtpct * P[p + af]! + P[p + gf]!
  const least = (2 * GAUGE_1 * GAUGE_1) / anodes
  // What rolls or flickers shows in the innovations: its level is the cell's own.
  const off = isStirred ? STIRRED_STEEPNESS_OFF : STEEPNESS_OFF
  const doubt = off * perWtpct * estimate[at]!
  const s = perWtpct * pa + pg + Math.max(least, noise[i]!) + doubt * doubt
  const error = measured - foretold(filter, cell, k, perWtpct)
  const clipped = Math.max(-CLIP_SIGMA, Math.min(CLIP_SIGMA, error / Math.sqrt(s))) * Math.sqrt(s)
  noise[i]! += (clipped * clipped - noise[i]!) / NOISE_SCANS
  filter.variance[k] = s
  filter.weighed[k] = clipped / s
  const gain = k * WAVE_STATES
  filter.gain[gain] = pa / s
  filter.gain[gain + 1] = pg / s
  filter.gain[gain + 2] = pf / s
  for (let n = 0; n < WAVE_STATES; n++) estimate[at + n]! += filter.gain[gain + n]! * clipped
  P[p + aa]! -= (pa * pa) / s
  P[p + ag]! -= (pa * pg) / s
  P[p + af]! -= (pa * pf) / s
  P[p + gg]! -= (pg * pg) / s
  P[p + gf]! -= (pg * pf) / s
  P[p + ff]! -= (pf * pf) / s
}

/** An anode effect mixed the cell: what is known of its alumina says little. */
export function stirWaves({ covariance: P, model }: WaveFilter, cell: number): void {
  for (let k = 0; k < model.modes; k++) {
    const p = (cell * model.modes + k) * COVARIANCES
    P[p + aa] = Math.max(P[p + aa]!, STIRRED_WTPCT * STIRRED_WTPCT)
    P[p + ff] = Math.max(P[p + ff]!, STIRRED_1 * STIRRED_1)
  }
}

/**
 * Moves the estimate of a cosine to where a change takes it. How much it changed, and what the
 * change has done so far, is known to a share of it: `share_1` feeders at the crest.
 */
export function shiftWave(
  { estimate, covariance: P, model }: WaveFilter,
  cell: number,
  k: number,
  by: readonly [alumina: number, gauges: number, feeders: number],
  share_1: number,
): void {
  const i = cell * model.modes + k
  for (let n = 0; n < WAVE_STATES; n++) estimate[i * WAVE_STATES + n]! += by[n]!
  const p = i * COVARIANCES
  const off = CHANGE_OFF * share_1
  P[p + ff] = Math.min(FEEDERS_MAX_1 * FEEDERS_MAX_1, P[p + ff]! + off * off)
  const off_wtpct = CHANGE_OFF * by[waveState.alumina]
  P[p + aa]! += off_wtpct * off_wtpct
}

/** Variance of what the feeders deliver unevenly, along one cosine. */
export function feedersVariance({ covariance, model }: WaveFilter, cell: number, k: number) {
  return covariance[(cell * model.modes + k) * COVARIANCES + ff]!
}
