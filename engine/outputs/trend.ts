import type { Channel, Quantity, Trend, TwinFrame } from '../flow.ts'

/** Rows kept as they came, when the caller names no capacity: half an hour of a 1 Hz line. */
export const TREND_ROWS = 1800
/** Rows kept as they came even where little fits: a rewind changes values of the last two minutes. */
const TREND_ROWS_MIN = 150
/** Rows that one coarse bucket takes in; a bucket keeps two rows, its extremes in order. */
export const TREND_COARSE_EVERY = 60
/** Coarse buckets kept: one day of a 1 Hz line. */
export const TREND_COARSE_BUCKETS = 1440
/** Most bytes that one ring may hold; a larger wish is cut to fewer rows. */
const TREND_BYTES_MAX = 32 << 20
/** The same for all rings of an engine, as far as each keeps the least that shows anything. */
const TREND_BYTES_ALL_MAX = 512 << 20
const TREND_BYTES_MIN = 1 << 20
/** Most points that one read may ask for. */
export const TREND_POINTS_MAX = 4000

/** Bounded history of all cells of a line; recent rows whole, older ones as extremes. */
export interface TrendRing {
  readonly columns: readonly string[]
  /**
   * Takes one row, [column][cell], as the arrays that make it up one after the other; a row not
   * newer than the last one is left out.
   */
  push(time_ms: number, row: readonly Float64Array[]): void
  /** Writes over the row of that time, where it is still whole: late readings changed the past. */
  amend(time_ms: number, row: readonly Float64Array[]): void
  /**
   * Columns of one cell since `from_ms`, at most `points_max` points. Decimation keeps the least
   * and the greatest value of each span in the order they came, so that peaks stay visible.
   */
  read(cell: number, from_ms: number, points_max: number): Trend
}

/** Names of the columns of LineView.trend, in the order of `trendRow`. */
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

/** The row of a twin frame. */
export function trendRow(twin: TwinFrame): readonly Float64Array[] {
  return [twin.estimate, twin.std, twin.observed, twin.expected, twin.expected_std]
}

