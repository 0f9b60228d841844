import { useEffect, useRef, useState } from 'react'
import { fetchTrend } from './api.ts'
import type { LineState } from './store.ts'
import { type TrendBuffer, trendBuffer, trendValues } from './trend-buffer.ts'

/** Enough for one point per pixel of a wide plot. */
const POINTS_MAX = 1200
const SPAN_KEPT = 1.02

/** A cell's history with live ticks appended; `version` rises when there is something new. */
export function useTrend(
  line: LineState,
  cell: number,
  span_ms: number,
): { readonly buffer: TrendBuffer; readonly version: number; readonly problem: string } {
  const { info, telemetry } = line
  const name = info.cells[cell] ?? ''
  const [version, setVersion] = useState(0)
  const [problem, setProblem] = useState('')
  const held = useRef<{ key: string; buffer: TrendBuffer }>(undefined)
  const key = `${info.line}/${name}/${span_ms}`
  if (held.current?.key !== key)
    held.current = { key, buffer: trendBuffer(span_ms * SPAN_KEPT, POINTS_MAX) }
  const { buffer } = held.current
  const newest_ms = useRef(0)
  newest_ms.current = telemetry?.time_ms ?? 0
  const known = newest_ms.current > 0

  useEffect(() => {
    if (!known) return
    let gone = false
    fetchTrend(info.line, name, newest_ms.current - span_ms, POINTS_MAX).then(
      body => {
        if (gone) return
        buffer.load(body)
        setProblem('')
        setVersion(was => was + 1)
      },
      error => {
        if (!gone) setProblem(error instanceof Error ? error.message : String(error))
      },
    )
    return () => {
      gone = true
    }
  }, [buffer, info.line, name, span_ms, known])

  useEffect(() => {
    if (!telemetry) return
    buffer.append(telemetry.time_ms, trendValues(info, telemetry, cell))
    setVersion(was => was + 1)
  }, [buffer, info, telemetry, cell])
  return { buffer, version, problem }
}
