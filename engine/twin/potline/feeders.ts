/**
 * What each feeder delivers, from the anode currents. A feeder that delivers less leaves the bath
 * near it lean, and lean anodes draw less current. Along the cell both are sums of cosines; each
 * cosine decays on its own, so that one small filter per cosine tells the amplitude of alumina
 * that the twin's profile lacks, the unevenness of the feeders, and what the gauges are off.
 */
import type { CellParameters } from '#twin-models/potline/cell/parameters.ts'
import { parameterOf } from '#twin-models/potline/cell/parameters.ts'

/** Most cosines along the cell; feeders less one are enough. */
const MODES_MAX = 7

/** Places in the covariance of one cosine: alumina, feeders, gauges. */
export const waveCovariance = { aa: 0, af: 1, ag: 2, ff: 3, fg: 4, gg: 5 } as const
export const WAVE_VALUES = 6

/** Rows beside, [row][cell]. */
export const feederRow = {
  /** Seconds since the anode currents were last used. */
  since_s: 0,
  /** Leanest feeder so far, from 0, and for how long the evidence has been clear; or -1. */
  suspect: 1,
  suspected_s: 2,
  /** Feeder that is named, from 0; -1: none. */
  named: 3,
  /** Seconds for which the evidence has been gone. */
  doubted_s: 4,
  /** Seconds for which a disturbance may still look like a feeder. */
  unsettled_s: 5,
} as const
const FEEDER_ROWS = 6

/** Tuning; standard deviations, "perRoot_h" those gained in one hour. */
export const feederTuning = {
  /** One current, as a share; and how much longer than one scan its errors last. */
  gauge_1: 0.008,
  memory_1: 6,
  alumina_wtpct: 0.05,
  aluminaNoise_perRoot_h: 0.03,
  feeder_1: 0.04,
  feederNoise_perRoot_h: 0.2,
  feederStdMax_1: 0.5,
  feederReversion_s: 24 * 3600,
  gauges_1: 0.015,
  gaugesNoise_perRoot_h: 0.0012,
  gaugesStdMax_1: 0.02,
  /** After an anode change, a quench or an anode effect. */
  disturbed_wtpct: 0.25,
  /** What fell in with it dissolves for so long, and moves alumina by this much meanwhile. */
  dissolving_s: 3600,
  dissolving_perRoot_h: 0.25,
  /** For so long after it no feeder is named. */
  unsettled_s: 9000,
  /** Time in which a gauge's own error is learned, and in which a new anode is left out. */
  baseline_s: 4 * 3600,
  fresh_s: 20 * 3600,
} as const

/** All memory of the feeders of a line; the first block is constant, the rest is state. */
export interface FeederState {
  readonly cells: number
  readonly feeders: number
  readonly anodes: number
  readonly modes: number
  readonly anodeWave: Float64Array // [mode][anode]
  readonly feederWave: Float64Array // [mode][feeder]
  readonly nodeWave: Float64Array // [mode][node]
  /** Unevenness of the feeders from that of the cosines. */
  readonly fromWaves: Float64Array // [feeder][mode]
  readonly decay_per_s: Float64Array // [mode]

  /** Delivered of commanded over the mean of all feeders, less 1; sums to 0. */
  readonly share_1: Float64Array // [cell][feeder]
  readonly covariance: Float32Array // [cell][mode][waveCovariance]
  readonly rows: Float64Array // [feederRow][cell]
  /** What the current of an anode reads over that of the twin, less 1. */
  readonly baseline: Float32Array // [cell][anode]
  /** Seconds for which the anode has been followed; negative while it is too fresh. */
  readonly followed_s: Float32Array // [cell][anode]
}

/** Memory for all cells; the cosines follow from the geometry. */
export function createFeeders(parameters: CellParameters): FeederState {
  const { cellCount: cells, geometry, sizes } = parameters
  const { feeders, anodes, channelNodes } = sizes
  const modes = Math.min(feeders - 1, anodes / 2 - 1, MODES_MAX)
  const length_m = geometry.channelLength_m
  const waves = (places_m: readonly number[]) => {
    const wave = new Float64Array(modes * places_m.length)
    for (let k = 0; k < modes; k++) {
      places_m.forEach((x_m, i) => {
        wave[k * places_m.length + i] = Math.cos(((k + 1) * Math.PI * x_m) / length_m)
      })
    }
    return wave
  }
  const even = (count: number) =>
    Array.from({ length: count }, (_, i) => ((i + 0.5) * length_m) / count)
  const feederWave = waves(geometry.feeders_m)
  return {
    cells,
    feeders,
    anodes,
    modes,
    anodeWave: waves([...even(anodes / 2), ...even(anodes / 2)]),
    feederWave,
    nodeWave: waves(even(channelNodes)),
    fromWaves: invertWaves(feederWave, modes, feeders),
    decay_per_s: Float64Array.from({ length: modes }, (_, k) =>
      decayOf(parameters, ((k + 1) * Math.PI) / length_m),
    ),
    share_1: new Float64Array(cells * feeders),
    covariance: new Float32Array(cells * modes * WAVE_VALUES),
    rows: new Float64Array(FEEDER_ROWS * cells),
    baseline: new Float32Array(cells * anodes),
    followed_s: new Float32Array(cells * anodes),
  }
}

