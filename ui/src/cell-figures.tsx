import { AnalogIndicator } from './analog-indicator.tsx'
import {
  displayOf,
  formatBand,
  formatNumber,
  formatUnit,
  formatValue,
  sentence,
  shownSpread,
  Z_90,
} from './format.ts'
import { bandOf, normalOf, normalText, scaleWith } from './normal-range.ts'
import type { LineState } from './store.ts'
import { estimateAt, fieldIndex, type Role } from './telemetry.ts'

interface Figure {
  readonly role: Role
  /** The least scale of the indicator, in display units. */
  readonly scale: readonly [low: number, high: number]
}

/** What is shown of a cell, on a scale that cells of any design are on; ranges are the line's. */
const FIGURES: readonly Figure[] = [
  { role: 'alumina', scale: [0, 6] },
  { role: 'bath', scale: [940, 990] },
  { role: 'acd', scale: [25, 65] },
  { role: 'feed', scale: [0, 150] },
  { role: 'noise', scale: [0, 60] },
  { role: 'ledge', scale: [0, 25] },
]
const SUPERHEAT: Figure = { role: 'superheat', scale: [-5, 25] }

/** Superheat large, the other estimates as moving analog indicators. */
export function CellFigures({ line, cell }: { line: LineState; cell: number }) {
  const { info } = line
  if (info.kind !== 'potline') return <GenericFigures line={line} cell={cell} />
  return (
    <section className="panel live figures" aria-label="Estimates">
      <FigureRow line={line} cell={cell} figure={SUPERHEAT} isHeadline />
      {FIGURES.map(figure => (
        <FigureRow key={figure.role} line={line} cell={cell} figure={figure} />
      ))}
    </section>
  )
}

function FigureRow(props: { line: LineState; cell: number; figure: Figure; isHeadline?: boolean }) {
  const { line, cell, figure, isHeadline } = props
  const { info, telemetry } = line
  const index = fieldIndex(info.fields, figure.role)
  const field = info.fields[index]
  if (!field) return null
  const display = displayOf(field)
  const { value, std, observable } = estimateAt(telemetry, index, cell, info.cells.length)
  const known = observable && Number.isFinite(value)
  const half = Z_90 * shownSpread(display, std)
  const range = normalOf(info, field.name)
  const scale = scaleWith(figure.scale, range)
  return (
    <div
      className={isHeadline ? 'figure headline' : 'figure'}
      data-testid={`figure-${figure.role}`}
    >
      <span className="figure-name" title={range && normalText(range, display)}>
        {sentence(field.text)}
      </span>
      {known ? (
        <span className="figure-value estimate">
          <b>{formatValue(display, value)}</b>
          {!isHeadline && Number.isFinite(std) && (
            <span className="soft"> ±{formatNumber(half, display.digits)}</span>
          )}{' '}
          {formatUnit(display.unit)}
        </span>
      ) : (
        <span className="figure-value unknown">
          {telemetry ? 'not observable now' : 'no value yet'}
        </span>
      )}
      <AnalogIndicator
        display={display}
        value={value}
        std={std}
        observable={known}
        scale={scale}
        normal={range && bandOf(range)}
      />
      {isHeadline && known && Number.isFinite(std) && (
        <span className="figure-band soft">P05–P95 {formatBand(display, value, std)}</span>
      )}
    </div>
  )
}

/** The channels of a generic asset: measured large, expected beside it. */
function GenericFigures({ line, cell }: { line: LineState; cell: number }) {
  const { info, telemetry } = line
  const cells = info.cells.length
  return (
    <section className="panel live figures" aria-label="Channels">
      {info.channels.map((channel, i) => {
        const at = i * cells + cell
        const display = displayOf(channel)
        const std = telemetry?.expected_std[at] ?? Number.NaN
        const expected = telemetry?.expected[at] ?? Number.NaN
        const range = normalOf(info, channel.tag)
        return (
          <div className="figure" key={channel.tag} data-testid={`figure-${channel.tag}`}>
            <span className="figure-name">{channel.text}</span>
            <span className="figure-value">
              <b>{formatValue(display, telemetry?.observed[at])}</b> {formatUnit(display.unit)}
            </span>
            <span className="figure-band soft">expected {formatBand(display, expected, std)}</span>
            {range && <span className="figure-band soft">{normalText(range, display)}</span>}
          </div>
        )
      })}
    </section>
  )
}
