import type { Stateful } from './state.ts'

/** Centre and spread of many series, learnt robustly and forgotten slowly. */
export interface RunningScale extends Stateful {
  readonly centre: Float32Array // [series]
  readonly variance: Float32Array // [series]
  /** Values learnt so far, at most those that are remembered. */
  readonly counts: Float32Array // [series]
  readonly remembered: number
  readonly most: number
  /** Forgets a series. */
  restart(i: number): void
}

/** Scores are cut here: one broken sensor is no better evidence than this. */
export const SCORE_MOST = 10
/** A value counts as at most so many deviations out once the spread is known. */
const LEARN_MOST = 4
/** Values before the spread is known. */
const EARLY = 30

/** Scales of `series` series that remember about so many values each. */
export function runningScale(
  series: number,
  remembered: number,
  most: number = SCORE_MOST,
): RunningScale {
  const centre = new Float32Array(series)
  const variance = new Float32Array(series)
  const counts = new Float32Array(series)
  return {
    ...{ centre, variance, counts, remembered, most },
    restart(i) {
      centre[i] = variance[i] = counts[i] = 0
    },
    save(out) {
      for (const array of [centre, variance, counts]) out.array(array)
    },
    load(from) {
      for (const array of [centre, variance, counts]) from.array(array)
    },
  }
}

// Functions over arrays: an engine has many scales, and the methods of many objects stay calls.

/**
 * A value in standard deviations from the centre, cut at most so far out; 0 where unknown. Where
 * `learns`, it is learnt as well: one far out counts as one that is less so.
 */
export function scaleTake(scale: RunningScale, i: number, value: number, learns: boolean): number {
  const { centre, variance, counts, most, remembered } = scale
  const count = counts[i]!
  const spread_2 = variance[i]!
  const difference = value - centre[i]!
  const isKnown = spread_2 > 0 && count >= EARLY
  const spread = isKnown ? Math.sqrt(spread_2) : Number.POSITIVE_INFINITY
  if (learns) {
    // Where nothing varied so far, what comes is taken as it is.
    const far = LEARN_MOST * spread
    const share = 1 / (1 + count)
    const d = difference > far ? far : difference < -far ? -far : difference
    centre[i]! += share * d
    variance[i] = count === 0 ? 0 : (1 - share) * (spread_2 + share * d * d)
    if (count < remembered) counts[i] = count + 1
  }
  if (!isKnown) return 0
  const score = difference / spread
  return score > most ? most : score < -most ? -most : score
}
