import { jsonBytes, parseJsonBytes } from '../core/sections.ts'
import type { ReadingBatch } from '../flow.ts'
import type { KeptBlob, LogRecord } from '../store/port.ts'
import type { LogItem } from './entry-queue.ts'

/** Event time between two checkpoints of a line. */
export const CHECKPOINT_EVERY_MS = 10_000
/** Event time that the checkpoints reach back at least: the fixed lag and the wait for a rewind. */
export const REACH_MS = 240_000
/** Checkpoints of a line at most; older ones stand further apart. */
export const CHECKPOINTS_MAX = 10
/** Bytes of checkpoints for each second of event time: those of a large line stand further apart. */
const CHECKPOINT_BYTES_PER_S = 128 << 10
/** Bytes of all checkpoints of a line at most; a line whose state does not fit is not rewound. */
export const CHECKPOINT_BYTES_MAX = 32 << 20

/** All checkpoints of a line take at most this share of what its log may take. */
export const SHARE_OF_LOG = 1 / 4
/**
 * Readings of the log, as `readingsIn` counts them, that are held for rewinds at most, so that it
 * can always be trimmed: twice what one rewind may fold again. With less room there are fewer.
 */
export const READINGS_BACK_MAX = 1 << 22
/** Bytes of a log entry that count as a reading where it has fewer: more than a single one takes. */
const READING_BYTES_MAX = 256

/** Event time until a state that did not fit is tried again: to make one costs as much as ever. */
const UNFIT_WAIT_MS = 600_000

/** A state that a line can go back to, and from where its log is folded again. */
export interface Checkpoint {
  /** Log entries after this position hold what is not in the state yet. */
  readonly position: number
  /** Readings of older ticks are in the state already, or came too late for it. */
  readonly floor: number
  /** The state holds nothing of this tick nor of later ones. */
  readonly clean: number
  /** Newest event time of the log at `position`. */
  readonly newest_ms: number
  /** Readings in the log up to `position`, counted from where the fold began. */
  readonly accepted: number
  /** What `readingsIn` counts up to `position`, backfill and all, from where the fold began. */
  readonly log_readings: number
  /** Undefined where the store keeps it. */
  readonly state: Uint8Array | undefined
}

/** The past of a line: its log, and the states that are kept beside it. */
export interface Past {
  /** Reads entries that are in the log already. */
  read(
    from: number,
    limit: { readonly count_max: number; readonly bytes_max: number },
  ): Promise<readonly LogRecord[]>
  /** The state of a checkpoint that the store keeps; undefined where it is gone. */
  checkpoint(number: number): Promise<Uint8Array | undefined>
}

/** What a store keeps beside the state: new checkpoints, and the numbers of all that count. */
export interface Kept {
  readonly blobs: readonly KeptBlob[]
  readonly numbers: readonly number[]
  /** Set where the state takes more than there is room for: then there is none to go back to. */
  readonly unfit?: Unfit
}

/** What does not fit, and the room there is. */
export interface Unfit {
  readonly size_bytes: number
  readonly room_bytes: number
}

/** Checkpoints of one line, oldest first: bounded in number and bytes. */
export interface CheckpointRing {
  add(checkpoint: Checkpoint & { readonly state: Uint8Array }): void
  /**
   * An entry of so many readings was folded: checkpoints that hold too much of the log go. True
   * where none is left by that.
   */
  passed(readings: number): boolean
  /** Readings of the log so far. */
  readonly log_readings: number
  /** Whether the newest is old enough, for its size, that another may follow at `tick`. */
  isDue(tick: number): boolean
  /** The newest one that holds nothing of the tick. */
  before(tick: number): NumberedCheckpoint | undefined
  oldest(): NumberedCheckpoint | undefined
  newest(): NumberedCheckpoint | undefined
  /** Drops those that hold something of the tick. */
  dropFrom(tick: number): void
  clear(): void
  /** So many bytes are there for all of them from now on. */
  limit(bytes_max: number): void
  readonly room_bytes: number
  readonly count: number
  /** All but the states, which are kept beside it by their numbers. */
  snapshot(): Uint8Array
  /** Checkpoints whose state is not in `kept` are gone. */
  restore(bytes: Uint8Array, kept: ReadonlySet<number>): void
  /** What is to be kept together with the next snapshot; the ring lets go of these states. */
  takeKept(): Kept
}

/** A checkpoint as its ring has it. */
export interface NumberedCheckpoint extends Checkpoint {
  readonly number: number
  readonly size_bytes: number
}

