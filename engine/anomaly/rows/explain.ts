import type { Statistic } from './linear.ts'

/** What each channel would take off a statistic if its values were put right. */
export interface Blame {
  /** Reconstruction-based contribution of each channel to a statistic of a window. */
  drops(stack: Float64Array): Float64Array // [channel]
}

/** Keeps a channel that a statistic hardly sees from dividing by zero. */
const SEEN_LEAST = 1e-12

/**
 * Reconstruction-based contributions: how much the sum of squares falls when the values of one
 * channel are replaced by those that make it least. A single broken channel always ranks first.
 */
export function reconstruction({ weights, count }: Statistic, n: number, width: number): Blame {
  const lags = n / width
  const inverses = Array.from({ length: width }, (_, c) => {
    const block = new Float64Array(lags * lags)
    for (let k = 0, from = 0; k < count; k++, from += n) {
      for (let a = 0; a < lags; a++) {
        const x = weights[from + a * width + c]!
        for (let b = 0; b < lags; b++) block[a * lags + b]! += x * weights[from + b * width + c]!
      }
    }
    return inverseOf(block, lags)
  })
  const slope = new Float64Array(n)
  return {
    drops(stack) {
      slope.fill(0)
      for (let k = 0, from = 0; k < count; k++, from += n) {
        let sum = 0
        for (let i = 0; i < n; i++) sum += weights[from + i]! * stack[i]!
        for (let i = 0; i < n; i++) slope[i]! += sum * weights[from + i]!
      }
      return Float64Array.from({ length: width }, (_, c) => {
        const inverse = inverses[c]!
        let drop = 0
        for (let a = 0; a < lags; a++) {
          for (let b = 0; b < lags; b++) {
            drop += slope[a * width + c]! * inverse[a * lags + b]! * slope[b * width + c]!
          }
        }
        return Math.max(0, drop)
      })
    },
  }
}

/** Inverse of a symmetric matrix by elimination; a direction that is not seen gives zeros. */
function inverseOf(matrix: Float64Array, n: number): Float64Array {
  const a = matrix.slice()
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++) out[i * n + i] = 1
  const least = SEEN_LEAST + 1e-9 * Math.max(...a.map(Math.abs))
  for (let k = 0; k < n; k++) {
    const pivot = a[k * n + k]!
    if (pivot <= least) {
      for (let j = 0; j < n; j++) out[k * n + j] = out[j * n + k] = 0
      continue
    }
    for (let j = 0; j < n; j++) {
      a[k * n + j]! /= pivot
      out[k * n + j]! /= pivot
    }
    for (let i = 0; i < n; i++) {
      const factor = a[i * n + k]!
      if (i === k || factor === 0) continue
      for (let j = 0; j < n; j++) {
        a[i * n + j]! -= factor * a[k * n + j]!
        out[i * n + j]! -= factor * out[k * n + j]!
      }
    }
  }
  return out
}

/**
 * Nearest-normal values: the drop of the score when one channel takes the value it had when all
 * was well, in the whole window. Works for any score; costs one scoring per channel.
 */
export function nearestNormalDrops(
  score: (stack: Float64Array) => number,
  stack: Float64Array, // [lag][channel]
  normal: Float64Array, // [channel], last value in control
): Float64Array {
  const width = normal.length
  const before = score(stack)
  const changed = stack.slice()
  return normal.map((value, c) => {
    for (let i = c; i < stack.length; i += width) changed[i] = value
    const drop = before - score(changed)
    for (let i = c; i < stack.length; i += width) changed[i] = stack[i]!
    return Math.max(0, drop)
  })
}

/**
 * Dispersion of a ranking, (L1/L2 - 1)/(sqrt(M) - 1): 0 when one channel has all of it, which is a
 * fault; 1 when all have the same, which is another regime and asks for a new fit.
 */
export function dispersion(ranking: ArrayLike<number>): number {
  let sum = 0
  let square = 0
  for (let i = 0; i < ranking.length; i++) {
    sum += Math.abs(ranking[i]!)
    square += ranking[i]! ** 2
  }
  if (ranking.length < 2) return 0
  if (square === 0) return 1
  return (sum / Math.sqrt(square) - 1) / (Math.sqrt(ranking.length) - 1)
}

/** Channels in falling order of what they take off, those that take nothing off left out. */
export function ranked(drops: ArrayLike<number>): number[] {
  return Array.from(drops, (_, c) => c)
    .filter(c => drops[c]! > 0)
    .sort((a, b) => drops[b]! - drops[a]! || a - b)
}
