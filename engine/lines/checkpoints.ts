import { jsonBytes, parseJsonBytes } from '../core/sections.ts'
import type { KeptBlob } from '../store/port.ts'

/** Event time between two checkpoints of a line. */
export const CHECKPOINT_EVERY_MS = 10_000
/** Event time that the checkpoints reach back at least: the fixed lag and the wait for a rewind. */
export const REACH_MS = 240_000
/** Checkpoints of a line at most; older ones stand further apart. */
export const CHECKPOINTS_MAX = 10
/** Bytes of all checkpoints of a line; a line whose state does not fit is not rewound. */
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
  readonly state: Uint8Array
}

/** What a store keeps beside the state: new checkpoints, and the numbers of all that count. */
export interface Kept {
  readonly blobs: readonly KeptBlob[]
  readonly numbers: readonly number[]
}

/** Checkpoints of one line, oldest first: bounded in number and bytes. */
export interface CheckpointRing {
  add(checkpoint: Checkpoint): void
  /** The newest one that holds nothing of the tick. */
  before(tick: number): Checkpoint | undefined
  oldest(): Checkpoint | undefined
  newest(): Checkpoint | undefined
  /** Drops those that hold something of the tick. */
  dropFrom(tick: number): void
  clear(): void
  readonly count: number
  /** All but the states, which are kept beside it by their numbers. */
  snapshot(): Uint8Array
  /** Checkpoints whose state is not in `kept` are gone. */
  restore(bytes: Uint8Array, kept: ReadonlyMap<number, Uint8Array>): void
  /** What is to be kept together with the next snapshot. */
  takeKept(): Kept
}

interface Numbered extends Checkpoint {
  readonly number: number
}

export function checkpointRing(
  tick_ms: number,
  bytes_max: number = CHECKPOINT_BYTES_MAX,
): CheckpointRing {
  let kept: Numbered[] = []
  let last = 0
  const unsaved = new Set<number>()

  const bytesOf = () => kept.reduce((sum, { state }) => sum + state.length, 0)

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

  return {
    add(checkpoint) {
      last += 1
      unsaved.add(last)
      kept = kept.filter(({ clean }) => clean < checkpoint.clean)
      kept.push({ ...checkpoint, number: last })
      dropFar()
      while (kept.length > CHECKPOINTS_MAX || (kept.length > 0 && bytesOf() > bytes_max)) thin()
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
    get count() {
      return kept.length
    },
    snapshot: () => jsonBytes({ last, kept: kept.map(({ state: _, ...facts }) => facts) }),
    restore(bytes, states) {
      unsaved.clear()
      const stored = parseJsonBytes<{ last: number; kept: Omit<Numbered, 'state'>[] }>(bytes)
      last = stored.last
      kept = stored.kept.flatMap(facts => {
        const state = states.get(facts.number)
        return state ? [{ ...facts, newest_ms: facts.newest_ms ?? Number.NaN, state }] : []
      })
    },
    takeKept() {
      const blobs = kept.filter(({ number }) => unsaved.has(number))
      unsaved.clear()
      return {
        blobs: blobs.map(({ number, state }) => ({ number, bytes: state })),
        numbers: kept.map(({ number }) => number),
      }
    },
  }
}
