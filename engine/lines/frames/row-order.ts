import type { ReadingBatch } from '../../flow.ts'

/**
 * Row order by time, then rank of the series, then value and quality, so that the order of rows
 * within a batch does not matter; undefined when the rows already are in that order, each series
 * once a time.
 */
export function orderByTime(
  batch: ReadingBatch,
  rank: Float64Array, // [series]
): Uint32Array | undefined {
  const { times_ms, series, count } = batch
  let row = 1
  while (row < count) {
    const step_ms = times_ms[row]! - times_ms[row - 1]!
    if (step_ms < 0 || (step_ms === 0 && rank[series[row]!]! <= rank[series[row - 1]!]!)) break
    row++
  }
  if (row >= count) return undefined
  return sortedRows(batch, rank)
}

/** Merges runs of 1, 2, 4 ... rows; a typed array's own sort calls back for each comparison. */
function sortedRows(batch: ReadingBatch, rank: Float64Array): Uint32Array {
  const { count } = batch
  let from = new Uint32Array(count)
  let to = new Uint32Array(count)
  for (let i = 0; i < count; i++) from[i] = i
  for (let width = 1; width < count; width *= 2) {
    for (let left = 0; left < count; left += 2 * width) {
      const middle = Math.min(left + width, count)
      const end = Math.min(middle + width, count)
      merge(batch, rank, from, to, left, middle, end)
    }
    const merged = to
    to = from
    from = merged
  }
  return from
}

function merge(
  batch: ReadingBatch,
  rank: Float64Array,
  from: Uint32Array,
  to: Uint32Array,
  left: number,
  middle: number,
  end: number,
): void {
  if (middle >= end || !comesAfter(batch, rank, from[middle - 1]!, from[middle]!)) {
    for (let i = left; i < end; i++) to[i] = from[i]!
    return
  }
  let a = left
  let b = middle
  for (let i = left; i < end; i++) {
    const second = a >= middle || (b < end && comesAfter(batch, rank, from[a]!, from[b]!))
    to[i] = second ? from[b++]! : from[a++]!
  }
}

/** Equal rows keep their order; NaN values come first. */
function comesAfter(batch: ReadingBatch, rank: Float64Array, a: number, b: number): boolean {
  const { times_ms, series, values, quality } = batch
  const step_ms = times_ms[a]! - times_ms[b]!
  if (step_ms !== 0) return step_ms > 0
  const ranks = rank[series[a]!]! - rank[series[b]!]!
  if (ranks !== 0) return ranks > 0
  const x = values[a]!
  const y = values[b]!
  if (x < y || x > y) return x > y
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(y)
  return quality[a]! > quality[b]!
}
