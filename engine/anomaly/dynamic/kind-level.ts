import type { Stateful } from '../state.ts'
import type { KindPlan } from './kind-plan.ts'

/** The evidence that an event needs, from what quiet assets of the line showed. */
export interface KindLevel extends Stateful {
  /** Infinity until enough blocks were seen. */
  threshold(): number
  /** Takes a row of an asset. */
  take(cell: number, evidence: number, isQuiet: boolean): void
  /** Ends the tick; `events_per_day` may be false. */
  endTick(events_per_day: number): void
  /** An event that nothing confirmed: fewer are allowed for a while. */
  wasFalse(): void
}

/** Newest largest values of quiet blocks that the level rests on. */
export const MAXIMA_MAX = 4096
export const MAXIMA_MIN = 60
/** Of each asset so many are enough: a line of one would wait for long. */
const OWN_MIN = 20
/** Largest values whose law is read off, at least; a twentieth where there are more. */
const TAIL_COUNT = 40
const TAIL_SHARE = 0.05
/** Ticks between two readings of the level while they are few, and later. */
const SOON = 20
const LATER = 300
/** A false event halves the chance that is allowed; one per budget keeps it in place. */
const HALVINGS_MOST = 10
const LAXER_MOST = 0.5
const THRESHOLD_LEAST = 3

/** Places in the numbers that are kept. */
const At = { maxima: 0, halvings: 1, threshold: 2, ticks: 3 } as const

/** No block has been seen. */
export function kindLevel({ cells, block, ticks_per_day }: KindPlan): KindLevel {
  const maxima = new Float32Array(MAXIMA_MAX) // a ring
  const most = new Float32Array(cells).fill(-Infinity)
  const rows = new Uint8Array(cells)
  const numbers = Float64Array.of(0, 0, Infinity, 0)
  // The numbers come first: they say how much of the ring is in use, and the rest is not kept.
  const used = () => maxima.subarray(0, Math.min(MAXIMA_MAX, numbers[At.maxima]!))
  const needed = Math.min(MAXIMA_MIN, OWN_MIN * cells)

  const renew = (events_per_day: number): void => {
    const count = Math.min(MAXIMA_MAX, numbers[At.maxima]!)
    const sorted = maxima.slice(0, count).sort()
    const blocks_per_day = (cells * ticks_per_day) / block
    const chance = (events_per_day * 2 ** numbers[At.halvings]!) / blocks_per_day
    numbers[At.threshold] = Math.max(THRESHOLD_LEAST, levelOfMaxima(sorted, chance))
  }

  return {
    threshold: () => numbers[At.threshold]!,
    take(cell, evidence, isQuiet) {
      if (!isQuiet) {
        rows[cell] = 0
        most[cell] = -Infinity
        return
      }
      if (evidence > most[cell]!) most[cell] = evidence
      if (++rows[cell]! < block) return
      maxima[numbers[At.maxima]!++ % MAXIMA_MAX] = most[cell]!
      rows[cell] = 0
      most[cell] = -Infinity
    },
    endTick(events_per_day) {
      const ticks = ++numbers[At.ticks]!
      if (numbers[At.maxima]! < needed) return
      // Adaptive conformal: what the budget asks for in the long run, whatever drifts.
      const laxer = numbers[At.halvings]! + events_per_day / ticks_per_day
      numbers[At.halvings] = Math.min(LAXER_MOST, laxer)
      const every = numbers[At.maxima]! < MAXIMA_MAX ? SOON : LATER
      if (ticks % every === 0 || numbers[At.threshold] === Infinity) renew(events_per_day)
    },
    wasFalse() {
      numbers[At.halvings] = Math.max(-HALVINGS_MOST, numbers[At.halvings]! - 1)
    },
    save(out) {
      for (const array of [numbers, most, rows, used()]) out.array(array)
    },
    load(from) {
      for (const array of [numbers, most, rows]) from.array(array)
      from.array(used())
    },
  }
}

/**
 * The level that a block passes with a chance. The tail is read as exponential: a few blocks of a
 * fault that was missed must not lift it out of reach, and what is heavier is paid by halvings.
 */
function levelOfMaxima(sorted: Float32Array, chance: number): number {
  const n = sorted.length
  const count = Math.ceil(Math.max(TAIL_SHARE * n, Math.min(0.5 * n, TAIL_COUNT)))
  const from = sorted[n - count - 1]!
  let mean = 0
  for (let i = n - count; i < n; i++) mean += (sorted[i]! - from) / count
  const careful = mean * (1 + 1 / Math.sqrt(count))
  return from + careful * Math.log(Math.max(1, count / n / chance))
}
