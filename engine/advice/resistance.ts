import type { TwinFrame } from '../flow.ts'
import { confidenceOf } from './feed.ts'
import { targetResistance, window } from './limits.ts'
import type { Look } from './look.ts'
import { clamp, type ForecastOf, outlookOf, type Proposal, rounded } from './proposal.ts'

/** Resistance per distance of a 350 kA cell, uOhm/m (process model specification 8). */
const UOHM_PER_M = 109

/**
 * Proposes a target resistance: up in steps while a cell is unstable, and otherwise towards the
 * superheat target where the AlF3 of the bath is not the cause (nine-box practice).
 */
export function proposeResistance(
  cell: number,
  twin: TwinFrame,
  look: Look,
  resistance: { readonly recent_uOhm: number; readonly usual_uOhm: number },
  forecast: ForecastOf,
): Proposal | undefined {
  const { recent_uOhm: from, usual_uOhm } = resistance
  if (!(from > 0) || !(usual_uOhm > 0)) return undefined
  const wish = wishOf(cell, twin, look)
  if (!wish) return undefined
  const { range_share, step_max, step_min, interval_min_s, unit } = targetResistance
  const low = usual_uOhm * (1 - range_share)
  const high = usual_uOhm * (1 + range_share)
  const to = clamp(from + clamp(wish.change_uOhm, -step_max, step_max), low, high)
  const change = to - from
  if (change * wish.change_uOhm < 0) return undefined
  if (Math.abs(change) < step_min || Math.abs(change) > step_max + 1e-9) return undefined
  const outlook = outlookOf(cell, { acd_change_m: change / UOHM_PER_M }, forecast)
  if (!outlook?.safe) return undefined
  return {
    setpoint: 'target_resistance',
    unit,
    from: rounded(from),
    to: rounded(to),
    low: rounded(low),
    high: rounded(high),
    step_max,
    interval_min_s,
    reason: wish.reason,
    forecasts: outlook.forecasts,
    margins: outlook.margins,
    confidence: wish.confidence,
  }
}

interface Wish {
  readonly change_uOhm: number
  readonly reason: string
  readonly confidence: number
}

function wishOf(cell: number, twin: TwinFrame, look: Look): Wish | undefined {
  const noise_V = look.mean(twin, 'noise', cell)
  if (noise_V > window.noise_high_V) {
    return {
      change_uOhm: targetResistance.step_max,
      reason:
        `voltage noise ${(1e3 * noise_V).toFixed(0)} mV is above ` +
        `${1e3 * window.noise_high_V} mV: more distance steadies the metal`,
      confidence: 0.9,
    }
  }
  const superheat_K = look.mean(twin, 'superheat', cell)
  const superheat_std_K = look.std(twin, 'superheat', cell)
  const off_K = superheat_K - window.superheat_target_K
  if (!(Math.abs(off_K) > 1.645 * superheat_std_K) || Math.abs(off_K) < 2) return undefined
  const alf3 = look.mean(twin, 'excessAlf3', cell)
  // Hot with little AlF3, or cold with much: the bath is the cause, and volts would hide it.
  if (off_K > 0 && alf3 < window.excess_alf3_low_share) return undefined
  if (off_K < 0 && alf3 > window.excess_alf3_high_share) return undefined
  return {
    change_uOhm: -off_K * 0.02,
    reason:
      `superheat ${superheat_K.toFixed(1)} K is ${off_K > 0 ? 'above' : 'below'} the target ` +
      `${window.superheat_target_K} K and the AlF3 of the bath is not the cause`,
    confidence: confidenceOf(Math.abs(off_K), superheat_std_K),
  }
}
