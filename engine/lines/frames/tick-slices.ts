import type { ReadingBatch } from '../../flow.ts'
import { orderByTime } from './row-order.ts'

/**
 * Cuts a batch that spans several ticks into one batch a tick, in order of time, so that what the
 * readings of a tick show never runs ahead of the ticks before it, however a producer batches.
 */
export function tickSlices(
  batch: ReadingBatch,
  rank: Float64Array, // [series]
  tick_ms: number,
): readonly ReadingBatch[] {
  const { times_ms, count } = batch
  const tickOf = (row: number) => Math.floor(times_ms[row]! / tick_ms)
  const first = count > 0 ? tickOf(0) : 0
  let row = 1
  while (row < count && tickOf(row) === first) row++
  if (row >= count) return [batch]

  const order = orderByTime(batch, rank) ?? Uint32Array.from({ length: count }, (_, i) => i)
  const slices: ReadingBatch[] = []
  let from = 0
  for (let at = 1; at <= count; at++) {
    if (at < count && tickOf(order[at]!) === tickOf(order[from]!)) continue
    slices.push(rowsOf(batch, order.subarray(from, at)))
    from = at
  }
  return slices
}

function rowsOf(batch: ReadingBatch, rows: Uint32Array): ReadingBatch {
  const count = rows.length
  const series = new Uint32Array(count)
  const times_ms = new Float64Array(count)
  const values = new Float64Array(count)
  const quality = new Uint8Array(count)
  for (let i = 0; i < count; i++) {
    const row = rows[i]!
    series[i] = batch.series[row]!
    times_ms[i] = batch.times_ms[row]!
    values[i] = batch.values[row]!
    quality[i] = batch.quality[row]!
  }
  return { ...batch, count, series, times_ms, values, quality }
}
