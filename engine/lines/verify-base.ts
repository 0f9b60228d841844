import { jsonBytes, packSections, parseJsonBytes, unpackSections } from '../core/sections.ts'
import type { KeptBlob, LineKey, Store } from '../store/port.ts'
import type { Unfit } from './checkpoints.ts'
import type { StoredFold } from './seat.ts'

/** Blobs of this number and above are bases; those below are checkpoints. */
const FIRST_BASE = 2 ** 40
/** Blobs of this number and above say what bases need of the log: a base itself may be large. */
const FIRST_NEED = 2 ** 41
/** Bases of a line that are kept at most: the oldest is about as old as the log. */
const BASES_MAX = 3
/** Bytes of bases for each second: those of a large line stand further apart. */
const BASE_BYTES_PER_S = 64 << 10
/** A line keeps no base that is larger. */
const BASE_BYTES_MAX = 64 << 20
/**
 * All bases of a line take at most this share of what its log may take: more than its checkpoints,
 * so that there is room for one, which has them all.
 */
const SHARE_OF_LOG = 3 / 8

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
  /** Bases by their log position. */
  readonly bases: ReadonlyMap<number, BaseNeed>
}

interface BaseNeed {
  /** Entries after this position serve the base. */
  readonly needed_after: number
  readonly size_bytes: number
}

/** Asks the store what it keeps beside a line's state. */
export async function keptBeside(store: Store, key: LineKey): Promise<KeptBeside> {
  const numbers: number[] = []
  const needs = await store.kept(key, number => {
    numbers.push(number)
    return number >= FIRST_NEED
  })
  const needOf = (position: number): BaseNeed => {
    const bytes = needs.get(FIRST_NEED + position)
    const need = bytes ? parseJsonBytes<BaseNeed | number>(bytes) : position
    // Older engines wrote the position alone, and kept small bases only.
    return typeof need === 'number' ? { needed_after: need, size_bytes: 0 } : need
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
  let bases: ReadonlyMap<number, BaseNeed> = new Map() // by position, oldest first
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
    /** The blobs to keep; none where the base is too large. Older bases make room for it. */
    make(
      facts: Omit<VerifyBase, 'state' | 'kept'>,
      { state, kept }: StoredFold,
      now_ms: number,
    ): { readonly blobs: readonly KeptBlob[]; readonly unfit?: Unfit } {
      const bytes = packSections([
        ['facts', jsonBytes(facts)],
        ['state', state],
        ...kept.blobs.map(blob => [`${blob.number}`, blob.bytes] as const),
      ])
      const size_bytes = bytes.length
      rest_until_ms = now_ms + (1000 * size_bytes) / BASE_BYTES_PER_S
      let room_bytes = SHARE_OF_LOG * log_room_bytes()
      const most_bytes = Math.min(BASE_BYTES_MAX, room_bytes)
      if (size_bytes > most_bytes) {
        return { blobs: [], unfit: { size_bytes, room_bytes: most_bytes } }
      }
      const { position } = facts
      const need = { needed_after: Math.min(position, facts.needed_after), size_bytes }
      const all = [...bases, [position, need] as const].slice(-BASES_MAX).reverse()
      const over = all.findIndex(([, base]) => {
        room_bytes -= base.size_bytes
        return room_bytes < 0
      })
      bases = new Map(all.slice(0, over < 0 ? all.length : over).reverse())
      const blobs = [
        { number: FIRST_BASE + position, bytes },
        { number: FIRST_NEED + position, bytes: jsonBytes(need) },
      ]
      return { blobs }
    },
    /**
     * Entries after this position serve the oldest base that stays when those up to `expired` go.
     * That is as much before the base as a rewind goes back, or less.
     */
    needed_after(expired: number): number {
      for (const [position, { needed_after }] of bases) if (position > expired) return needed_after
      return Number.POSITIVE_INFINITY
    },
  }
}

/** What a person is told of a line whose log has no base once it was trimmed. */
export function unfitBaseText({ size_bytes, room_bytes }: Unfit): string {
  const [size_MB, room_MB] = [size_bytes, room_bytes].map(bytes => (bytes / 1e6).toPrecision(2))
  const cure =
    room_bytes >= BASE_BYTES_MAX
      ? 'divide it into smaller lines'
      : 'raise log_bytes_max, of which each line has a part'
  return `its log cannot be verified once its start was trimmed: a state to begin with takes ${size_MB} MB, more than its room of ${room_MB} MB; ${cure}`
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
