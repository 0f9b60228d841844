import type { ReadingBatch } from '../../flow.ts'
import { emptyRows, gatherRows, type Rows, rowsBatch } from '../rows.ts'
import { orderByTime } from './row-order.ts'

/**
 * Cuts a batch that spans several ticks into one batch a tick, in order of time, so that what the
 * readings of a tick show never runs ahead of the ticks before it, however a producer batches.
 * The next call overwrites the rows of a single slice; several are the caller's to keep, because
 * the slices after a tick are taken when other lines have had their turn.
 */
export function tickSlices(
  batch: ReadingBatch,
  rank: Uint32Array, // [series]
  tick_ms: number,
): readonly ReadingBatch[] {
  if (isOneTick(batch, tick_ms)) return [inTimeOrder(batch, rank)]
  const order = orderByTime(batch, rank)
  const sorted = order ? rowsInOrder(batch, order, emptyRows()) : batch
  const { times_ms, count } = sorted
  const slices: ReadingBatch[] = []
  let from = 0
  let tick = Math.floor(times_ms[0]! / tick_ms)
  for (let row = 1; row <= count; row++) {
    const next = row < count ? Math.floor(times_ms[row]! / tick_ms) : Number.NaN
    if (next === tick) continue
    slices.push(slice(sorted, from, row))
    from = row
    tick = next
  }
  return slices
}

/** The batch with its rows by time; itself where they are. The next call overwrites the rows. */
export function inTimeOrder(batch: ReadingBatch, rank: Uint32Array): ReadingBatch {
  const order = orderByTime(batch, rank)
  if (!order) return batch
  return rowsInOrder(batch, order, batch.count <= KEPT_ROWS_MAX ? kept : emptyRows())
}

function isOneTick({ times_ms, count }: ReadingBatch, tick_ms: number): boolean {
  if (count === 0) return true
  let time_ms = times_ms[0]!
  const tick = Math.floor(time_ms / tick_ms)
  for (let row = 1; row < count; row++) {
    // Readings of an asset share their time; a division costs more than the comparison.
    if (times_ms[row] === time_ms) continue
    time_ms = times_ms[row]!
    if (Math.floor(time_ms / tick_ms) !== tick) return false
  }
  return true
}

/** Views, not copies: a batch is never written again. */
function slice(batch: ReadingBatch, from: number, to: number): ReadingBatch {
  return {
    ...batch,
    count: to - from,
    series: batch.series.subarray(from, to),
    times_ms: batch.times_ms.subarray(from, to),
    values: batch.values.subarray(from, to),
    quality: batch.quality.subarray(from, to),
  }
}

/** Rows that stay allocated for all calls; a larger batch gets its own. */
const KEPT_ROWS_MAX = 16_384
const kept = emptyRows()

function rowsInOrder(batch: ReadingBatch, order: Uint32Array, into: Rows): ReadingBatch {
  gatherRows(into, batch, order)
  const { producer, epoch, sequence, received_ms, mode } = batch
  return { ...rowsBatch(into), producer, epoch, sequence, received_ms, mode }
}
