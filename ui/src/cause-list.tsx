import type { Cause } from '#engine/flow.ts'
import { formatNumber, sentence } from './format.ts'

/** Ranked causes with the share of the score that each explains. */
export function CauseList({ causes }: { causes: readonly Cause[] }) {
  if (causes.length === 0) return null
  return (
    <ol className="causes">
      {causes.map(cause => (
        <li key={cause.text}>
          <span>{sentence(cause.text)}</span>
          <svg width="60" height="8" aria-hidden="true">
            <rect width="60" height="8" fill="#cdd1d4" />
            <rect width={60 * Math.max(0, Math.min(1, cause.weight))} height="8" fill="#5b646b" />
          </svg>
          <span className="number">{formatNumber(100 * cause.weight, 0)} %</span>
        </li>
      ))}
    </ol>
  )
}
