/**
 * Kalman filter of each cell on [dissolved alumina in wt%, resistance bias in uOhm, feed
 * efficiency]. Voltage is linear in the bias and strongly bent in alumina, so the update
 * linearises statistically over the alumina band instead of at its mean.
 */

/** Rows of the filter's state, [row][cell]; the covariance is symmetric and kept once. */
export const filterRow = {
  bias_uOhm: 0,
  feedEfficiency: 1,
  varAlumina: 2,
  covAluminaBias: 3,
  covAluminaFeed: 4,
  varBias: 5,
  covBiasFeed: 6,
  varFeed: 7,
  /** Undissolved alumina per unit of feed efficiency, kg. */
  undissolvedGain_kg: 8,
} as const
export const FILTER_ROWS = 9

/** Tuning, in the filter's units; "perRoot_h" is the standard deviation gained in one hour. */
export interface FilterTuning {
  readonly aluminaStd_wtpct: number
  readonly biasStd_uOhm: number
  readonly feedStd_1: number
  readonly aluminaNoise_perRoot_h: number
  readonly biasNoise_perRoot_h: number
  readonly feedNoise_perRoot_h: number
  readonly aluminaStdMax_wtpct: number
  readonly biasStdMax_uOhm: number
  readonly feedStdMax_1: number
  /** Feed efficiency forgets towards one with this time constant. */
  readonly feedReversion_s: number
  /** Multiplies the noise of a reading: the curve's shape errs with a memory of minutes. */
  readonly noiseScale: number
}

export const filterTuning: FilterTuning = {
  aluminaStd_wtpct: 0.6,
  biasStd_uOhm: 0.6,
  feedStd_1: 0.03,
  aluminaNoise_perRoot_h: 0.08,
  biasNoise_perRoot_h: 0.04,
  feedNoise_perRoot_h: 0.055,
  aluminaStdMax_wtpct: 0.8,
  biasStdMax_uOhm: 1,
  feedStdMax_1: 0.2,
  feedReversion_s: 12 * 3600,
  noiseScale: 20,
}

/** Multiplies the noise of a state, e.g. after an event; 1 is ordinary running. */
export interface NoiseBoost {
  bias: number
  feed: number
}

/** Fills the prior of one cell. */
export function startFilter(
  state: Float64Array, // [filterRow][cell]
  cells: number,
  cell: number,
  tuning: FilterTuning,
): void {
  for (let row = 0; row < FILTER_ROWS; row++) state[row * cells + cell] = 0
  state[filterRow.feedEfficiency * cells + cell] = 1
  state[filterRow.varAlumina * cells + cell] = tuning.aluminaStd_wtpct * tuning.aluminaStd_wtpct
  state[filterRow.varBias * cells + cell] = tuning.biasStd_uOhm * tuning.biasStd_uOhm
  state[filterRow.varFeed * cells + cell] = tuning.feedStd_1 * tuning.feedStd_1
}

const square = (x: number) => x * x

/**
 * Grows the covariance over dt_s. `aluminaPerFeed_wtpct` is what dissolved alumina gains in this
 * step per unit of feed efficiency; `boost` is that of the cell's present situation.
 */
export function predictFilter(
  state: Float64Array,
  cells: number,
  cell: number,
  tuning: FilterTuning,
  aluminaPerFeed_wtpct: number,
  boost: NoiseBoost,
  dt_s: number,
): void {
  const at = (row: number) => row * cells + cell
  const g = aluminaPerFeed_wtpct
  const keep = 1 - dt_s / tuning.feedReversion_s
  const hours = dt_s / 3600
  const ce = state[at(filterRow.covAluminaFeed)]!
  const be = state[at(filterRow.covBiasFeed)]!
  const ee = state[at(filterRow.varFeed)]!
  const feed = state[at(filterRow.feedEfficiency)]!
  state[at(filterRow.feedEfficiency)] = 1 + keep * (feed - 1)
  state[at(filterRow.varAlumina)]! +=
    2 * g * ce + g * g * ee + square(tuning.aluminaNoise_perRoot_h) * hours
  state[at(filterRow.covAluminaBias)]! += g * be
  state[at(filterRow.covAluminaFeed)] = keep * (ce + g * ee)
  state[at(filterRow.varBias)]! += square(tuning.biasNoise_perRoot_h * boost.bias) * hours
  state[at(filterRow.covBiasFeed)] = keep * be
  state[at(filterRow.varFeed)] =
    keep * keep * ee + square(tuning.feedNoise_perRoot_h * boost.feed) * hours
  capFilter(state, cells, cell, tuning)
}

/** Adds variance to the bias: something moved the resistance by about `std_uOhm`. */
export function loosenBias(
  state: Float64Array,
  cells: number,
  cell: number,
  std_uOhm: number,
): void {
  state[filterRow.varBias * cells + cell]! += square(std_uOhm)
}

/** Adds variance to alumina: something moved it by about `std_wtpct`. */
export function loosenAlumina(
  state: Float64Array,
  cells: number,
  cell: number,
  std_wtpct: number,
): void {
  state[filterRow.varAlumina * cells + cell]! += square(std_wtpct)
}

