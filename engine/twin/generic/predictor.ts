/** Forgetting of the slow mean and of the moments, in readings. */
const MEAN_READINGS = 600
const MOMENT_READINGS = 900
const SMOOTH_GAIN = 0.2
/** Readings before the predictor's band is believed. */
export const WARM_UP_READINGS = 120
/** Of this module alone: the compiler reads what is exported or imported anew in every turn. */
const WARM_UP: number = WARM_UP_READINGS
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
  return seen[i]! >= WARM_UP && changes[i]! >= ALIVE_CHANGES
}

/**
 * Predicts series from `first` on one reading ahead, scores their `values` (NaN: none) and learns
 * from them. Most readings go straight through; what is rare has a function of its own.
 */
export function stepSeries(p: Predictors, first: number, values: Float64Array): void {
  const { mean, last, lag0, lag1, innovation, seen, changes, gap, raw, reference } = p
  const { expected, expected_std, residual } = p
  for (let k = 0; k < values.length; k++) {
    const i = first + k
    const value = values[k]!
    residual[i] = Number.NaN
    if (seen[i] === 0) {
      if (Number.isFinite(value)) start(p, i, value)
      continue
    }
    const phi = correlation(lag0[i]!, lag1[i]!)
    const centre = mean[i]!
    const floor = Math.max(0.0025 * reference[i]!, 1e-18 * centre * centre)
    const ahead = centre + phi * last[i]!
    const std = Math.sqrt(Math.max(innovation[i]!, floor) + phi * phi * gap[i]!)
    expected[i] = ahead
    expected_std[i] = std
    if (!Number.isFinite(value)) {
      skip(p, i, phi)
      continue
    }
    const error = value - ahead
    const score = std > 0 ? error / std : 0
    if (isWarm(p, i)) residual[i] = within(RESIDUAL_MAX, score)
    const changed = value !== raw[i]
    if (changed) {
      raw[i] = value
      changes[i] = changes[i]! + 1
    }
    // A frozen sensor teaches nothing: its variance must not shrink to zero.
    if (changed || changes[i]! < ALIVE_CHANGES) learn(p, i, value, error, score)
    else smoothen(p, i, value)
    seen[i] = seen[i]! + 1
  }
}

/** Of a reading with the one before, from 0 to PHI_MAX. */
function correlation(spread_2: number, product: number): number {
  const ratio = spread_2 > 0 ? product / spread_2 : 0
  return ratio > 0 ? (ratio < PHI_MAX ? ratio : PHI_MAX) : 0
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

function smoothen({ smooth }: Predictors, i: number, value: number): void {
  smooth[i] = smooth[i]! + SMOOTH_GAIN * (value - smooth[i]!)
}

/** A share of 1 / `readings`; most series have seen so many, and then it is no division. */
const MOMENT_SHARE = 1 / MOMENT_READINGS
const MEAN_SHARE = 1 / MEAN_READINGS

function learn(p: Predictors, i: number, value: number, error: number, score: number): void {
  const { mean, smooth, last, lag0, lag1, seen, gap, innovation, reference, expected_std } = p
  const n = seen[i]!
  const gain = n + 1 < MOMENT_READINGS ? 1 / (n + 1) : MOMENT_SHARE
  const early = n < WARM_UP
  const limit = HUBER_SIGMA * expected_std[i]!
  const bounded = early || Math.abs(score) <= HUBER_SIGMA ? error : Math.sign(error) * limit
  const variance = innovation[i]! + gain * (bounded * bounded - innovation[i]!)
  innovation[i] = variance
  reference[i] = Math.max(reference[i]! * (1 - 1e-6), variance)
  const taken = early ? value : believe(p, i, value, error, score)
  const centre = mean[i]!
  const deviation = taken - centre
  const spread_2 = lag0[i]!
  const spread = Math.sqrt(spread_2)
  const moved = levelHasMoved(p, i, deviation, spread)
  const pull = moved || early ? deviation : within(HUBER_SIGMA * spread, deviation)
  const usual = n + 1 < MEAN_READINGS ? 1 / (n + 1) : MEAN_SHARE
  const level = centre + (moved ? SHIFT_GAIN / MEAN_READINGS : usual) * pull
  lag1[i] = lag1[i]! + gain * (pull * last[i]! - lag1[i]!)
  lag0[i] = spread_2 + gain * (pull * pull - spread_2)
  mean[i] = level
  last[i] = taken - level
  smooth[i] = smooth[i]! + SMOOTH_GAIN * (taken - smooth[i]!)
  // What is 0 already is not written: arrays that are only read cost a large line half as much.
  if (gap[i] !== 0) gap[i] = 0
}

/** One wild reading is clipped; from the second on the series is believed. */
function believe(
  { outliers, expected, expected_std }: Predictors,
  i: number,
  value: number,
  error: number,
  score: number,
): number {
  if (Math.abs(score) > OUTLIER_SIGMA) {
    outliers[i] = outliers[i]! + 1
    if (outliers[i]! >= 2) return value
    return expected[i]! + Math.sign(error) * OUTLIER_SIGMA * expected_std[i]!
  }
  if (outliers[i] !== 0) outliers[i] = 0
  return value
}

function levelHasMoved({ run }: Predictors, i: number, deviation: number, spread: number): boolean {
  const side = deviation > 2 * spread ? 1 : deviation < -2 * spread ? -1 : 0
  const before = run[i]!
  if (side === 0 && before === 0) return false
  const now = side !== 0 && before * side > 0 ? before + side : side
  run[i] = now
  return Math.abs(now) > SHIFT_RUN
}

/** The value, cut at `most` on either side. */
function within(most: number, value: number): number {
  return value > most ? most : value < -most ? -most : value
}
