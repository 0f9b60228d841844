import type { LineInfo, Telemetry } from '#engine/outputs/websocket/protocol.ts'

type Values = readonly (number | null)[]

/** Columns over time as plots take them; `null` is a gap. */
export interface TrendView {
  readonly times_s: readonly number[]
  /** The mean of what each point stands for. */
  column(name: string): Values
  /** The least of what each point stands for. */
  low(name: string): Values
  /** The greatest of what each point stands for. */
  high(name: string): Values
}

/** A trend as the engine sends it: SI, `null` where nothing is known. */
export interface TrendBody {
  readonly times_ms: readonly number[]
  readonly columns: readonly {
    readonly name: string
    readonly values: readonly (number | null)[]
  }[]
}

/** History from the engine with live ticks appended, thinned to `points_max` over the span. */
export interface TrendBuffer extends TrendView {
  /** Puts history in front of what came live since. */
  load(body: TrendBody): void
  append(time_ms: number, values: ReadonlyMap<string, number>): void
}

/** A point without values stands this long after the last one before a gap. */
const GAP_MARK_S = 0.001

interface Column {
  readonly mean: (number | null)[]
  readonly low: (number | null)[]
  readonly high: (number | null)[]
  /** Values in the newest point, so that its mean can go on. */
  count: number
}

/**
 * Holds at most twice `points_max` points in memory, whatever the page's age; points further
 * apart than `gap_ms` are not joined.
 */
export function trendBuffer(
  span_ms: number,
  points_max: number,
  gap_ms = Number.POSITIVE_INFINITY,
): TrendBuffer {
  const bucket_ms = span_ms / points_max
  let times_s: number[] = []
  let columns = new Map<string, Column>()
  let bucketStart_ms = Number.NEGATIVE_INFINITY

  const columnOf = (name: string): Column => {
    let column = columns.get(name)
    if (!column) {
      const unknown = () => new Array<number | null>(times_s.length).fill(null)
      column = { mean: unknown(), low: unknown(), high: unknown(), count: 0 }
      columns.set(name, column)
    }
    return column
  }
  const trim = () => {
    const oldest_s = times_s[times_s.length - 1]! - span_ms / 1000
    if (times_s.length < 2 * points_max && times_s[0]! >= oldest_s - span_ms / 1000) return
    const drop = Math.max(
      times_s.length - 2 * points_max,
      times_s.findIndex(time => time >= oldest_s),
    )
    times_s.splice(0, drop)
    for (const { mean, low, high } of columns.values())
      for (const values of [mean, low, high]) values.splice(0, drop)
  }
  const startPoint = (time_ms: number) => {
    const last_s = times_s.at(-1)
    if (last_s !== undefined && time_ms - 1000 * last_s > gap_ms) pushUnknown(last_s + GAP_MARK_S)
    pushUnknown(time_ms / 1000)
    bucketStart_ms = time_ms
  }
  const pushUnknown = (time_s: number) => {
    times_s.push(time_s)
    for (const column of columns.values()) {
      column.count = 0
      for (const values of [column.mean, column.low, column.high]) values.push(null)
    }
  }
  const put = (time_ms: number, values: ReadonlyMap<string, number>, isOwn: boolean) => {
    if (isOwn || times_s.length === 0 || time_ms - bucketStart_ms >= bucket_ms) startPoint(time_ms)
    else times_s[times_s.length - 1] = time_ms / 1000
    for (const [name, value] of values)
      if (Number.isFinite(value)) take(columnOf(name), value, times_s.length - 1)
      else columnOf(name)
  }
  const empty = () => times_s.map(() => null)
  return {
    get times_s() {
      return times_s
    },
    column: name => columns.get(name)?.mean ?? empty(),
    low: name => columns.get(name)?.low ?? empty(),
    high: name => columns.get(name)?.high ?? empty(),
    load(body) {
      const own = { times_s, columns }
      times_s = []
      columns = new Map()
      for (const name of [...body.columns.map(each => each.name), ...own.columns.keys()])
        columnOf(name)
      const copy = (i: number) => {
        const isGapMark = i > 0 && own.times_s[i]! - own.times_s[i - 1]! < 1.5 * GAP_MARK_S
        if (isGapMark) return
        startPoint(1000 * own.times_s[i]!)
        for (const [name, from] of own.columns) {
          const to = columnOf(name)
          const at = times_s.length - 1
          to.mean[at] = from.mean[i] ?? null
          to.low[at] = from.low[i] ?? null
          to.high[at] = from.high[i] ?? null
        }
      }
      const first_s = (body.times_ms[0] ?? Number.POSITIVE_INFINITY) / 1000
      let i = 0
      for (; i < own.times_s.length && own.times_s[i]! < first_s; i++) copy(i)
      for (const point of foldExtremes(body.times_ms)) {
        const isPair = point.rows.length > 1
        point.rows.forEach((row, nth) => {
          const values = rowValues(body, row)
          if (nth === 0) put(point.time_ms, values, isPair)
          else for (const [name, value] of values) take(columnOf(name), value, times_s.length - 1)
        })
        if (isPair) bucketStart_ms = Number.NEGATIVE_INFINITY
      }
      const last_s = times_s.at(-1) ?? Number.NEGATIVE_INFINITY
      for (; i < own.times_s.length; i++) if (own.times_s[i]! > last_s) copy(i)
    },
    append(time_ms, values) {
      const last_s = times_s.at(-1)
      if (last_s !== undefined && time_ms / 1000 <= last_s) return
      put(time_ms, values, false)
      trim()
    },
  }
}

