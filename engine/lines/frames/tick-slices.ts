import { type TickGrid, tickAt } from '../../core/tick-grid.ts'
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
  grid: TickGrid,
): readonly ReadingBatch[] {
  if (isOneTick(batch, grid)) return [inTimeOrder(batch, rank)]
  const order = orderByTime(batch, rank)
  const sorted = order ? rowsInOrder(batch, order, emptyRows()) : batch
  const { times_ms, count } = sorted
  const slices: ReadingBatch[] = []
  let from = 0
  let tick = tickAt(grid, times_ms[0]!)
  for (let row = 1; row <= count; row++) {
    const next = row < count ? tickAt(grid, times_ms[row]!) : Number.NaN
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

function isOneTick({ times_ms, count }: ReadingBatch, grid: TickGrid): boolean {
  if (count === 0) return true
  let time_ms = times_ms[0]!
  const tick = tickAt(grid, time_ms)
  for (let row = 1; row < count; row++) {
    // Readings of an asset share their time; a division costs more than the comparison.
    if (times_ms[row] === time_ms) continue
    time_ms = times_ms[row]!
    if (tickAt(grid, time_ms) !== tick) return false
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
