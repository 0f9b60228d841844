import { useState } from 'react'
import type { AlarmRecord } from '#engine/flow.ts'
import { alarmText } from './alarm-state.ts'
import { unshelveAlarm } from './api.ts'
import type { ClientState } from './store.ts'

/** Puts a shelved alarm back on the list; shows nothing for the others. */
export function UnshelveButton({ alarm, state }: { alarm: AlarmRecord; state: ClientState }) {
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  if (alarm.shelved_until_ms === 0) return null
  const may = state.actions.includes('acknowledge')
  const unshelve = async () => {
    setBusy(true)
    setProblem('')
    try {
      await unshelveAlarm(alarm.id)
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
    setBusy(false)
  }
  return (
    <>
      <button
        type="button"
        data-testid="unshelve"
        disabled={busy || !may}
        title={may ? undefined : 'Your role may not unshelve alarms'}
        onClick={unshelve}
      >
        Unshelve<span className="unseen"> {alarmText(alarm)}</span>
      </button>
      {problem !== '' && (
        <span className="problem" role="alert">
          {problem}
        </span>
      )}
    </>
  )
}
