import type { Advice } from '#engine/flow.ts'
import { formatNumber } from './format.ts'

const WIDTH = 400

/** Where the setpoint stands and where it would go, between its limits. */
export function SetpointBar({ advice, digits }: { advice: Advice; digits: number }) {
  const span = advice.high - advice.low
  const x = (value: number) =>
    span > 0 ? 4 + Math.max(0, Math.min(1, (value - advice.low) / span)) * (WIDTH - 8) : 4
  const from = x(advice.from)
  const to = x(advice.to)
  return (
    <div className="setpoint">
      <span>{formatNumber(advice.low, digits)}</span>
      <svg viewBox={`0 0 ${WIDTH} 16`} preserveAspectRatio="none" height="16" aria-hidden="true">
        <rect y="4" width={WIDTH} height="8" fill="#c3c7ca" />
        <rect
          x={Math.min(from, to)}
          y="4"
          width={Math.abs(to - from)}
          height="8"
          fill="#1f5594"
          opacity="0.45"
        />
        <rect x={from - 1.5} y="1" width="3" height="14" fill="#33383d" />
        <rect x={to - 2} y="1" width="4" height="14" fill="#1f5594" />
      </svg>
      <span>{formatNumber(advice.high, digits)}</span>
    </div>
  )
}
