import type { AlarmRecord } from '#engine/flow.ts'
import { alarmText } from './alarm-state.ts'
import type { MapColumn, MapVariable } from './deviation.ts'
import { formatSigned, formatUnit } from './format.ts'
import { cellText } from './map-paint.ts'
import { hashOf } from './route.ts'
import type { LineState } from './store.ts'

/** The map as a table, for assistive technology; it says what the canvas shows. */
export function MapTable(props: {
  line: LineState
  variable: MapVariable | undefined
  column: MapColumn | undefined
  alarms: ReadonlyMap<string, AlarmRecord>
}) {
  const { line, variable, column, alarms } = props
  return (
    <div className="unseen">
      <table data-testid="map-table">
        <caption>Cells of line {line.info.line}</caption>
        <thead>
          <tr>
            <th scope="col">Cell</th>
            <th scope="col">
              {variable?.text} {formatUnit(variable?.display.unit ?? '')}
            </th>
            <th scope="col">Deviation, standard deviations</th>
            <th scope="col">Alarm</th>
          </tr>
        </thead>
        <tbody>
          {line.info.cells.map((name, cell) => {
            const alarm = alarms.get(name)
            return (
              <tr key={name} data-testid={`map-cell-${name}`} data-alarm={alarm?.kind ?? ''}>
                <th scope="row">
                  <a
                    tabIndex={-1}
                    href={hashOf({ screen: 'cell', line: line.info.line, cell: name })}
                  >
                    {name}
                  </a>
                </th>
                <td>{variable && column ? cellText(variable, column, cell) : ''}</td>
                <td>{column ? formatSigned(column.deviation[cell] ?? Number.NaN, 1) : ''}</td>
                <td>{alarm ? `${alarm.priority}: ${alarmText(alarm)}` : ''}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}
