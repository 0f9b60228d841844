import { useMemo } from 'react'
import { useViewportHeight } from './client.ts'
import { formatClock, formatInterval } from './format.ts'
import type { LineState } from './store.ts'
import { TrendPlot } from './trend-plot.tsx'
import { columnsOf, trendSpecs } from './trend-specs.ts'
import { useTrend } from './use-trend.ts'

const HEIGHT_MIN = 92
const ROOM_MIN = 590
/** Height of what stands above and below the trends of a cell page. */
const AROUND = 180
/** Room that the last plot needs for the times. */
const TIMES = 18

/** Trends of one cell under one time axis. */
export function CellTrends(props: {
  line: LineState
  cell: number
  span_ms: number
  room?: number
}) {
  const { line, cell, span_ms } = props
  const specs = useMemo(() => trendSpecs(line.info), [line.info])
  const columns = useMemo(() => columnsOf(specs), [specs])
  const { buffer, version, problem, loaded } = useTrend(line, cell, span_ms, columns)
  const to_s = (line.telemetry?.time_ms ?? 0) / 1000
  const span_s = span_ms / 1000
  const from_s = loaded ? firstShown_s(buffer.times_s, to_s, span_s) : to_s - span_s
  const viewport = useViewportHeight()
  const room = props.room ?? Math.max(ROOM_MIN, viewport - AROUND)
  const height = Math.max(HEIGHT_MIN, Math.floor((room - TIMES) / Math.max(1, specs.length)))
  return (
    <section className="panel trends live" aria-label="Trends">
      {problem !== '' && (
        <p className="problem" role="alert">
          No history: {problem}
        </p>
      )}
      {to_s - from_s < 0.9 * span_s && (
        <p className="soft history-note">
          History begins at {formatClock((buffer.times_s[0] ?? 0) * 1000)}, so less than{' '}
          {formatInterval(span_ms)} is shown.
        </p>
      )}
      {specs.map((spec, i) => {
        const isLast = i === specs.length - 1
        return (
          <TrendPlot
            key={spec.key}
            spec={spec}
            view={buffer}
            version={version}
            from_s={from_s}
            to_s={to_s}
            height={isLast ? height + TIMES : height}
            withTimes={isLast}
          />
        )
      })}
    </section>
  )
}

const SPAN_MIN_S = 300

/** Where the time axis begins: a span before now, or where history does if that is later. */
function firstShown_s(times_s: readonly number[], to_s: number, span_s: number): number {
  const first_s = times_s[0] ?? to_s - span_s
  return Math.max(to_s - span_s, Math.min(first_s, to_s - Math.min(SPAN_MIN_S, span_s)))
}
