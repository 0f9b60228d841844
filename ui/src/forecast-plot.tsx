import { useEffect, useState } from 'react'
import uPlot from 'uplot'
import type { ForecastPair } from '#engine/flow.ts'
import { useWidth } from './client.ts'
import { digitsFor, formatNumber, formatUnit, sentence, words, Z_90 } from './format.ts'

const AXIS_FONT = '11px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif'
const GRID = { stroke: '#d3d6d8', width: 1 }
const WITH = '#1f5594'
const WITHOUT = '#5b646b'

/** One field from now on, with the change and without it, each with its band. */
export function ForecastPlot({ pair, height }: { pair: ForecastPair; height: number }) {
  const [holder, setHolder] = useState<HTMLDivElement | null>(null)
  const width = useWidth(holder)
  useEffect(() => {
    if (!holder || width === 0) return
    const plot = new uPlot(forecastOptions(width, height), forecastData(pair), holder)
    return () => plot.destroy()
  }, [holder, width, height, pair])
  const last = pair.times_s.length - 1
  const digits = Math.min(2, digitsFor(Math.abs(pair.with_mean[last] ?? 1)))
  const withText = formatNumber(pair.with_mean[last], digits)
  const withoutText = formatNumber(pair.without_mean[last], digits)
  const minutes = Math.round((pair.times_s[last] ?? 0) / 60)
  const name = fieldName(pair.field)
  return (
    <figure className="trend forecast">
      <figcaption>
        <b>{name}</b> <span className="soft">{formatUnit(pair.unit)}</span>
        <span className="break" />
        <span className="trend-value" data-style="twin">
          <i /> with <b>{withText}</b>
        </span>
        <span className="trend-value" data-style="without">
          <i /> without <b>{withoutText}</b>
        </span>
      </figcaption>
      <div
        ref={setHolder}
        role="img"
        aria-label={`${name} after ${minutes} min: ${withText} with, ${withoutText} without`}
      />
    </figure>
  )
}

/** A field's name without its unit, as words: `superheat_K` -> "Superheat". */
function fieldName(field: string): string {
  return sentence(words(field.replace(/_(K|m|V|kg|Ohm|share|1|Jpkg)$/, '')))
}

/** Hours, then high edge, low edge and middle of both plans. */
export function forecastData(pair: ForecastPair): uPlot.AlignedData {
  const edge = (mean: readonly number[], std: readonly number[], side: number) =>
    mean.map((value, i) => value + side * Z_90 * (std[i] ?? 0))
  const { with_mean, with_std, without_mean, without_std } = pair
  return [
    pair.times_s.map(time_s => time_s / 3600),
    edge(without_mean, without_std, 1),
    edge(without_mean, without_std, -1),
    [...without_mean],
    edge(with_mean, with_std, 1),
    edge(with_mean, with_std, -1),
    [...with_mean],
  ]
}

function forecastOptions(width: number, height: number): uPlot.Options {
  const edge: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } }
  const line = (stroke: string): uPlot.Series => ({
    stroke,
    width: 1.5,
    dash: [6, 3],
    points: { show: false },
  })
  const axis = { stroke: '#3f464b', font: AXIS_FONT, grid: GRID, ticks: { ...GRID, size: 4 } }
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [6, 14, 0, 0],
    scales: { x: { time: false } },
    series: [{}, edge, edge, line(WITHOUT), edge, edge, line(WITH)],
    bands: [
      { series: [1, 2], fill: 'rgba(91, 100, 107, 0.16)' },
      { series: [4, 5], fill: 'rgba(31, 85, 148, 0.16)' },
    ],
    axes: [
      {
        ...axis,
        size: 20,
        space: 40,
        incrs: [0.25, 0.5, 1, 2, 4, 6, 12, 24],
        values: (_, splits) => splits.map(hours => `${hours} h`),
      },
      { ...axis, size: 44, space: 24 },
    ],
  }
}
