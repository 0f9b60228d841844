import { maximaThreshold } from '../rows/budget.ts'
import type { TailRule } from '../rows/tail.ts'
import type { Stateful } from '../state.ts'

/** The level of the fused evidence that keeps the event budget of a line. */
export interface BudgetLevel extends Stateful {
  /** Infinity until enough quiet blocks were seen. */
  threshold(): number
  /** Takes the largest evidence of a quiet block; `chance` is the budget's of an event in it. */
  push(most: number, chance: number): void
  /** An event that nothing confirmed: fewer are allowed for a while. */
  wasFalse(): void
}

/** Newest quiet blocks that the level rests on: a week of five minutes. */
export const BLOCKS_MAX = 2016
/** Maxima of blocks are all tail; what lies above four fifths of them gives the law. */
const RULE: TailRule = { quantile: 0.8, gamma_least: 0, caution: 1 }
/** How far one false event moves the share that is allowed; one per budget keeps it in place. */
const STEP = 0.5
const RATIO_LEAST = 1 / 8
const RATIO_MOST = 1.5
/** A block in ten may never pass, whatever the budget says. */
const CHANCE_MOST = 0.1
/** Evidence below this stands out for nobody, however quiet the line has been. */
const THRESHOLD_LEAST = 1

/** No block has been seen. */
export function budgetLevel(blocks_min: number): BudgetLevel {
  const maxima = new Float32Array(BLOCKS_MAX) // a ring
  const numbers = Float64Array.of(0, 1, Infinity) // blocks, ratio, threshold
  /** Of the ring; the rest is not kept. */
  const used = () => maxima.subarray(0, Math.min(BLOCKS_MAX, numbers[0]!))
  return {
    threshold: () => numbers[2]!,
    push(most, chance) {
      maxima[numbers[0]! % BLOCKS_MAX] = most
      const blocks = ++numbers[0]!
      if (blocks < blocks_min) return
      // Adaptive conformal: what the budget asks for in the long run, whatever drifts.
      numbers[1] = Math.min(RATIO_MOST, numbers[1]! + STEP * chance)
      const sorted = Float64Array.from(maxima.subarray(0, Math.min(blocks, BLOCKS_MAX))).sort()
      const allowed = Math.min(CHANCE_MOST, chance * numbers[1]!)
      const { threshold } = maximaThreshold(sorted, allowed, RULE)
      numbers[2] = Math.max(THRESHOLD_LEAST, threshold)
    },
    wasFalse() {
      numbers[1] = Math.max(RATIO_LEAST, numbers[1]! - STEP)
    },
    save(out) {
      out.array(numbers)
      out.array(used())
    },
    load(from) {
      from.array(numbers)
      from.array(used())
    },
  }
}
