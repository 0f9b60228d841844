import type { AlarmIncident, AlarmRecord } from '#engine/flow.ts'
import { alarmRoute } from './alarm-bar.tsx'
import { isUnacknowledged } from './alarm-state.ts'
import { CauseList } from './cause-list.tsx'
import { formatClock, formatDate, sentence, words } from './format.ts'
import { PriorityMark } from './priority-mark.tsx'
import { hashOf } from './route.ts'

const KINDS_SHOWN = 3

/** One incident in one row: what came first, how much followed; it unfolds to its alarms. */
export function IncidentRow(props: {
  incident: AlarmIncident
  members: readonly AlarmRecord[]
  isOpen: boolean
  toggle: () => void
}) {
  const { incident, members, isOpen, toggle } = props
  const waiting = members.filter(isUnacknowledged).length
  const place = incident.cell || incident.line
  const [cause] = incident.causes
  return (
    <>
      <tr
        className="incident"
        data-testid="incident-row"
        data-incident-id={incident.id}
        data-unacknowledged={waiting > 0}
      >
        <td>
          <PriorityMark priority={incident.priority} withText flashing={waiting > 0} />
        </td>
        <td className="time">
          {formatClock(incident.started_ms)}
          <span className="soft">{formatDate(incident.started_ms)}</span>
        </td>
        <th scope="row">
          <a href={hashOf(alarmRoute(incident))}>{place}</a>
          {incident.cells > 1 && <span className="soft">and {incident.cells - 1} more</span>}
        </th>
        <td className="alarm-what">
          First: {incident.text}
          <span className="soft">
            {cause && sentence(cause.text)}
            {incident.kinds.length > 1 && ` · ${kindsText(incident)}`}
          </span>
        </td>
        <td className="alarm-state">
          Incident of {incident.alarms} alarms
          <span className="soft">
            {members.length} here, {waiting} unacknowledged
          </span>
        </td>
        <td className="alarm-response">{members[0]?.response}</td>
        <td className="actions">
          <button
            type="button"
            aria-expanded={isOpen}
            data-testid="incident-unfold"
            onClick={toggle}
          >
            {isOpen ? 'Fold' : `Show ${members.length}`}
            <span className="unseen"> alarms of the incident at {place}</span>
          </button>
        </td>
      </tr>
      {isOpen && incident.causes.length > 1 && (
        <tr className="alarm-detail">
          <td />
          <td colSpan={6}>
            <div>
              <CauseList causes={incident.causes} />
            </div>
          </td>
        </tr>
      )}
    </>
  )
}

function kindsText({ kinds }: AlarmIncident): string {
  const shown = kinds
    .slice(0, KINDS_SHOWN)
    .map(({ kind, alarms }) => `${alarms} × ${words(kind.replaceAll('-', '_'))}`)
  if (kinds.length > KINDS_SHOWN) shown.push(`${kinds.length - KINDS_SHOWN} kinds more`)
  return shown.join(', ')
}
