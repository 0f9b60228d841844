import type { Clock } from '../../core/clock.ts'

/** Lets live readings go before backfill, all streams of a door together. */
export interface Precedence {
  /** A live batch goes to the log; call what is returned once it is durable or failed. */
  live(): () => void
  /** True while a stream that backfills and has so many batches on their way must wait. */
  holds(backfilling: number): boolean
  /** The credit that a stream that backfills may have of `line_bytes`. */
  credit_bytes(line_bytes: number): number
}

/** So long after the last live batch backfill may have all there is. */
const LIVE_RECENT_MS = 1000
/** What a stream may backfill beside live streams: batches on their way, and bytes sent ahead. */
const BACKFILL_APPENDS_MAX = 2
const BACKFILL_CREDIT_BYTES = 256 * 1024
/** Live batches that wait for the log, or wait for so long, show that it has no room to share. */
const LIVE_APPENDS_MAX = 64
const LIVE_SLOW_MS = 25
const LIVE_MEAN_SHARE = 0.1

/** How long a producer that is held waits before it asks again. */
export const HELD_RETRY_MS = 10

/** The precedence of a door; nothing is held before the first live batch. */
export function livePrecedence(clock: Clock): Precedence {
  let waiting = 0
  let seen_ms = Number.NEGATIVE_INFINITY
  let append_ms = 0 // recent mean
  const isLive = () => clock.elapsed_ms() - seen_ms < LIVE_RECENT_MS
  return {
    live() {
      const started_ms = clock.elapsed_ms()
      seen_ms = started_ms
      waiting++
      return () => {
        waiting--
        append_ms += (clock.elapsed_ms() - started_ms - append_ms) * LIVE_MEAN_SHARE
      }
    },
    holds(backfilling) {
      if (!isLive()) return false
      if (backfilling >= BACKFILL_APPENDS_MAX) return true
      return waiting >= LIVE_APPENDS_MAX || append_ms > LIVE_SLOW_MS
    },
    credit_bytes: line_bytes =>
      isLive() ? Math.min(line_bytes, BACKFILL_CREDIT_BYTES) : line_bytes,
  }
}
