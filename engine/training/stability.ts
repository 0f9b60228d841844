import type { TagReference } from '../anomaly/tensorflow/model-record.ts'

const SHARE_MIN = 1e-4
const PARTS = 10

/** Bins at the deciles of the values, and how much of them lies in each. */
export function spreadOf(values: readonly number[]): Omit<TagReference, 'tag'> {
  const sorted = Float64Array.from(values).sort()
  const deciles = Array.from(
    { length: PARTS - 1 },
    (_, i) => sorted[Math.floor(((i + 1) / PARTS) * (sorted.length - 1))]!,
  )
  // A signal that stands on one value has fewer bins.
  const edges = [...new Set(deciles)]
  return { edges, shares: sharesIn(edges, values) }
}

/** The bin that a value lies in; `edges` are the upper ones of all but the last. */
export function binOf(edges: readonly number[], value: number): number {
  const bin = edges.findIndex(edge => value <= edge)
  return bin < 0 ? edges.length : bin
}

function sharesIn(edges: readonly number[], values: readonly number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0)
  for (const value of values) counts[binOf(edges, value)]! += 1
  return counts.map(count => count / values.length)
}

/**
 * Population stability index of values against a reference: below 0.1 none, above 0.25 another
 * population.
 */
export function populationStability(
  reference: Omit<TagReference, 'tag'>,
  values: readonly number[],
): number {
  return stabilityOf(reference.shares, sharesIn(reference.edges, values))
}

/** The same of the shares of the bins, before and now. */
export function stabilityOf(reference: readonly number[], shares: readonly number[]): number {
  let sum = 0
  shares.forEach((share, i) => {
    const now = Math.max(SHARE_MIN, share)
    const before = Math.max(SHARE_MIN, reference[i]!)
    sum += (now - before) * Math.log(now / before)
  })
  return sum
}
