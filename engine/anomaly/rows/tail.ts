import type { StateReader, StateWriter } from '../state.ts'

/** How a level for alarms is found from the scores of normal running. */
export interface TailPlan {
  /**
   * `quantile`: the share of rows itself; `conformal`: the same, discounted for rows that follow
   * one another; `pot`: peaks over a high quantile, for shares below one in a few hundred.
   */
  readonly method: 'quantile' | 'conformal' | 'pot'
  /** Share of normal rows that may pass. */
  readonly alpha: number
  /** Rows that say the same: only one of so many counts as evidence. */
  readonly block: number
  /** Sets the threshold from false events instead of a share of rows. */
  readonly budget?: {
    readonly events_per_day: number
    readonly rows_per_day: number
    /** Streams of rows that share the budget; 1 when it is left out. */
    readonly streams?: number
  }
  /** Follows slow drift: how far one row moves the share that passes; frozen during an alarm. */
  readonly follow?: number
}

/** The generalised Pareto law beyond `from`. */
export interface ParetoTail {
  readonly from: number
  readonly sigma: number
  readonly gamma: number
  /** Share of all scores that lie beyond `from`. */
  readonly share: number
}

/** Scores of normal running, and what they say of a new one. */
export interface Tail {
  readonly threshold: number
  /** Chance that normal running scores this much. */
  pValue(score: number): number
}

const POT_QUANTILE = 0.98
/** Excesses below this many say nothing of the law of a tail. */
const EXCESSES_MIN = 8
const P_LEAST = 1e-12
const GAMMA_SMALL = 1e-9

/** A tail from scores that the fit has not seen. */
export function fitTail(plan: TailPlan, scores: Float64Array): Tail {
  const sorted = scores.slice().sort()
  const pareto = fitPareto(sorted)
  const pValue = (score: number) => {
    const plain = conformal(sorted, score, plan.block)
    if (!pareto || score <= sorted.at(-1)!) return plain
    return Math.max(P_LEAST, Math.min(plain, beyond(pareto, score)))
  }
  return { threshold: thresholdOf(plan, sorted, pareto), pValue }
}

/**
 * Split-conformal p-value, the mean over all sub-samples that keep one row of each block:
 * rows that follow one another are no independent evidence.
 */
export function conformal(sorted: Float64Array, score: number, block: number): number {
  const above = sorted.length - lowerBound(sorted, score)
  return (1 + above / block) / (sorted.length / block + 1)
}

function thresholdOf(plan: TailPlan, sorted: Float64Array, pareto: ParetoTail | undefined): number {
  const { method, alpha, block } = plan
  const n = sorted.length
  if (method === 'pot' && pareto) return levelOf(pareto, alpha)
  const above = method === 'conformal' ? Math.floor(alpha * (n + block) - block) : alpha * n
  if (above < 0) return pareto ? levelOf(pareto, alpha) : sorted.at(-1)!
  return sorted[Math.max(0, Math.min(n - 1, Math.floor(n - above)))]!
}

/** How the law of a tail is fitted. */
export interface TailRule {
  /** Excesses over this quantile are fitted. */
  readonly quantile: number
  /** The law is never lighter than this; 0: exponential. */
  readonly gamma_least: number
  /** Widens the law by this many standard errors of its scale: few excesses promise little. */
  readonly caution: number
}

const PLAIN_RULE: TailRule = { quantile: POT_QUANTILE, gamma_least: -Infinity, caution: 0 }

/** Fits the excesses over a high quantile by moments; undefined when there are too few. */
export function fitPareto(
  sorted: Float64Array,
  { quantile, gamma_least, caution }: TailRule = PLAIN_RULE,
): ParetoTail | undefined {
  const n = sorted.length
  const first = Math.floor(quantile * n)
  const from = sorted[Math.max(0, first - 1)]!
  const count = n - first
  if (count < EXCESSES_MIN) return undefined
  let mean = 0
  for (let i = first; i < n; i++) mean += (sorted[i]! - from) / count
  let variance = 0
  for (let i = first; i < n; i++) variance += (sorted[i]! - from - mean) ** 2 / (count - 1)
  if (!(mean > 0) || !(variance > 0)) return undefined
  const ratio = (mean * mean) / variance
  const gamma = Math.max(gamma_least, 0.5 * (1 - ratio))
  // The mean excess is kept: sigma / (1 - gamma).
  const sigma = mean * (1 - gamma) * (1 + caution / Math.sqrt(count))
  return { from, sigma, gamma, share: count / n }
}

/** The score that a share `q` of normal rows passes. */
export function levelOf({ from, sigma, gamma, share }: ParetoTail, q: number): number {
  if (Math.abs(gamma) < GAMMA_SMALL) return from - sigma * Math.log(q / share)
  return from + (sigma / gamma) * ((q / share) ** -gamma - 1)
}

/** Share of normal rows beyond a score. */
export function beyond({ from, sigma, gamma, share }: ParetoTail, score: number): number {
  const excess = score - from
  if (Math.abs(gamma) < GAMMA_SMALL) return share * Math.exp(-excess / sigma)
  return share * Math.max(0, 1 + (gamma * excess) / sigma) ** (-1 / gamma)
}

/** First place in a sorted array whose value is at least `value`. */
export function lowerBound(sorted: Float64Array, value: number): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** An alarm only when `need` of the newest `of` rows passed. */
export interface PersistencePlan {
  readonly need: number
  readonly of: number
}

/** Counts the newest rows that passed. */
export interface RowPersistence {
  take(passed: boolean): boolean
  reset(): void
  save(out: StateWriter): void
  load(from: StateReader): void
}

/** Nothing has passed yet. */
export function rowPersistence({ need, of }: PersistencePlan): RowPersistence {
  const kept = new Uint8Array(of)
  return {
    take(passed) {
      kept.copyWithin(1, 0, of - 1)
      kept[0] = Number(passed)
      let count = 0
      for (const one of kept) count += one
      return count >= need
    },
    reset: () => void kept.fill(0),
    save: out => out.array(kept),
    load: from => from.array(kept),
  }
}
