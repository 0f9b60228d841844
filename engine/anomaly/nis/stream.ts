import type { Stateful } from '../state.ts'

/** Normalised innovations squared of every cell, over seconds and over minutes. */
export interface NisStream extends Stateful {
  /** Takes one tick of standardised residuals; NaN: not known. */
  tick(residuals: Float64Array): void // [channel][cell]
  /** Standard normal while the residuals are white: the last seconds, or the last minutes. */
  fastScore(cell: number): number
  slowScore(cell: number): number
  /** Mean square of a channel over the last minutes; NaN before its first value. */
  power(channel: number, cell: number): number
  restart(cell: number): void
}

/** Shares of the newest value in the two running means. */
export interface NisPlan {
  readonly fast: number
  readonly slow: number
}

/** Nothing has been seen yet. */
export function nisStream(cells: number, channels: number, plan: NisPlan): NisStream {
  const fast = new Float32Array(cells).fill(1)
  const known = new Float32Array(cells).fill(1) // channels behind the mean over seconds
  const powers = new Float32Array(channels * cells).fill(Number.NaN)
  const sums = new Float64Array(cells)
  const counts = new Float64Array(cells)
  const slow = new Float64Array(cells) // sums of the powers that are known, and how many those are
  const slowCounts = new Float64Array(cells)
  const share = plan.slow

  /** Adds the residuals to the powers, and both to the sums of their cells. */
  const add = (residuals: Float64Array): void => {
    for (let first = 0; first < channels * cells; first += cells) {
      for (let cell = 0; cell < cells; cell++) {
        const r = residuals[first + cell]!
        const before = powers[first + cell]!
        if (!Number.isNaN(r)) {
          const square = r * r
          sums[cell]! += square
          counts[cell]!++
          // Starts at what white residuals have, not at the first value.
          powers[first + cell] = Number.isNaN(before) ? 1 : before + share * (square - before)
        } else if (Number.isNaN(before)) continue
        slow[cell]! += powers[first + cell]!
        slowCounts[cell]!++
      }
    }
  }

  return {
    tick(residuals) {
      sums.fill(0)
      counts.fill(0)
      slow.fill(0)
      slowCounts.fill(0)
      add(residuals)
      for (let cell = 0; cell < cells; cell++) {
        const count = counts[cell]!
        if (count === 0) continue
        fast[cell]! += plan.fast * (sums[cell]! / count - fast[cell]!)
        known[cell]! += plan.fast * (count - known[cell]!)
      }
    },
    fastScore: cell => chiSquareScore(fast[cell]!, valuesIn(plan.fast) * known[cell]!),
    slowScore(cell) {
      const count = slowCounts[cell]!
      return count === 0 ? 0 : chiSquareScore(slow[cell]! / count, valuesIn(plan.slow) * count)
    },
    power: (channel, cell) => powers[channel * cells + cell]!,
    restart(cell) {
      fast[cell] = 1
      known[cell] = 1
      slow[cell] = slowCounts[cell] = 0
      for (let i = cell; i < powers.length; i += cells) powers[i] = Number.NaN
    },
    save(out) {
      for (const array of [fast, known, powers]) out.array(array)
    },
    load(from) {
      for (const array of [fast, known, powers]) from.array(array)
    },
  }
}

/** A running mean with this share varies like the mean of so many values. */
const valuesIn = (share: number) => (2 - share) / share

/**
 * Standard normal score of a chi-square mean: sum of `freedom` squared white values over
 * `freedom` (Wilson and Hilferty's cube root).
 */
export function chiSquareScore(mean: number, freedom: number): number {
  const variance = 2 / (9 * freedom)
  return (Math.cbrt(mean) - (1 - variance)) / Math.sqrt(variance)
}
