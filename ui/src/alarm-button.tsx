import { useState } from 'react'
import type { AlarmRecord } from '#engine/flow.ts'
import { alarmText } from './alarm-state.ts'
import type { ClientState } from './store.ts'

/** A button that acts on one alarm; the list changes when the engine has it, not before. */
export function AlarmButton(props: {
  alarm: AlarmRecord
  state: ClientState
  /** Also the button's test id, e.g. "acknowledge". */
  verb: 'acknowledge' | 'reset' | 'unshelve' | 'return-to-service'
  label: string
  act: () => Promise<unknown>
}) {
  const { alarm, state, verb, label, act } = props
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const right = verb === 'return-to-service' ? 'maintain' : 'acknowledge'
  const may = state.actions.includes(right)
  const press = async () => {
    setBusy(true)
    setProblem('')
    try {
      await act()
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
    setBusy(false)
  }
  return (
    <>
      <button
        type="button"
        data-testid={verb}
        disabled={busy || !may}
        title={may ? undefined : `Your role may not ${verb.replaceAll('-', ' ')} alarms`}
        onClick={press}
      >
        {label}
        <span className="unseen"> {alarmText(alarm)}</span>
      </button>
      {problem !== '' && (
        <span className="problem" role="alert">
          {problem}
        </span>
      )}
    </>
  )
}
