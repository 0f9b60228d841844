import { setTimeout as sleep } from 'node:timers/promises'
import { type Observable, tap } from 'rxjs'
import type { Clock } from '../core/clock.ts'
import { problemOf } from '../core/errors.ts'
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
import type { LineKey, Recovered, Store } from '../store/port.ts'
import { arrivalCloser } from './closer.ts'
import { entryQueue } from './entry-queue.ts'
import type { LineFold } from './fold.ts'
import { stateHash } from './state-hash.ts'
import type { CommitDraft } from './step.ts'

/** Bytes that all producers of a line may have unacknowledged while the line keeps up. */
const CREDIT_MAX_BYTES = 4 << 20
const CREDIT_MIN_BYTES = 64 << 10
/** Events kept for clients that resume. */
const OUTBOX_EVENTS_MAX = 10_000
/** How long a producer's hello waits for the line to catch up with its log. */
const CATCH_UP_MS = 10_000
/** Commits between two rounds of trimming. */
const TRIM_EVERY_COMMITS = 256

export interface LineParts {
  readonly definition: LineDefinition
  readonly key: LineKey
  readonly store: Store
  readonly recovered: Recovered
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
  const queue = entryQueue({
    taken: recovered.commit?.position ?? 0,
    log_end: recovered.log_end,
    read: (from, limit) => store.read(key, from, limit),
  })
  let position = recovered.commit?.position ?? 0
  let outboxEnd = recovered.outbox_end
  let outboxStart = Math.max(1, outboxEnd - OUTBOX_EVENTS_MAX)
  let rejectedCount = recovered.quarantined_count
  let commits = 0
  let degraded = ''
  let state = recovered.commit?.state
  let hash = ''
  if (state) fold.restore(state)

  const append = async (entry: LogEntry): Promise<void> => {
    const bytes = encodeEntry(entry)
    const at = await store.append(key, fence, bytes)
    queue.offer(at, entry, bytes.length)
  }
  const logClose = (entry: CloseEntry) => {
    append(entry).catch((error: unknown) => {
      degraded = `the log does not take entries: ${problemOf(error)}`
    })
  }
  const closer = arrivalCloser(definition, fold.builder, clock, logClose)

  const commit = async (draft: CommitDraft): Promise<LineChange | undefined> => {
    closer.arrived()
    if (draft.ticks === 0 && draft.events.length === 0) {
      position = draft.position
      return undefined
    }
    const events: StoredEvent[] = draft.events.map((event, i) => ({
      offset: outboxEnd + 1 + i,
      event,
    }))
    const started_ms = clock.elapsed_ms()
    state = fold.snapshot()
    hash = ''
    await store.commit(key, { fence, position: draft.position, state, events })
    parts.onStage?.('commit', clock.elapsed_ms() - started_ms)
    position = draft.position
    outboxEnd += events.length
    commits += 1
    if (commits % TRIM_EVERY_COMMITS === 0) await trim()
    const { tenant, line } = definition
    const { tick, time_ms } = fold.latest()?.frame ?? { tick: 0, time_ms: 0 }
    return { tenant, line, ticked: draft.ticks > 0, tick, time_ms, events }
  }

  const trim = async (): Promise<void> => {
    if (outboxEnd - outboxStart >= 2 * OUTBOX_EVENTS_MAX) {
      outboxStart = outboxEnd - OUTBOX_EVENTS_MAX
      await store.trimEvents(key, outboxStart - 1)
    }
    if (position > parts.log_entries_max) {
      await store.trimLog(key, position - parts.log_entries_max)
    }
  }

  const stages: LineStages = {
    pull: () => queue.next(),
    frames: fold.frames,
    twin: frame => {
      const twin = fold.runTwin(frame)
      parts.trend.push(twin)
      return twin
    },
    anomaly: fold.runAnomaly,
    advice: fold.runAdvice,
    commit,
  }

  return {
    definition,
    fields: fold.twin.fields,
    channels: fold.twin.channels,

    run: () =>
      linePipeline(stages).pipe(
        tap({
          error: (error: unknown) => {
            degraded ||= `the line stopped: ${problemOf(error)}`
          },
        }),
      ),
    close() {
      closer.close()
      queue.close()
    },

    async openProducer(producer) {
      // What the welcome tells of the line's time must include what its log already holds.
      const give_up_ms = clock.elapsed_ms() + CATCH_UP_MS
      while (queue.behind_entries() > 0 && !degraded && clock.elapsed_ms() < give_up_ms) {
        await sleep(10)
      }
      const opened = await store.openProducer(key, fence, producer)
      producers.set(producer, opened)
      return opened
    },
    producer: producer => producers.get(producer) ?? { epoch: 0, committed_sequence: 0 },
    async append(entry: BatchEntry, quarantined: readonly QuarantineRow[]) {
      const bytes = encodeEntry(entry)
      const { producer, epoch, sequence } = entry
      const at = await store.append(key, fence, bytes, { producer, epoch, sequence }, quarantined)
      if (at === 0) return
      rejectedCount += quarantined.length
      const known = producers.get(producer)
      if (!known || known.committed_sequence < sequence) {
        producers.set(producer, {
          epoch: Math.max(epoch, known?.epoch ?? 0),
          committed_sequence: sequence,
        })
      }
      queue.offer(at, entry, bytes.length)
    },
    credit_bytes() {
      if (degraded) return CREDIT_MIN_BYTES
      return Math.max(CREDIT_MIN_BYTES, CREDIT_MAX_BYTES - queue.behind_bytes())
    },
    newest_event_ms: () => fold.builder.newest_ms(),

    status(): LineStatus {
      const { counters } = fold.builder
      const latest = fold.latest()
      return {
        tick: latest?.frame.tick ?? 0,
        time_ms: latest?.frame.time_ms ?? 0,
        position,
        // Hashing a large state takes milliseconds, and most who ask for the status do not want it.
        get state_hash() {
          if (hash === '' && state) hash = stateHash(state)
          return hash
        },
        behind_entries: queue.behind_entries(),
        degraded,
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
