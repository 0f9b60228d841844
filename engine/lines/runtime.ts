import { setTimeout as sleep } from 'node:timers/promises'
import { type Observable, tap } from 'rxjs'
import type { Clock } from '../core/clock.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { encodeEntry } from '../core/log-entry.ts'
import type {
  BatchEntry,
  CloseEntry,
  Decision,
  Identity,
  LineChange,
  LineDefinition,
  LineIntake,
  LineStatus,
  LineView,
  LogEntry,
  ProducerState,
  QuarantineRow,
  StoredEvent,
  Trend,
  TwinFrame,
} from '../flow.ts'
import { type LineStages, linePipeline } from '../pipeline.ts'
import type { AppendProducer, LineKey, Recovered, Store } from '../store/port.ts'
import { arrivalCloser } from './closer.ts'
import { entryQueue, type LogItem } from './entry-queue.ts'
import type { LineFold } from './fold.ts'
import { patience } from './patience.ts'
import { stateHash } from './state-hash.ts'
import type { CommitDraft, Step } from './step.ts'

/** Bytes that all producers of a line may have unacknowledged while the line keeps up. */
const CREDIT_MAX_BYTES = 4 << 20
const CREDIT_MIN_BYTES = 64 << 10
/** Events kept for clients that resume. */
const OUTBOX_EVENTS_MAX = 10_000
/** How long a producer's hello waits for the line to catch up with its log. */
const CATCH_UP_MS = 10_000
/** Entries that change nothing worth a commit are committed after this many all the same. */
const UNCOMMITTED_MAX = 1000
/** How long a refused write is shown as a problem: producers try again sooner than that. */
const REFUSAL_SHOWN_MS = 30_000
/** Commits between two rounds of trimming. */
const TRIM_EVERY_COMMITS = 256

export interface LineParts {
  readonly definition: LineDefinition
  readonly key: LineKey
  readonly store: Store
  readonly recovered: Recovered
  /**
   * True where the stored state is of another version: the log is folded from its start, and what
   * was published from it before is not published again.
   */
  readonly fresh?: boolean
  readonly clock: Clock
  readonly fold: LineFold
  readonly trend: LineTrend
  readonly versions: Readonly<Record<string, string>>
  /** Log entries kept for replay and verification. */
  readonly log_entries_max: number
  readonly onStage?: (stage: 'commit', duration_ms: number) => void
}

/** Bounded history of a line for trend pictures. */
export interface LineTrend {
  push(twin: TwinFrame): void
  read(cell: number, from_ms: number, points_max: number): Trend
}

export interface LineRuntime extends LineIntake, LineView {
  readonly definition: LineDefinition
  /** Runs the line; emits after each commit; never errors: a failed line is degraded. */
  run(): Observable<LineChange>
  close(): void
}

