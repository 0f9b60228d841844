import { own, type PotlineState } from './state.ts'

const NOISE_MEMORY_S = 900
const DRIFT_MEMORY_S = 60
const SHORT_NOISE_MEMORY_S = 60
const NOISE_FLOOR_V2 = 1e-6
const CORRELATION_MAX = 0.97
const CLIP_SIGMA2 = 16

const RESISTANCE_MEMORY_S = 20
const SLOPE_MEMORY_S = 150

/** Learns size and memory of the voltage noise from the innovations, their slow part removed. */
export function trackNoise(
  state: PotlineState,
  cell: number,
  innovation_V: number,
  dt_s: number,
): void {
  const { cells } = state
  const at = (row: number) => row * cells + cell
  const mean = at(own.innovationMean_V)
  state.own[mean]! += Math.min(1, dt_s / DRIFT_MEMORY_S) * (innovation_V - state.own[mean]!)
  const fast_V = innovation_V - state.own[mean]!
  const gain = dt_s / NOISE_MEMORY_S
  const variance = at(own.noiseVariance_V2)
  const square = Math.min(fast_V * fast_V, CLIP_SIGMA2 * state.own[variance]!)
  state.own[variance] = Math.max(
    NOISE_FLOOR_V2,
    state.own[variance]! + gain * (square - state.own[variance]!),
  )
  const last = at(own.noiseLast_V)
  const limit = CLIP_SIGMA2 * state.own[variance]!
  const product = Math.max(-limit, Math.min(limit, fast_V * state.own[last]!))
  state.own[at(own.noiseLagged_V2)]! += gain * (product - state.own[at(own.noiseLagged_V2)]!)
  state.own[last] = fast_V
}

/** Correlation of the voltage noise from one second to the next, 0 to less than 1. */
export function noiseCorrelation(state: PotlineState, cell: number): number {
  const variance = state.own[own.noiseVariance_V2 * state.cells + cell]!
  const lagged = state.own[own.noiseLagged_V2 * state.cells + cell]!
  return Math.min(CORRELATION_MAX, Math.max(0, lagged / variance))
}

/**
 * Variance that one coloured reading is worth to the filter: noise with memory averages out
 * more slowly than white noise of the same size.
 */
export function effectiveNoise_V2(state: PotlineState, cell: number): number {
  const variance = state.own[own.noiseVariance_V2 * state.cells + cell]!
  const correlation = noiseCorrelation(state, cell)
  return (variance * (1 + correlation)) / (1 - correlation)
}

/** Filters the measured pseudo-resistance, its slope and the short-term noise. */
export function trackResistance(
  state: PotlineState,
  cell: number,
  measured_V: number,
  current_A: number,
  hidden: boolean,
  dt_s: number,
): void {
  if (!(current_A > 1000)) return
  const { cells } = state
  const at = (row: number) => row * cells + cell
  const now_uOhm = (1e6 * (measured_V - state.fixed.backEmf_V)) / current_A
  const fast = at(own.resistance_uOhm)
  const slow = at(own.resistanceSlow_uOhm)
  const slower = at(own.resistanceSlower_uOhm)
  const age = at(own.slopeAge_s)
  if (Number.isNaN(state.own[fast]!)) state.own[fast] = now_uOhm
  const fast_V = 1e-6 * (now_uOhm - state.own[fast]!) * current_A
  state.own[fast]! += Math.min(1, dt_s / RESISTANCE_MEMORY_S) * (now_uOhm - state.own[fast]!)
  const short = at(own.shortNoise_V2)
  if (Number.isNaN(state.own[short]!)) state.own[short] = fast_V * fast_V
  state.own[short]! += (dt_s / SHORT_NOISE_MEMORY_S) * (fast_V * fast_V - state.own[short]!)
  if (hidden) return
  if (state.own[age]! === 0) {
    state.own[slow] = now_uOhm
    state.own[slower] = now_uOhm
  }
  // A young filter averages what it has; two in a row give the slope by their difference.
  const gain = dt_s / Math.min(SLOPE_MEMORY_S, 10 + state.own[age]!)
  state.own[slow]! += Math.min(1, gain) * (now_uOhm - state.own[slow]!)
  state.own[slower]! += Math.min(1, dt_s / SLOPE_MEMORY_S) * (state.own[slow]! - state.own[slower]!)
  state.own[age]! += dt_s
}

/** Slope of the pseudo-resistance, Ohm/s; NaN until its filters have filled. */
export function resistanceSlope_Ohmps(state: PotlineState, cell: number): number {
  const at = (row: number) => row * state.cells + cell
  if (state.own[at(own.slopeAge_s)]! < 3 * SLOPE_MEMORY_S) return Number.NaN
  const gap = state.own[at(own.resistanceSlow_uOhm)]! - state.own[at(own.resistanceSlower_uOhm)]!
  return (1e-6 * gap) / SLOPE_MEMORY_S
}

/** Standard deviation of the slope from the voltage noise, Ohm/s. */
export function slopeStd_Ohmps(state: PotlineState, cell: number, current_A: number): number {
  if (!(current_A > 1000)) return Number.NaN
  const noise_V2 = effectiveNoise_V2(state, cell)
  return Math.sqrt(noise_V2 / (4 * SLOPE_MEMORY_S)) / current_A / SLOPE_MEMORY_S
}

/** Forgets the resistance filters: what they averaged was another cell, so to speak. */
export function restartTrackers(state: PotlineState, cell: number): void {
  const at = (row: number) => row * state.cells + cell
  state.own[at(own.slopeAge_s)] = 0
  state.own[at(own.resistance_uOhm)] = Number.NaN
  state.own[at(own.shortNoise_V2)] = Number.NaN
  state.own[at(own.innovationMean_V)] = 0
  state.own[at(own.noiseLast_V)] = 0
}
