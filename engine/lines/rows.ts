import type { ReadingBatch } from '../flow.ts'

/** Readings that are collected one by one; the arrays double when they are full. */
export interface Rows {
  count: number
  series: Uint32Array
  times_ms: Float64Array
  values: Float64Array
  quality: Uint8Array
}

const FIRST_ROWS = 256

export function emptyRows(): Rows {
  return {
    count: 0,
    series: new Uint32Array(FIRST_ROWS),
    times_ms: new Float64Array(FIRST_ROWS),
    values: new Float64Array(FIRST_ROWS),
    quality: new Uint8Array(FIRST_ROWS),
  }
}

/** Adds one reading of a batch. */
export function pushRow(rows: Rows, batch: ReadingBatch, row: number): void {
  const { count } = rows
  if (count === rows.series.length) grow(rows)
  rows.series[count] = batch.series[row]!
  rows.times_ms[count] = batch.times_ms[row]!
  rows.values[count] = batch.values[row]!
  rows.quality[count] = batch.quality[row]!
  rows.count = count + 1
}

/** Replaces the rows by those of a batch in the given order. */
export function gatherRows(rows: Rows, batch: ReadingBatch, order: Uint32Array): void {
  const count = order.length
  while (rows.series.length < count) grow(rows)
  const { series, times_ms, values, quality } = rows
  for (let i = 0; i < count; i++) {
    const row = order[i]!
    series[i] = batch.series[row]!
    times_ms[i] = batch.times_ms[row]!
    values[i] = batch.values[row]!
    quality[i] = batch.quality[row]!
  }
  rows.count = count
}

/** The rows as a batch of nobody in particular. */
export function rowsBatch({ count, series, times_ms, values, quality }: Rows): ReadingBatch {
  return {
    producer: '',
    epoch: 0,
    sequence: 0,
    received_ms: 0,
    mode: 'live',
    count,
    series: series.subarray(0, count),
    times_ms: times_ms.subarray(0, count),
    values: values.subarray(0, count),
    quality: quality.subarray(0, count),
  }
}

function grow(rows: Rows): void {
  const length = 2 * rows.series.length
  const { series, times_ms, values, quality } = rows
  rows.series = new Uint32Array(length)
  rows.series.set(series)
  rows.times_ms = new Float64Array(length)
  rows.times_ms.set(times_ms)
  rows.values = new Float64Array(length)
  rows.values.set(values)
  rows.quality = new Uint8Array(length)
  rows.quality.set(quality)
}
