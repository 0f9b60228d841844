import type { ReadingBatch } from '../../flow.ts'

/**
 * Row order by time, then rank of the series, then value, so that the order of rows within a batch
 * does not matter; undefined when the rows already are in that order, each series once a time.
 */
export function orderByTime(
  batch: ReadingBatch,
  rank: Float64Array, // [series]
): Uint32Array | undefined {
  const { times_ms, series, values } = batch
  let sorted = true
  for (let i = 1; i < batch.count; i++) {
    const step_ms = times_ms[i]! - times_ms[i - 1]!
    if (step_ms < 0 || (step_ms === 0 && rank[series[i]!]! <= rank[series[i - 1]!]!)) {
      sorted = false
      break
    }
  }
  if (sorted) return undefined
  const order = new Uint32Array(batch.count)
  for (let i = 0; i < order.length; i++) order[i] = i
  return order.sort(
    (a, b) =>
      times_ms[a]! - times_ms[b]! ||
      rank[series[a]!]! - rank[series[b]!]! ||
      values[a]! - values[b]! ||
      a - b,
  )
}
