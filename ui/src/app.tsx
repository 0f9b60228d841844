import { useEffect, useRef, useState } from 'react'
import { AdvicePage } from './advice-page.tsx'
import { AlarmBar } from './alarm-bar.tsx'
import { AlarmPage } from './alarm-page.tsx'
import { isUnacknowledged } from './alarm-state.ts'
import { CellPage } from './cell-page.tsx'
import { freshnessOf, silenceOf, useClient, useNow, useRoute } from './client.ts'
import { EnginePage } from './engine-page.tsx'
import { ErrorBoundary } from './error-boundary.tsx'
import { Header } from './header.tsx'
import { HelpDialog } from './help-dialog.tsx'
import { LinePage } from './line-page.tsx'
import { LiveRegion } from './live-region.tsx'
import { ModelPage } from './model-page.tsx'
import { Notices } from './notices.tsx'
import { hashOf, type Route } from './route.ts'
import { SignIn, useKeyWanted } from './sign-in.tsx'
import type { ClientState, LineState } from './store.ts'
import { useShortcuts } from './use-shortcuts.ts'
import { useAlarmSound } from './use-sound.ts'

/** The whole page: the frame that never goes away, and the screen the address names. */
export function App() {
  const state = useClient()
  const route = useRoute()
  const now_ms = useNow(500)
  const [helpOpen, setHelpOpen] = useState(false)
  const [shortcutsOn, setShortcutsOn] = useState(true)
  const lastLine = useRef('')
  const line = lineOf(state, route, lastLine.current)
  const lineName = line?.info.line ?? ''
  useEffect(() => {
    if (lineName !== '') lastLine.current = lineName
  }, [lineName])
  const title = titleOf(state)
  useEffect(() => {
    document.title = title
  }, [title])
  const sound = useAlarmSound()
  const openHelp = () => setHelpOpen(true)
  useShortcuts({ on: shortcutsOn, line, route, openHelp, silence: () => sound.silence() })
  const { age_ms, freshness } = freshnessOf(line, now_ms)
  const silent_ms = silenceOf(line)
  const keyWanted = useKeyWanted(state)
  return (
    <div className="page" data-freshness={freshness}>
      <button type="button" className="skip" onClick={skipToMain}>
        Skip to the screen
      </button>
      <Header
        state={state}
        line={line}
        route={route}
        age_ms={silent_ms > 0 ? age_ms + silent_ms : age_ms}
        freshness={silent_ms > 0 && freshness === 'fresh' ? 'stale' : freshness}
        openHelp={openHelp}
      />
      <AlarmBar state={state} />
      <Notices {...{ state, line, freshness, now_ms, keyWanted }} />
      <main id="main" tabIndex={-1}>
        {keyWanted && <SignIn />}
        <ErrorBoundary key={hashOf(route)}>
          {(state.lines.size > 0 || !keyWanted) && (
            <Screen state={state} line={line} route={route} />
          )}
        </ErrorBoundary>
      </main>
      <LiveRegion alarm={state.announced} />
      {helpOpen && (
        <HelpDialog
          shortcutsOn={shortcutsOn}
          setShortcutsOn={setShortcutsOn}
          close={() => setHelpOpen(false)}
        />
      )}
    </div>
  )
}

function Screen(props: { state: ClientState; line: LineState | undefined; route: Route }) {
  const { state, line, route } = props
  if (route.screen === 'alarms') return <AlarmPage state={state} />
  if (route.screen === 'advice') return <AdvicePage state={state} />
  if (route.screen === 'models') return <ModelPage state={state} />
  if (route.screen === 'engine') return <EnginePage />
  if (!line) return <NoLine state={state} route={route} />
  if (route.screen === 'line') return <LinePage key={line.info.line} state={state} line={line} />
  const cell = line.info.cells.indexOf(route.cell)
  if (cell < 0)
    return (
      <p className="empty">
        Line {line.info.line} has no cell "{route.cell}".{' '}
        <a href={hashOf({ screen: 'line', line: line.info.line })}>Show the line</a>
      </p>
    )
  return <CellPage key={`${line.info.line}/${cell}`} state={state} line={line} cell={cell} />
}

function NoLine({ state, route }: { state: ClientState; route: Route }) {
  if (state.connection !== 'open') return <p className="empty">Connecting to the engine…</p>
  const named = route.screen === 'line' && route.line !== ''
  return (
    <p className="empty">
      {named
        ? `The engine has no line "${route.line}".`
        : 'The engine has no line yet. Send readings, or start the demonstration with "npm start".'}
    </p>
  )
}

/** What a tab in the background still says: how many alarms wait, or that nothing is known. */
export function titleOf(state: ClientState): string {
  if (state.connection === 'lost') return 'No connection · Liquidus'
  const waiting = [...state.alarms.values()].filter(isUnacknowledged).length
  return waiting > 0 ? `(${waiting}) Liquidus` : 'Liquidus'
}

/** The line on screen: the address's, else the last one seen, else the first. */
function lineOf(state: ClientState, route: Route, last: string): LineState | undefined {
  const named = route.screen === 'line' || route.screen === 'cell' ? route.line : last
  if (named !== '') return state.lines.get(named)
  return state.lines.values().next().value
}

function skipToMain() {
  document.getElementById('main')?.focus()
}
