import type { LineInfo } from '#engine/outputs/websocket/protocol.ts'
import { displayOf, sentence } from './format.ts'
import { fieldIndex, type Role } from './telemetry.ts'
import type { TrendSpec } from './trend-plot.tsx'

/** Trends of a potline cell, in the order an operator reads them, with the least axis span. */
const FIELD_TRENDS: readonly (readonly [role: Role, span_min: number])[] = [
  ['superheat', 4],
  ['alumina', 0.5],
  ['resistance', 0.1],
  ['feed', 20],
]
const VOLTAGE_SPAN_MIN = 0.1
/** A generic channel's axis spans at least this many steps of its last decimal. */
const GENERIC_STEPS_MIN = 20

/** The plots of one cell page. */
export function trendSpecs(info: LineInfo): readonly TrendSpec[] {
  const isPotline = info.kind === 'potline'
  const channels = info.channels.map((channel): TrendSpec => {
    const display = displayOf(channel)
    return {
      key: channel.tag,
      title: isPotline ? sentence(channel.text) : channel.text,
      display,
      span_min: isPotline ? VOLTAGE_SPAN_MIN : GENERIC_STEPS_MIN / 10 ** display.digits,
      lines: [
        {
          label: 'twin',
          column: `${channel.tag}_expected`,
          band: `${channel.tag}_expected_std`,
          style: 'twin',
        },
        { label: 'measured', column: channel.tag, style: 'measured' },
      ],
    }
  })
  if (!isPotline) return channels
  const fields: TrendSpec[] = []
  for (const [role, span_min] of FIELD_TRENDS) {
    const field = info.fields[fieldIndex(info.fields, role)]
    if (!field) continue
    fields.push({
      key: role,
      title: sentence(field.text),
      display: displayOf(field),
      span_min,
      lines: [{ label: 'estimate', column: field.name, band: `${field.name}_std`, style: 'twin' }],
    })
  }
  return [...channels, ...fields]
}

/** Names of the history columns that the plots draw. */
export function columnsOf(specs: readonly TrendSpec[]): readonly string[] {
  return specs.flatMap(spec =>
    spec.lines.flatMap(line => (line.band ? [line.column, line.band] : [line.column])),
  )
}
