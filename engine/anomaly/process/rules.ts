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

/** Alumina above the anode effect that is more than the twin can be wrong by. */
const ALUMINA_LEFT = 0.003

const anodeEffect: ProcessRule = {
  kind: 'anode-effect',
  need_s: 2,
  clear_s: 20,
  judge: look => between(look.voltage_V, 6, 8),
  describe(look) {
    // With alumina left the bath stood still or was pushed away: feeding alone may not end it.
    const left = look.margin > ALUMINA_LEFT
    return {
      text: `anode effect: ${look.voltage_V.toFixed(1)} V`,
      score: 1,
      causes: ranked(
        ['alumina is depleted under the anodes', left ? 0.4 : 0.8],
        ['gas covers the anodes though alumina is left', left ? 0.6 : 0.2],
      ),
    }
  },
}

/**
 * A coming anode effect needs witnesses that agree. Each is read as x2/(1+x2) of what it shows
 * over what is usual at most, 0.5 at that, and the weakest one counts. The steepest slope of 58
 * quiet simulated hours of 40 cells was 0.024, the highest climb 0.25; after an anode change
 * resistance climbs as steeply on other plants, but then the alumina does not fall.
 */
const SLOPE_USUAL = 0.02e-6 / 60 // Ohm/s
const RISE_USUAL_OHM = 0.12e-6
const AHEAD_S = 15 * 60
/** Where the twin can not say how much alumina is left, the resistance alone must be beyond doubt. */
const SLOPE_ALONE = 0.06e-6 / 60
const RISE_ALONE_OHM = 0.4e-6
const SETTLED_S = 240
/** The twin first has to find the alumina of a cell that it meets. */
const MET_S = 45 * 60
/** The slope remembers a move of the line current for so long. */
const LINE_SETTLED_S = 15 * 60
const RISK_PRESENT = 0.5
const RISK_ABSENT = 0.35

/** Seconds until the estimate reaches the anode effect at its present rate; NaN: it does not. */
export function timeToEffect_s(look: CellLook): number {
  if (!(look.aluminaRate_ps < 0)) return Number.NaN
  return Math.max(0, look.margin) / -look.aluminaRate_ps
}

/** Strength of a witness: 0.5 where it shows just what is usual at most. */
function witness(shown: number, usual: number): number {
  const x = shown / usual
  return x > 0 ? (x * x) / (1 + x * x) : 0
}

/** How surely an anode effect is coming, 0..1; NaN when it can not be judged. */
export function effectRisk(look: CellLook): number {
  const settled = look.quiet_s >= SETTLED_S && look.lineCalm_s >= LINE_SETTLED_S
  if (look.voltage_V > 8 || !settled || Number.isNaN(look.slope_Ohmps)) return Number.NaN
  const alone = Math.min(
    witness(look.slope_Ohmps, SLOPE_ALONE),
    witness(look.rise_Ohm, RISE_ALONE_OHM),
  )
  if (look.trusted_s < MET_S) return alone
  const ahead_s = timeToEffect_s(look)
  const soon = ahead_s > 0 ? witness(AHEAD_S, ahead_s) : ahead_s === 0 ? 1 : 0
  const together = Math.min(
    witness(look.slope_Ohmps, SLOPE_USUAL),
    witness(look.rise_Ohm, RISE_USUAL_OHM),
    soon,
  )
  return Math.max(alone, together)
}

const anodeEffectComing: ProcessRule = {
  kind: 'anode-effect-coming',
  need_s: 30,
  clear_s: 180,
  judge(look) {
    if (look.voltage_V > 8) return Verdict.absent
    return between(look.risk, RISK_ABSENT, RISK_PRESENT)
  },
  describe(look) {
    const ahead_s = timeToEffect_s(look)
    const known = look.trusted && ahead_s < 3600
    const when = known ? ` in about ${Math.max(1, Math.round(ahead_s / 60))} min` : ' soon'
    const rise = (look.slope_Ohmps * 60e6).toFixed(3)
    return {
      text: `anode effect coming${when}: resistance rises ${rise} uOhm/min`,
      score: look.risk,
      causes: ranked(
        ['resistance rises as alumina runs out', look.slope_Ohmps / SLOPE_USUAL],
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
