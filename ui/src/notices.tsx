import type { Freshness } from './client.ts'
import { formatAge } from './format.ts'
import type { ClientState, LineState } from './store.ts'

/** What is wrong with the data on screen, if anything: one plain line each. */
export function Notices(props: {
  state: ClientState
  line: LineState | undefined
  age_ms: number
  freshness: Freshness
}) {
  const notices = noticesOf(props)
  if (notices.length === 0) return null
  return (
    <div className="notices" role="status">
      {notices.map(text => (
        <p key={text} data-testid="notice">
          {text}
        </p>
      ))}
    </div>
  )
}

function noticesOf(props: {
  state: ClientState
  line: LineState | undefined
  age_ms: number
  freshness: Freshness
}): readonly string[] {
  const { state, line, age_ms, freshness } = props
  const notices: string[] = []
  if (state.connection === 'lost')
    notices.push(`No connection to the engine: ${state.problem}. Trying again by itself.`)
  else if (state.problem !== '') notices.push(state.problem)
  if (freshness === 'stale' || freshness === 'old')
    notices.push(
      `Values are old: the last frame of line ${line?.info.line} came ${formatAge(age_ms)} ago.`,
    )
  if (line && line.degraded !== '') notices.push(`Line ${line.info.line}: ${line.degraded}`)
  return notices
}
