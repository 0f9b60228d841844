/** Forgetting of the slow mean and of the moments, in readings. */
const MEAN_READINGS = 600
const MOMENT_READINGS = 900
const SMOOTH_GAIN = 0.2
/** Readings before the predictor's band is believed. */
export const WARM_UP_READINGS = 120
/** Changes of value before a series counts as alive; a frozen one never gets there. */
const ALIVE_CHANGES = 12
/** Innovations beyond this many sigmas count with this weight at most (Huber). */
const HUBER_SIGMA = 3
const OUTLIER_SIGMA = 6
/** After so many readings on one side the level itself has moved. */
const SHIFT_RUN = 30
const SHIFT_GAIN = 8
const RESIDUAL_MAX = 50
const PHI_MAX = 0.98
const ROWS = 13

/**
 * Self-tuning one-step predictors of many series: a slow mean plus a first-order
 * autoregression whose coefficient and innovation variance are learned from the readings.
 */
export interface Predictors {
  readonly state: Float64Array // [row][series], of which the next thirteen are the rows
  readonly mean: Float64Array
  readonly smooth: Float64Array
  /** Deviation from the mean that the prediction starts from. */
  readonly last: Float64Array
  readonly lag0: Float64Array
  readonly lag1: Float64Array
  /** Variance of the one-step error. */
  readonly innovation: Float64Array
  readonly seen: Float64Array
  readonly changes: Float64Array
  readonly outliers: Float64Array
  readonly run: Float64Array
  /** Variance added since the last reading. */
  readonly gap: Float64Array
  readonly raw: Float64Array
  /** Innovation variance of long memory: floor of the short one. */
  readonly reference: Float64Array
  readonly expected: Float64Array // [series]
  readonly expected_std: Float64Array // [series]
  readonly residual: Float64Array // [series], NaN when not scored
}

/** Builds predictors for `count` series; nothing is allocated after this. */
export function createPredictors(count: number): Predictors {
  const state = new Float64Array(ROWS * count)
  const row = (index: number) => state.subarray(index * count, (index + 1) * count)
  const unknown = () => new Float64Array(count).fill(Number.NaN)
  return {
    state,
    ...{ mean: row(0), smooth: row(1), last: row(2), lag0: row(3), lag1: row(4) },
    ...{ innovation: row(5), seen: row(6), changes: row(7), outliers: row(8), run: row(9) },
    ...{ gap: row(10), raw: row(11), reference: row(12) },
    ...{ expected: unknown(), expected_std: unknown(), residual: unknown() },
  }
}

// Functions over arrays, not methods: the engine holds many lines, and the compiler makes one
// loop of these for all of them, where methods of many objects stay calls.

/** Smoothed value of the series. */
export function levelOf({ seen, smooth }: Predictors, i: number): number {
  return seen[i]! > 0 ? smooth[i]! : Number.NaN
}

/** True once the predictor's band is believed. */
export function isWarm({ seen, changes }: Predictors, i: number): boolean {
  return seen[i]! >= WARM_UP_READINGS && changes[i]! >= ALIVE_CHANGES
}

/** Predicts the series one reading ahead, scores `value` (NaN: none) and learns from it. */
export function stepSeries(p: Predictors, i: number, value: number): void {
  const { seen, residual, expected, expected_std, raw, changes, smooth } = p
  residual[i] = Number.NaN
  if (seen[i] === 0) {
    if (Number.isFinite(value)) start(p, i, value)
    return
  }
  const phi = predict(p, i)
  if (!Number.isFinite(value)) {
    skip(p, i, phi)
    return
  }
  const error = value - expected[i]!
  const score = expected_std[i]! > 0 ? error / expected_std[i]! : 0
  if (isWarm(p, i)) residual[i] = within(RESIDUAL_MAX, score)
  const changed = value !== raw[i]
  raw[i] = value
  if (changed) changes[i] = changes[i]! + 1
  // A frozen sensor teaches nothing: its variance must not shrink to zero.
  if (changed || changes[i]! < ALIVE_CHANGES) learn(p, i, value, error, score)
  else smooth[i] = smooth[i]! + SMOOTH_GAIN * (value - smooth[i]!)
  seen[i] = seen[i]! + 1
}

