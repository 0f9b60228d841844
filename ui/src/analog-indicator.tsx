import { type Display, formatNumber, shown, shownSpread, Z_90 } from './format.ts'

const WIDTH = 240
const BAR_TOP = 6
const BAR_HEIGHT = 9

/** A moving analog indicator: normal range if known, P05 to P95 band, a tick at the estimate. */
export function AnalogIndicator(props: {
  display: Display
  value: number
  std: number
  observable: boolean
  scale: readonly [low: number, high: number]
  /** Ends beyond the scale are open. */
  normal: readonly [low: number, high: number] | undefined
}) {
  const { display, value, std, observable, scale, normal } = props
  const [low, high] = scale
  const x = (at: number) => (Math.max(0, Math.min(1, (at - low) / (high - low))) * WIDTH) | 0
  const middle = shown(display, value)
  const half = Z_90 * shownSpread(display, std)
  const banded = observable && Number.isFinite(half)
  return (
    <svg className="analog" viewBox={`0 0 ${WIDTH} 30`} width="100%" height="30" aria-hidden="true">
      <rect x="0" y={BAR_TOP} width={WIDTH} height={BAR_HEIGHT} fill="#c3c7ca" />
      {normal && (
        <rect
          x={x(normal[0])}
          y={BAR_TOP}
          width={x(normal[1]) - x(normal[0])}
          height={BAR_HEIGHT}
          fill="#eef0f1"
          stroke="#8b9196"
          strokeWidth="1"
          data-normal
        />
      )}
      {banded && (
        <rect
          x={x(middle - half)}
          y={BAR_TOP + 2.5}
          width={Math.max(1, x(middle + half) - x(middle - half))}
          height={BAR_HEIGHT - 5}
          fill="#1f5594"
          opacity="0.5"
        />
      )}
      {observable && (
        <path
          d={`M${x(middle)} ${BAR_TOP + BAR_HEIGHT + 1}V1`}
          stroke="#14385f"
          strokeWidth="2.5"
        />
      )}
      <text x="0" y="27" fontSize="10.5" fill="#4c5358">
        {formatNumber(low, 0)}
      </text>
      {normal
        ?.filter(end => end > low && end < high)
        .map(end => (
          <text key={end} x={x(end)} y="27" fontSize="10.5" fill="#4c5358" textAnchor="middle">
            {Number(end.toPrecision(4))}
          </text>
        ))}
      <text x={WIDTH} y="27" fontSize="10.5" fill="#4c5358" textAnchor="end">
        {formatNumber(high, 0)}
      </text>
    </svg>
  )
}
