import type { Clock } from '../core/clock.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'

/** How long a refused write is shown as a problem: producers try again sooner than that. */
const REFUSAL_SHOWN_MS = 30_000

/** What is wrong with a line: for good, while the store is away, or with its last writes. */
export interface LineTroubles {
  /** The problem to show now, or ''. */
  problem(): string
  stop(problem: string): void
  /** True once the line cannot go on. */
  stopped(): boolean
  /** What a commit or a read waits for; '' when it waits no longer. */
  wait(problem: string): void
  /** Notes a failed write; true where the store failed, not what it was asked to do. */
  refuse(error: unknown): boolean
  accept(): void
}

export function lineTroubles(clock: Clock): LineTroubles {
  let stopped = ''
  let waiting = ''
  let refused = ''
  let refused_ms = 0
  return {
    problem() {
      const recent = clock.elapsed_ms() - refused_ms < REFUSAL_SHOWN_MS
      return stopped || waiting || (recent ? refused : '')
    },
    stop(problem) {
      stopped = problem
    },
    stopped: () => stopped !== '',
    wait(problem) {
      waiting = problem
    },
    refuse(error) {
      if (!(error instanceof LiquidusError && error.code.startsWith('STORE_'))) return false
      refused = problemOf(error)
      refused_ms = clock.elapsed_ms()
      return true
    },
    accept() {
      refused = ''
    },
  }
}
