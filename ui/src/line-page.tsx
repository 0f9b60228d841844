import { useMemo, useState } from 'react'
import { AlarmBrief } from './alarm-brief.tsx'
import { isListed, worstByCell } from './alarm-state.ts'
import { CellStrip } from './cell-strip.tsx'
import { CellTrends } from './cell-trends.tsx'
import { ChannelTable } from './channel-table.tsx'
import { useViewportHeight } from './client.ts'
import { mapColumn, mapVariables } from './deviation.ts'
import { LineKpis } from './line-kpis.tsx'
import { MapLegend } from './map-legend.tsx'
import { MapTable } from './map-table.tsx'
import { PotlineMap } from './potline-map.tsx'
import { SensorFaults } from './sensor-faults.tsx'
import type { ClientState, LineState } from './store.ts'

/** What of the window's height the map may take, and within what bounds. */
const MAP_SHARE = 0.325
const MAP_HEIGHT_MIN = 250
const MAP_HEIGHT_MAX = 400
/** A line of one asset shows its trends at once. */
const TRENDS_MS = 3_600_000
const ROWS_MIN = 11
const ROW_HEIGHT = 27
/** Height of the page without the map and without the rows of the table below it. */
const AROUND_ROWS = 220
const TRENDS_ROOM = 440

/** Level 1: the line at a glance, where it deviates, and what is alarmed. */
export function LinePage({ state, line }: { state: ClientState; line: LineState }) {
  const { info, telemetry } = line
  const variables = useMemo(() => mapVariables(info, line.detectors), [info, line.detectors])
  const [key, setKey] = useState('')
  const [pointed, setPointed] = useState(-1)
  const variable = variables.find(each => each.key === key) ?? variables[0]
  const column = useMemo(
    () => (variable && telemetry ? mapColumn(variable, telemetry) : undefined),
    [variable, telemetry],
  )
  const alarms = useMemo(
    () => worstByCell(state.alarms.values(), info.line),
    [state.alarms, info.line],
  )
  const viewport = useViewportHeight()
  const mapHeight = Math.max(MAP_HEIGHT_MIN, Math.min(MAP_HEIGHT_MAX, MAP_SHARE * viewport))
  const rows = Math.max(ROWS_MIN, Math.floor((viewport - mapHeight - AROUND_ROWS) / ROW_HEIGHT))
  const single = info.cells.length === 1
  const listed = [...state.alarms.values()].filter(
    alarm => alarm.line === info.line && isListed(alarm),
  )
  return (
    <div className="line-page">
      <h1 className="unseen">Line {info.line}</h1>
      <div className="line-main">
        {!single && (
          <section className="panel live" aria-label="Map">
            <div className="panel-head">
              <h2>Map</h2>
              <label>
                <span>Shows</span>
                <select
                  data-testid="map-variable"
                  value={variable?.key ?? ''}
                  onChange={event => setKey(event.target.value)}
                >
                  {variables.map(each => (
                    <option key={each.key} value={each.key}>
                      {each.text}
                    </option>
                  ))}
                </select>
              </label>
              <MapLegend variable={variable} />
            </div>
            <PotlineMap
              line={line}
              variable={variable}
              column={column}
              alarms={alarms}
              height_max={mapHeight}
              onPoint={setPointed}
            />
            <MapTable line={line} variable={variable} column={column} alarms={alarms} />
          </section>
        )}
        {info.kind === 'potline' ? (
          <CellStrip {...{ line, column, alarms, pointed, rows }} variable={variable?.key ?? ''} />
        ) : (
          <ChannelTable line={line} cell={Math.max(0, pointed)} />
        )}
        {single && <CellTrends line={line} cell={0} span_ms={TRENDS_MS} room={TRENDS_ROOM} />}
      </div>
      <aside className="line-side" aria-label="Line summary">
        <LineKpis line={line} listed={listed} />
        <AlarmBrief alarms={listed} state={state} />
        <SensorFaults line={line} />
      </aside>
    </div>
  )
}
