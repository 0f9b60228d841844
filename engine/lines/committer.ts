import type { Clock } from '../core/clock.ts'
import type { LineView, StoredEvent } from '../flow.ts'
import type { LineKey, Recovered, Store } from '../store/port.ts'
import { unfitText } from './checkpoints.ts'
import type { LogRetention } from './log-retention.ts'
import type { Patience } from './patience.ts'
import type { Made } from './seat.ts'
import { stateHash } from './state-hash.ts'
import type { LineTroubles } from './troubles.ts'
import { baseKeeper, keptBeside, unfitBaseText } from './verify-base.ts'

/** Events kept for clients that resume. */
const OUTBOX_EVENTS_MAX = 10_000
/** Commits between two rounds of trimming. */
const TRIM_EVERY_COMMITS = 256
const TRIM_EVERY_MS = 30_000
/** Events that wait for the commit under way before the fold waits as well. */
const EVENTS_FOLLOWING_MAX = 1000

/** A chunk, or several without a state, whose events have their places in the outbox. */
type Draft = Omit<Made, 'events'> & {
  readonly events: readonly StoredEvent[]
  /** Log position that the fold, where this was made, reads again after. */
  readonly needed_after: number
}

export interface CommitterParts {
  readonly key: LineKey
  readonly store: Store
  readonly recovered: Recovered
  /** True where the log is folded from its start because the stored state does not fit. */
  readonly fresh: boolean
  readonly clock: Clock
  readonly patient: Patience
  readonly troubles: LineTroubles
  readonly log_entries_max: number
  readonly retention: LogRetention
  /** Log position up to which the fold as it stands reads nothing again. */
  readonly needed_after: () => number
  readonly onCommit: (duration_ms: number) => void
  /** A state and all that belongs to it was stored, or could not be. */
  readonly onStored?: (state: Uint8Array) => void
  /** A commit was refused for good: the line cannot go on. */
  readonly onFailure: (error: unknown) => void
  /** What a person is to know of a state that takes more than there is room for; each text once. */
  readonly onUnfit?: (text: string) => void
}

/** Makes what the fold found true in the store: state, events and position at once. */
export interface LineCommitter {
  /**
   * Begins to store what there is to store, or leaves it to follow the commit under way: events up
   * to a limit, and one state. Resolves once it has; gives the events at the places that they take.
   */
  commit(made: Made): Promise<readonly StoredEvent[]>
  /** Drops what is no longer kept; what fails is left for the next time. */
  trim(): Promise<void>
  /** Log position that is folded and whose events are stored; the log has the rest. */
  position(): number
  /** Hash of the last stored state, or '' before the first. */
  state_hash(): string
  /** The last stored state and its position; what a new fold of the line begins with. */
  stored(): { readonly state: Uint8Array | undefined; readonly position: number }
  /** Up to here the events are in the outbox. */
  published(): number
  /** Offset of the last event that has a place in the outbox, and of the last that is in it. */
  outbox_taken(): number
  outbox_end(): number
  /** Resolves once the commits that are under way have ended, well or not. */
  written(): Promise<void>
  /** The same, and a trim. */
  idle(): Promise<void>
  readonly events: LineView['events']
}

