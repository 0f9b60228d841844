/** The plots of docs/validation.md that need no recording. */
import {
  enthalpyFront_m,
  runNeumann,
  spaceConvergence,
  timeConvergence,
} from '#twin-models/kernels/stefan-cases.ts'
import { CRYOLITE_CASE, neumann } from '#twin-models/kernels/stefan-exact.ts'
import { feederProfile, PARABOLA } from '#twin-models/kernels/transport-bench.ts'
import { transportOrders } from '#twin-models/kernels/transport-cases.ts'
import fixtures from '#twin-models/potline/fixtures.json' with { type: 'json' }
import { columnOf, runScenario, SCENARIO_NAMES } from './lumped-run.ts'
import { type LinePlot, lineSvg, type Point } from './plot.ts'
import { notebookVoltage_V } from './voltage.ts'

/** A plot with its file name and what to say about it. */
export interface Figure {
  readonly file: string
  readonly caption: string
  readonly plot: LinePlot
}

/** All figures, in the order of the document. */
export function figures(): readonly Figure[] {
  return [voltageCurve(), scenarios(), ledgeFront(), errors('space'), errors('time'), profiles()]
}

/** A figure as SVG. */
export const figureSvg = (figure: Figure): Promise<string> => lineSvg(figure.plot)

function voltageCurve(): Figure {
  const { first_wtpct, step_wtpct, voltage_V } = fixtures.publishedCurve
  const points: Point[] = voltage_V.map((y, i) => ({
    x: first_wtpct + i * step_wtpct,
    y,
    series: 'published',
  }))
  for (let x = 1.95; x < 6.95; x += 0.025) {
    points.push({ x, y: notebookVoltage_V(126_000, 0.029, x), series: 'computed' })
  }
  return {
    file: 'voltage-curve.svg',
    caption: 'Cell voltage over alumina: 50 published points and the curve computed.',
    plot: {
      points,
      series: ['computed', 'published'],
      dotted: ['published'],
      x: 'alumina, wt%',
      y: 'cell voltage, V',
      width: 520,
      height: 240,
    },
  }
}

const SCENARIO_POINTS = 144

function scenarios(): Figure {
  const points: Point[] = []
  const panels: string[] = []
  for (const name of SCENARIO_NAMES) {
    const { text, rows } = fixtures.scenarios[name]
    const panel = `${name}: ${text}`
    panels.push(panel)
    const end_s = rows.at(-1)![0]!
    const every_s = Math.max(5, Math.round(end_s / SCENARIO_POINTS / 5) * 5)
    const times_s = Array.from({ length: Math.floor(end_s / every_s) + 1 }, (_, i) => i * every_s)
    runScenario(name, times_s, sample => {
      const x = sample.time_s / 3600
      points.push({ x, y: columnOf('bath_C', sample), series: 'bath', panel })
      points.push({ x, y: columnOf('liquidus_C', sample), series: 'liquidus', panel })
    })
    for (const row of rows) {
      points.push({ x: row[0]! / 3600, y: row[7]!, series: 'reference', panel })
    }
  }
  return {
    file: 'scenarios.svg',
    caption: 'Reference runs of RC-350: bath and liquidus, with the separate implementation.',
    plot: {
      points,
      series: ['bath', 'liquidus', 'reference'],
      dotted: ['reference'],
      panels,
      columns: 2,
      x: 'time, h',
      y: 'C',
      width: 280,
      height: 150,
    },
  }
}

function ledgeFront(): Figure {
  const exact = neumann(CRYOLITE_CASE)
  const points: Point[] = []
  for (let minute = 1; minute <= 60; minute++) {
    points.push({ x: minute, y: 1000 * exact.front_m(60 * minute), series: 'Neumann, exact' })
  }
  for (const minute of [2.5, 5, 10, 15, 20, 30, 40, 50, 60]) {
    const to_s = 60 * minute
    const wall = runNeumann(CRYOLITE_CASE, { nodes: 36, step_s: 10, from_s: 60, to_s })
    points.push({ x: minute, y: 1000 * wall.front_m, series: 'wall, 36 volumes, 10 s' })
    // Between the points of the wall, so that both are seen.
    const between = minute - 1.25
    const enthalpy_m = enthalpyFront_m(CRYOLITE_CASE, 0.12, 120, 60 * between)
    points.push({ x: between, y: 1000 * enthalpy_m, series: 'enthalpy, 120 volumes' })
  }
  return {
    file: 'ledge-front.svg',
    caption: 'Freeze front of the cryolite case: front fixing wall, enthalpy method, Neumann.',
    plot: {
      points,
      series: ['Neumann, exact', 'wall, 36 volumes, 10 s', 'enthalpy, 120 volumes'],
      dotted: ['wall, 36 volumes, 10 s', 'enthalpy, 120 volumes'],
      x: 'time, min',
      y: 'front, mm',
      width: 520,
      height: 240,
    },
  }
}

/** Error by grid or by step, log-log, each with a guide of the designed slope. */
function errors(of: 'space' | 'time'): Figure {
  const wall = (of === 'space' ? spaceConvergence() : timeConvergence()).map(row => ({
    x: of === 'space' ? 1 / row.cut : row.cut,
    y: Math.abs(row.error),
    series: of === 'space' ? 'freeze front, width/ledge' : 'freeze front',
  }))
  const design = of === 'space' ? 2 : 1
  const transport = transportOrders()
    .filter(order => order.design === design)
    .flatMap(({ text, sizes, errors: found }) =>
      found.map((y, i) => ({ x: sizes[i]!, y, series: text.replace(/, (space|time)$/, '') })),
    )
  const points = [...wall, ...transport]
  const series = [...new Set(points.map(point => point.series))]
  const guide = `slope ${design}`
  const xs = points.map(point => point.x)
  const low = Math.min(...xs)
  const high = Math.max(...xs)
  const top = Math.max(...points.map(point => point.y))
  const slope = (x: number) => top * (design === 2 ? (x / high) * (x / high) : x / high)
  return {
    file: `error-by-${of === 'space' ? 'grid' : 'step'}.svg`,
    caption:
      of === 'space'
        ? 'Error over the width of a volume: second order.'
        : 'Error over the time step: first order or better.',
    plot: {
      points: [
        ...points,
        { x: low, y: slope(low), series: guide },
        { x: high, y: slope(high), series: guide },
      ],
      series: [...series, guide],
      x: of === 'space' ? 'width, m (front: share of the ledge)' : 'time step, s',
      y: 'error',
      width: 520,
      height: 300,
      logarithmic: true,
    },
  }
}

function profiles(): Figure {
  const nodes = 105
  const dispersion_m2_s = 0.02
  const at = (k: number) => ((k + 0.5) * PARABOLA.length_m) / nodes
  const cases: readonly (readonly [string, number])[] = [
    ['all five feeders', -1],
    ['end feeder lost', 0],
    ['second feeder lost', 1],
    ['middle feeder lost', 2],
  ]
  const points = cases.flatMap(([series, lost]) => {
    const profile = feederProfile(nodes, dispersion_m2_s, lost)
    return [...profile].map((share, k) => ({ x: at(k), y: 100 * share, series }))
  })
  return {
    file: 'alumina-profiles.svg',
    caption:
      'Alumina along the cell at rest, the other feeders sharing the work of a lost one: the local ' +
      'deficit is 12, 6 or 4 times the height of the feeder parabola.',
    plot: {
      points,
      series: cases.map(([series]) => series),
      x: 'along the cell, m',
      y: 'alumina, wt%',
      width: 520,
      height: 240,
    },
  }
}
