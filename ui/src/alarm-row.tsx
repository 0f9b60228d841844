import { useState } from 'react'
import type { AlarmRecord } from '#engine/flow.ts'
import { AcknowledgeButton } from './acknowledge-button.tsx'
import { alarmRoute } from './alarm-bar.tsx'
import {
  alarmParts,
  alarmText,
  isFinished,
  isHidden,
  isSaid,
  isUnacknowledged,
  stateText,
} from './alarm-state.ts'
import { CauseList } from './cause-list.tsx'
import { formatClock, formatDate, formatInterval, sentence } from './format.ts'
import { PriorityMark } from './priority-mark.tsx'
import { ResetButton } from './reset-button.tsx'
import { hashOf } from './route.ts'
import { ServiceForm } from './service-form.tsx'
import { ShelveForm } from './shelve-form.tsx'
import type { ClientState } from './store.ts'
import { UnshelveButton } from './unshelve-button.tsx'

/** One alarm; opens to all causes, a comment and the shelf. */
export function AlarmRow(props: {
  alarm: AlarmRecord
  state: ClientState
  isOpen: boolean
  toggle: () => void
  /** Set for a member of an incident that is unfolded. */
  isMember?: boolean
}) {
  const { alarm, state, isOpen, toggle } = props
  const [comment, setComment] = useState('')
  const unacknowledged = isUnacknowledged(alarm)
  const [cause] = alarm.causes
  const [what, detail] = alarmParts(alarm)
  return (
    <>
      <tr
        data-testid="alarm-row"
        data-member={props.isMember === true}
        data-alarm-id={alarm.id}
        data-kind={alarm.kind}
        data-cell={alarm.cell}
        data-unacknowledged={unacknowledged}
        data-active={alarm.active}
      >
        <td>
          <PriorityMark priority={alarm.priority} withText flashing={unacknowledged} />
        </td>
        <td className="time">
          {formatClock(alarm.raised_ms)}
          <span className="soft">{formatDate(alarm.raised_ms)}</span>
        </td>
        <th scope="row">
          <a href={hashOf(alarmRoute(alarm))}>{alarm.cell || alarm.line}</a>
          {alarm.cell !== '' && alarm.cell !== alarm.line && (
            <span className="soft">{alarm.line}</span>
          )}
        </th>
        <td className="alarm-what">
          {what}
          {detail !== '' && <span className="alarm-detail-text">: {detail}</span>}
          {cause && !isSaid(alarm, cause.text) && (
            <span className="soft">{sentence(cause.text)}</span>
          )}
        </td>
        <td className="alarm-state">
          {stateText(alarm)}
          <HiddenBy alarm={alarm} />
        </td>
        <td className="alarm-response">{alarm.response}</td>
        <td className="actions">
          <AcknowledgeButton alarm={alarm} state={state} comment={comment} />
          <ResetButton alarm={alarm} state={state} />
          <UnshelveButton alarm={alarm} state={state} />
          <button
            type="button"
            className="quiet"
            aria-expanded={isOpen}
            data-testid="alarm-more"
            onClick={toggle}
          >
            {isOpen ? 'Less' : 'More'}
            <span className="unseen"> about {alarmText(alarm)}</span>
          </button>
        </td>
      </tr>
      {isOpen && (
        <tr className="alarm-detail">
          <td />
          <td colSpan={6}>
            <div>
              <p className="response-narrow">
                {stateText(alarm)}. {alarm.response}
              </p>
              <CauseList causes={alarm.causes} />
              <AlarmHistory alarm={alarm} />
              {unacknowledged && (
                <label className="comment">
                  <span>Comment with the acknowledgement (optional)</span>
                  <input
                    value={comment}
                    maxLength={500}
                    onChange={event => setComment(event.target.value)}
                  />
                </label>
              )}
              {!isFinished(alarm) && !isHidden(alarm) && <ShelveForm alarm={alarm} state={state} />}
              {!isFinished(alarm) && <ServiceForm alarm={alarm} state={state} />}
            </div>
          </td>
        </tr>
      )}
    </>
  )
}

/** Who or what hides the alarm, and until when. */
function HiddenBy({ alarm }: { alarm: AlarmRecord }) {
  if (alarm.out_of_service) return <span className="soft">by {alarm.out_of_service_by}</span>
  if (alarm.suppressed) return <span className="soft">{alarm.suppressed_by}</span>
  if (alarm.shelved_until_ms === 0) return null
  return <span className="soft">until {formatClock(alarm.shelved_until_ms)}</span>
}

function AlarmHistory({ alarm }: { alarm: AlarmRecord }) {
  return (
    <dl className="facts">
      {alarm.tag !== '' && <Fact name="Tag" text={alarm.tag} />}
      {alarm.consequence !== '' && (
        <Fact
          name={`If nobody acts within ${formatInterval(alarm.respond_within_ms)}`}
          text={sentence(alarm.consequence)}
        />
      )}
      {alarm.returned_ms > 0 && (
        <Fact name="Returned to normal" text={formatClock(alarm.returned_ms)} />
      )}
      {alarm.acknowledged_ms > 0 && (
        <Fact
          name="Acknowledged"
          text={`${formatClock(alarm.acknowledged_ms)} by ${alarm.acknowledged_by}`}
        />
      )}
      {alarm.comment !== '' && <Fact name="Comment" text={alarm.comment} />}
    </dl>
  )
}

function Fact({ name, text }: { name: string; text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  )
}
