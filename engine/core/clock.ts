/** The only file that reads the machine's clock; everything else is handed a `Clock`. */
export interface Clock {
  /** Wall time, ms since 1970-01-01 UTC. */
  now_ms(): number
  /** Monotonic time with sub-millisecond resolution, for durations only. */
  elapsed_ms(): number
}

export const systemClock: Clock = {
  now_ms: () => Date.now(),
  elapsed_ms: () => performance.now(),
}

/** A clock that moves only when told to; for tests and offline runs. */
export function manualClock(start_ms = 0): Clock & { advance(by_ms: number): void } {
  let time_ms = start_ms
  return {
    now_ms: () => time_ms,
    elapsed_ms: () => time_ms,
    advance(by_ms) {
      time_ms += by_ms
    },
  }
}
