import type { Channel, Quantity, Trend, TwinFrame } from '../flow.ts'

/** Rows kept as they came, when the caller names no capacity: half an hour of a 1 Hz line. */
export const TREND_ROWS = 1800
/** Rows that one coarse bucket takes in; a bucket keeps two rows, its extremes in order. */
export const TREND_COARSE_EVERY = 60
/** Coarse buckets kept: one day of a 1 Hz line. */
export const TREND_COARSE_BUCKETS = 1440
/** Most bytes that one ring may hold; a larger wish is cut to fewer rows. */
export const TREND_BYTES_MAX = 32 * 1024 * 1024
/** Most points that one read may ask for. */
export const TREND_POINTS_MAX = 4000

/** Bounded history of all cells of a line; recent rows whole, older ones as extremes. */
export interface TrendRing {
  readonly columns: readonly string[]
  /** Takes one row, [column][cell]; a row not newer than the last one is left out. */
  push(time_ms: number, values: Float64Array): void
  /**
   * Columns of one cell since `from_ms`, at most `points_max` points. Decimation keeps the least
   * and the greatest value of each span in the order they came, so that peaks stay visible.
   */
  read(cell: number, from_ms: number, points_max: number): Trend
}

/** Names of the columns of LineView.trend, in the order of `fillTrendRow`. */
export function trendColumns(
  fields: readonly Quantity[],
  channels: readonly Channel[],
): readonly string[] {
  return [
    ...fields.map(field => field.name),
    ...fields.map(field => `${field.name}_std`),
    ...channels.map(channel => channel.tag),
    ...channels.map(channel => `${channel.tag}_expected`),
    ...channels.map(channel => `${channel.tag}_expected_std`),
  ]
}

/** Fills one row for `push` from a twin frame; `row` has trendColumns x cells places. */
export function fillTrendRow(twin: TwinFrame, row: Float64Array): void {
  row.set(twin.estimate, 0)
  row.set(twin.std, twin.estimate.length)
  row.set(twin.observed, 2 * twin.estimate.length)
  row.set(twin.expected, 2 * twin.estimate.length + twin.observed.length)
  row.set(twin.expected_std, 2 * twin.estimate.length + 2 * twin.observed.length)
}

/** A ring of rows [row][column][cell]. */
interface Rows {
  readonly capacity: number
  readonly times_ms: Float64Array
  readonly values: Float32Array
  count: number
  next: number
}

function emptyRows(capacity: number, width: number): Rows {
  return {
    capacity,
    times_ms: new Float64Array(capacity),
    values: new Float32Array(capacity * width),
    count: 0,
    next: 0,
  }
}

function append(rows: Rows, time_ms: number, values: Float64Array | Float32Array): void {
  rows.times_ms[rows.next] = time_ms
  rows.values.set(values, rows.next * values.length)
  rows.next = (rows.next + 1) % rows.capacity
  if (rows.count < rows.capacity) rows.count++
}

/** Slot of the i-th oldest row. */
const slotOf = (rows: Rows, i: number) =>
  (rows.next - rows.count + i + rows.capacity) % rows.capacity

/** First row, counted from the oldest, that is not before `from_ms`. */
function firstSince(rows: Rows, from_ms: number): number {
  let low = 0
  let high = rows.count
  while (low < high) {
    const middle = (low + high) >> 1
    if (rows.times_ms[slotOf(rows, middle)]! < from_ms) low = middle + 1
    else high = middle
  }
  return low
}

/** Extremes of the rows of one span, for every column and cell. */
interface Extremes {
  count: number
  first_ms: number
  last_ms: number
  readonly low: Float32Array
  readonly high: Float32Array
  readonly highFirst: Uint8Array
}

function emptyExtremes(width: number): Extremes {
  return {
    count: 0,
    first_ms: 0,
    last_ms: 0,
    low: new Float32Array(width).fill(Number.NaN),
    high: new Float32Array(width).fill(Number.NaN),
    highFirst: new Uint8Array(width),
  }
}

function take(extremes: Extremes, time_ms: number, values: Float64Array): void {
  if (extremes.count === 0) extremes.first_ms = time_ms
  extremes.last_ms = time_ms
  extremes.count++
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (Number.isNaN(value)) continue
    // A comparison with NaN is false, so the first value fills both.
    if (!(value >= extremes.low[i]!)) {
      extremes.low[i] = value
      extremes.highFirst[i] = 1
    }
    if (!(value <= extremes.high[i]!)) {
      extremes.high[i] = value
      extremes.highFirst[i] = 0
    }
  }
}

function flush(extremes: Extremes, into: Rows): void {
  const { low, high, highFirst } = extremes
  const first = new Float32Array(low.length)
  const second = new Float32Array(low.length)
  for (let i = 0; i < low.length; i++) {
    first[i] = highFirst[i] ? high[i]! : low[i]!
    second[i] = highFirst[i] ? low[i]! : high[i]!
  }
  append(into, extremes.first_ms, first)
  append(into, extremes.last_ms, second)
  low.fill(Number.NaN)
  high.fill(Number.NaN)
  extremes.count = 0
}

