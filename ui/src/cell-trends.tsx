import { useMemo } from 'react'
import type { LineState } from './store.ts'
import { TrendPlot } from './trend-plot.tsx'
import { trendSpecs } from './trend-specs.ts'
import { useTrend } from './use-trend.ts'

const HEIGHT_MIN = 92
const ROOM = 590
/** Room that the last plot needs for the times. */
const TIMES = 18

/** Trends of one cell under one time axis. */
export function CellTrends(props: {
  line: LineState
  cell: number
  span_ms: number
  room?: number
}) {
  const { line, cell, span_ms, room = ROOM } = props
  const specs = useMemo(() => trendSpecs(line.info), [line.info])
  const { buffer, version, problem } = useTrend(line, cell, span_ms)
  const to_s = (line.telemetry?.time_ms ?? 0) / 1000
  const height = Math.max(HEIGHT_MIN, Math.floor((room - TIMES) / Math.max(1, specs.length)))
  return (
    <section className="panel trends live" aria-label="Trends">
      {problem !== '' && (
        <p className="problem" role="alert">
          No history: {problem}
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
            from_s={to_s - span_ms / 1000}
            to_s={to_s}
            height={isLast ? height + TIMES : height}
            withTimes={isLast}
          />
        )
      })}
    </section>
  )
}
