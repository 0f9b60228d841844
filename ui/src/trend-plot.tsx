import { useEffect, useRef, useState } from 'react'
import uPlot from 'uplot'
import { useWidth } from './client.ts'
import {
  axisText,
  type Display,
  digitsAt,
  formatClock,
  formatNumber,
  formatUnit,
  shown,
  shownSpread,
  Z_90,
} from './format.ts'
import type { TrendView } from './trend-buffer.ts'

/** One line of a plot, by the names of the trend columns. */
export interface TrendLine {
  readonly label: string
  readonly column: string
  /** Column of the standard deviation of the band around it. */
  readonly band?: string
  readonly style: 'measured' | 'twin'
}

/** What one plot shows. */
export interface TrendSpec {
  readonly key: string
  readonly title: string
  readonly display: Display
  readonly lines: readonly TrendLine[]
  /** The axis never spans less than this, in display units, so that noise stays small. */
  readonly span_min: number
}

const STROKES = { measured: '#33383d', twin: '#1f5594' } as const
const BAND_FILL = 'rgba(31, 85, 148, 0.17)'
const EXTREMES_FILLS = {
  measured: 'rgba(51, 56, 61, 0.28)',
  twin: 'rgba(31, 85, 148, 0.28)',
} as const
const GRID = { stroke: '#d3d6d8', width: 1 }
const AXIS_FONT = '11px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'
const HEIGHT_HEAD = 22

/** Measured and twin over time with the band; cursors of all plots of a page move together. */
export function TrendPlot(props: {
  spec: TrendSpec
  view: TrendView
  version: number
  from_s: number
  to_s: number
  height: number
  withTimes: boolean
}) {
  const { spec, view, version, from_s, to_s, height, withTimes } = props
  const [holder, setHolder] = useState<HTMLDivElement | null>(null)
  const plot = useRef<uPlot>(undefined)
  const [cursor, setCursor] = useState<number | null>(null)
  const width = useWidth(holder)
  const plotHeight = height - HEIGHT_HEAD

  // biome-ignore lint/correctness/useExhaustiveDependencies: new data go through setData below
  useEffect(() => {
    if (!holder || width === 0) return
    const made = new uPlot(
      plotOptions(spec, width, plotHeight, withTimes, setCursor),
      plotData(spec, view),
      holder,
    )
    made.setScale('x', { min: from_s, max: to_s })
    plot.current = made
    return () => {
      made.destroy()
      plot.current = undefined
    }
  }, [holder, width, plotHeight, spec, withTimes])

  // biome-ignore lint/correctness/useExhaustiveDependencies: `version` says that `view` changed
  useEffect(() => {
    const current = plot.current
    if (!current) return
    current.batch(() => {
      current.setData(plotData(spec, view), false)
      current.setScale('x', { min: from_s, max: to_s })
    })
  }, [spec, view, version, from_s, to_s])

  const at = cursor ?? view.times_s.length - 1
  const isEmpty = spec.lines.every(line => view.column(line.column).every(isNothing))
  const label = spec.lines
    .map(line => `${line.label} ${valueText(spec, view, line, at)}`)
    .join(', ')
  return (
    <figure className="trend" data-testid={`trend-${spec.key}`}>
      <figcaption>
        <b>{spec.title}</b> <span className="soft">{formatUnit(spec.display.unit)}</span>
        {spec.lines.map(line => (
          <span key={line.column} className="trend-value" data-style={line.style}>
            <i />
            {line.label} <b>{valueText(spec, view, line, at)}</b>
          </span>
        ))}
        {cursor !== null && (
          <span className="soft">at {formatClock((view.times_s[cursor] ?? 0) * 1000)}</span>
        )}
      </figcaption>
      {isEmpty && <p className="soft no-values">No value in this time</p>}
      <div
        ref={setHolder}
        role="img"
        aria-label={`${spec.title}: ${label}`}
        hidden={isEmpty && !withTimes}
      />
    </figure>
  )
}

