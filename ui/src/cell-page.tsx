import { useState } from 'react'
import type { Advice } from '#engine/flow.ts'
import { AdviceCard, SETPOINTS, STATES } from './advice-card.tsx'
import { AlarmBrief } from './alarm-brief.tsx'
import { AlarmGuidance } from './alarm-guidance.tsx'
import { compareAlarms, isListed } from './alarm-state.ts'
import { CellFigures } from './cell-figures.tsx'
import { CellInside } from './cell-inside.tsx'
import { CellReadings } from './cell-readings.tsx'
import { CellTrends } from './cell-trends.tsx'
import { hashOf } from './route.ts'
import { type ClientState, isDecided, type LineState } from './store.ts'

const SPANS: readonly (readonly [text: string, span_ms: number])[] = [
  ['15 min', 15 * 60_000],
  ['1 h', 3_600_000],
  ['4 h', 4 * 3_600_000],
]

const RESULT_SHOWN_MS = 15 * 60_000

/** Level 3: one cell, its numbers in context, its trends, alarms and recommendation. */
export function CellPage(props: { state: ClientState; line: LineState; cell: number }) {
  const { state, line, cell } = props
  const { info, telemetry } = line
  const [span_ms, setSpan] = useState(SPANS[1]![1])
  const [isInside, setInside] = useState(false)
  const name = info.cells[cell]!
  const alarms = [...state.alarms.values()]
    .filter(alarm => alarm.line === info.line && alarm.cell === name && isListed(alarm))
    .sort(compareAlarms)
  const advice = [...state.advice.values()]
    .filter(each => each.line === info.line && each.cell === name)
    .sort((a, b) => Number(isDecided(a)) - Number(isDecided(b)) || b.created_ms - a.created_ms)
  const hasAside = info.kind === 'potline' || alarms.length > 0 || advice.length > 0
  return (
    <div className="cell-page">
      <div className="cell-head">
        <h1>
          <a href={hashOf({ screen: 'line', line: info.line })}>Line {info.line}</a>
          <span aria-hidden="true"> / </span>
          {name}
        </h1>
        <CellStep line={line} cell={cell} />
        {telemetry?.masked[cell] === 1 && <span className="state">Voltage hidden by an event</span>}
        {telemetry?.trusted[cell] === 0 && <span className="state">Twin not trusted</span>}
        {info.kind === 'potline' && (
          <fieldset className="views">
            <legend className="unseen">View</legend>
            <button type="button" aria-pressed={!isInside} onClick={() => setInside(false)}>
              Trends
            </button>
            <button type="button" aria-pressed={isInside} onClick={() => setInside(true)}>
              Inside the cell
            </button>
          </fieldset>
        )}
        {!isInside && (
          <fieldset className="spans">
            <legend className="unseen">Time shown</legend>
            {SPANS.map(([text, each_ms]) => (
              <button
                key={text}
                type="button"
                aria-pressed={each_ms === span_ms}
                onClick={() => setSpan(each_ms)}
              >
                {text}
              </button>
            ))}
          </fieldset>
        )}
      </div>
      <div className="cell-columns" data-aside={hasAside}>
        <div className="cell-left">
          <CellFigures line={line} cell={cell} />
          <CellReadings line={line} cell={cell} />
        </div>
        {isInside ? (
          <CellInside line={line} cell={cell} />
        ) : (
          <CellTrends line={line} cell={cell} span_ms={span_ms} />
        )}
        <aside className="cell-side" aria-label="Alarms and recommendation">
          {alarms[0] && <AlarmGuidance alarm={alarms[0]} state={state} />}
          {alarms.length !== 1 && <AlarmBrief alarms={alarms.slice(1)} state={state} />}
          {advice[0] && isNow(advice[0], state) ? (
            <AdviceCard advice={advice[0]} state={state} narrow />
          ) : (
            <section className="panel" aria-label="Recommendation">
              <div className="panel-head">
                <h2>Recommendation</h2>
              </div>
              <p className="empty">None waits for this cell</p>
              {advice[0] && (
                <p className="empty">
                  Last one: {SETPOINTS[advice[0].setpoint].toLowerCase()},{' '}
                  {STATES[advice[0].state].toLowerCase()}.{' '}
                  <a href={hashOf({ screen: 'advice' })}>All recommendations</a>
                </p>
              )}
            </section>
          )}
        </aside>
      </div>
    </div>
  )
}

function CellStep({ line, cell }: { line: LineState; cell: number }) {
  const { cells } = line.info
  if (cells.length < 2) return null
  const to = (step: number) =>
    hashOf({
      screen: 'cell',
      line: line.info.line,
      cell: cells[(cell + step + cells.length) % cells.length]!,
    })
  return (
    <nav className="cell-step" aria-label="Neighbours">
      <a href={to(-1)}>‹ previous</a>
      <a href={to(1)}>next ›</a>
    </nav>
  )
}

/** True for what waits, and for what a person decided a short while ago. */
function isNow(advice: Advice, state: ClientState): boolean {
  if (!isDecided(advice)) return true
  const now_ms = state.lines.get(advice.line)?.telemetry?.time_ms ?? 0
  return advice.decided_by !== '' && now_ms - advice.decided_ms < RESULT_SHOWN_MS
}
