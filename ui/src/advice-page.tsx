import { useRef, useState } from 'react'
import { AdviceCard } from './advice-card.tsx'
import { type ClientState, isDecided } from './store.ts'

const CARDS_MAX = 40

/** Recommendations of all lines: those that wait for a decision, then the others. */
export function AdvicePage({ state }: { state: ClientState }) {
  const [withPast, setWithPast] = useState(false)
  const all = [...state.advice.values()].sort((a, b) => b.created_ms - a.created_ms)
  const pending = all.filter(advice => !isDecided(advice))
  const seen = useRef(new Set<string>())
  for (const advice of pending) seen.current.add(advice.id)
  // A card that was decided while this page was open stays, so that its result is seen.
  const here = all.filter(advice => seen.current.has(advice.id))
  const past = all.filter(advice => !seen.current.has(advice.id))
  return (
    <section className="advice-page" aria-labelledby="advice-title">
      <div className="advice-head">
        <h1 id="advice-title">Recommendations</h1>
        <span className="soft">
          {pending.length} waiting. The engine proposes and never writes to the plant.
        </span>
        <label className="check">
          <input
            type="checkbox"
            checked={withPast}
            onChange={event => setWithPast(event.target.checked)}
          />
          Show the last {Math.min(past.length, CARDS_MAX)} decided or expired
        </label>
      </div>
      {here.length === 0 && <p className="empty">No recommendation waits for a decision.</p>}
      <div className="cards">
        {[...here, ...(withPast ? past : [])].slice(0, CARDS_MAX).map(advice => (
          <AdviceCard key={advice.id} advice={advice} state={state} />
        ))}
      </div>
    </section>
  )
}