const isNothing = (value: number | null) => value === null

function valueText(spec: TrendSpec, view: TrendView, line: TrendLine, at: number): string {
  const value = view.column(line.column)[at]
  if (value === null || value === undefined) return '–'
  const { display } = spec
  const number = shown(display, value)
  const digits = digitsAt(display, number)
  const text = formatNumber(number, digits)
  const std = line.band === undefined ? null : view.column(line.band)[at]
  if (std === null || std === undefined) return text
  return `${text} ±${formatNumber(Z_90 * shownSpread(display, std), digits)}`
}

/**
 * Columns in the order of the series: x, then per line its high edge, low edge and middle; the
 * edges are the band, or the extremes of what each point stands for.
 */
export function plotData(spec: TrendSpec, view: TrendView): uPlot.AlignedData {
  const columns: (readonly (number | null)[])[] = [view.times_s]
  const { display } = spec
  for (const line of spec.lines) {
    const middle = view.column(line.column)
    if (line.band === undefined) {
      const inUnit = (value: number | null) => (value === null ? null : shown(display, value))
      columns.push(view.high(line.column).map(inUnit), view.low(line.column).map(inUnit))
    } else {
      const std = view.column(line.band)
      const edge = (side: number) =>
        middle.map((value, i) => {
          const spread = std[i]
          if (value === null || spread === null || spread === undefined) return null
          return shown(display, value) + side * Z_90 * shownSpread(display, spread)
        })
      columns.push(edge(1), edge(-1))
    }
    columns.push(middle.map(value => (value === null ? null : shown(display, value))))
  }
  return columns as uPlot.AlignedData
}

function plotOptions(
  spec: TrendSpec,
  width: number,
  height: number,
  withTimes: boolean,
  onCursor: (index: number | null) => void,
): uPlot.Options {
  const series: uPlot.Series[] = [{}]
  const bands: uPlot.Band[] = []
  for (const line of spec.lines) {
    const fill = line.band === undefined ? EXTREMES_FILLS[line.style] : BAND_FILL
    bands.push({ series: [series.length, series.length + 1], fill })
    // The twin's band beside a measured line may leave the plot: the measured line must be read.
    const auto = line.band === undefined || spec.lines.length === 1
    const edge: uPlot.Series = {
      stroke: 'transparent',
      width: 0,
      points: { show: false },
      auto,
    }
    series.push(edge, edge)
    const stroke = STROKES[line.style]
    series.push({ stroke, width: line.style === 'twin' ? 1.5 : 1, points: { show: false } })
  }
  const axis = { stroke: '#3f464b', font: AXIS_FONT, grid: GRID, ticks: { ...GRID, size: 4 } }
  return {
    width,
    height,
    series,
    bands,
    legend: { show: false },
    padding: [6, 18, withTimes ? 0 : 4, 0],
    cursor: { sync: { key: 'cell' }, points: { show: false }, drag: { x: false, y: false } },
    scales: {
      x: { time: true, auto: false },
      y: { range: (_, low, high) => range(spec, low, high) },
    },
    axes: [
      {
        ...axis,
        size: withTimes ? 22 : 0,
        space: 70,
        values: (_, splits) =>
          splits.map(split => (withTimes ? formatClock(split * 1000).slice(0, 5) : '')),
      },
      { ...axis, size: 56, space: 26, values: (_, splits) => splits.map(axisText(splits)) },
    ],
    hooks: { setCursor: [made => onCursor(made.cursor.idx ?? null)] },
  }
}

function range(spec: TrendSpec, low: number | null, high: number | null): [number, number] {
  if (low === null || high === null || !Number.isFinite(low + high)) return [0, spec.span_min]
  const span = Math.max(spec.span_min, (high - low) * 1.1)
  const middle = (low + high) / 2
  return [middle - span / 2, middle + span / 2]
}
