import { systemClock } from '#engine/core/clock.ts'
import { type Freshness, silenceOf, useConnection } from './client.ts'
import { formatClock, formatOtherDate } from './format.ts'
import type { ClientState, LineState, Missed } from './store.ts'

/** A line that sends has sent by then. */
const FIRST_FRAME_MS = 4000

/**
 * What is wrong with the data on screen, if anything: one plain line each. No line changes while
 * its cause stands, or it would be read aloud without end.
 */
export function Notices(props: {
  state: ClientState
  line: LineState | undefined
  freshness: Freshness
  /** Time since the page was opened. */
  now_ms: number
  keyWanted: boolean
}) {
  const connection = useConnection()
  const notices = noticesOf(props)
  const missing = [...props.state.lines.values()].filter(line => line.missed)
  if (notices.length === 0 && missing.length === 0) return null
  return (
    <div className="notices" role="status">
      {notices.map(text => (
        <p key={text} data-testid="notice">
          {text}
        </p>
      ))}
      {missing.map(({ info, missed }) => (
        <p key={info.line} data-testid="missed">
          {missed && missedText(info.line, missed, systemClock.now_ms())}{' '}
          <button
            type="button"
            data-testid="missed-noted"
            onClick={() => connection.noted(info.line)}
          >
            Noted
            <span className="unseen"> what was missed of line {info.line}</span>
          </button>
        </p>
      ))}
    </div>
  )
}

function noticesOf(props: {
  state: ClientState
  line: LineState | undefined
  freshness: Freshness
  now_ms: number
  keyWanted: boolean
}): readonly string[] {
  const { state, line, freshness, now_ms, keyWanted } = props
  const notices: string[] = []
  if (keyWanted) notices.push('The engine asks who you are: sign in with your API key.')
  else if (state.connection === 'lost')
    notices.push(`No connection to the engine: ${state.problem}. Trying again by itself.`)
  else if (state.problem !== '') notices.push(state.problem)
  if (freshness === 'stale' || freshness === 'old')
    notices.push(
      `Values are old: line ${line?.info.line} stands at ${formatClock(line?.telemetry?.time_ms ?? 0)}.`,
    )
  if (line && !line.telemetry && state.connection === 'open' && now_ms > FIRST_FRAME_MS)
    notices.push(`Line ${line.info.line}: no values yet. Check that its producer is sending.`)
  if (line && silenceOf(line) > 0 && freshness === 'fresh') {
    const since = formatClock(line.silent_since_ms)
    const shown = 'what is shown since is the twin alone. Check its producer.'
    notices.push(`Line ${line.info.line}: no reading has come since ${since}; ${shown}`)
  }
  if (line && line.degraded !== '') notices.push(`Line ${line.info.line}: ${line.degraded}`)
  return notices
}

const MISSED: Readonly<Record<Missed['why'], string>> = {
  'other-history':
    'The engine has another history now, so alarms and recommendations from before are gone.',
  ahead:
    'The engine lost what it had told last: alarms, acknowledgements and decisions may be undone.',
  'no-longer-kept': 'Alarms and recommendations may have come and gone unseen.',
  'too-many': 'Alarms and recommendations came and went unseen, too many to show one by one.',
}

/** What a page that was cut off cannot know, and from when. */
export function missedText(line: string, { why, since_ms }: Missed, today_ms: number): string {
  const date = formatOtherDate(since_ms, today_ms)
  const since = since_ms > 0 ? ` since ${date}${date && ' '}${formatClock(since_ms)}` : ''
  return `Line ${line}, not seen here${since}: ${MISSED[why]} The lists show what stands now.`
}