/** Picks the rows that make the answer: [first, count) of span after span. */
interface Selection {
  readonly times_ms: Float64Array
  readonly values: Float32Array // [column][row]
  readonly count: number
}

function decimate(all: Selection, columns: readonly string[], points_max: number): Trend {
  const { count } = all
  const result = new Map<string, Float32Array>()
  if (count <= points_max) {
    columns.forEach((name, column) => {
      result.set(name, all.values.slice(column * count, (column + 1) * count))
    })
    return { times_ms: all.times_ms, columns: result }
  }
  const spans = Math.max(1, Math.floor(points_max / 2))
  const edge = (span: number) => Math.floor((span * count) / spans)
  const times_ms = new Float64Array(2 * spans)
  for (let span = 0; span < spans; span++) {
    times_ms[2 * span] = all.times_ms[edge(span)]!
    times_ms[2 * span + 1] = all.times_ms[edge(span + 1) - 1]!
  }
  columns.forEach((name, column) => {
    const picked = new Float32Array(2 * spans)
    const base = column * count
    for (let span = 0; span < spans; span++) {
      pickExtremes(all.values, base + edge(span), base + edge(span + 1), picked, 2 * span)
    }
    result.set(name, picked)
  })
  return { times_ms, columns: result }
}

/** Writes the extremes of values[from, to) to out[at] and out[at + 1] in the order they came. */
function pickExtremes(
  values: Float32Array,
  from: number,
  to: number,
  out: Float32Array,
  at: number,
): void {
  let lowAt = -1
  let highAt = -1
  for (let i = from; i < to; i++) {
    const value = values[i]!
    if (Number.isNaN(value)) continue
    if (lowAt < 0 || value < values[lowAt]!) lowAt = i
    if (highAt < 0 || value > values[highAt]!) highAt = i
  }
  out[at] = lowAt < 0 ? Number.NaN : values[Math.min(lowAt, highAt)]!
  out[at + 1] = lowAt < 0 ? Number.NaN : values[Math.max(lowAt, highAt)]!
}

/** Makes a ring; `capacity` is in whole rows, older rows live on as extremes for a day. */
export function trendRing(options: {
  readonly cells: number
  readonly columns: readonly string[]
  readonly capacity?: number
}): TrendRing {
  const { cells, columns } = options
  const width = Math.max(1, cells * columns.length)
  const rowsMax = Math.max(4, Math.floor(TREND_BYTES_MAX / (4 * width)))
  const coarseWish = 2 * TREND_COARSE_BUCKETS
  const fineWish = Math.max(2, options.capacity ?? TREND_ROWS)
  const share = Math.min(1, rowsMax / (coarseWish + fineWish))
  const fine = emptyRows(Math.max(2, Math.floor(fineWish * share)), width)
  const coarse = emptyRows(Math.max(2, 2 * Math.floor((coarseWish * share) / 2)), width)
  const extremes = emptyExtremes(width)
  let newest_ms = Number.NEGATIVE_INFINITY

  function copyColumn(rows: Rows, from: number, to: number, offset: number, out: Float32Array) {
    for (let i = from; i < to; i++) out[i - from] = rows.values[slotOf(rows, i) * width + offset]!
  }

  return {
    columns,
    push(time_ms, values) {
      if (!(time_ms > newest_ms)) return
      newest_ms = time_ms
      append(fine, time_ms, values)
      take(extremes, time_ms, values)
      if (extremes.count === TREND_COARSE_EVERY) flush(extremes, coarse)
    },
    read(cell, from_ms, points_max) {
      const fineFrom = firstSince(fine, from_ms)
      const fineStart_ms = fine.count === 0 ? from_ms : fine.times_ms[slotOf(fine, 0)]!
      const coarseFrom = firstSince(coarse, from_ms)
      const coarseTo = Math.max(coarseFrom, firstSince(coarse, fineStart_ms))
      const old = coarseTo - coarseFrom
      const count = old + fine.count - fineFrom
      const times_ms = new Float64Array(count)
      for (let i = 0; i < old; i++) times_ms[i] = coarse.times_ms[slotOf(coarse, coarseFrom + i)]!
      for (let i = old; i < count; i++) {
        times_ms[i] = fine.times_ms[slotOf(fine, fineFrom + i - old)]!
      }
      const values = new Float32Array(columns.length * count)
      for (let column = 0; column < columns.length; column++) {
        const offset = column * cells + cell
        const out = values.subarray(column * count, (column + 1) * count)
        copyColumn(coarse, coarseFrom, coarseTo, offset, out)
        copyColumn(fine, fineFrom, fine.count, offset, out.subarray(old))
      }
      const points = Math.max(2, Math.min(points_max, TREND_POINTS_MAX))
      return decimate({ times_ms, values, count }, columns, points)
    },
  }
}
