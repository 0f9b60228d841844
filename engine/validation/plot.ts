/** Plots of the documents: Vega-Lite in, SVG text out, the same on every machine. */
import { parse, View } from 'vega'
import { compile, type TopLevelSpec } from 'vega-lite'

/** A point of a plot; `series` and `panel` are names that appear in it. */
export interface Point {
  readonly x: number
  readonly y: number
  readonly series: string
  readonly panel?: string
}

/** Lines with names, in one panel or several below one another or side by side. */
export interface LinePlot {
  readonly points: readonly Point[]
  /** Series in the order of their colours. */
  readonly series: readonly string[]
  readonly x: string
  readonly y: string
  readonly width: number
  readonly height: number
  readonly logarithmic?: boolean
  /** Panels a row; needs panels in the points. */
  readonly columns?: number
  /** Panels in this order; each with a y axis of its own. */
  readonly panels?: readonly string[]
  /** Series drawn as points. */
  readonly dotted?: readonly string[]
}

const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#444444']
const FONT = 'sans-serif'

/** The plot as SVG. */
export async function lineSvg(plot: LinePlot): Promise<string> {
  return render(specOf(plot))
}

function specOf(plot: LinePlot): TopLevelSpec {
  const scale = plot.logarithmic ? { type: 'log' as const } : { zero: false, nice: true }
  const axis = plot.logarithmic ? { format: '~e' } : {}
  const dotted = plot.dotted ?? []
  const encoding = {
    x: { field: 'x', type: 'quantitative' as const, title: plot.x, scale },
    y: { field: 'y', type: 'quantitative' as const, title: plot.y, scale, axis },
    color: {
      field: 'series',
      type: 'nominal' as const,
      title: null,
      sort: [...plot.series],
      scale: { domain: [...plot.series], range: COLOURS.slice(0, plot.series.length) },
      legend: plot.panels
        ? { orient: 'top' as const, labelLimit: 0 }
        : { orient: 'right' as const, labelLimit: 0 },
    },
  }
  const layer = [
    {
      transform: [{ filter: { not: { field: 'series', oneOf: [...dotted, ''] } } }],
      mark: { type: 'line' as const, strokeWidth: 1.5 },
      encoding,
    },
    {
      transform: [{ filter: { field: 'series', oneOf: [...dotted, ''] } }],
      mark: { type: 'point' as const, filled: true, size: 18 },
      encoding,
    },
  ]
  const base = {
    data: { values: plot.points.map(point => ({ ...point })) },
    background: 'white',
    config: {
      font: FONT,
      axis: { labelFontSize: 10, titleFontSize: 11, gridColor: '#e5e5e5' },
      header: { labelFontSize: 11 },
    },
  }
  const size = { width: plot.width, height: plot.height }
  if (!plot.panels) return { ...base, ...size, layer } as TopLevelSpec
  return {
    ...base,
    columns: plot.columns ?? 1,
    facet: { field: 'panel', type: 'nominal', title: null, sort: [...plot.panels] },
    spec: { ...size, layer },
    resolve: { scale: { y: 'independent', x: 'independent' } },
  } as TopLevelSpec
}

async function render(spec: TopLevelSpec): Promise<string> {
  const view = new View(parse(compile(spec).spec), { renderer: 'none' })
  const svg = await view.toSVG()
  view.finalize()
  return `${roundNumbers(svg)}\n`
}

/** Coordinates to a hundredth of a pixel: smaller, and equal where the last bits are not. */
function roundNumbers(svg: string): string {
  return svg
    .replace(/-?\d+\.\d{3,}(e-?\d+)?/g, digits => String(Math.round(100 * Number(digits)) / 100))
    .replace(/(?<=[ ,(])-0(?=[ ,)])/g, '0')
}
