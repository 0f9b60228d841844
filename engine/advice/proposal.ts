import type { Advice, Forecast, ForecastPair, Margin, Plan } from '../flow.ts'
import { forecastGrid, WORST_SIGMA, window } from './limits.ts'

export type ForecastOf = (
  cell: number,
  plan: Plan,
  horizon_s: number,
  step_s: number,
) => Forecast | undefined

/** A setpoint worth proposing, before it has an id, a time and a state. */
export type Proposal = Pick<
  Advice,
  | 'setpoint'
  | 'unit'
  | 'from'
  | 'to'
  | 'low'
  | 'high'
  | 'step_max'
  | 'interval_min_s'
  | 'reason'
  | 'forecasts'
  | 'margins'
  | 'confidence'
>

export interface Outlook {
  readonly forecasts: readonly ForecastPair[]
  readonly margins: readonly Margin[]
  /** True when no limit is broken that would not be broken, nearly as far, without the change. */
  readonly safe: boolean
  /** What threatens without the change, or ''. */
  readonly warning: string
}

/** Share of a limit's window within which a change counts as neutral. */
const NEUTRAL_SHARE = 0.05
/** A forecast beyond these is an anode effect, or may be one. */
const EFFECT_MEAN_V = 6
const EFFECT_STD_V = 0.3

interface Constraint {
  readonly text: string
  readonly field: string
  readonly unit: string
  readonly low: number
  readonly high: number
  readonly scale: number
}

const CONSTRAINTS: readonly Constraint[] = [
  {
    text: 'superheat',
    field: 'superheat_K',
    unit: 'K',
    low: window.superheat_low_K,
    high: window.superheat_high_K,
    scale: 1,
  },
  {
    text: 'dissolved alumina',
    field: 'alumina_share',
    unit: 'wt%',
    low: window.alumina_low_share,
    high: Number.POSITIVE_INFINITY,
    scale: 100,
  },
  {
    text: 'cell voltage',
    field: 'voltage_V',
    unit: 'V',
    low: window.voltage_low_V,
    high: window.voltage_high_V,
    scale: 1,
  },
]
const SHOWN: readonly { readonly field: string; readonly unit: string; readonly scale: number }[] =
  [
    { field: 'superheat_K', unit: 'K', scale: 1 },
    { field: 'alumina_share', unit: 'wt%', scale: 100 },
    { field: 'voltage_V', unit: 'V', scale: 1 },
  ]

/** Forecasts a cell with and without a plan and measures the distance to each limit. */
export function outlookOf(cell: number, plan: Plan, forecast: ForecastOf): Outlook | undefined {
  const { horizon_s, step_s } = forecastGrid
  const after = forecast(cell, plan, horizon_s, step_s)
  const before = forecast(cell, {}, horizon_s, step_s)
  if (!after || !before) return undefined
  const steps = Math.min(calmSteps(before), calmSteps(after))
  if (steps === 0) return undefined
  const margins: Margin[] = []
  let safe = calmSteps(after) >= calmSteps(before)
  for (const constraint of CONSTRAINTS) {
    const worst = marginIn(after, steps, constraint)
    const without = marginIn(before, steps, constraint)
    if (Number.isNaN(worst) || Number.isNaN(without)) return undefined
    // Where the limit already lies inside the band, a change may cost a twentieth of the window.
    const width = (Number.isFinite(constraint.high) ? constraint.high : 0) - constraint.low
    safe &&= worst >= 0 || worst >= without - NEUTRAL_SHARE * Math.abs(width)
    const { text, unit, scale } = constraint
    margins.push({
      constraint: text,
      worst: rounded(worst * scale),
      worst_without: rounded(without * scale),
      unit,
    })
  }
  return { margins, safe, warning: warningOf(before), forecasts: pairsOf(after, before, steps) }
}

/** Steps before an anode effect shows in the forecast or in its band; figures beyond mean little. */
function calmSteps(forecast: Forecast): number {
  const steps = forecast.times_s.length
  const row = forecast.fields.indexOf('voltage_V')
  for (let step = 0; row >= 0 && step < steps; step++) {
    const at = row * steps + step
    const calm = forecast.mean[at]! < EFFECT_MEAN_V && !(forecast.std[at]! > EFFECT_STD_V)
    if (!calm) return step
  }
  return steps
}

function warningOf(before: Forecast): string {
  const steps = calmSteps(before)
  if (steps >= before.times_s.length) return ''
  const minutes = Math.round(before.times_s[steps]! / 60)
  return `; without a change an anode effect is possible within ${minutes} min`
}

/** Least distance of the believable band from either limit, over the first `calm` steps. */
function marginIn(forecast: Forecast, calm: number, { field, low, high }: Constraint): number {
  const row = forecast.fields.indexOf(field)
  if (row < 0) return Number.NaN
  const steps = forecast.times_s.length
  let worst = Number.POSITIVE_INFINITY
  for (let i = row * steps; i < row * steps + calm; i++) {
    const mean = forecast.mean[i]!
    const spread = WORST_SIGMA * (forecast.std[i]! || 0)
    worst = Math.min(worst, mean - spread - low, high - mean - spread)
  }
  return worst
}

function pairsOf(after: Forecast, before: Forecast, calm: number): ForecastPair[] {
  const steps = after.times_s.length
  return SHOWN.flatMap(({ field, unit, scale }) => {
    const row = after.fields.indexOf(field)
    if (row < 0) return []
    const slice = (values: Float64Array) =>
      Array.from(values.subarray(row * steps, row * steps + calm), value => rounded(value * scale))
    return [
      {
        times_s: Array.from(after.times_s.subarray(0, calm)),
        field,
        unit,
        with_mean: slice(after.mean),
        with_std: slice(after.std),
        without_mean: slice(before.mean),
        without_std: slice(before.std),
      },
    ]
  })
}

/** Five significant decimals: what a person reads and a certificate can repeat. */
export function rounded(value: number): number {
  return Math.round(value * 1e5) / 1e5
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
