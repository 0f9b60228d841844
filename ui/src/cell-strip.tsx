import { useRef, useState } from 'react'
import type { AlarmRecord } from '#engine/flow.ts'
import { alarmText, priorityNumber } from './alarm-state.ts'
import { useNow } from './client.ts'
import type { MapColumn } from './deviation.ts'
import { displayOf, formatSigned, formatUnit, formatValue, Z_90 } from './format.ts'
import { PriorityMark } from './priority-mark.tsx'
import { hashOf } from './route.ts'
import type { LineState } from './store.ts'
import { estimateAt, fieldIndex, ROLE_TEXTS, type Role } from './telemetry.ts'

const ROLES: readonly Role[] = ['superheat', 'alumina', 'bath', 'acd', 'feed']

/** The cells that stand out most, with their numbers; the pointed cell comes first. */
export function CellStrip(props: {
  line: LineState
  column: MapColumn | undefined
  /** What the column is of. */
  variable: string
  alarms: ReadonlyMap<string, AlarmRecord>
  pointed: number
  /** How many cells are listed. */
  rows: number
}) {
  const { line, alarms, pointed } = props
  const { info } = line
  const voltage = info.channels[0]
  const shownRoles = ROLES.filter(role => fieldIndex(info.fields, role) >= 0)
  const fields = shownRoles.map(role => fieldIndex(info.fields, role))
  const [isHeld, hold] = useState(false)
  const { order, deviations } = useSteadyOrder(props, isHeld)
  const listed = [...(pointed >= 0 ? [pointed] : []), ...order.filter(cell => cell !== pointed)]
  return (
    <section
      className="panel live"
      aria-label="Cells that stand out"
      onFocus={() => hold(true)}
      onBlur={() => hold(false)}
      onPointerEnter={() => hold(true)}
      onPointerLeave={() => hold(false)}
    >
      <div className="panel-head">
        <h2>
          {pointed >= 0
            ? `${info.cells[pointed]}, then cells that stand out`
            : 'Cells that stand out'}
        </h2>
      </div>
      <table className="strip">
        <thead>
          <tr>
            <th scope="col">Cell</th>
            {voltage && (
              <>
                <th scope="col" className="number">
                  Measured {formatUnit(voltage.display.unit)}
                </th>
                <th scope="col" className="number">
                  Twin {formatUnit(voltage.display.unit)}
                </th>
                <th scope="col" className="number">
                  Mean dev. σ
                </th>
              </>
            )}
            {shownRoles.map((role, i) => (
              <th key={role} scope="col" className="number">
                {ROLE_TEXTS[role]} {formatUnit(info.fields[fields[i]!]!.display.unit)}
              </th>
            ))}
            <th scope="col">Alarm</th>
          </tr>
        </thead>
        <tbody>
          {listed.slice(0, props.rows).map(cell => (
            <StripRow
              key={cell}
              line={line}
              cell={cell}
              fields={fields}
              deviation={deviations[cell] ?? Number.NaN}
              alarms={alarms}
              isPointed={cell === pointed}
            />
          ))}
        </tbody>
      </table>
    </section>
  )
}

function StripRow(props: {
  line: LineState
  cell: number
  fields: readonly number[]
  deviation: number
  alarms: ReadonlyMap<string, AlarmRecord>
  isPointed: boolean
}) {
  const { line, cell, fields, isPointed } = props
  const { info, telemetry } = line
  const name = info.cells[cell]!
  const alarm = props.alarms.get(name)
  const voltage = info.channels[0]
  return (
    <tr data-pointed={isPointed}>
      <th scope="row">
        <a href={hashOf({ screen: 'cell', line: info.line, cell: name })}>{name}</a>
      </th>
      {voltage && (
        <>
          <td className="number">{formatValue(displayOf(voltage), telemetry?.observed[cell])}</td>
          <td className="number estimate">
            {formatValue(displayOf(voltage), telemetry?.expected[cell])}
          </td>
          <td className="number">{formatSigned(props.deviation, 1)}</td>
        </>
      )}
      {fields.map(index => (
        <td key={index} className="number estimate">
          <EstimateText line={line} field={index} cell={cell} />
        </td>
      ))}
      <td className="alarm-cell" title={alarm && alarmText(alarm)}>
        {alarm && (
          <>
            <PriorityMark priority={alarm.priority} /> {alarmText(alarm)}
          </>
        )}
      </td>
    </tr>
  )
}

