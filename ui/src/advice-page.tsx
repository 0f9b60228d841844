import { useRef } from 'react'
import { AdviceCard } from './advice-card.tsx'
import { DecidedTable } from './decided-table.tsx'
import { type ClientState, isDecided } from './store.ts'

const CARDS_MAX = 40

/** Recommendations of all lines: those that wait for a decision, then the decided ones. */
export function AdvicePage({ state }: { state: ClientState }) {
  const all = [...state.advice.values()].sort((a, b) => b.created_ms - a.created_ms)
  const pending = all.filter(advice => !isDecided(advice))
  const seen = useRef(new Set<string>())
  for (const advice of pending) seen.current.add(advice.id)
  // A card that a person decided while this page was open stays, so that its result is seen.
  const stays = (advice: (typeof all)[number]) =>
    seen.current.has(advice.id) && (!isDecided(advice) || advice.decided_by !== '')
  const here = all.filter(stays)
  return (
    <section className="advice-page" aria-labelledby="advice-title">
      <div className="advice-head">
        <h1 id="advice-title">Recommendations</h1>
        <span className="soft">
          {pending.length} waiting. The engine proposes and never writes to the plant.
        </span>
      </div>
      {here.length === 0 && <p className="empty">No recommendation waits for a decision.</p>}
      <div className="cards">
        {here.slice(0, CARDS_MAX).map(advice => (
          <AdviceCard key={advice.id} advice={advice} state={state} />
        ))}
      </div>
      <DecidedTable advice={all.filter(isDecided)} />
    </section>
  )
}