/** Bytes that each ring may hold in an engine of so many lines. */
export function trendBytesOf(lines: number): number {
  const share = Math.floor(TREND_BYTES_ALL_MAX / Math.max(1, lines))
  return Math.max(TREND_BYTES_MIN, Math.min(TREND_BYTES_MAX, share))
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

type Row = readonly (Float64Array | Float32Array)[]

function write(rows: Rows, slot: number, row: Row): void {
  let at = (slot * rows.values.length) / rows.capacity
  for (const part of row) {
    rows.values.set(part, at)
    at += part.length
  }
}

function append(rows: Rows, time_ms: number, row: Row): void {
  rows.times_ms[rows.next] = time_ms
  write(rows, rows.next, row)
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

/** Rows that are looked at together, and values of a row: a block stays in the fastest memory. */
const ABSORB_ROWS = [12, 6, 4, 3, 2, 1] as const
const BLOCK_VALUES = 2048

/** Takes in the oldest `count` rows, which leave. */
function absorb(extremes: Extremes, rows: Rows, count: number): void {
  const slots = Array.from({ length: count }, (_, i) => slotOf(rows, i))
  rows.count -= count
  const width = extremes.low.length
  if (extremes.count === 0) extremes.first_ms = rows.times_ms[slots[0]!]!
  extremes.last_ms = rows.times_ms[slots.at(-1)!]!
  extremes.count += count
  for (let from = 0; from < width; from += BLOCK_VALUES) {
    const to = Math.min(width, from + BLOCK_VALUES)
    for (const slot of slots) widen(extremes, rows.values, slot * width, from, to)
  }
}

/** Widens the extremes from `from` up to `to` by the values of the row at `row`. */
function widen(
  { low, high, highFirst }: Extremes,
  values: Float32Array,
  row: number,
  from: number,
  to: number,
): void {
  for (let i = from; i < to; i++) {
    const value = values[row + i]!
    // Comparisons with NaN are false: no value changes nothing, and the first one fills both.
    if (value >= low[i]! && value <= high[i]!) continue
    if (Number.isNaN(value)) continue
    if (!(value >= low[i]!)) {
      low[i] = value
      highFirst[i] = 1
    }
    if (!(value <= high[i]!)) {
      high[i] = value
      highFirst[i] = 0
    }
  }
}

const firstOf = ({ low, high, highFirst }: Extremes, i: number) => (highFirst[i] ? high : low)[i]!
const secondOf = ({ low, high, highFirst }: Extremes, i: number) => (highFirst[i] ? low : high)[i]!

function flush(extremes: Extremes, into: Rows): void {
  const { low, high } = extremes
  const first = low.map((_, i) => firstOf(extremes, i))
  const second = low.map((_, i) => secondOf(extremes, i))
  append(into, extremes.first_ms, [first])
  append(into, extremes.last_ms, [second])
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

/** How many rows the ring keeps whole, how many leave together, and how many rows of extremes. */
function sizesOf(rowsMax: number, capacity: number, spread: number) {
  const coarseWish = 2 * TREND_COARSE_BUCKETS
  const fineWish = Math.max(2, capacity)
  const share = Math.min(1, rowsMax / (coarseWish + fineWish))
  const fineLeast = Math.min(fineWish, TREND_ROWS_MIN, rowsMax >> 1)
  const fine = Math.max(2, fineLeast, Math.floor(fineWish * share))
  const together = ABSORB_ROWS.find(rows => rows <= fine) ?? 1
  const coarse = Math.min(coarseWish, rowsMax - fine - together)
  // Rings of lines with the same tick must not all let rows go in the same second.
  const sooner = Math.floor(spread * together)
  return {
    fine: fine + together - sooner,
    together,
    coarse: Math.max(2, 2 * Math.floor(coarse / 2)),
  }
}

/**
 * Makes a ring; `capacity` is in whole rows, older rows live on as extremes for a day. Rings of
 * different `spread`, in [0, 1), do the work of that at other pushes.
 */
export function trendRing(options: {
  readonly cells: number
  readonly columns: readonly string[]
  readonly capacity?: number
  readonly bytes_max?: number
  readonly spread?: number
}): TrendRing {
  const { cells, columns, bytes_max = TREND_BYTES_MAX, spread = 0 } = options
  const width = Math.max(1, cells * columns.length)
  const rowsMax = Math.max(4, Math.floor(bytes_max / (4 * width)))
  const sizes = sizesOf(rowsMax, options.capacity ?? TREND_ROWS, spread)
  const fine = emptyRows(sizes.fine, width)
  const coarse = emptyRows(sizes.coarse, width)
  const extremes = emptyExtremes(width)
  let newest_ms = Number.NEGATIVE_INFINITY

  function copyColumn(rows: Rows, from: number, to: number, offset: number, out: Float32Array) {
    for (let i = from; i < to; i++) out[i - from] = rows.values[slotOf(rows, i) * width + offset]!
  }

  return {
    columns,
    push(time_ms, row) {
      if (!(time_ms > newest_ms)) return
      newest_ms = time_ms
      if (fine.count === fine.capacity) {
        // Rows become extremes only as they leave: what is still whole may be amended.
        absorb(extremes, fine, sizes.together)
        if (extremes.count === TREND_COARSE_EVERY) flush(extremes, coarse)
      }
      append(fine, time_ms, row)
    },
    amend(time_ms, row) {
      const i = firstSince(fine, time_ms)
      const slot = slotOf(fine, i)
      if (i < fine.count && fine.times_ms[slot] === time_ms) write(fine, slot, row)
    },
    read(cell, from_ms, points_max) {
      const fineFrom = firstSince(fine, from_ms)
      const coarseFrom = firstSince(coarse, from_ms)
      const old = coarse.count - coarseFrom
      // Rows that left and do not yet fill a bucket.
      const between = extremes.count > 0 && extremes.first_ms >= from_ms ? 2 : 0
      const whole = old + between
      const count = whole + fine.count - fineFrom
      const times_ms = new Float64Array(count)
      for (let i = 0; i < old; i++) times_ms[i] = coarse.times_ms[slotOf(coarse, coarseFrom + i)]!
      if (between > 0) times_ms.set([extremes.first_ms, extremes.last_ms], old)
      for (let i = whole; i < count; i++) {
        times_ms[i] = fine.times_ms[slotOf(fine, fineFrom + i - whole)]!
      }
      const values = new Float32Array(columns.length * count)
      for (let column = 0; column < columns.length; column++) {
        const offset = column * cells + cell
        const out = values.subarray(column * count, (column + 1) * count)
        copyColumn(coarse, coarseFrom, coarse.count, offset, out)
        if (between > 0) out.set([firstOf(extremes, offset), secondOf(extremes, offset)], old)
        copyColumn(fine, fineFrom, fine.count, offset, out.subarray(whole))
      }
      const points = Math.max(2, Math.min(points_max, TREND_POINTS_MAX))
      return decimate({ times_ms, values, count }, columns, points)
    },
  }
}
