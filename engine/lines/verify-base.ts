import { jsonBytes, packSections, parseJsonBytes, unpackSections } from '../core/sections.ts'
import type { LineKey, Store } from '../store/port.ts'
import type { StoredFold } from './seat.ts'

/** Blobs of this number and above are bases; those below are checkpoints. */
const FIRST_BASE = 2 ** 40
/** Bases of a line that are kept: the oldest is about as old as the log. */
const BASES_MAX = 3
/** Bytes of bases for each second: those of a large line stand further apart. */
const BASE_BYTES_PER_S = 64 << 10
/** A line whose state is larger keeps no base. */
const BASE_BYTES_MAX = 64 << 20
/** All bases of a line take at most this share of what its log may take: they serve the log. */
const SHARE_OF_LOG = 0.25

/** A whole state of a line at a log position, from which a log that was trimmed is run again. */
export interface VerifyBase {
  readonly position: number
  /** Events up to this offset had been published. */
  readonly outbox_end: number
  /** Entries after this position may be read again by a rewind. */
  readonly needed_after: number
  readonly state: Uint8Array
  readonly kept: ReadonlyMap<number, Uint8Array>
}

const isBase = (number: number): boolean => number >= FIRST_BASE

/** Numbers of all that the store keeps beside a line's state. */
export async function keptNumbers(store: Store, key: LineKey): Promise<readonly number[]> {
  const numbers: number[] = []
  await store.kept(key, number => {
    numbers.push(number)
    return false
  })
  return numbers
}

/** Numbers of the checkpoints among it. */
export async function checkpointNumbers(store: Store, key: LineKey): Promise<ReadonlySet<number>> {
  const numbers = await keptNumbers(store, key)
  return new Set(numbers.filter(number => !isBase(number)))
}

/** Which bases of a line are kept, and when the next one is due. */
export function baseKeeper(log_entries_max: number, log_room_bytes: () => number) {
  const every = Math.max(1, Math.floor(log_entries_max / (BASES_MAX - 1)))
  let numbers: readonly number[] = []
  let rest_until_ms = 0
  return {
    numbers: () => numbers,
    /** Those that the store holds. */
    found(stored: readonly number[]): void {
      numbers = stored.filter(isBase).sort((a, b) => a - b)
    },
    isDue: (position: number, now_ms: number): boolean => {
      const last = numbers.at(-1)
      if (now_ms < rest_until_ms) return false
      return position - (last === undefined ? 0 : last - FIRST_BASE) >= every
    },
    /** The blob to keep, or undefined where it is too large. */
    make(facts: Omit<VerifyBase, 'state' | 'kept'>, { state, kept }: StoredFold, now_ms: number) {
      const bytes = packSections([
        ['facts', jsonBytes(facts)],
        ['state', state],
        ...kept.blobs.map(blob => [`${blob.number}`, blob.bytes] as const),
      ])
      rest_until_ms = now_ms + (1000 * bytes.length) / BASE_BYTES_PER_S
      const share_bytes = (SHARE_OF_LOG * log_room_bytes()) / BASES_MAX
      if (bytes.length > Math.min(BASE_BYTES_MAX, share_bytes)) return undefined
      const number = FIRST_BASE + facts.position
      numbers = [...numbers.filter(one => one !== number), number].slice(-BASES_MAX)
      return { number, bytes }
    },
  }
}

/** The oldest base from which the log that is left can be run again. */
export async function oldestBase(
  store: Store,
  key: LineKey,
  log_start: number,
): Promise<VerifyBase | undefined> {
  const stored = await store.kept(key, isBase)
  const bases = [...stored.values()].map(readBase).sort((a, b) => a.position - b.position)
  return bases.find(base => Math.min(base.position, base.needed_after) >= log_start - 1)
}

function readBase(bytes: Uint8Array): VerifyBase {
  const sections = new Map(unpackSections(bytes))
  const facts = parseJsonBytes<
    Omit<VerifyBase, 'state' | 'kept' | 'needed_after'> & { readonly needed_after: number | null }
  >(sections.get('facts')!)
  const state = sections.get('state')!
  for (const name of ['facts', 'state']) sections.delete(name)
  const kept = new Map([...sections].map(([number, blob]) => [Number(number), blob]))
  return { ...facts, needed_after: facts.needed_after ?? facts.position, state, kept }
}
