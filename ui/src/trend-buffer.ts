import type { LineInfo, Telemetry } from '#engine/outputs/websocket/protocol.ts'

/** Columns over time as plots take them; `null` is a gap. */
export interface TrendView {
  readonly times_s: readonly number[]
  column(name: string): readonly (number | null)[]
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

/** Holds at most twice `points_max` points in memory, whatever the page's age. */
export function trendBuffer(span_ms: number, points_max: number): TrendBuffer {
  const bucket_ms = span_ms / points_max
  let times_s: number[] = []
  let columns = new Map<string, (number | null)[]>()
  let bucketStart_ms = Number.NEGATIVE_INFINITY

  const columnOf = (name: string): (number | null)[] => {
    let column = columns.get(name)
    if (!column) {
      column = new Array<number | null>(times_s.length).fill(null)
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
    for (const column of columns.values()) column.splice(0, drop)
  }
  const put = (at: number, values: ReadonlyMap<string, number>) => {
    for (const name of values.keys()) columnOf(name)
    for (const [name, column] of columns) column[at] = finiteOrNull(values.get(name))
  }
  return {
    get times_s() {
      return times_s
    },
    column: name => columns.get(name) ?? times_s.map(() => null),
    load(body) {
      const live = { times_s, columns }
      times_s = body.times_ms.map(time_ms => time_ms / 1000)
      columns = new Map(body.columns.map(({ name, values }) => [name, values.map(finiteOrNull)]))
      const last_s = times_s.at(-1) ?? Number.NEGATIVE_INFINITY
      for (let i = 0; i < live.times_s.length; i++) {
        if (live.times_s[i]! <= last_s) continue
        const values = new Map<string, number>()
        for (const [name, column] of live.columns) values.set(name, column[i] ?? Number.NaN)
        times_s.push(live.times_s[i]!)
        put(times_s.length - 1, values)
      }
    },
    append(time_ms, values) {
      const last_s = times_s.at(-1)
      if (last_s !== undefined && time_ms / 1000 <= last_s) return
      if (last_s !== undefined && time_ms - bucketStart_ms < bucket_ms) {
        times_s[times_s.length - 1] = time_ms / 1000
      } else {
        times_s.push(time_ms / 1000)
        bucketStart_ms = time_ms
      }
      put(times_s.length - 1, values)
      trim()
    },
  }
}

function finiteOrNull(value: number | null | undefined): number | null {
  return value === undefined || value === null || !Number.isFinite(value) ? null : value
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