/** Adds variance to feed efficiency: what it was before says little now. */
export function loosenFeed(state: Float64Array, cells: number, cell: number, std_1: number): void {
  state[filterRow.varFeed * cells + cell]! += square(std_1)
}

/** Scales rows that outgrew their cap, correlations kept. */
function capFilter(state: Float64Array, cells: number, cell: number, tuning: FilterTuning): void {
  const at = (row: number) => row * cells + cell
  const ratio = (row: number, std_max: number) => {
    const variance = state[at(row)]!
    return variance > square(std_max) ? std_max / Math.sqrt(variance) : 1
  }
  const c = ratio(filterRow.varAlumina, tuning.aluminaStdMax_wtpct)
  const b = ratio(filterRow.varBias, tuning.biasStdMax_uOhm)
  const e = ratio(filterRow.varFeed, tuning.feedStdMax_1)
  if (c === 1 && b === 1 && e === 1) return
  state[at(filterRow.varAlumina)]! *= c * c
  state[at(filterRow.covAluminaBias)]! *= c * b
  state[at(filterRow.covAluminaFeed)]! *= c * e
  state[at(filterRow.varBias)]! *= b * b
  state[at(filterRow.covBiasFeed)]! *= b * e
  state[at(filterRow.varFeed)]! *= e * e
}

/**
 * One scalar update with H = [h_alumina, h_bias, 0]. Joseph form on the symmetric entries.
 * Returns the correction of alumina in wt%; bias and feed efficiency are corrected in place.
 */
export function updateFilter(
  state: Float64Array,
  cells: number,
  cell: number,
  h_alumina: number,
  h_bias: number,
  innovation: number,
  noiseVariance: number,
): number {
  const at = (row: number) => row * cells + cell
  const cc = state[at(filterRow.varAlumina)]!
  const cb = state[at(filterRow.covAluminaBias)]!
  const ce = state[at(filterRow.covAluminaFeed)]!
  const bb = state[at(filterRow.varBias)]!
  const be = state[at(filterRow.covBiasFeed)]!
  const ee = state[at(filterRow.varFeed)]!
  const pc = cc * h_alumina + cb * h_bias
  const pb = cb * h_alumina + bb * h_bias
  const pe = ce * h_alumina + be * h_bias
  const s = h_alumina * pc + h_bias * pb + noiseVariance
  const kc = pc / s
  const kb = pb / s
  const ke = pe / s
  // Joseph: P - K pT - p KT + K s KT, which stays symmetric and positive for any gain.
  state[at(filterRow.varAlumina)] = cc - 2 * kc * pc + kc * kc * s
  state[at(filterRow.covAluminaBias)] = cb - kc * pb - pc * kb + kc * kb * s
  state[at(filterRow.covAluminaFeed)] = ce - kc * pe - pc * ke + kc * ke * s
  state[at(filterRow.varBias)] = bb - 2 * kb * pb + kb * kb * s
  state[at(filterRow.covBiasFeed)] = be - kb * pe - pb * ke + kb * ke * s
  state[at(filterRow.varFeed)] = ee - 2 * ke * pe + ke * ke * s
  state[at(filterRow.bias_uOhm)]! += kb * innovation
  state[at(filterRow.feedEfficiency)]! += ke * innovation
  return kc * innovation
}

/** One scalar update by a feed efficiency known from elsewhere; returns as `updateFilter`. */
export function updateFeed(
  state: Float64Array,
  cells: number,
  cell: number,
  value: number,
  noiseVariance: number,
): number {
  const at = (row: number) => row * cells + cell
  const ce = state[at(filterRow.covAluminaFeed)]!
  const be = state[at(filterRow.covBiasFeed)]!
  const ee = state[at(filterRow.varFeed)]!
  const s = ee + noiseVariance
  const innovation = value - state[at(filterRow.feedEfficiency)]!
  state[at(filterRow.varAlumina)]! -= (ce * ce) / s
  state[at(filterRow.covAluminaBias)]! -= (ce * be) / s
  state[at(filterRow.varBias)]! -= (be * be) / s
  state[at(filterRow.covAluminaFeed)] = ce - (ce * ee) / s
  state[at(filterRow.covBiasFeed)] = be - (be * ee) / s
  state[at(filterRow.varFeed)] = ee - (ee * ee) / s
  state[at(filterRow.bias_uOhm)]! += (be / s) * innovation
  state[at(filterRow.feedEfficiency)]! += (ee / s) * innovation
  return (ce / s) * innovation
}

/** Variance of h_alumina * alumina + h_bias * bias. */
export function predictedVariance(
  state: Float64Array,
  cells: number,
  cell: number,
  h_alumina: number,
  h_bias: number,
): number {
  const at = (row: number) => row * cells + cell
  return (
    square(h_alumina) * state[at(filterRow.varAlumina)]! +
    2 * h_alumina * h_bias * state[at(filterRow.covAluminaBias)]! +
    square(h_bias) * state[at(filterRow.varBias)]!
  )
}
