import { jsonBytes, packSections, parseJsonBytes, unpackSections } from '../core/sections.ts'
import type { KeptBlob, LineKey, Store } from '../store/port.ts'
import type { StoredFold } from './seat.ts'

/** Blobs of this number and above are bases; those below are checkpoints. */
const FIRST_BASE = 2 ** 40
/** Blobs of this number and above say what bases need of the log: a base itself may be large. */
const FIRST_NEED = 2 ** 41
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

const isBase = (number: number): boolean => number >= FIRST_BASE && number < FIRST_NEED

/** What a store keeps beside a line's state, without the bytes of checkpoints and bases. */
export interface KeptBeside {
  readonly checkpoints: readonly number[]
  /** Log position of each base, and what it needs of the log. */
  readonly bases: ReadonlyMap<number, number>
}

/** Asks the store what it keeps beside a line's state. */
export async function keptBeside(store: Store, key: LineKey): Promise<KeptBeside> {
  const numbers: number[] = []
  const needs = await store.kept(key, number => {
    numbers.push(number)
    return number >= FIRST_NEED
  })
  const needOf = (position: number): number => {
    const bytes = needs.get(FIRST_NEED + position)
    return bytes ? parseJsonBytes<number>(bytes) : position
  }
  const positions = numbers.filter(isBase).map(number => number - FIRST_BASE)
  return {
    checkpoints: numbers.filter(number => number < FIRST_BASE),
    bases: new Map(positions.sort((a, b) => a - b).map(at => [at, needOf(at)])),
  }
}

/** Numbers of the checkpoints among it. */
export async function checkpointNumbers(store: Store, key: LineKey): Promise<ReadonlySet<number>> {
  return new Set((await keptBeside(store, key)).checkpoints)
}

/** Which bases of a line are kept, and when the next one is due. */
export function baseKeeper(log_entries_max: number, log_room_bytes: () => number) {
  const every = Math.max(1, Math.floor(log_entries_max / (BASES_MAX - 1)))
  let bases: ReadonlyMap<number, number> = new Map() // position -> what it needs, oldest first
  let rest_until_ms = 0
  return {
    /** Numbers of all that belongs to the bases. */
    numbers: (): readonly number[] =>
      [...bases.keys()].flatMap(position => [FIRST_BASE + position, FIRST_NEED + position]),
    /** Those that the store holds. */
    found(stored: KeptBeside): void {
      bases = stored.bases
    },
    /** `expired`: entries up to there may go, be it for their number, bytes or age. */
    isDue: (position: number, now_ms: number, expired: number): boolean => {
      if (now_ms < rest_until_ms) return false
      const left = position - expired // while catching up there may be nothing
      const apart = expired > 0 && left > 0 ? Math.floor(left / (BASES_MAX - 1)) : every
      return position - ([...bases.keys()].at(-1) ?? 0) >= Math.max(1, Math.min(every, apart))
    },
    /** The blobs to keep, or undefined where the base is too large. */
    make(
      facts: Omit<VerifyBase, 'state' | 'kept'>,
      { state, kept }: StoredFold,
      now_ms: number,
    ): readonly KeptBlob[] | undefined {
      const bytes = packSections([
        ['facts', jsonBytes(facts)],
        ['state', state],
        ...kept.blobs.map(blob => [`${blob.number}`, blob.bytes] as const),
      ])
      rest_until_ms = now_ms + (1000 * bytes.length) / BASE_BYTES_PER_S
      const share_bytes = (SHARE_OF_LOG * log_room_bytes()) / BASES_MAX
      if (bytes.length > Math.min(BASE_BYTES_MAX, share_bytes)) return undefined
      const { position } = facts
      const needed_after = Math.min(position, facts.needed_after)
      bases = new Map([...bases, [position, needed_after] as const].slice(-BASES_MAX))
      return [
        { number: FIRST_BASE + position, bytes },
        { number: FIRST_NEED + position, bytes: jsonBytes(needed_after) },
      ]
    },
    /**
     * Entries after this position serve the oldest base that stays when those up to `expired` go.
     * That is as much before the base as a rewind goes back, or less.
     */
    needed_after(expired: number): number {
      for (const [position, needed_after] of bases) if (position > expired) return needed_after
      return Number.POSITIVE_INFINITY
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
