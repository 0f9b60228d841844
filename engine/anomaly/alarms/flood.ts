import type { Stateful } from '../state.ts'

/** A flood begins with this many alarms within the window, and ends below the other. */
export const FLOOD_BEGIN_COUNT = 10
export const FLOOD_END_COUNT = 5
/** Length of the sliding window. */
export const FLOOD_WINDOW_MS = 600_000

/** Tells a flood from the times of the newest alarms; by event time, so ticks do not matter. */
export interface FloodWatch extends Stateful {
  /** An alarm called the operator. Times must not fall. */
  announced(time_ms: number): void
  /** Lets the flood end where it does, at the latest at this time. */
  advance(time_ms: number): void
  /** When the flood that lasts began, or 0. */
  since_ms(): number
}

/** `over` hears of each stretch of flood once, in order, the running one included. */
export function floodWatch(over: (from_ms: number, to_ms: number) => void): FloodWatch {
  const newest_ms = new Float64Array(FLOOD_BEGIN_COUNT).fill(-Infinity) // [alarm], oldest first
  const facts = new Float64Array(2) // since, told up to

  const tell = (to_ms: number) => {
    if (to_ms > facts[1]!) over(facts[1]!, to_ms)
    facts[1] = to_ms
  }
  const advance = (time_ms: number) => {
    if (facts[0] === 0) return
    // Fewer than five are left once the fifth last leaves the window.
    const end_ms = newest_ms[FLOOD_BEGIN_COUNT - FLOOD_END_COUNT]! + FLOOD_WINDOW_MS
    tell(Math.min(time_ms, end_ms))
    if (end_ms <= time_ms) facts[0] = 0
  }
  return {
    advance,
    announced(time_ms) {
      advance(time_ms)
      newest_ms.copyWithin(0, 1)
      newest_ms[FLOOD_BEGIN_COUNT - 1] = time_ms
      if (facts[0] !== 0 || newest_ms[0]! <= time_ms - FLOOD_WINDOW_MS) return
      facts.fill(time_ms)
    },
    since_ms: () => facts[0]!,
    save(out) {
      out.array(newest_ms)
      out.array(facts)
    },
    load(from) {
      from.array(newest_ms)
      from.array(facts)
    },
  }
}
