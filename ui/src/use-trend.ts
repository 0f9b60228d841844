import { useEffect, useRef, useState } from 'react'
import { fetchTrend } from './api.ts'
import type { LineState } from './store.ts'
import { type TrendBuffer, trendBuffer, trendValues } from './trend-buffer.ts'

/** Enough for one point per pixel of a wide plot. */
const POINTS_MAX = 1200
/** As many rows as the engine gives: it thins to extremes, the buffer to means with extremes. */
const ROWS_MAX = 4000
const SPAN_KEPT = 1.02
/** Ticks that may be missing before a plot shows a gap; older history has one point in 60. */
const GAP_TICKS = 150
/** Ticks that may be missing before history is asked for again, e.g. after a lost connection. */
const MISSED_TICKS = 60

/** A cell's history with live ticks appended; `version` rises when there is something new. */
export function useTrend(
  line: LineState,
  cell: number,
  span_ms: number,
  columns: readonly string[],
): {
  readonly buffer: TrendBuffer
  readonly version: number
  readonly problem: string
  /** True once the history is in the buffer. */
  readonly loaded: boolean
} {
  const { info, telemetry, revision } = line
  const name = info.cells[cell] ?? ''
  const [version, setVersion] = useState(0)
  const [problem, setProblem] = useState('')
  const [missed, setMissed] = useState(0)
  const [loaded, setLoaded] = useState<TrendBuffer>()
  const held = useRef<{ key: string; buffer: TrendBuffer }>(undefined)
  const key = `${info.line}/${name}/${span_ms}`
  if (held.current?.key !== key)
    held.current = {
      key,
      buffer: trendBuffer(span_ms * SPAN_KEPT, POINTS_MAX, GAP_TICKS * info.tick_ms),
    }
  const { buffer } = held.current
  const newest_ms = useRef(0)
  newest_ms.current = telemetry?.time_ms ?? 0
  const known = newest_ms.current > 0

  // biome-ignore lint/correctness/useExhaustiveDependencies: both say that the history is not whole
  useEffect(() => {
    if (!known) return
    let gone = false
    fetchTrend(info.line, name, newest_ms.current - span_ms, ROWS_MAX, columns).then(
      body => {
        if (gone) return
        buffer.load(body)
        setProblem('')
        setLoaded(buffer)
        setVersion(was => was + 1)
      },
      error => {
        if (!gone) setProblem(error instanceof Error ? error.message : String(error))
      },
    )
    return () => {
      gone = true
    }
  }, [buffer, info.line, name, span_ms, known, missed, revision, columns])

  useEffect(() => {
    if (!telemetry) return
    const last_s = buffer.times_s.at(-1) ?? Number.POSITIVE_INFINITY
    if (telemetry.time_ms - 1000 * last_s > MISSED_TICKS * info.tick_ms) setMissed(was => was + 1)
    buffer.append(telemetry.time_ms, trendValues(info, telemetry, cell))
    setVersion(was => was + 1)
  }, [buffer, info, telemetry, cell])
  return { buffer, version, problem, loaded: loaded === buffer }
}
