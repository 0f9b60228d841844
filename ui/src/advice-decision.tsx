import { useState } from 'react'
import type { Advice } from '#engine/flow.ts'
import { decideAdvice } from './api.ts'
import { freshnessOf, silenceOf, useNow } from './client.ts'
import { HoldButton } from './hold-button.tsx'
import type { ClientState } from './store.ts'

/** Approve by holding, reject with a reason; the card changes when the engine has it. */
export function AdviceDecision({ advice, state }: { advice: Advice; state: ClientState }) {
  const [rejecting, setRejecting] = useState(false)
  const [reason, setReason] = useState('')
  const [busy, setBusy] = useState(false)
  const [problem, setProblem] = useState('')
  const may = state.actions.includes('approve')
  const line = state.lines.get(advice.line)
  const { freshness } = freshnessOf(line, useNow(1000))
  const isOld = freshness === 'old' || freshness === 'none' || silenceOf(line) > 0
  const isBlind = isOld || state.connection !== 'open'
  const decide = async (action: 'approve' | 'reject', comment: string) => {
    setBusy(true)
    setProblem('')
    try {
      await decideAdvice(advice.id, action, comment)
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
    setBusy(false)
  }
  const reject = (event: React.FormEvent) => {
    event.preventDefault()
    if (reason.trim() === '') return setProblem('Say why: a reason is needed to reject.')
    void decide('reject', reason.trim())
  }
  return (
    <div className="decision">
      <div className="decision-buttons">
        <HoldButton
          text="Approve"
          testId="advice-approve"
          disabled={busy || !may || isBlind || advice.inhibits.length > 0}
          onHeld={() => void decide('approve', '')}
        />
        <button
          type="button"
          data-testid="advice-reject"
          aria-expanded={rejecting}
          disabled={busy || !may}
          onClick={() => setRejecting(!rejecting)}
        >
          Reject…
        </button>
        {!may && <span className="soft">Your role may not decide.</span>}
        {may && isBlind && (
          <span className="soft" data-testid="advice-blind">
            Values are old: approve once they are live again.
          </span>
        )}
      </div>
      {rejecting && (
        <form className="reject" onSubmit={reject}>
          <label className="comment">
            <span>Reason</span>
            <input
              value={reason}
              maxLength={500}
              data-testid="advice-reason"
              onChange={event => setReason(event.target.value)}
            />
          </label>
          <button type="submit" data-testid="advice-reject-confirm" disabled={busy}>
            Reject
          </button>
        </form>
      )}
      {problem !== '' && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </div>
  )
}
