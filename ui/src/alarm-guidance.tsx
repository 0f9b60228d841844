import type { AlarmRecord } from '#engine/flow.ts'
import { AcknowledgeButton } from './acknowledge-button.tsx'
import { alarmText, isSaid, isUnacknowledged, stateText } from './alarm-state.ts'
import { CauseList } from './cause-list.tsx'
import { formatClock } from './format.ts'
import { PriorityMark } from './priority-mark.tsx'
import type { ClientState } from './store.ts'

/** The first alarm of a cell: why it stands, and what to do about it. */
export function AlarmGuidance({ alarm, state }: { alarm: AlarmRecord; state: ClientState }) {
  const [cause] = alarm.causes
  const isOnlyItself = alarm.causes.length === 1 && cause && isSaid(alarm, cause.text)
  return (
    <section className="panel guidance" aria-label="Alarm">
      <div className="panel-head">
        <h2>
          <PriorityMark priority={alarm.priority} flashing={isUnacknowledged(alarm)} />{' '}
          {alarmText(alarm)}
        </h2>
      </div>
      <p className="guidance-state">
        <span className="soft">
          {formatClock(alarm.raised_ms)} {stateText(alarm)}
        </span>
        <AcknowledgeButton alarm={alarm} state={state} comment="" />
      </p>
      <p className="response">{alarm.response}</p>
      {!isOnlyItself && <CauseList causes={alarm.causes} />}
    </section>
  )
}
