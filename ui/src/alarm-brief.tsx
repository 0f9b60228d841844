import type { AlarmRecord } from '#engine/flow.ts'
import { alarmRoute } from './alarm-bar.tsx'
import { alarmParts, compareAlarms, isUnacknowledged } from './alarm-state.ts'
import { formatClock } from './format.ts'
import { PriorityMark } from './priority-mark.tsx'
import { hashOf } from './route.ts'
import type { ClientState } from './store.ts'

const SHOWN_MAX = 8

/** The most urgent alarms of a line or cell, each a link to where it is explained. */
export function AlarmBrief(props: { alarms: readonly AlarmRecord[]; state: ClientState }) {
  const { alarms, state } = props
  const first = [...alarms].sort(compareAlarms).slice(0, SHOWN_MAX)
  return (
    <section className="panel" aria-label="Newest alarms">
      <div className="panel-head">
        <h2>Alarms</h2>
        {alarms.length > SHOWN_MAX && (
          <a href={hashOf({ screen: 'alarms' })}>all {alarms.length}</a>
        )}
      </div>
      {first.length === 0 && (
        <p className="empty">
          {state.connection === 'open' ? 'None' : 'Not known without a connection'}
        </p>
      )}
      <ul className="brief">
        {first.map(alarm => (
          <li key={alarm.id}>
            <a href={hashOf(alarmRoute(alarm))}>
              <PriorityMark priority={alarm.priority} flashing={isUnacknowledged(alarm)} />
              <b>{alarm.cell || alarm.line}</b>
              <time>
                {formatClock(alarm.raised_ms)}
                {alarm.active ? '' : ', returned to normal'}
              </time>
              <AlarmWords alarm={alarm} />
            </a>
          </li>
        ))}
      </ul>
    </section>
  )
}

function AlarmWords({ alarm }: { alarm: AlarmRecord }) {
  const [what, detail] = alarmParts(alarm)
  return (
    <span className="brief-text">
      {what}
      {detail !== '' && <span className="soft">: {detail}</span>}
    </span>
  )
}