/** Takes one more value into point `at`. */
function take(column: Column, value: number, at: number): void {
  const { mean, low, high } = column
  column.count = mean[at] === null ? 1 : column.count + 1
  mean[at] = (mean[at] ?? 0) + (value - (mean[at] ?? 0)) / column.count
  low[at] = Math.min(low[at] ?? value, value)
  high[at] = Math.max(high[at] ?? value, value)
}

function rowValues(body: TrendBody, row: number): ReadonlyMap<string, number> {
  const values = new Map<string, number>()
  for (const column of body.columns) {
    const value = column.values[row]
    if (value !== null && value !== undefined && Number.isFinite(value))
      values.set(column.name, value)
  }
  return values
}

/** Two rows belong together when they lie this many times further apart than what follows. */
const PAIR_RATIO = 4

/**
 * Older history comes as two extremes for each span, at its first and its last row; such a pair
 * is one point in the middle of its span. Newer rows stand alone.
 */
export function foldExtremes(
  times_ms: readonly number[],
): readonly { readonly time_ms: number; readonly rows: readonly number[] }[] {
  const points: { time_ms: number; rows: number[] }[] = []
  const step = (row: number) => (times_ms[row + 1] ?? Number.NaN) - (times_ms[row] ?? Number.NaN)
  let row = 0
  // A span whose first row lies before what was asked for leaves its last row behind.
  if (step(1) > PAIR_RATIO * step(0) && step(1) > PAIR_RATIO * step(2)) row = 1
  while (row < times_ms.length) {
    if (step(row) > PAIR_RATIO * step(row + 1)) {
      points.push({ time_ms: (times_ms[row]! + times_ms[row + 1]!) / 2, rows: [row, row + 1] })
      row += 2
    } else {
      points.push({ time_ms: times_ms[row]!, rows: [row] })
      row += 1
    }
  }
  return points
}

/** One cell of a telemetry frame under the names that trends use. */
export function trendValues(
  info: LineInfo,
  telemetry: Telemetry,
  cell: number,
): ReadonlyMap<string, number> {
  const { cells } = telemetry
  const values = new Map<string, number>()
  info.fields.forEach((field, i) => {
    values.set(field.name, telemetry.estimate[i * cells + cell]!)
    values.set(`${field.name}_std`, telemetry.std[i * cells + cell]!)
  })
  info.channels.forEach((channel, i) => {
    values.set(channel.tag, telemetry.observed[i * cells + cell]!)
    values.set(`${channel.tag}_expected`, telemetry.expected[i * cells + cell]!)
    values.set(`${channel.tag}_expected_std`, telemetry.expected_std[i * cells + cell]!)
  })
  return values
}
