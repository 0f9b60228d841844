import type { Cause } from '../../flow.ts'
import { Verdict } from '../persistence.ts'
import type { CellLook } from './cell-look.ts'

/** A condition of the process that has a name in the potroom. */
export interface ProcessRule {
  readonly kind: string
  /** The condition must hold most of this long. */
  readonly need_s: number
  /** It must be gone most of this long. */
  readonly clear_s: number
  judge(look: CellLook): Verdict
  describe(look: CellLook): RuleText
}

export interface RuleText {
  readonly text: string
  readonly score: number // 0..1
  readonly causes: readonly Cause[]
}

/** Present above one level, absent below another, no statement between or when not known. */
function between(value: number, absentBelow: number, presentAbove: number): Verdict {
  if (value > presentAbove) return Verdict.present
  return value < absentBelow ? Verdict.absent : Verdict.unknown
}

/** How sure: 0.5 at two standard deviations, towards 1 beyond. */
function sureness(sigmas: number): number {
  const s = Math.max(0, sigmas) / 2
  return Number.isFinite(s) ? (s * s) / (1 + s * s) : 0.5
}

/** Causes with their weights brought to a sum of one, strongest first. */
function ranked(...causes: readonly (readonly [text: string, weight: number])[]): Cause[] {
  const usable = causes.filter(([, weight]) => weight > 0)
  const sum = usable.reduce((total, [, weight]) => total + weight, 0)
  return usable
    .map(([text, weight]) => ({ text, weight: weight / sum }))
    .sort((a, b) => b.weight - a.weight)
}

const wt = (share: number) => `${(share * 100).toFixed(2)} wt%`

const anodeEffect: ProcessRule = {
  kind: 'anode-effect',
  need_s: 2,
  clear_s: 20,
  judge: look => between(look.voltage_V, 6, 8),
  describe: look => ({
    text: `anode effect: ${look.voltage_V.toFixed(1)} V`,
    score: 1,
    causes: ranked(['alumina is depleted under the anodes', 1]),
  }),
}

// Mean slopes of two minutes; the steepest on 58 quiet simulated hours of 40 cells was 0.024.
const SLOPE_CALM = 0.02e-6 / 60 // Ohm/s
const SLOPE_RISING = 0.026e-6 / 60
const SLOPE_STEEP = 0.032e-6 / 60
const AHEAD_S = 15 * 60
const SETTLED_S = 240

/** Seconds until the estimate reaches the anode effect at its present rate; NaN: it does not. */
export function timeToEffect_s(look: CellLook): number {
  if (!(look.aluminaRate_ps < 0)) return Number.NaN
  return Math.max(0, look.margin) / -look.aluminaRate_ps
}

const anodeEffectComing: ProcessRule = {
  kind: 'anode-effect-coming',
  need_s: 45,
  clear_s: 180,
  judge(look) {
    if (look.voltage_V > 8) return Verdict.absent
    if (look.quiet_s < SETTLED_S || Number.isNaN(look.slope_Ohmps)) return Verdict.unknown
    if (look.slope_Ohmps > SLOPE_STEEP) return Verdict.present
    const soon = look.trusted && timeToEffect_s(look) < AHEAD_S
    if (soon && look.slope_Ohmps > SLOPE_RISING) return Verdict.present
    return look.slope_Ohmps < SLOPE_CALM ? Verdict.absent : Verdict.unknown
  },
  describe(look) {
    const ahead_s = timeToEffect_s(look)
    const known = look.trusted && ahead_s < 3600
    const when = known ? ` in about ${Math.max(1, Math.round(ahead_s / 60))} min` : ' soon'
    const rise = (look.slope_Ohmps * 60e6).toFixed(3)
    return {
      text: `anode effect coming${when}: resistance rises ${rise} uOhm/min`,
      score: sureness((2 * look.slope_Ohmps) / SLOPE_RISING),
      causes: ranked(
        ['resistance rises as alumina runs out', look.slope_Ohmps / SLOPE_STEEP],
        [`alumina only ${wt(look.margin)} above the anode effect`, known ? 0.5 : 0],
      ),
    }
  },
}

const NOISY_V = 0.03
const CALM_V = 0.02

const noisyCell: ProcessRule = {
  kind: 'noisy-cell',
  need_s: 180,
  clear_s: 600,
  judge: look =>
    look.quiet_s < SETTLED_S ? Verdict.unknown : between(look.noise_V, CALM_V, NOISY_V),
  describe: look => ({
    text: `noisy cell: ${Math.round(look.noise_V * 1000)} mV of voltage noise`,
    score: sureness((2 * look.noise_V) / NOISY_V),
    causes: ranked(['voltage noise: metal pad unstable or anode low', 1]),
  }),
}

const superheatLow: ProcessRule = {
  kind: 'superheat-low',
  need_s: 1800,
  clear_s: 1800,
  judge(look) {
    if (look.superheat_K > 4) return Verdict.absent
    return look.superheat_K + 2 * look.superheat_std_K < 3 ? Verdict.present : Verdict.unknown
  },
  describe: look => ({
    text: `superheat low: ${look.superheat_K.toFixed(1)} K`,
    score: sureness((4 - look.superheat_K) / look.superheat_std_K),
    causes: ranked(['bath only just above its liquidus', 1]),
  }),
}

const superheatHigh: ProcessRule = {
  kind: 'superheat-high',
  need_s: 1800,
  clear_s: 1800,
  judge(look) {
    if (look.superheat_K < 18) return Verdict.absent
    return look.superheat_K - 2 * look.superheat_std_K > 20 ? Verdict.present : Verdict.unknown
  },
  describe: look => ({
    text: `superheat high: ${look.superheat_K.toFixed(1)} K`,
    score: sureness((look.superheat_K - 18) / look.superheat_std_K),
    causes: ranked(['bath far above its liquidus', 1]),
  }),
}

/** All rules on signals and estimates of a potline cell. */
export const processRules: readonly ProcessRule[] = [
  anodeEffect,
  anodeEffectComing,
  noisyCell,
  superheatLow,
  superheatHigh,
]
