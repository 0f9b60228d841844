import type { Clock } from '../core/clock.ts'
import type { LineView, StoredEvent } from '../flow.ts'
import type { LineKey, Recovered, Store } from '../store/port.ts'
import type { Patience } from './patience.ts'
import { stateHash } from './state-hash.ts'
import type { CommitDraft } from './step.ts'
import type { LineTroubles } from './troubles.ts'

/** Events kept for clients that resume. */
const OUTBOX_EVENTS_MAX = 10_000
/** The state is stored after this many entries at the latest, even when no tick closed. */
const UNCOMMITTED_MAX = 1000
/** Commits between two rounds of trimming. */
const TRIM_EVERY_COMMITS = 256

export interface CommitterParts {
  readonly key: LineKey
  readonly store: Store
  readonly recovered: Recovered
  /** True where the log is folded from its start because the stored state does not fit. */
  readonly fresh: boolean
  readonly clock: Clock
  readonly patient: Patience
  readonly troubles: LineTroubles
  readonly snapshot: () => Uint8Array
  readonly log_entries_max: number
  readonly onStage?: ((stage: 'commit', duration_ms: number) => void) | undefined
}

/** Makes what the fold found true in the store: state, events and position at once. */
export interface LineCommitter {
  /** The events that became true, or undefined when there was nothing worth a commit. */
  commit(draft: CommitDraft): Promise<readonly StoredEvent[] | undefined>
  /** Drops what is no longer kept; what fails is left for the next time. */
  trim(): Promise<void>
  /** Log position that is folded and, but for a few entries without effect, committed. */
  position(): number
  /** Hash of the last committed state, or '' before the first. */
  state_hash(): string
  /** Up to here the events were published before this engine took the line over. */
  readonly published: number
  readonly events: LineView['events']
}

export function lineCommitter(parts: CommitterParts): LineCommitter {
  const { key, store, recovered, clock, fresh } = parts
  const { published } = recovered
  const stored = recovered.commit?.position ?? 0
  let position = fresh ? recovered.log_start - 1 : stored
  let committed = fresh ? Number.NEGATIVE_INFINITY : stored // position of the stored state
  let state = fresh ? undefined : recovered.commit?.state
  let hash = ''
  let outboxEnd = recovered.outbox_end
  let outboxStart = Math.max(1, outboxEnd - OUTBOX_EVENTS_MAX)
  let commits = 0

  const trim = async (): Promise<void> => {
    try {
      if (outboxEnd - outboxStart >= 2 * OUTBOX_EVENTS_MAX) {
        outboxStart = outboxEnd - OUTBOX_EVENTS_MAX
        await store.trimEvents(key, outboxStart - 1)
      }
      if (committed > parts.log_entries_max) {
        await store.trimLog(key, committed - parts.log_entries_max)
      }
    } catch (error) {
      parts.troubles.refuse(error)
    }
  }

  const write = async (draft: CommitDraft): Promise<readonly StoredEvent[]> => {
    const events = draft.events.map((event, i) => ({ offset: outboxEnd + 1 + i, event }))
    const started_ms = clock.elapsed_ms()
    // Between ticks only the events are written: the log has what the state needs to catch up.
    const whole = draft.ticks > 0 || draft.position - committed >= UNCOMMITTED_MAX
    const next = whole ? parts.snapshot() : undefined
    const { fence } = recovered
    const commit = { fence, position: draft.position, state: next, events }
    await parts.patient(() => store.commit(key, commit))
    parts.onStage?.('commit', clock.elapsed_ms() - started_ms)
    if (next) {
      state = next
      hash = ''
      committed = draft.position
    }
    position = draft.position
    outboxEnd += events.length
    commits += 1
    if (commits % TRIM_EVERY_COMMITS === 0) await trim()
    return events
  }

  return {
    published,
    trim,
    async commit(draft) {
      const empty = draft.ticks === 0 && draft.events.length === 0
      const early = empty && draft.position - committed < UNCOMMITTED_MAX
      if (!early && draft.position >= published) return write(draft)
      position = draft.position
      return undefined
    },
    position: () => position,
    state_hash() {
      if (hash === '' && state) hash = stateHash(state)
      return hash
    },
    async events(after, count_max) {
      const events = await store.events(key, after, count_max)
      const oldest = events[0] && after < outboxStart ? events[0].offset : outboxStart
      return { oldest, newest: outboxEnd, events }
    },
  }
}
