import { AcknowledgeButton } from './acknowledge-button.tsx'
import { incidentsText } from './alarm-groups.ts'
import { alarmParts, alarmText, countByPriority, mostUrgent } from './alarm-state.ts'
import { formatClock } from './format.ts'
import { PriorityMark } from './priority-mark.tsx'
import { hashOf } from './route.ts'
import type { ClientState } from './store.ts'

/** Always on screen: counts by priority and the alarm that should be looked at first. */
export function AlarmBar({ state }: { state: ClientState }) {
  const counts = countByPriority(state.alarms.values())
  const urgent = mostUrgent(state.alarms.values())
  const [what, detail] = urgent ? alarmParts(urgent) : ['', '']
  const flooded = [...state.summaries].filter(([, { flood_since_ms }]) => flood_since_ms > 0)
  const shelved = [...state.alarms.values()].filter(alarm => alarm.shelved_until_ms > 0).length
  return (
    <section className="alarm-bar" aria-label="Alarm summary" data-testid="alarm-bar">
      <ul className="alarm-counts">
        {counts.map(({ priority, listed, unacknowledged }) => (
          <li key={priority} data-empty={listed === 0} data-testid={`count-${priority}`}>
            <PriorityMark
              priority={priority}
              withText
              flashing={unacknowledged > 0}
              plain={listed === 0}
            />
            <b>{listed}</b>
          </li>
        ))}
      </ul>
      {urgent ? (
        <p className="alarm-newest">
          <PriorityMark priority={urgent.priority} flashing />
          <time>{formatClock(urgent.raised_ms)}</time>
          <a href={hashOf(alarmRoute(urgent))}>{urgent.cell || urgent.line}</a>
          <span className="alarm-text" title={alarmText(urgent)}>
            <b>{what}</b>
            {detail !== '' && `: ${detail}`}
          </span>
          {!urgent.active && <span className="state">Returned to normal</span>}
        </p>
      ) : (
        <p className="alarm-newest calm">
          {state.connection === 'open'
            ? 'No unacknowledged alarm'
            : 'Not known without a connection to the engine'}
        </p>
      )}
      {urgent && <AcknowledgeButton alarm={urgent} state={state} comment="" />}
      {flooded.map(([line, { incidents }]) => (
        <a key={line} className="state" href={hashOf({ screen: 'alarms' })} data-testid="flood">
          {line}: alarm flood, {incidentsText(incidents.length)}
        </a>
      ))}
      {shelved > 0 && (
        <span className="soft" data-testid="shelved-count">
          {shelved} shelved
        </span>
      )}
      <a className="all" href={hashOf({ screen: 'alarms' })}>
        Alarm list
      </a>
    </section>
  )
}

/** Where an alarm is explained: its cell, or its line. */
export function alarmRoute(alarm: { readonly line: string; readonly cell: string }) {
  return alarm.cell === ''
    ? ({ screen: 'line', line: alarm.line } as const)
    : ({ screen: 'cell', line: alarm.line, cell: alarm.cell } as const)
}
