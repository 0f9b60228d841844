/** How much of its log a line keeps; whichever is reached first lets the oldest entries go. */
export interface RetentionLimits {
  readonly entries_max: number
  /** Asked again each time: it may be a share of what all lines may keep together. */
  readonly bytes_max: () => number
  readonly age_ms_max: number
}

/**
 * Knows which entries at the start of a line's log are no longer to be kept. Times are of the
 * monotonic clock: a wall clock that is set ahead for once would take a whole log with it.
 */
export interface LogRetention {
  /** An entry was appended. */
  note(position: number, size_bytes: number, elapsed_ms: number): void
  /** The last position that may go; 0: none. */
  expired(elapsed_ms: number): number
  /** Bytes of the log since the start of the engine that are kept. */
  kept_bytes(): number
  /** Bytes of log that the line may keep now. */
  room_bytes(): number
}

/** Entries that come and go together. */
interface Segment {
  last: number // position
  last_ms: number
  bytes: number
}

/** A limit is kept to about this share of itself. */
const SHARE = 1 / 128
/** When entries may not go for another reason, the two oldest segments become one. */
const SEGMENTS_MAX = 1024

/**
 * The retention of a line whose log goes up to `log_end`. What is in the log already has no known
 * size and counts as written now: it goes when what comes after it fills the limit, or by age.
 */
export function logRetention(
  limits: RetentionLimits,
  log_end: number,
  elapsed_ms: number,
): LogRetention {
  const { entries_max, bytes_max, age_ms_max } = limits
  const segments: Segment[] = log_end > 0 ? [{ last: log_end, last_ms: elapsed_ms, bytes: 0 }] : []
  let end = log_end
  let bytes = 0
  let first = log_end + 1 // position, of the newest segment
  let began_ms = elapsed_ms
  let expired = 0

  const isWhole = (segment: Segment, time_ms: number) =>
    segment.bytes >= bytes_max() * SHARE ||
    segment.last - first + 1 >= entries_max * SHARE ||
    time_ms - began_ms >= age_ms_max * SHARE

  const begin = (position: number, time_ms: number): Segment => {
    const segment = { last: position, last_ms: time_ms, bytes: 0 }
    segments.push(segment)
    first = position
    began_ms = time_ms
    if (segments.length > SEGMENTS_MAX) {
      const oldest = segments.shift()!
      segments[0]!.bytes += oldest.bytes
    }
    return segment
  }

  return {
    note(position, size_bytes, time_ms) {
      end = position
      bytes += size_bytes
      const newest = segments.at(-1)
      const stored = newest === undefined || newest.last < first // from before this engine
      const segment = stored || isWhole(newest, time_ms) ? begin(position, time_ms) : newest
      segment.last = position
      segment.last_ms = time_ms
      segment.bytes += size_bytes
    },
    expired(time_ms) {
      const room_bytes = bytes_max()
      for (;;) {
        const oldest = segments[0]
        const isOver =
          oldest &&
          (oldest.last <= end - entries_max ||
            bytes - oldest.bytes >= room_bytes ||
            time_ms - oldest.last_ms > age_ms_max)
        if (!isOver) break
        expired = oldest.last
        bytes -= oldest.bytes
        segments.shift()
      }
      expired = Math.max(expired, end - entries_max)
      return expired
    },
    kept_bytes: () => bytes,
    room_bytes: bytes_max,
  }
}
