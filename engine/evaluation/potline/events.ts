import { WARM_UP_S } from './plan.ts'
import { scoring, type TrueFault } from './truth.ts'
import type { Effect, ToldAlarm, Watched } from './watch.ts'

/** A line that ran, with what was true of it. */
export interface ScoredLine extends Watched {
  readonly faults: readonly TrueFault[]
}

/** What became of one fault. */
export interface FaultOutcome {
  readonly kind: string
  /** Seconds from its start to the first alarm of its cell; NaN: none. */
  readonly found_s: number
  /** Seconds to the first alarm that names a right cause among its first three; NaN: none. */
  readonly named_s: number
  /** Seconds to the right feeder by number; NaN: none, or no feeder fault. */
  readonly feeder_s: number
  /** The first alarm has a right cause among its first three. */
  readonly rightAtFirst: boolean
}

/** How an anode effect came about. */
export type EffectOrigin = 'with precursor' | 'without precursor' | 'local'

/** What became of one anode effect. */
export interface EffectOutcome {
  readonly origin: EffectOrigin
  /** Seconds from the warning to the effect; NaN: no warning. */
  readonly lead_s: number
}

const CAUSES_TOLD = 3
/** A warning counts for an effect that follows within an hour. */
export const AHEAD_MAX_S = 3600
/** Alarms after an anode effect are of its making: the cell is hot and stirred. */
const AFTER_EFFECT_S = 4 * 3600
const WARNINGS: ReadonlySet<string> = new Set(['anode-effect-coming', 'local-anode-effect'])

const within = (alarm: ToldAlarm, { cell, start_s, end_s, kind }: TrueFault) =>
  alarm.cell === cell && alarm.raised_s >= start_s && alarm.raised_s < end_s + scoring[kind].grace_s

/** All that was told of an alarm in time order. */
const tellings = ({ raised_s, causes, later }: ToldAlarm) => [
  { time_s: raised_s, causes },
  ...later,
]

/** What the alarms made of each fault; what is told after its end comes too late. */
export function faultOutcomes({ faults, alarms }: ScoredLine): FaultOutcome[] {
  return faults.map(fault => {
    const own = alarms
      .filter(alarm => within(alarm, fault) && alarm.raised_s < fault.end_s)
      .toSorted((a, b) => a.raised_s - b.raised_s)
    const right = scoring[fault.kind].causes(fault)
    const named = (pattern: RegExp) => {
      const times = own
        .flatMap(tellings)
        .filter(({ causes }) => causes.slice(0, CAUSES_TOLD).some(text => pattern.test(text)))
        .map(({ time_s }) => time_s)
        .filter(time_s => time_s < fault.end_s)
      return times.length === 0 ? Number.NaN : Math.min(...times) - fault.start_s
    }
    const first = own[0]
    return {
      kind: fault.kind,
      found_s: first ? first.raised_s - fault.start_s : Number.NaN,
      named_s: named(right),
      feeder_s: named(new RegExp(`^feeder ${fault.feeder} delivers`)),
      rightAtFirst: first?.causes.slice(0, CAUSES_TOLD).some(text => right.test(text)) ?? false,
    }
  })
}

/** How long before each anode effect it was foretold. */
export function effectOutcomes({ faults, alarms, effects }: ScoredLine): EffectOutcome[] {
  return effects.map(({ cell, time_s }) => {
    const leads = alarms
      .filter(alarm => alarm.cell === cell && WARNINGS.has(alarm.kind))
      .map(alarm => time_s - alarm.raised_s)
      .filter(lead_s => lead_s > 0 && lead_s <= AHEAD_MAX_S)
    return {
      origin: originOf(faults, cell, time_s),
      lead_s: leads.length === 0 ? Number.NaN : Math.max(...leads),
    }
  })
}

function originOf(faults: readonly TrueFault[], cell: number, time_s: number): EffectOrigin {
  const at = faults.find(
    fault => fault.cell === cell && time_s >= fault.start_s && time_s < fault.end_s + 60,
  )
  if (at?.kind === 'sudden-effect') return 'without precursor'
  return at?.kind === 'local-effect' ? 'local' : 'with precursor'
}

/** Alarms that nothing explains: no fault of the cell, no anode effect. */
export function falseAlarms({ faults, alarms, effects }: ScoredLine): ToldAlarm[] {
  return alarms.filter(alarm => {
    if (faults.some(fault => within(alarm, fault))) return false
    return !effects.some(effect => explains(effect, alarm))
  })
}

function explains({ cell, time_s }: Effect, alarm: ToldAlarm): boolean {
  if (alarm.cell !== cell) return false
  const since_s = alarm.raised_s - time_s
  const foretold = WARNINGS.has(alarm.kind) && since_s < 0 && since_s >= -AHEAD_MAX_S
  return foretold || (since_s >= -60 && since_s < AFTER_EFFECT_S)
}

/** Cell-days after the warm-up; a false alarm counts before it as well. */
export const cellDays = ({ cells, seconds }: Watched): number =>
  (cells * Math.max(0, seconds - WARM_UP_S)) / 86_400
