import { blockThreshold, fitResidualVariates } from './fit.ts'

/** How the detector learns; counts are ticks. */
export interface DynamicPlan {
  readonly channels: number
  /** Rows in the past vector; the future vector has as many. */
  readonly lags: number
  readonly fit_count: number
  readonly calibrate_count: number
  readonly block_count: number
}

/** What one asset has learnt, as flat arrays so that a snapshot is a copy. */
export interface AssetModel {
  readonly window: Float64Array // [row, newest first][channel], 2 lags rows
  readonly sums: Float64Array // [stack]
  /** Cross sums while learning, then residual variates. */
  readonly matrix: Float64Array // [stack][stack]
  readonly centre: Float64Array // [channel]
  readonly scale: Float64Array // [channel], 0: channel left out
  readonly seen: Float64Array // [channel], rows with a value
  readonly maxima: Float64Array // [block]
  readonly numbers: Float64Array // see Number
}

/** Places in `numbers`. */
export const At = { rows: 0, variates: 1, logMean: 2, threshold: 3, kept: 4 } as const

const SEEN_SHARE_MIN = 0.8
const LOG_SHARE = 0.1
const BLOCK_CHANCE = 1e-4
/** Added to the log threshold: what the short learning window has not shown. */
const SAFETY = Math.log(1.5)

/** An asset that has seen nothing. */
export function assetModel(plan: DynamicPlan): AssetModel {
  const stack = 2 * plan.lags * plan.channels
  return {
    window: new Float64Array(stack),
    sums: new Float64Array(stack),
    matrix: new Float64Array(stack * stack),
    centre: new Float64Array(plan.channels),
    scale: new Float64Array(plan.channels),
    seen: new Float64Array(plan.channels),
    maxima: new Float64Array(Math.floor(plan.calibrate_count / plan.block_count)).fill(-Infinity),
    numbers: new Float64Array(5),
  }
}

/** Takes one row; returns the smoothed log of the residual T2, or NaN while fitting. */
export function takeRow(
  model: AssetModel,
  plan: DynamicPlan,
  row: Float64Array, // [channel], NaN: not known
): number {
  const { numbers } = model
  shift(model, plan, row)
  const n = ++numbers[At.rows]!
  if (n <= plan.fit_count) {
    if (n >= 2 * plan.lags) addCross(model)
    if (n === plan.fit_count) learn(model, plan)
    return Number.NaN
  }
  const t2 = residualT2(model, plan)
  const log = Math.log(t2 + 1e-6)
  if (n === plan.fit_count + 1) numbers[At.logMean] = log
  numbers[At.logMean]! += (log - numbers[At.logMean]!) * LOG_SHARE
  const smooth = numbers[At.logMean]!
  const calibrated = plan.fit_count + plan.calibrate_count
  if (n <= calibrated) {
    const last = model.maxima.length - 1
    const block = Math.min(last, Math.floor((n - plan.fit_count - 1) / plan.block_count))
    model.maxima[block] = Math.max(model.maxima[block]!, smooth)
    if (n === calibrated) {
      numbers[At.threshold] = blockThreshold(model.maxima, BLOCK_CHANCE) + SAFETY
    }
  } else numbers[At.rows] = calibrated + 1
  return smooth
}

/** True once the thresholds stand. */
export function isReady(model: AssetModel, plan: DynamicPlan): boolean {
  const rows = model.numbers[At.rows]!
  return rows >= plan.fit_count + plan.calibrate_count && model.numbers[At.variates]! > 0
}

/** A value that is not known keeps its last one: missing is not an anomaly. */
function shift(model: AssetModel, plan: DynamicPlan, row: Float64Array): void {
  const { window, centre, seen, scale } = model
  const { channels } = plan
  const learning = model.numbers[At.rows]! < plan.fit_count
  window.copyWithin(channels, 0, window.length - channels)
  for (let c = 0; c < channels; c++) {
    const value = row[c]!
    if (Number.isNaN(value)) continue
    // While learning, about the first value: the cross sums then keep their digits.
    if (learning && seen[c] === 0) centre[c] = value
    seen[c]!++
    window[c] = learning ? value - centre[c]! : scaled(value, centre[c]!, scale[c]!)
  }
}

function scaled(value: number, centre: number, scale: number): number {
  return scale === 0 ? 0 : (value - centre) / scale
}

function addCross({ window, sums, matrix }: AssetModel): void {
  const n = window.length
  for (let i = 0; i < n; i++) {
    const x = window[i]!
    sums[i]! += x
    for (let j = 0; j <= i; j++) matrix[i * n + j]! += x * window[j]!
  }
}

function learn(model: AssetModel, plan: DynamicPlan): void {
  const { window, sums, matrix, centre, scale, seen, numbers } = model
  const n = window.length
  const { channels } = plan
  const rows = plan.fit_count - 2 * plan.lags + 1
  for (let c = 0; c < channels; c++) {
    const variance = matrix[c * n + c]! / rows - (sums[c]! / rows) ** 2
    const size = Math.abs(centre[c]!) * 1e-9
    const steady = seen[c]! < SEEN_SHARE_MIN * plan.fit_count || !(variance > size * size)
    scale[c] = steady || variance === 0 ? 0 : Math.sqrt(variance)
  }
  const covariance = new Float64Array(n * n)
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      const cross = i >= j ? matrix[i * n + j]! : matrix[j * n + i]!
      const spread = scale[i % channels]! * scale[j % channels]!
      const value = cross / rows - (sums[i]! / rows) * (sums[j]! / rows)
      covariance[i * n + j] = spread === 0 ? Number(i === j) : value / spread
    }
  }
  // The window so far is about the first value; from here on it is standardised.
  const mean = Float64Array.from({ length: channels }, (_, c) => sums[c]! / rows)
  for (let i = 0; i < n; i++) {
    const c = i % channels
    window[i] = scale[c] === 0 ? 0 : (window[i]! - mean[c]!) / scale[c]!
  }
  for (let c = 0; c < channels; c++) centre[c]! += mean[c]!
  numbers[At.kept] = scale.reduce((count, value) => count + Number(value > 0), 0)
  matrix.fill(0)
  numbers[At.variates] = numbers[At.kept]! > 0 ? fitResidualVariates(covariance, n / 2, matrix) : 0
}

/** Sum of the squared residual variates of the newest rows. */
function residualT2({ window, matrix, numbers }: AssetModel, plan: DynamicPlan): number {
  const half = plan.lags * plan.channels
  const variates = numbers[At.variates]!
  let total = 0
  for (let k = 0; k < variates; k++) {
    let sum = 0
    const row = k * half
    for (let i = 0; i < half; i++) sum += matrix[row + i]! * window[i]!
    total += sum * sum
  }
  return total
}
