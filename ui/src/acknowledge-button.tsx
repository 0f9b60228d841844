import { useState } from 'react'
import type { AlarmRecord } from '#engine/flow.ts'
import { alarmText, isUnacknowledged } from './alarm-state.ts'
import { acknowledgeAlarm } from './api.ts'
import type { ClientState } from './store.ts'

/** Acknowledges one alarm; the list changes when the engine has it, not before. */
export function AcknowledgeButton(props: {
  alarm: AlarmRecord
  state: ClientState
  comment: string
}) {
  const { alarm, state, comment } = props
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  if (!isUnacknowledged(alarm)) return null
  const may = state.actions.includes('acknowledge')
  const acknowledge = async () => {
    setBusy(true)
    setProblem('')
    try {
      await acknowledgeAlarm(alarm.id, comment)
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
    setBusy(false)
  }
  return (
    <>
      <button
        type="button"
        data-testid="acknowledge"
        disabled={busy || !may}
        title={may ? undefined : 'Your role may not acknowledge alarms'}
        onClick={acknowledge}
      >
        Acknowledge<span className="unseen"> {alarmText(alarm)}</span>
      </button>
      {problem !== '' && (
        <span className="problem" role="alert">
          {problem}
        </span>
      )}
    </>
  )
}