export function lineCommitter(parts: CommitterParts): LineCommitter {
  const { key, store, recovered, clock, fresh } = parts
  const begin = fresh ? recovered.log_start - 1 : (recovered.commit?.position ?? 0)
  let position = begin
  let committed = begin // position of the stored state
  let published = recovered.published
  let state = fresh ? undefined : recovered.commit?.state
  let neededAfter = parts.needed_after() // of the stored state
  let hash = ''
  let outboxEnd = recovered.outbox_end
  let outboxTaken = outboxEnd // with the events of the commit under way
  let outboxStart = Math.max(1, outboxEnd - OUTBOX_EVENTS_MAX)
  let commits = 0
  let trimmed_ms = clock.elapsed_ms()
  let named: readonly number[] | undefined // checkpoints of the stored state; undefined: not known
  const bases = baseKeeper(parts.log_entries_max, parts.retention.room_bytes)
  let writing: Promise<void> | undefined
  const following: Draft[] = [] // what is committed next, one after the other
  let folded = begin
  let failure: unknown

  const told = new Set<string>()
  const tellUnfit = (what: string, text: string): void => {
    if (!told.has(what)) parts.onUnfit?.(text)
    told.add(what)
  }

  let looking: Promise<readonly number[]> | undefined
  /** Numbers of the checkpoints that the store held at first; what bases there are is known then. */
  const lookedUp = (): Promise<readonly number[]> => {
    looking ??= (async () => {
      if (fresh) return []
      const stored = await parts.patient(() => keptBeside(store, key))
      bases.found(stored)
      return stored.checkpoints
    })()
    return looking
  }

  let trimming: Promise<void> | undefined
  const drop = async (): Promise<void> => {
    const isLong = outboxEnd - outboxStart >= 2 * OUTBOX_EVENTS_MAX
    if (isLong) outboxStart = outboxEnd - OUTBOX_EVENTS_MAX
    const expired = parts.retention.expired(clock.elapsed_ms())
    const old = Math.min(expired, committed, neededAfter, bases.needed_after(expired))
    if (isLong) await store.trimEvents(key, outboxStart - 1)
    if (old > 0) await store.trimLog(key, old)
  }
  /** Begins to drop what nothing stored needs; commits go on, as this waits for other lines. */
  const trim = async (): Promise<void> => {
    trimmed_ms = clock.elapsed_ms()
    try {
      await lookedUp()
      trimming ??= drop()
        .catch(parts.troubles.refuse)
        .then(() => {
          trimming = undefined
        })
    } catch (error) {
      parts.troubles.refuse(error)
    }
  }

  /** Keeps the whole state now and then, so that a log that was trimmed can be run again. */
  const keepBase = async ({ position: at, kept }: Draft): Promise<void> => {
    const now_ms = clock.elapsed_ms()
    const isDue = () => bases.isDue(at, now_ms, parts.retention.expired(now_ms))
    if (!state || !kept || !isDue()) return
    named ??= await lookedUp()
    if (!isDue()) return
    const isNamed = (number: number) => kept.numbers.includes(number)
    const stored = await parts.patient(() => store.kept(key, isNamed))
    const blobs = [...stored].map(([number, bytes]) => ({ number, bytes }))
    const facts = { position: at, outbox_end: outboxEnd, needed_after: neededAfter }
    const whole = { state, kept: { blobs, numbers: kept.numbers } }
    const { blobs: made, unfit } = bases.make(facts, whole, now_ms)
    if (unfit) tellUnfit('base', unfitBaseText(unfit))
    if (made.length === 0) return
    const numbers = [...kept.numbers, ...bases.numbers()]
    await parts.patient(() => store.keep(key, recovered.fence, made, numbers))
  }

  /** What no state names any more goes at once: all lines have one room for what they keep. */
  const dropUnnamed = async (numbers: readonly number[]): Promise<void> => {
    const isOver = named?.some(number => !numbers.includes(number))
    named = numbers
    if (!isOver) return
    await parts.patient(() =>
      store.keep(key, recovered.fence, [], [...numbers, ...bases.numbers()]),
    )
  }

  const write = async (made: Draft): Promise<void> => {
    const started_ms = clock.elapsed_ms()
    const { fence } = recovered
    const { kept, events } = made
    const commit = { fence, position: made.position, state: made.state, events }
    if (kept) named ??= await lookedUp()
    if (kept && kept.blobs.length > 0) {
      // Until the commit stands, what the stored state names is needed as well.
      const numbers = [...new Set([...named!, ...kept.numbers, ...bases.numbers()])]
      await parts.patient(() => store.keep(key, fence, kept.blobs, numbers))
    }
    await parts.patient(() => store.commit(key, commit))
    if (kept) await dropUnnamed(kept.numbers)
    outboxEnd += events.length
    parts.onCommit(clock.elapsed_ms() - started_ms)
    if (made.state) {
      state = made.state
      hash = ''
      committed = made.position
      neededAfter = made.needed_after
      await keepBase(made)
    }
    published = made.position
    commits += 1
    const isTime = clock.elapsed_ms() - trimmed_ms >= TRIM_EVERY_MS
    if (commits % TRIM_EVERY_COMMITS === 0 || isTime) await trim()
  }

  const start = (made: Draft): void => {
    const ended = () => {
      writing = undefined
      if (failure !== undefined) return
      position = following.length > 0 ? made.position : folded
      const next = following.shift()
      if (next) start(next)
    }
    writing = write(made)
      .catch(error => {
        failure = error
        parts.onFailure(error)
      })
      .finally(() => {
        if (made.state) parts.onStored?.(made.state)
        ended()
      })
  }

  /** Neither events nor a state hold up the fold while a large state is on its way to the disk. */
  const mayFollow = ({ state: whole, events }: Made): boolean => {
    const count = following.reduce((sum, draft) => sum + draft.events.length, events.length)
    const isFull = whole !== undefined && following.some(draft => draft.state !== undefined)
    return !isFull && count <= EVENTS_FOLLOWING_MAX
  }

  const follow = (made: Draft): void => {
    const last = following.at(-1)
    if (!last || last.state || made.state) following.push(made)
    else following[following.length - 1] = { ...made, events: [...last.events, ...made.events] }
  }

  const written = async (): Promise<void> => {
    while (writing) await writing
  }

  return {
    async trim() {
      await trim()
      await trimming
    },
    async commit(made) {
      if (made.kept?.unfit) tellUnfit('checkpoint', unfitText(made.kept.unfit))
      // What changed the state alone is in the log already; it is durable as it is.
      const isToStore = made.state !== undefined || made.events.length > 0
      // The fold stands where this was made until the call resolves, and not longer.
      const needed_after = parts.needed_after()
      if (isToStore && !mayFollow(made)) while (writing) await writing
      if (failure !== undefined) throw failure
      folded = made.position
      if (!isToStore) {
        if (!writing) position = folded
        return []
      }
      const events = made.events.map((event, i) => ({ offset: outboxTaken + 1 + i, event }))
      outboxTaken += events.length
      const draft = { ...made, events, needed_after }
      if (writing) follow(draft)
      else start(draft)
      return events
    },
    position: () => position,
    state_hash() {
      if (hash === '' && state) hash = stateHash(state)
      return hash
    },
    stored: () => ({ state, position: committed }),
    published: () => published,
    outbox_taken: () => outboxTaken,
    outbox_end: () => outboxEnd,
    written,
    async idle() {
      await written()
      await trimming
    },
    async events(after, count_max) {
      const events = await store.events(key, after, count_max)
      const oldest = events[0] && after < outboxStart ? events[0].offset : outboxStart
      return { oldest, newest: outboxEnd, events }
    },
  }
}
