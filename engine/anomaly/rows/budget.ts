import type { StateReader, StateWriter } from '../state.ts'
import { fitPareto, levelOf, type PersistencePlan, type TailRule } from './tail.ts'

/** How many false events an engineer allows, and what an event is. */
export interface EventBudget {
  /** False events a day of all that raises them together, e.g. a line. */
  readonly events_per_day: number
  /** Streams of rows that share the budget, e.g. the cells of a line. */
  readonly streams: number
  readonly rows_per_day: number
  readonly persistence: PersistencePlan
  /** Rows in which alarms are one event; longer than scores resemble one another. */
  readonly block: number
}

/** A threshold and what it rests on. */
export interface BudgetThreshold {
  readonly threshold: number
  /** Chance of an event in a block of one stream that the budget allows. */
  readonly chance_per_block: number
  readonly blocks: number
  /** `counted`: the blocks show the chance; `law`: read off the tail's law; `most`: neither. */
  readonly basis: 'counted' | 'law' | 'most'
}

/**
 * The threshold that keeps a budget of false events, from scores of normal running that no fit has
 * seen. Only the largest persistent score of each block counts: an alarm that goes on, or comes
 * back at once, is one event, and rows beside one another are no independent evidence.
 */
export function budgetThreshold(
  budget: EventBudget,
  runs: readonly Float64Array[],
): BudgetThreshold {
  const { events_per_day, streams, rows_per_day, persistence, block } = budget
  const chance = (events_per_day / streams / rows_per_day) * block
  const most = runs.flatMap(run => blockMaxima(persistent(run, persistence), block))
  return maximaThreshold(Float64Array.from(most).sort(), chance)
}

/** The level that the largest score of a block passes with a chance, from such maxima, sorted. */
export function maximaThreshold(
  sorted: Float64Array,
  chance: number,
  rule?: TailRule,
): BudgetThreshold {
  const blocks = sorted.length
  const told = { chance_per_block: chance, blocks }
  const above = Math.floor(chance * (blocks + 1)) - 1
  if (above >= 0) {
    const threshold = sorted[Math.max(0, blocks - 1 - above)]!
    return { ...told, threshold, basis: 'counted' }
  }
  const pareto = fitPareto(sorted, rule)
  if (!pareto) return { ...told, threshold: sorted.at(-1)!, basis: 'most' }
  const level = Math.max(sorted.at(-1)!, levelOf(pareto, chance))
  return { ...told, threshold: level, basis: 'law' }
}

/** The `need`-th largest of the newest `of` scores: passes a level when the alarm would be on. */
export function persistent(scores: Float64Array, { need, of }: PersistencePlan): Float64Array {
  const newest: number[] = []
  return scores.map(score => {
    newest.push(score)
    if (newest.length > of) newest.shift()
    if (newest.length < need) return -Infinity
    return [...newest].sort((a, b) => b - a)[need - 1]!
  })
}

function blockMaxima(scores: Float64Array, block: number): number[] {
  const found: number[] = []
  for (let from = 0; from + block <= scores.length; from += block) {
    found.push(scores.subarray(from, from + block).reduce((a, b) => Math.max(a, b), -Infinity))
  }
  return found
}

/** Share of normal rows that may pass, steered so that it stays so while normal running drifts. */
export interface AdaptiveLevel {
  /** A row passes when its p-value is at most this. */
  readonly alpha: number
  /** Takes the p-value of a row and whether an alarm is active; true when the row passes. */
  take(pValue: number, alarm: boolean): boolean
  reset(): void
  save(out: StateWriter): void
  load(from: StateReader): void
}

/** The level never allows more than so many times what was asked for. */
const LEVEL_MOST = 4

/**
 * Adaptive conformal level: a row that passes lowers it, one that does not raises it a little, so
 * that `alpha` of the rows pass in the long run. Frozen while an alarm is active.
 */
export function adaptiveLevel(alpha: number, step: number): AdaptiveLevel {
  const state = Float64Array.of(alpha)
  return {
    get alpha() {
      return state[0]!
    },
    take(pValue, alarm) {
      const passed = pValue <= state[0]!
      if (alarm) return passed
      const next = state[0]! + step * (alpha - Number(passed))
      state[0] = Math.max(0, Math.min(LEVEL_MOST * alpha, next))
      return passed
    },
    reset: () => void state.fill(alpha),
    save: out => out.array(state),
    load: from => from.array(state),
  }
}
