import type { Clock } from '../core/clock.ts'

/** A state up to this size is stored with every tick: it costs less than to think about it. */
export const SMALL_STATE_BYTES = 64 << 10
/** State bytes written, as a share of the log bytes that they save a restart from folding. */
const STATE_SHARE = 0.5
/** Folding that a restart may have to repeat; by code that is not yet warm it takes twice that. */
const REPEAT_FOLD_MS = 200
/** Age of the stored state while ticks close, for each whole MiB of it. */
const STATE_AGE_MS = 10_000
const MIB = 1 << 20
/** Entries since the stored state: for a small state, and for a large one. */
const UNSTORED_MAX = 1000
const UNSTORED_LARGE_MAX = 10_000

/**
 * When the whole state of a line is stored. Between two states the log has all that a restart needs,
 * so a large one is stored only as often as keeps writing cheap and a restart quick.
 */
export interface StateCadence {
  folded(bytes: number, duration_ms: number): void
  due(position: number, ticks: number): boolean
  stored(position: number, size_bytes: number): void
  /** Size of the stored state. */
  size_bytes(): number
}

/** A cadence that begins at the position of the stored state, which has `stored_bytes`. */
export function stateCadence(
  clock: Clock,
  begin: number,
  published: number,
  stored_bytes = 0,
): StateCadence {
  let at = begin
  let size_bytes = stored_bytes
  let isFirst = true // to be stored since the start: a restart soon after must not fold all again
  let unstored_bytes = 0
  let fold_ms = 0
  let stored_ms = clock.elapsed_ms()
  return {
    folded(bytes, duration_ms) {
      unstored_bytes += bytes
      fold_ms += duration_ms
    },
    due(position, ticks) {
      // What was published before is folded again first: the store stands further on already.
      if (position < published) return false
      const entries = position - at
      if (isFirst || size_bytes <= SMALL_STATE_BYTES) return ticks > 0 || entries >= UNSTORED_MAX
      const age_ms = STATE_AGE_MS * Math.max(1, size_bytes / MIB)
      return (
        size_bytes <= STATE_SHARE * unstored_bytes ||
        fold_ms >= REPEAT_FOLD_MS ||
        entries >= UNSTORED_LARGE_MAX ||
        (ticks > 0 && clock.elapsed_ms() - stored_ms >= age_ms)
      )
    },
    stored(position, bytes) {
      at = position
      size_bytes = bytes
      isFirst = false
      unstored_bytes = 0
      fold_ms = 0
      stored_ms = clock.elapsed_ms()
    },
    size_bytes: () => size_bytes,
  }
}