/** The ring of a line; lines of different `spread`, in [0, 1), take large states at other times. */
export function checkpointRing(
  tick_ms: number,
  bytes_max: number = CHECKPOINT_BYTES_MAX,
  spread = 0,
  readings_back_max: number = READINGS_BACK_MAX,
): CheckpointRing {
  let kept: NumberedCheckpoint[] = []
  let last = 0
  let room_bytes = bytes_max
  let log_readings = 0
  let unfit: { readonly clean: number; readonly size_bytes: number } | undefined

  const bytesOf = () => kept.reduce((sum, { size_bytes }) => sum + size_bytes, 0)

  const dropFar = (): void => {
    const from = kept.at(-1)!.clean - REACH_MS / tick_ms
    while (kept.length > 1 && kept[1]!.clean <= from) kept.shift()
  }

  /** Drops the one whose gap is smallest beside its age, so that the older stand further apart. */
  const thin = (): void => {
    const end = kept.at(-1)!.clean
    let least = Number.POSITIVE_INFINITY
    let at = kept.length > 2 ? 1 : 0
    for (let i = 1; i < kept.length - 1; i++) {
      const gap = (kept[i + 1]!.clean - kept[i - 1]!.clean) / (end - kept[i - 1]!.clean)
      if (gap < least) {
        least = gap
        at = i
      }
    }
    kept.splice(at, 1)
  }

  const makeRoom = (): void => {
    const newest = kept.at(-1)
    while (kept.length > CHECKPOINTS_MAX || (kept.length > 0 && bytesOf() > room_bytes)) thin()
    if (kept.length > 0) unfit = undefined
    else if (newest) unfit = { clean: newest.clean, size_bytes: newest.size_bytes }
  }

  return {
    add(checkpoint) {
      last += 1
      kept = kept.filter(({ clean }) => clean < checkpoint.clean)
      kept.push({ ...checkpoint, number: last, size_bytes: checkpoint.state.length })
      dropFar()
      makeRoom()
    },
    passed(readings) {
      log_readings += readings
      const before = kept.length
      const room = (READINGS_BACK_MAX * room_bytes) / CHECKPOINT_BYTES_MAX
      const first = log_readings - Math.min(readings_back_max, room)
      while (kept.length > 0 && kept[0]!.log_readings < first) kept.shift()
      return before > 0 && kept.length === 0
    },
    get log_readings() {
      return log_readings
    },
    isDue(tick) {
      const newest = kept.at(-1)
      if (!newest) return !unfit || (tick - unfit.clean) * tick_ms >= UNFIT_WAIT_MS
      const apart_ms = (1000 * newest.size_bytes) / CHECKPOINT_BYTES_PER_S
      if (apart_ms <= CHECKPOINT_EVERY_MS) return true
      return (tick - newest.clean) * tick_ms >= apart_ms * (1 + spread / 2)
    },
    before: tick => kept.findLast(({ clean }) => clean <= tick),
    oldest: () => kept[0],
    newest: () => kept.at(-1),
    dropFrom(tick) {
      kept = kept.filter(({ clean }) => clean <= tick)
    },
    clear() {
      kept = []
    },
    limit(next_bytes) {
      room_bytes = next_bytes
      if (unfit && unfit.size_bytes <= room_bytes) unfit = undefined
      makeRoom()
    },
    get room_bytes() {
      return room_bytes
    },
    get count() {
      return kept.length
    },
    snapshot: () =>
      jsonBytes({
        last,
        room_bytes,
        log_readings,
        unfit,
        kept: kept.map(({ state: _, ...facts }) => facts),
      }),
    restore(bytes, stored) {
      const facts = parseJsonBytes<{
        readonly last: number
        readonly room_bytes?: number
        readonly log_readings?: number
        readonly unfit?: typeof unfit
        readonly kept: readonly Omit<NumberedCheckpoint, 'state'>[]
      }>(bytes)
      room_bytes = facts.room_bytes ?? bytes_max
      log_readings = facts.log_readings ?? 0
      unfit = facts.unfit
      last = facts.last
      kept = facts.kept
        .filter(({ number }) => stored.has(number))
        .map(one => ({
          ...one,
          newest_ms: one.newest_ms ?? Number.NaN,
          log_readings: one.log_readings ?? 0,
          state: undefined,
        }))
    },
    takeKept() {
      const blobs = kept.flatMap(({ number, state }) => (state ? [{ number, bytes: state }] : []))
      kept = kept.map(one => ({ ...one, state: undefined }))
      const numbers = kept.map(({ number }) => number)
      if (!unfit) return { blobs, numbers }
      return { blobs, numbers, unfit: { size_bytes: unfit.size_bytes, room_bytes } }
    },
  }
}

/**
 * Readings in a log entry: of any mode, also too old or rejected ones, since these are the same
 * however a producer cuts its batches. What is larger than its readings counts by its bytes.
 */
export function readingsIn({ entry, size_bytes }: LogItem, batch?: ReadingBatch): number {
  let readings = batch?.count ?? 0
  if (entry.kind === 'batch') for (const [, count] of entry.rejected) readings += count
  return Math.max(readings, Math.ceil(size_bytes / READING_BYTES_MAX))
}

/** What a person is told of a line that cannot be rewound. */
export function unfitText({ size_bytes, room_bytes }: Unfit): string {
  const [size_MB, room_MB] = [size_bytes, room_bytes].map(bytes => (bytes / 1e6).toPrecision(2))
  const cure =
    room_bytes >= CHECKPOINT_BYTES_MAX
      ? 'divide it into smaller lines'
      : 'raise log_bytes_max, of which each line has a part'
  return `late readings are left out: its state of ${size_MB} MB is larger than its room of ${room_MB} MB for checkpoints; ${cure}`
}
