import type { TwinFrame } from '../flow.ts'
import { baseFeedRate, window } from './limits.ts'
import type { Look } from './look.ts'
import { clamp, type ForecastOf, outlookOf, type Proposal, rounded } from './proposal.ts'

const FARADAY_CPMOL = 96485.33212
const ALUMINA_KGPMOL = 0.1019613
/** Feed efficiency this many deviations from one is not chance. */
const SIGNIFICANT_SIGMA = 1.645
const LEAST_SHARE = 0.02
/** 0.01 uOhm/min. */
const RISING_OHMPS = 0.01e-6 / 60

/** Alumina that the reaction consumes (Faraday, with current efficiency), kg/s. */
export function aluminaDemand_kgps(line_A: number, currentEfficiency: number): number {
  return (currentEfficiency * line_A * ALUMINA_KGPMOL) / (6 * FARADAY_CPMOL)
}

/**
 * Proposes a base feed rate when what arrives differs from what is commanded: need over feed
 * efficiency, one step at a time, inside the range around the need.
 */
export function proposeFeed(
  cell: number,
  twin: TwinFrame,
  look: Look,
  commanded_kgps: number,
  line_A: number,
  forecast: ForecastOf,
): Proposal | undefined {
  const efficiency = look.mean(twin, 'feedEfficiency', cell)
  const efficiency_std = look.std(twin, 'feedEfficiency', cell)
  const need_kgph = 3600 * aluminaDemand_kgps(line_A, look.mean(twin, 'currentEfficiency', cell))
  const from = 3600 * commanded_kgps
  if (!(efficiency > 0) || !(need_kgph > 0) || !(from > 0)) return undefined
  const alumina = look.mean(twin, 'alumina', cell)
  const rich = alumina > window.alumina_high_share && look.observable(twin, 'alumina', cell)
  const short = 1 - efficiency
  if (!(Math.abs(short) > SIGNIFICANT_SIGMA * efficiency_std) && !rich) return undefined

  const { range_share, step_max_share, interval_min_s, step_min, unit } = baseFeedRate
  const low = need_kgph * (1 - range_share)
  const high = need_kgph * (1 + range_share)
  const wanted = rich ? from * (1 - step_max_share) : need_kgph / efficiency
  const step_max = from * step_max_share
  const to = clamp(clamp(wanted, from - step_max, from + step_max), low, high)
  const change = to - from
  // Where the range already lies the other way, a move towards it would say the opposite.
  if (change * (wanted - from) < 0) return undefined
  if (Math.abs(change) < Math.max(step_min, LEAST_SHARE * from)) return undefined
  if (Math.abs(change) > step_max + 1e-9) return undefined
  // Rising resistance says that the cell is getting lean, whatever the estimate of the feed says.
  if (change < 0 && look.mean(twin, 'slope', cell) > RISING_OHMPS) return undefined
  const outlook = outlookOf(cell, { feed_ratio: to / from }, forecast)
  if (!outlook?.safe) return undefined
  return {
    setpoint: 'base_feed_rate',
    unit,
    from: rounded(from),
    to: rounded(to),
    low: rounded(low),
    high: rounded(high),
    step_max: rounded(step_max),
    interval_min_s,
    reason: rich
      ? `dissolved alumina ${(100 * alumina).toFixed(1)} wt% is above ` +
        `${100 * window.alumina_high_share} wt%: undissolved alumina would settle as sludge`
      : `${(100 * efficiency).toFixed(0)} % of the commanded alumina arrives; the reaction needs ` +
        `${need_kgph.toFixed(0)} kg/h${outlook.warning}`,
    forecasts: outlook.forecasts,
    margins: outlook.margins,
    confidence: confidenceOf(Math.abs(short), efficiency_std),
  }
}

/** Two-sided normal confidence that a deviation is not chance (logistic form of the integral). */
export function confidenceOf(deviation: number, std: number): number {
  const z = std > 0 ? deviation / std : 0
  return rounded(clamp(2 / (1 + Math.exp(-1.702 * z)) - 1, 0, 0.999))
}