function predict(p: Predictors, i: number): number {
  const { mean, last, lag0, lag1, innovation, gap, reference, expected, expected_std } = p
  const spread_2 = lag0[i]!
  const ratio = spread_2 > 0 ? lag1[i]! / spread_2 : 0
  const phi = ratio > 0 ? (ratio < PHI_MAX ? ratio : PHI_MAX) : 0
  const centre = mean[i]!
  const floor = Math.max(0.0025 * reference[i]!, 1e-18 * centre * centre)
  expected[i] = centre + phi * last[i]!
  expected_std[i] = Math.sqrt(Math.max(innovation[i]!, floor) + phi * phi * gap[i]!)
  return phi
}

function skip({ last, gap, innovation, lag0 }: Predictors, i: number, phi: number): void {
  last[i] = phi * last[i]!
  gap[i] = Math.min(phi * phi * gap[i]! + innovation[i]!, lag0[i]!)
}

function start({ mean, smooth, raw, seen, expected }: Predictors, i: number, value: number): void {
  mean[i] = value
  smooth[i] = value
  raw[i] = value
  seen[i] = 1
  expected[i] = value
}

function learn(p: Predictors, i: number, value: number, error: number, score: number): void {
  const { mean, smooth, last, lag0, lag1, seen, gap } = p
  const n = seen[i]!
  const gain = 1 / Math.min(n + 1, MOMENT_READINGS)
  learnInnovation(p, i, error, score, gain)
  const taken = believe(p, i, value, error, score)
  const deviation = taken - mean[i]!
  const spread = Math.sqrt(lag0[i]!)
  const moved = levelHasMoved(p, i, deviation, spread)
  const free = moved || n < WARM_UP_READINGS
  const pull = free ? deviation : within(HUBER_SIGMA * spread, deviation)
  const speed = moved ? SHIFT_GAIN / MEAN_READINGS : 1 / Math.min(n + 1, MEAN_READINGS)
  lag1[i] = lag1[i]! + gain * (pull * last[i]! - lag1[i]!)
  lag0[i] = lag0[i]! + gain * (pull * pull - lag0[i]!)
  mean[i] = mean[i]! + speed * pull
  last[i] = taken - mean[i]!
  smooth[i] = smooth[i]! + SMOOTH_GAIN * (taken - smooth[i]!)
  gap[i] = 0
}

function learnInnovation(
  { seen, innovation, reference, expected_std }: Predictors,
  i: number,
  error: number,
  score: number,
  gain: number,
): void {
  const limit = HUBER_SIGMA * expected_std[i]!
  const free = Math.abs(score) <= HUBER_SIGMA || seen[i]! < WARM_UP_READINGS
  const bounded = free ? error : Math.sign(error) * limit
  innovation[i] = innovation[i]! + gain * (bounded * bounded - innovation[i]!)
  reference[i] = Math.max(reference[i]! * (1 - 1e-6), innovation[i]!)
}

/** One wild reading is clipped; from the second on the series is believed. */
function believe(
  { seen, outliers, expected, expected_std }: Predictors,
  i: number,
  value: number,
  error: number,
  score: number,
): number {
  const wild = seen[i]! >= WARM_UP_READINGS && Math.abs(score) > OUTLIER_SIGMA
  outliers[i] = wild ? outliers[i]! + 1 : 0
  if (!wild || outliers[i]! >= 2) return value
  return expected[i]! + Math.sign(error) * OUTLIER_SIGMA * expected_std[i]!
}

function levelHasMoved({ run }: Predictors, i: number, deviation: number, spread: number): boolean {
  const side = deviation > 2 * spread ? 1 : deviation < -2 * spread ? -1 : 0
  const before = run[i]!
  const now = side !== 0 && before * side > 0 ? before + side : side
  run[i] = now
  return Math.abs(now) > SHIFT_RUN
}

/** The value, cut at `most` on either side. */
function within(most: number, value: number): number {
  return value > most ? most : value < -most ? -most : value
}
