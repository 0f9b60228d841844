import { useState } from 'react'
import type { AlarmRecord } from '#engine/flow.ts'
import { shelveAlarm } from './api.ts'
import type { ClientState } from './store.ts'

const DURATIONS: readonly (readonly [text: string, minutes: number])[] = [
  ['15 minutes', 15],
  ['1 hour', 60],
  ['4 hours', 240],
  ['8 hours', 480],
]

/** Takes an alarm off the list for a while; a reason is asked for. */
export function ShelveForm({ alarm, state }: { alarm: AlarmRecord; state: ClientState }) {
  const [minutes, setMinutes] = useState(60)
  const [once, setOnce] = useState(false)
  const [reason, setReason] = useState('')
  const [problem, setProblem] = useState('')
  const now_ms = state.lines.get(alarm.line)?.telemetry?.time_ms ?? alarm.raised_ms
  const may = state.actions.includes('acknowledge')
  const shelve = async (event: React.FormEvent) => {
    event.preventDefault()
    if (reason.trim() === '') return setProblem('Say why: a reason is needed to shelve an alarm.')
    setProblem('')
    try {
      await shelveAlarm(alarm.id, now_ms + minutes * 60_000, once, reason.trim())
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <form className="shelve" onSubmit={shelve}>
      <label>
        <span>Shelve for</span>
        <select value={minutes} onChange={event => setMinutes(Number(event.target.value))}>
          {DURATIONS.map(([text, each]) => (
            <option key={each} value={each}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label className="check">
        <input
          type="checkbox"
          data-testid="shelve-once"
          checked={once}
          onChange={event => setOnce(event.target.checked)}
        />
        or until it returns to normal
      </label>
      <label className="comment">
        <span>Reason</span>
        <input
          data-testid="shelve-reason"
          value={reason}
          maxLength={500}
          onChange={event => setReason(event.target.value)}
        />
      </label>
      <button type="submit" data-testid="shelve" disabled={!may}>
        Shelve
      </button>
      {problem !== '' && (
        <span className="problem" role="alert">
          {problem}
        </span>
      )}
    </form>
  )
}