/** One line alive: its log, its fold, its commits, and what others may see and do of it. */
export function lineRuntime(parts: LineParts): LineRuntime {
  const { definition, key, store, recovered, clock, fold } = parts
  const { fence } = recovered
  const producers = new Map<string, ProducerState>(recovered.producers)
  // What the store holds of this line: up to `published` its events are out already.
  const published = recovered.commit?.position ?? 0
  const started = parts.fresh ? recovered.log_start - 1 : published
  let position = started
  let committed = parts.fresh ? Number.NEGATIVE_INFINITY : published
  let outboxEnd = recovered.outbox_end
  let outboxStart = Math.max(1, outboxEnd - OUTBOX_EVENTS_MAX)
  let rejectedCount = recovered.quarantined_count
  let commits = 0
  let closed = false
  // What is wrong: for good, while a commit or a read waits, and with the last writes.
  let stopped = ''
  let waiting = ''
  let refused = ''
  let refused_ms = 0
  let state = parts.fresh ? undefined : recovered.commit?.state
  let hash = ''
  if (state) fold.restore(state)

  const patient = patience(
    () => closed,
    problem => {
      waiting = problem
    },
  )
  const queue = entryQueue({
    line: definition.line,
    taken: started,
    log_end: recovered.log_end,
    read: (from, limit) => patient(() => store.read(key, from, limit)),
  })
  const degraded = (): string => {
    const recent = clock.elapsed_ms() - refused_ms < REFUSAL_SHOWN_MS
    return stopped || waiting || (recent ? refused : '')
  }
  /** True where the store failed, not what it was asked to do. */
  const noteRefusal = (error: unknown): boolean => {
    if (!(error instanceof LiquidusError && error.code.startsWith('STORE_'))) return false
    refused = problemOf(error)
    refused_ms = clock.elapsed_ms()
    if (error.code === 'STORE_FENCED') queue.fail(error)
    return true
  }

  const append = async (
    entry: LogEntry,
    from?: AppendProducer,
    quarantined: readonly QuarantineRow[] = [],
  ): Promise<number> => {
    const behind = queue.behind_entries()
    if (behind >= parts.log_entries_max) {
      const problem = `line ${key} is ${behind} log entries behind`
      throw new LiquidusError('STORE_FULL', { store: store.name, problem }, { retry: true })
    }
    const bytes = encodeEntry(entry)
    try {
      const at = await store.append(key, fence, bytes, from, quarantined)
      refused = ''
      if (at > 0) queue.offer(at, entry, bytes.length)
      return at
    } catch (error) {
      // Whether the entry is in the log is not known: only the store can tell what comes next.
      if (noteRefusal(error) && from) producers.delete(from.producer)
      throw error
    }
  }
  const logClose = (entry: CloseEntry) => {
    append(entry).catch(() => {}) // noted; the closer comes again
  }
  const closer = arrivalCloser(definition, fold.builder, clock, logClose)
  let arrived = false

  const commit = async (draft: CommitDraft): Promise<LineChange | undefined> => {
    if (arrived) closer.arrived()
    arrived = false
    const empty = draft.ticks === 0 && draft.events.length === 0
    const early = empty && draft.position - committed < UNCOMMITTED_MAX
    if (early || draft.position < published) {
      position = draft.position
      return undefined
    }
    const events: StoredEvent[] = draft.events.map((event, i) => ({
      offset: outboxEnd + 1 + i,
      event,
    }))
    const started_ms = clock.elapsed_ms()
    const next = fold.snapshot()
    await patient(() => store.commit(key, { fence, position: draft.position, state: next, events }))
    parts.onStage?.('commit', clock.elapsed_ms() - started_ms)
    state = next
    hash = ''
    committed = draft.position
    position = draft.position
    outboxEnd += events.length
    commits += 1
    if (commits % TRIM_EVERY_COMMITS === 0) await trim()
    const { tenant, line } = definition
    return { tenant, line, ticked: draft.ticks > 0, ...now(), events }
  }

  const now = () => {
    const time_ms = fold.time_ms()
    return { tick: time_ms === 0 ? 0 : Math.round(time_ms / definition.tick_ms) - 1, time_ms }
  }

  /** Drops what is no longer kept; what fails is left for the next time. */
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
      noteRefusal(error)
    }
  }

  let folding = 0
  const frames = (item: LogItem, emit: (step: Step) => void): void => {
    folding = item.position
    fold.frames(item, emit)
  }

  const stages: LineStages = {
    pull: () => queue.next(),
    frames,
    twin: frame => {
      const twin = fold.runTwin(frame)
      parts.trend.push(twin)
      return twin
    },
    anomaly(step) {
      if (step.at === 'readings') arrived = true
      fold.runAnomaly(step)
    },
    advice(step) {
      fold.runAdvice(step)
      if (folding <= published) step.events.length = 0
    },
    commit,
  }

  return {
    definition,
    fields: fold.twin.fields,
    channels: fold.twin.channels,

    run() {
      // A store that is full takes no entry, and without one no commit comes to trim it.
      void trim()
      return linePipeline(stages).pipe(
        tap({
          error: (error: unknown) => {
            stopped = `the line stopped: ${problemOf(error)}`
            closer.close()
          },
        }),
      )
    },
    close() {
      closed = true
      closer.close()
      queue.close()
    },

    async openProducer(producer) {
      // What the welcome tells of the line's time must include what its log already holds.
      const give_up_ms = clock.elapsed_ms() + CATCH_UP_MS
      while (queue.behind_entries() > 0 && !degraded() && clock.elapsed_ms() < give_up_ms) {
        await sleep(10)
      }
      const opened = await store.openProducer(key, fence, producer).catch((error: unknown) => {
        noteRefusal(error)
        throw error
      })
      producers.set(producer, opened)
      return opened
    },
    producer: producer => producers.get(producer) ?? { epoch: 0, committed_sequence: 0 },
    async append(entry: BatchEntry, quarantined: readonly QuarantineRow[]) {
      const { producer, epoch, sequence } = entry
      const at = await append(entry, { producer, epoch, sequence }, quarantined)
      if (at === 0) return
      rejectedCount += quarantined.length
      const known = producers.get(producer)
      if (!known || known.committed_sequence < sequence) {
        producers.set(producer, {
          epoch: Math.max(epoch, known?.epoch ?? 0),
          committed_sequence: sequence,
        })
      }
    },
    credit_bytes() {
      if (degraded()) return CREDIT_MIN_BYTES
      return Math.max(CREDIT_MIN_BYTES, CREDIT_MAX_BYTES - queue.behind_bytes())
    },
    newest_event_ms: () => fold.builder.newest_ms(),

    status(): LineStatus {
      const { counters } = fold.builder
      return {
        ...now(),
        position,
        // Hashing a large state takes milliseconds, and most who ask for the status do not want it.
        get state_hash() {
          if (hash === '' && state) hash = stateHash(state)
          return hash
        },
        behind_entries: queue.behind_entries(),
        degraded: degraded(),
        readings_accepted: counters.accepted,
        readings_rejected: rejectedCount,
        readings_late: counters.late,
        ticks_closed: { ...counters.closed },
      }
    },
    latest: () => fold.latest(),
    alarms: () => fold.anomaly.alarms(),
    advice: () => fold.advice.current(),
    sensorFaults: () => fold.anomaly.sensorFaults(),
    scores: () => fold.anomaly.scores(),
    trend: (cell, from_ms, points_max) => parts.trend.read(cell, from_ms, points_max),
    async events(after, count_max) {
      const events = await store.events(key, after, count_max)
      const oldest = events[0] && after < outboxStart ? events[0].offset : outboxStart
      return { oldest, newest: outboxEnd, events }
    },
    async decide(decision: Decision, who: Identity, comment: string) {
      await append({
        kind: 'decision',
        decision,
        subject: who.subject,
        role: who.role,
        comment,
        decided_ms: clock.now_ms(),
      })
    },
  }
}
