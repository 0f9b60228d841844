import { setTimeout as sleep } from 'node:timers/promises'
import { LiquidusError, problemOf } from '../core/errors.ts'

const AGAIN_FIRST_MS = 100
const AGAIN_MAX_MS = 5000
/** What passes by itself or by what an operator does to the store, not to the engine. */
const PASSING: ReadonlySet<string> = new Set(['STORE_UNAVAILABLE', 'STORE_FULL'])

/** Does the work of a store again until it succeeds or cannot any more. */
export type Patience = <T>(work: () => Promise<T>) => Promise<T>

/** Patience with a store that is away; `tell` hears the problem while it lasts, then ''. */
export function patience(isClosed: () => boolean, tell: (problem: string) => void): Patience {
  return async work => {
    for (let wait_ms = AGAIN_FIRST_MS; ; wait_ms = Math.min(2 * wait_ms, AGAIN_MAX_MS)) {
      try {
        const result = await work()
        tell('')
        return result
      } catch (error) {
        const passing = error instanceof LiquidusError && PASSING.has(error.code)
        if (isClosed() || !passing) throw error
        tell(problemOf(error))
        await sleep(wait_ms, undefined, { ref: false })
      }
    }
  }
}
