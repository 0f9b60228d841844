import type { Clock } from '../core/clock.ts'
import type { LineView, StoredEvent } from '../flow.ts'
import type { LineKey, Recovered, Store } from '../store/port.ts'
import type { LogRetention } from './log-retention.ts'
import type { Patience } from './patience.ts'
import type { Made } from './seat.ts'
import { stateHash } from './state-hash.ts'
import type { LineTroubles } from './troubles.ts'
import { baseKeeper, checkpointNumbers, keptNumbers } from './verify-base.ts'

/** Events kept for clients that resume. */
const OUTBOX_EVENTS_MAX = 10_000
/** Commits between two rounds of trimming. */
const TRIM_EVERY_COMMITS = 256
const TRIM_EVERY_MS = 30_000

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
}

/** Makes what the fold found true in the store: state, events and position at once. */
export interface LineCommitter {
  /** Stores what there is to store; gives the events that became true. */
  commit(made: Made): Promise<readonly StoredEvent[]>
  /** Drops what is no longer kept; what fails is left for the next time. */
  trim(): Promise<void>
  /** Log position that is folded; its events are stored, and the log has the rest. */
  position(): number
  /** Hash of the last stored state, or '' before the first. */
  state_hash(): string
  /** The last stored state and its position; what a new fold of the line begins with. */
  stored(): { readonly state: Uint8Array | undefined; readonly position: number }
  /** Up to here the events are in the outbox. */
  published(): number
  /** Offset of the last event in the outbox. */
  outbox_end(): number
  /** Resolves once a commit that is under way has ended, well or not. */
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
  let outboxStart = Math.max(1, outboxEnd - OUTBOX_EVENTS_MAX)
  let commits = 0
  let trimmed_ms = clock.elapsed_ms()
  let named: readonly number[] | undefined // checkpoints of the stored state; undefined: not known
  const bases = baseKeeper(parts.log_entries_max)
  let writing: Promise<unknown> = Promise.resolve()

  const trim = async (): Promise<void> => {
    trimmed_ms = clock.elapsed_ms()
    try {
      if (outboxEnd - outboxStart >= 2 * OUTBOX_EVENTS_MAX) {
        outboxStart = outboxEnd - OUTBOX_EVENTS_MAX
        await store.trimEvents(key, outboxStart - 1)
      }
      const expired = parts.retention.expired(clock.now_ms())
      const old = Math.min(expired, committed, neededAfter)
      if (old > 0) await store.trimLog(key, old)
    } catch (error) {
      parts.troubles.refuse(error)
    }
  }

  /** Numbers of the checkpoints that the store holds. */
  const lookUp = async (): Promise<readonly number[]> => {
    if (fresh) return []
    bases.found(await parts.patient(() => keptNumbers(store, key)))
    return [...(await parts.patient(() => checkpointNumbers(store, key)))]
  }

  /** Keeps the whole state now and then, so that a log that was trimmed can be run again. */
  const keepBase = async ({ position: at, kept }: Made): Promise<void> => {
    const now_ms = clock.elapsed_ms()
    if (!state || !kept || !bases.isDue(at, now_ms)) return
    named ??= await lookUp()
    if (!bases.isDue(at, now_ms)) return
    const isNamed = (number: number) => kept.numbers.includes(number)
    const stored = await parts.patient(() => store.kept(key, isNamed))
    const blobs = [...stored].map(([number, bytes]) => ({ number, bytes }))
    const facts = { position: at, outbox_end: outboxEnd, needed_after: neededAfter }
    const whole = { state, kept: { blobs, numbers: kept.numbers } }
    const base = bases.make(facts, whole, now_ms)
    if (!base) return
    const numbers = [...kept.numbers, ...bases.numbers()]
    await parts.patient(() => store.keep(key, recovered.fence, [base], numbers))
  }

  const write = async (made: Made): Promise<readonly StoredEvent[]> => {
    const events = made.events.map((event, i) => ({ offset: outboxEnd + 1 + i, event }))
    const started_ms = clock.elapsed_ms()
    const { fence } = recovered
    const commit = { fence, position: made.position, state: made.state, events }
    const { kept } = made
    if (kept && kept.blobs.length > 0) {
      // Until the commit stands, what the stored state names is needed as well.
      named ??= await lookUp()
      const numbers = [...new Set([...named, ...kept.numbers, ...bases.numbers()])]
      await parts.patient(() => store.keep(key, fence, kept.blobs, numbers))
    }
    await parts.patient(() => store.commit(key, commit))
    if (kept) named = kept.numbers
    parts.onCommit(clock.elapsed_ms() - started_ms)
    outboxEnd += events.length
    if (made.state) {
      state = made.state
      hash = ''
      committed = made.position
      neededAfter = parts.needed_after()
      await keepBase(made)
    }
    position = made.position
    published = made.position
    commits += 1
    const isTime = clock.elapsed_ms() - trimmed_ms >= TRIM_EVERY_MS
    if (commits % TRIM_EVERY_COMMITS === 0 || isTime) await trim()
    return events
  }

  return {
    trim,
    async commit(made) {
      // What changed the state alone is in the log already; it is durable as it is.
      if (made.state || made.events.length > 0) {
        const written = write(made)
        writing = written.catch(() => {})
        return written
      }
      position = made.position
      return []
    },
    position: () => position,
    state_hash() {
      if (hash === '' && state) hash = stateHash(state)
      return hash
    },
    stored: () => ({ state, position: committed }),
    published: () => published,
    outbox_end: () => outboxEnd,
    async idle() {
      await writing
    },
    async events(after, count_max) {
      const events = await store.events(key, after, count_max)
      const oldest = events[0] && after < outboxStart ? events[0].offset : outboxStart
      return { oldest, newest: outboxEnd, events }
    },
  }
}
