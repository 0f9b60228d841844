import { useState } from 'react'
import type { AlarmRecord } from '#engine/flow.ts'
import { AlarmButton } from './alarm-button.tsx'
import { removeFromService, returnToService } from './api.ts'
import type { ClientState } from './store.ts'

/** Takes an alarm out of service, with a reason, or returns it; for those who maintain alarms. */
export function ServiceForm({ alarm, state }: { alarm: AlarmRecord; state: ClientState }) {
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState('')
  if (alarm.out_of_service) {
    const act = () => returnToService(alarm.id)
    return (
      <AlarmButton {...{ alarm, state, act }} verb="return-to-service" label="Return to service" />
    )
  }
  if (!state.actions.includes('maintain')) return null
  const remove = async (event: React.FormEvent) => {
    event.preventDefault()
    if (reason.trim() === '') return setProblem('Say why: a reason is needed.')
    setProblem('')
    try {
      await removeFromService(alarm.id, reason.trim())
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <form className="shelve" onSubmit={remove}>
      <label className="comment">
        <span>Reason to take it out of service</span>
        <input
          data-testid="service-reason"
          value={reason}
          maxLength={500}
          onChange={event => setReason(event.target.value)}
        />
      </label>
      <button type="submit" data-testid="remove-from-service">
        Take out of service
      </button>
      {problem !== '' && (
        <span className="problem" role="alert">
          {problem}
        </span>
      )}
    </form>
  )
}
