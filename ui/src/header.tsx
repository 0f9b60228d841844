import { systemClock } from '#engine/core/clock.ts'
import type { LineOrigin } from '#engine/flow.ts'
import { signOut } from './api.ts'
import type { Freshness } from './client.ts'
import { formatAge, formatClock, formatOtherDate, formatZone } from './format.ts'
import { hashOf, type Route } from './route.ts'
import { SoundControl } from './sound-control.tsx'
import { type ClientState, isDecided, type LineState } from './store.ts'

const ORIGIN: Readonly<Record<LineOrigin, string>> = {
  plant: '',
  simulated: 'Simulated plant',
  recorded: 'Recorded data',
  synthetic: 'Synthetic data',
}
const CONNECTION = {
  connecting: 'Connecting…',
  open: 'Connected',
  lost: 'Connection lost',
} as const

/** Line, screens, origin of the data, event time, data age, connection and alarm sound. */
export function Header(props: {
  state: ClientState
  line: LineState | undefined
  route: Route
  age_ms: number
  freshness: Freshness
  openHelp: () => void
}) {
  const { state, line, route } = props
  const name = line?.info.line ?? ''
  const time_ms = line?.telemetry?.time_ms ?? 0
  const pending = [...state.advice.values()].filter(advice => !isDecided(advice)).length
  return (
    <header className="header">
      <span className="brand">Liquidus</span>
      <label className="line-choice">
        <span>Line</span>
        <select
          data-testid="line-select"
          value={name}
          onChange={event => {
            window.location.hash = hashOf({ screen: 'line', line: event.target.value })
          }}
        >
          {name === '' && <option value="">none</option>}
          {[...state.lines.keys()].map(each => (
            <option key={each}>{each}</option>
          ))}
        </select>
      </label>
      <nav aria-label="Screens">
        <Tab to={{ screen: 'line', line: name }} current={route} text="Overview" />
        <Tab to={{ screen: 'alarms' }} current={route} text="Alarms" />
        <Tab to={{ screen: 'advice' }} current={route} text="Recommendations" count={pending} />
        <Tab to={{ screen: 'models' }} current={route} text="Models" />
        <Tab to={{ screen: 'engine' }} current={route} text="Engine" />
      </nav>
      <OriginBanner origin={line?.info.origin} />
      <dl className="clock">
        <div>
          <dt>
            Event time{' '}
            <span data-testid="event-date">{formatOtherDate(time_ms, systemClock.now_ms())}</span>
          </dt>
          <dd data-testid="event-time">
            {formatClock(time_ms)} {time_ms > 0 && <small>{formatZone(time_ms)}</small>}
          </dd>
        </div>
        <div data-freshness={props.freshness}>
          <dt>Data age</dt>
          <dd data-testid="data-age">{formatAge(props.age_ms)}</dd>
        </div>
      </dl>
      <div className="connection" data-connection={state.connection}>
        <span data-testid="connection">{CONNECTION[state.connection]}</span>
        <Who state={state} />
      </div>
      <SoundControl />
      <button type="button" className="quiet" onClick={props.openHelp} aria-label="Help">
        ?
      </button>
    </header>
  )
}

/** Who acknowledges and approves here; a key that was typed in can be taken back. */
function Who({ state }: { state: ClientState }) {
  if (state.subject === '') return null
  const leave = () => void signOut().then(() => window.location.reload())
  return (
    <small data-testid="who">
      as {state.subject}
      {state.role !== state.subject && `, ${state.role}`}
      {state.role !== 'developer' && (
        <button type="button" className="link" onClick={leave}>
          Sign out
        </button>
      )}
    </small>
  )
}

function Tab(props: { to: Route; current: Route; text: string; count?: number }) {
  const { to, current, count = 0 } = props
  const isCurrent =
    to.screen === current.screen || (to.screen === 'line' && current.screen === 'cell')
  return (
    <a href={hashOf(to)} aria-current={isCurrent ? 'page' : undefined}>
      {props.text}
      {count > 0 && (
        <span className="count" role="img" aria-label={`${count} waiting`}>
          {count}
        </span>
      )}
    </a>
  )
}

function OriginBanner({ origin }: { origin: LineOrigin | undefined }) {
  const text = origin === undefined ? '' : ORIGIN[origin]
  if (text === '') return <span className="origin-none" />
  return (
    <strong className="origin" data-testid="origin-banner">
      {text}
    </strong>
  )
}
