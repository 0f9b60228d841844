import type { Clock } from '#engine/core/clock.ts'

/** The machine's monotonic time when this process read its own as 0. */
const ORIGIN_MS = Number(process.hrtime.bigint()) / 1e6 - performance.now()

/** To be handed to every process of a run: wall time less the machine's monotonic time. */
export const wallOffset_ms = (): number => Date.now() - ORIGIN_MS - performance.now()

/**
 * Milliseconds with a fraction, never set back, and the same in every process that was handed the
 * same offset: latencies are differences of it.
 */
export function sharedClock(offset_ms: number): Clock {
  return {
    now_ms: () => offset_ms + ORIGIN_MS + performance.now(),
    elapsed_ms: () => performance.now(),
  }
}
