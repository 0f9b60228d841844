import type { Margin } from '#engine/flow.ts'
import { digitsFor, formatNumber, formatUnit, words } from './format.ts'

/** Worst-case distance to each constraint; bars of one unit share one scale. */
export function MarginBars({ margins }: { margins: readonly Margin[] }) {
  if (margins.length === 0) return null
  const largest = new Map<string, number>()
  const countOf = (unit: string) => margins.filter(margin => margin.unit === unit).length
  for (const { unit, worst } of margins)
    largest.set(unit, Math.max(largest.get(unit) ?? 0, Math.abs(worst)))
  return (
    <table className="margins">
      <caption>Worst-case margin to each limit</caption>
      <tbody>
        {margins.map(margin => {
          const most = largest.get(margin.unit) ?? 0
          const share = most > 0 ? Math.abs(margin.worst) / most : 0
          const broken = margin.worst < 0
          const digits = Math.max(0, Math.min(3, digitsFor(most) - 1))
          return (
            <tr key={margin.constraint} data-broken={broken}>
              <th scope="row">{words(margin.constraint)}</th>
              <td>
                {countOf(margin.unit) > 1 && (
                  <svg width="90" height="8" aria-hidden="true">
                    <rect width="90" height="8" fill="#cdd1d4" />
                    <rect width={90 * share} height="8" fill={broken ? '#22272b' : '#5b646b'} />
                  </svg>
                )}
              </td>
              <td className="number">
                {formatNumber(margin.worst, digits)} {formatUnit(margin.unit)}
                {broken && ` (without ${formatNumber(margin.worst_without, digits)})`}
              </td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
