import { useState } from 'react'
import type { Advice } from '#engine/flow.ts'
import { SETPOINTS, STATES } from './advice-card.tsx'
import { digitsFor, formatClock, formatDate, formatNumber, formatUnit } from './format.ts'
import { hashOf } from './route.ts'

const ROWS_MAX = 50

/** What became of earlier recommendations, newest first. */
export function DecidedTable({ advice: all }: { advice: readonly Advice[] }) {
  const [withSuperseded, setWithSuperseded] = useState(false)
  if (all.length === 0) return null
  const superseded = all.filter(each => each.state === 'SUPERSEDED').length
  const advice = withSuperseded ? all : all.filter(each => each.state !== 'SUPERSEDED')
  return (
    <section className="panel decided" aria-label="Decided or expired">
      <div className="panel-head">
        <h2>Decided or expired</h2>
        {advice.length > ROWS_MAX && <span className="soft">the last {ROWS_MAX}</span>}
        {superseded > 0 && (
          <label className="check">
            <input
              type="checkbox"
              checked={withSuperseded}
              onChange={event => setWithSuperseded(event.target.checked)}
            />
            With {superseded} replaced by a newer one
          </label>
        )}
      </div>
      {advice.length === 0 && <p className="empty">None yet</p>}
      <table className="strip" hidden={advice.length === 0}>
        <thead>
          <tr>
            <th scope="col">Cell</th>
            <th scope="col">Setpoint</th>
            <th scope="col">Change</th>
            <th scope="col">Proposed</th>
            <th scope="col">Outcome</th>
            <th scope="col">By</th>
            <th scope="col">Reason</th>
          </tr>
        </thead>
        <tbody>
          {advice.slice(0, ROWS_MAX).map(each => (
            <DecidedRow key={each.id} advice={each} />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function DecidedRow({ advice }: { advice: Advice }) {
  const digits = Math.max(0, digitsFor(advice.step_max) - 1)
  const at_ms = advice.decided_ms > 0 ? advice.decided_ms : advice.valid_until_ms
  return (
    <tr data-testid="decided-row" data-advice-id={advice.id} data-state={advice.state}>
      <th scope="row">
        <a href={hashOf({ screen: 'cell', line: advice.line, cell: advice.cell })}>{advice.cell}</a>
      </th>
      <td>{SETPOINTS[advice.setpoint]}</td>
      <td>
        {formatNumber(advice.from, digits)} → {formatNumber(advice.to, digits)}{' '}
        {formatUnit(advice.unit)}
      </td>
      <td>
        {formatClock(advice.created_ms)}{' '}
        <span className="soft">{formatDate(advice.created_ms)}</span>
      </td>
      <td>
        {STATES[advice.state]}
        {advice.state !== 'SUPERSEDED' && <span className="soft"> {formatClock(at_ms)}</span>}
      </td>
      <td>{advice.decided_by}</td>
      <td>{advice.comment}</td>
    </tr>
  )
}
