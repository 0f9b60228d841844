import type { Clock } from '../core/clock.ts'

/** Restarts of a line that its own entries may have caused, within the window. */
const RESTARTS_MAX = 4
const WINDOW_MS = 600_000
const WAIT_FIRST_MS = 200
const WAIT_MAX_MS = 5000

/** How often a line whose thread was lost is started again. */
export interface Restarts {
  /** How long to wait before the next start, or undefined: it has been tried often enough. */
  next(suspect: boolean): number | undefined
  count(): number
}

/** A thread that another line brought down counts for that line only. */
export function restartBudget(clock: Clock): Restarts {
  let own_ms: number[] = []
  let count = 0
  return {
    next(suspect) {
      const now_ms = clock.elapsed_ms()
      own_ms = own_ms.filter(at_ms => now_ms - at_ms < WINDOW_MS)
      if (suspect) own_ms.push(now_ms)
      if (own_ms.length > RESTARTS_MAX) return undefined
      count += 1
      return Math.min(WAIT_FIRST_MS * 2 ** Math.max(0, own_ms.length - 1), WAIT_MAX_MS)
    },
    count: () => count,
  }
}