/** Decay of a cosine by eddies, and by two channels that flow against each other and mix. */
function decayOf(parameters: CellParameters, wave_per_m: number): number {
  const flow = parameterOf(parameters, 0, 'bathSpeed_m_s') * wave_per_m
  const mixing = parameterOf(parameters, 0, 'exchange_per_s')
  const spread = parameterOf(parameters, 0, 'diffusion_m2_s') * wave_per_m * wave_per_m
  const left = mixing * mixing - flow * flow
  return spread + mixing - (left > 0 ? Math.sqrt(left) : 0)
}

/** Least squares with a sum of zero: the inverse where feeders are one more than cosines. */
function invertWaves(wave: Float64Array, modes: number, feeders: number): Float64Array {
  const from = new Float64Array(feeders * modes)
  if (modes === 0) return from
  // Minimum norm: s = W' (W W')^-1 v with the row means taken out of W.
  const centred = new Float64Array(wave)
  for (let k = 0; k < modes; k++) {
    const row = centred.subarray(k * feeders, (k + 1) * feeders)
    const mean = row.reduce((sum, x) => sum + x, 0) / feeders
    for (let j = 0; j < feeders; j++) row[j]! -= mean
  }
  const width = 2 * modes
  const rows = Array.from({ length: modes }, (_, k) => {
    const row = new Float64Array(width)
    for (let l = 0; l < modes; l++) {
      for (let j = 0; j < feeders; j++) {
        row[l]! += centred[k * feeders + j]! * centred[l * feeders + j]!
      }
    }
    row[k]! += 1e-9
    row[modes + k] = 1
    return row
  })
  eliminate(rows, modes)
  for (let j = 0; j < feeders; j++) {
    for (let k = 0; k < modes; k++) {
      for (let l = 0; l < modes; l++) {
        from[j * modes + k]! += centred[l * feeders + j]! * rows[l]![modes + k]!
      }
    }
  }
  return from
}

/** Gauss-Jordan; the matrix is positive definite. */
function eliminate(rows: readonly Float64Array[], size: number): void {
  for (let k = 0; k < size; k++) {
    const pivot = rows[k]![k]!
    for (let c = 0; c < 2 * size; c++) rows[k]![c]! /= pivot
    for (let other = 0; other < size; other++) {
      if (other === k) continue
      const factor = rows[other]![k]!
      for (let c = 0; c < 2 * size; c++) rows[other]![c]! -= factor * rows[k]![c]!
    }
  }
}

/** Puts the feeders of a cell to even, all that is known of its gauges forgotten. */
export function startFeeders(state: FeederState, cell: number): void {
  const { feeders, anodes, modes, cells } = state
  state.share_1.fill(0, cell * feeders, (cell + 1) * feeders)
  state.baseline.fill(0, cell * anodes, (cell + 1) * anodes)
  state.followed_s.fill(0, cell * anodes, (cell + 1) * anodes)
  for (let row = 0; row < FEEDER_ROWS; row++) state.rows[row * cells + cell] = 0
  // Cells take turns, so that no tick has the work of all.
  state.rows[feederRow.since_s * cells + cell] = cell % 10
  state.rows[feederRow.suspect * cells + cell] = -1
  state.rows[feederRow.unsettled_s * cells + cell] =
    feederTuning.unsettled_s - feederTuning.dissolving_s
  state.rows[feederRow.named * cells + cell] = -1
  const t = feederTuning
  for (let k = 0; k < modes; k++) {
    const at = (cell * modes + k) * WAVE_VALUES
    state.covariance.fill(0, at, at + WAVE_VALUES)
    state.covariance[at + waveCovariance.aa] = t.alumina_wtpct * t.alumina_wtpct
    state.covariance[at + waveCovariance.ff] = t.feeder_1 * t.feeder_1
    state.covariance[at + waveCovariance.gg] = t.gauges_1 * t.gauges_1
  }
}

/** Delivered by a feeder over the mean of all, 1 when even. */
export function feederShare(state: FeederState, cell: number, feeder: number): number {
  return Math.max(0, 1 + state.share_1[cell * state.feeders + feeder]!)
}

/** Variance of the share of a feeder. */
export function feederShareVariance(state: FeederState, cell: number, feeder: number): number {
  const { modes } = state
  let sum = 0
  for (let k = 0; k < modes; k++) {
    const weight = state.fromWaves[feeder * modes + k]!
    const at = (cell * modes + k) * WAVE_VALUES + waveCovariance.ff
    sum += weight * weight * state.covariance[at]!
  }
  return sum
}

/** Something moved alumina along the cell by an amount that nobody told. */
export function disturbAnodes(state: FeederState, cell: number): void {
  const { modes } = state
  state.rows[feederRow.unsettled_s * state.cells + cell] = feederTuning.unsettled_s
  const by = feederTuning.disturbed_wtpct * feederTuning.disturbed_wtpct
  for (let k = 0; k < modes; k++) {
    const at = (cell * modes + k) * WAVE_VALUES + waveCovariance.aa
    state.covariance[at] = Math.min(4 * by, state.covariance[at]! + by)
  }
}

/** A new anode tells nothing until it is warm; what fell in with it disturbs the others. */
export function freshAnode(state: FeederState, cell: number, anode: number): void {
  state.followed_s[cell * state.anodes + anode] = -feederTuning.fresh_s
  disturbAnodes(state, cell)
}
