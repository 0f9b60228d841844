import type { Margin } from '#engine/flow.ts'
import { digitsFor, formatNumber, formatUnit, sentence, words } from './format.ts'

/** Worst-case distance to each limit, with the change and without it. */
export function MarginTable({ margins }: { margins: readonly Margin[] }) {
  if (margins.length === 0) return null
  const isPast = margins.some(margin => margin.worst < 0 || margin.worst_without < 0)
  return (
    <table className="margins">
      <thead>
        <tr>
          <th scope="col">Worst-case margin</th>
          <th scope="col" className="number">
            with
          </th>
          <th scope="col" className="number">
            without
          </th>
          <th scope="col">
            <span className="unseen">Unit</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {margins.map(margin => {
          const { constraint, worst, worst_without, unit } = margin
          const most = Math.max(Math.abs(worst), Math.abs(worst_without))
          const digits = Math.max(0, Math.min(3, digitsFor(most) - 1))
          return (
            <tr key={constraint}>
              <th scope="row">{sentence(words(constraint))}</th>
              <MarginCell value={worst} digits={digits} />
              <MarginCell value={worst_without} digits={digits} />
              <td>{formatUnit(unit)}</td>
            </tr>
          )
        })}
      </tbody>
      {isPast && (
        <tfoot>
          <tr>
            <td colSpan={4} className="soft">
              Below zero: past the limit in the worst case (P10).
            </td>
          </tr>
        </tfoot>
      )}
    </table>
  )
}

function MarginCell({ value, digits }: { value: number; digits: number }) {
  return (
    <td className="number" data-past={value < 0}>
      {formatNumber(value, digits)}
    </td>
  )
}