/** An estimate with its half band, or the plain statement that it cannot be known now. */
function EstimateText(props: { line: LineState; field: number; cell: number }) {
  const { line, field, cell } = props
  const { info, telemetry } = line
  const display = displayOf(info.fields[field]!)
  const { value, std, observable } = estimateAt(telemetry, field, cell, info.cells.length)
  if (!Number.isFinite(value)) return <>–</>
  if (!observable) return <span className="soft">not observable</span>
  const half = Number.isFinite(std) ? Z_90 * std * Math.abs(display.scale) : Number.NaN
  return (
    <>
      {formatValue(display, value)}
      {Number.isFinite(half) && <span className="soft"> ±{half.toFixed(display.digits)}</span>}
    </>
  )
}

const ORDER_EVERY_MS = 5000
/** Weight of a new frame in the deviation that puts cells in order: noise must not. */
const NEW_WEIGHT = 0.1

/**
 * The cells in order of urgency, put in order anew every few seconds or when an alarm changes:
 * rows that move with each frame can be neither read nor clicked. Held: not at all.
 */
function useSteadyOrder(
  props: {
    readonly line: LineState
    readonly column: MapColumn | undefined
    readonly variable: string
    readonly alarms: ReadonlyMap<string, AlarmRecord>
  },
  isHeld: boolean,
): { readonly order: readonly number[]; readonly deviations: Float64Array } {
  const { line, column, variable, alarms } = props
  const { cells } = line.info
  const of = `${line.info.line} ${variable} ${cells.length}`
  const smooth = useRef<{ of: string; column?: MapColumn; deviation: Float64Array }>(undefined)
  if (smooth.current?.of !== of)
    smooth.current = { of, deviation: new Float64Array(cells.length).fill(Number.NaN) }
  if (column && smooth.current.column !== column) {
    smooth.current.column = column
    smoothInto(smooth.current.deviation, column.deviation, NEW_WEIGHT)
  }
  const turn = Math.floor(useNow(1000) / ORDER_EVERY_MS)
  const kept = useRef<{ of: string; key: string; order: readonly number[] }>(undefined)
  const alarmed = [...alarms].map(([cell, { priority }]) => `${cell} ${priority}`).join()
  const key = `${column !== undefined} ${turn} ${alarmed}`
  if (kept.current?.of !== of || (!isHeld && kept.current.key !== key))
    kept.current = { of, key, order: urgencyOrder(cells, smooth.current.deviation, alarms) }
  return { order: kept.current.order, deviations: smooth.current.deviation }
}

/** Moves each smoothed value towards the new one; what is not known now changes nothing. */
export function smoothInto(smoothed: Float64Array, values: Float64Array, weight: number): void {
  values.forEach((value, cell) => {
    if (!Number.isFinite(value)) return
    const before = smoothed[cell]!
    smoothed[cell] = Number.isFinite(before) ? before + weight * (value - before) : value
  })
}

/** Alarmed cells first, by priority, then by how far they deviate. */
export function urgencyOrder(
  cells: readonly string[],
  deviations: Float64Array,
  alarms: ReadonlyMap<string, AlarmRecord>,
): readonly number[] {
  const rank = (cell: number) => {
    const deviation = Math.abs(deviations[cell]!)
    const alarm = alarms.get(cells[cell]!)
    const urgency = alarm ? 1000 * (5 - priorityNumber(alarm.priority)) : 0
    return urgency + (Number.isFinite(deviation) ? deviation : 0)
  }
  return cells.map((_, cell) => cell).sort((a, b) => rank(b) - rank(a) || a - b)
}
