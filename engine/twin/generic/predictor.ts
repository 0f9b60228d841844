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

const ROWS = ['mean', 'smooth', 'last', 'lag0', 'lag1', 'innovation', 'count', 'changes'] as const
const TAIL = ['outliers', 'run', 'gap', 'raw', 'reference'] as const

/**
 * Self-tuning one-step predictors of many series: a slow mean plus a first-order
 * autoregression whose coefficient and innovation variance are learned from the readings.
 */
export interface Predictors {
  readonly state: Float64Array // [row][series]
  readonly expected: Float64Array // [series]
  readonly expected_std: Float64Array // [series]
  readonly residual: Float64Array // [series], NaN when not scored
  /** Smoothed value of the series. */
  readonly level: (series: number) => number
  readonly warm: (series: number) => boolean
  /** Predicts the series one reading ahead, scores `value` (NaN: none) and learns from it. */
  readonly step: (series: number, value: number) => void
}

/** Builds predictors for `count` series; nothing is allocated after this. */
export function createPredictors(count: number): Predictors {
  const state = new Float64Array((ROWS.length + TAIL.length) * count)
  const row = (index: number) => state.subarray(index * count, (index + 1) * count)
  const mean = row(0)
  const smooth = row(1)
  const last = row(2) // deviation from the mean that the prediction starts from
  const lag0 = row(3)
  const lag1 = row(4)
  const innovation = row(5) // variance of the one-step error
  const seen = row(6)
  const changes = row(7)
  const outliers = row(8)
  const run = row(9)
  const gap = row(10) // variance added since the last reading
  const raw = row(11)
  const reference = row(12) // innovation variance of long memory: floor of the short one
  const expected = new Float64Array(count).fill(Number.NaN)
  const expected_std = new Float64Array(count).fill(Number.NaN)
  const residual = new Float64Array(count).fill(Number.NaN)

  const correlation = (i: number) =>
    lag0[i]! > 0 ? Math.min(0.98, Math.max(0, lag1[i]! / lag0[i]!)) : 0

  const predict = (i: number) => {
    const phi = correlation(i)
    const floor = Math.max(0.0025 * reference[i]!, 1e-18 * mean[i]! * mean[i]!)
    expected[i] = mean[i]! + phi * last[i]!
    expected_std[i] = Math.sqrt(Math.max(innovation[i]!, floor) + phi * phi * gap[i]!)
    return phi
  }

  const skip = (i: number, phi: number) => {
    last[i] = phi * last[i]!
    gap[i] = Math.min(phi * phi * gap[i]! + innovation[i]!, lag0[i]!)
  }

  const start = (i: number, value: number) => {
    mean[i] = value
    smooth[i] = value
    raw[i] = value
    seen[i] = 1
    expected[i] = value
  }

  const learnInnovation = (i: number, error: number, score: number, gain: number) => {
    const limit = HUBER_SIGMA * expected_std[i]!
    const free = Math.abs(score) <= HUBER_SIGMA || seen[i]! < WARM_UP_READINGS
    const bounded = free ? error : Math.sign(error) * limit
    innovation[i] = innovation[i]! + gain * (bounded * bounded - innovation[i]!)
    reference[i] = Math.max(reference[i]! * (1 - 1e-6), innovation[i]!)
  }

  // One wild reading is clipped; from the second on the series is believed.
  const believe = (i: number, value: number, error: number, score: number) => {
    const wild = seen[i]! >= WARM_UP_READINGS && Math.abs(score) > OUTLIER_SIGMA
    outliers[i] = wild ? outliers[i]! + 1 : 0
    if (!wild || outliers[i]! >= 2) return value
    return expected[i]! + Math.sign(error) * OUTLIER_SIGMA * expected_std[i]!
  }

  const levelHasMoved = (i: number, deviation: number) => {
    const side = Math.abs(deviation) > 2 * Math.sqrt(lag0[i]!) ? Math.sign(deviation) : 0
    const goesOn = side !== 0 && Math.sign(run[i]!) === side
    run[i] = goesOn ? run[i]! + side : side
    return Math.abs(run[i]!) > SHIFT_RUN
  }

  const learn = (i: number, value: number, error: number, score: number) => {
    const n = seen[i]!
    const gain = 1 / Math.min(n + 1, MOMENT_READINGS)
    learnInnovation(i, error, score, gain)
    const taken = believe(i, value, error, score)
    const deviation = taken - mean[i]!
    const moved = levelHasMoved(i, deviation)
    const free = moved || n < WARM_UP_READINGS
    const reach = free ? Math.abs(deviation) : HUBER_SIGMA * Math.sqrt(lag0[i]!)
    const pull = Math.max(-reach, Math.min(reach, deviation))
    const speed = moved ? SHIFT_GAIN / MEAN_READINGS : 1 / Math.min(n + 1, MEAN_READINGS)
    lag1[i] = lag1[i]! + gain * (pull * last[i]! - lag1[i]!)
    lag0[i] = lag0[i]! + gain * (pull * pull - lag0[i]!)
    mean[i] = mean[i]! + speed * pull
    last[i] = taken - mean[i]!
    smooth[i] = smooth[i]! + SMOOTH_GAIN * (taken - smooth[i]!)
    gap[i] = 0
  }

  return {
    state,
    expected,
    expected_std,
    residual,
    level: i => (seen[i]! > 0 ? smooth[i]! : Number.NaN),
    warm: i => seen[i]! >= WARM_UP_READINGS && changes[i]! >= ALIVE_CHANGES,
    step(i, value) {
      residual[i] = Number.NaN
      if (seen[i] === 0) {
        if (Number.isFinite(value)) start(i, value)
        return
      }
      const phi = predict(i)
      if (!Number.isFinite(value)) return skip(i, phi)
      const error = value - expected[i]!
      const score = expected_std[i]! > 0 ? error / expected_std[i]! : 0
      const warm = seen[i]! >= WARM_UP_READINGS && changes[i]! >= ALIVE_CHANGES
      if (warm) residual[i] = Math.max(-RESIDUAL_MAX, Math.min(RESIDUAL_MAX, score))
      const changed = value !== raw[i]
      raw[i] = value
      if (changed) changes[i] = changes[i]! + 1
      // A frozen sensor teaches nothing: its variance must not shrink to zero.
      if (changed || changes[i]! < ALIVE_CHANGES) learn(i, value, error, score)
      else smooth[i] = smooth[i]! + SMOOTH_GAIN * (value - smooth[i]!)
      seen[i] = seen[i]! + 1
    },
  }
}
