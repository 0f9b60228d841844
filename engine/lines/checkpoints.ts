import { jsonBytes, parseJsonBytes } from '../core/sections.ts'
import type { KeptBlob, LogRecord } from '../store/port.ts'

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
}

/** Checkpoints of one line, oldest first: bounded in number and bytes. */
export interface CheckpointRing {
  add(checkpoint: Checkpoint & { readonly state: Uint8Array }): void
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
): CheckpointRing {
  let kept: NumberedCheckpoint[] = []
  let last = 0
  let room_bytes = bytes_max

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
    while (kept.length > CHECKPOINTS_MAX || (kept.length > 0 && bytesOf() > room_bytes)) thin()
  }

  return {
    add(checkpoint) {
      last += 1
      kept = kept.filter(({ clean }) => clean < checkpoint.clean)
      kept.push({ ...checkpoint, number: last, size_bytes: checkpoint.state.length })
      dropFar()
      makeRoom()
    },
    isDue(tick) {
      const newest = kept.at(-1)
      if (!newest) return true
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
      makeRoom()
    },
    get room_bytes() {
      return room_bytes
    },
    get count() {
      return kept.length
    },
    snapshot: () =>
      jsonBytes({ last, room_bytes, kept: kept.map(({ state: _, ...facts }) => facts) }),
    restore(bytes, stored) {
      const facts = parseJsonBytes<{
        readonly last: number
        readonly room_bytes?: number
        readonly kept: readonly Omit<NumberedCheckpoint, 'state'>[]
      }>(bytes)
      room_bytes = facts.room_bytes ?? bytes_max
      last = facts.last
      kept = facts.kept
        .filter(({ number }) => stored.has(number))
        .map(one => ({ ...one, newest_ms: one.newest_ms ?? Number.NaN, state: undefined }))
    },
    takeKept() {
      const blobs = kept.flatMap(({ number, state }) => (state ? [{ number, bytes: state }] : []))
      kept = kept.map(one => ({ ...one, state: undefined }))
      return { blobs, numbers: kept.map(({ number }) => number) }
    },
  }
}
