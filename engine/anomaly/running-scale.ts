import type { Stateful } from './state.ts'

/** Centre and spread of many series, learnt robustly and forgotten slowly. */
export interface RunningScale extends Stateful {
  /** A value in standard deviations from the centre, cut at most so far out; 0 where unknown. */
  score(i: number, value: number): number
  /** Learns a value; one far out counts as one that is less so. */
  learn(i: number, value: number): void
  /** Values learnt so far, at most those that are remembered. */
  count(i: number): number
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
    score(i, value) {
      const spread_2 = variance[i]!
      if (!(spread_2 > 0) || counts[i]! < EARLY) return 0
      const score = (value - centre[i]!) / Math.sqrt(spread_2)
      return score > most ? most : score < -most ? -most : score
    },
    learn(i, value) {
      const count = counts[i]!
      const share = 1 / (1 + count)
      let difference = value - centre[i]!
      if (count >= EARLY) {
        const far = LEARN_MOST * Math.sqrt(variance[i]!)
        // Where nothing varied so far, what comes is taken as it is.
        if (far > 0) difference = Math.max(-far, Math.min(far, difference))
      }
      centre[i]! += share * difference
      variance[i] = count === 0 ? 0 : (1 - share) * (variance[i]! + share * difference * difference)
      if (count < remembered) counts[i] = count + 1
    },
    count: i => counts[i]!,
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
