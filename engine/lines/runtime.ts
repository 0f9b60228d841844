import { type Observable, tap } from 'rxjs'
import type { Clock } from '../core/clock.ts'
import { problemOf } from '../core/errors.ts'
import type {
  LineChange,
  LineDefinition,
  LineIntake,
  LineStatus,
  LineView,
  Trend,
  TwinFrame,
} from '../flow.ts'
import { type LineStages, linePipeline } from '../pipeline.ts'
import type { LineKey, Recovered, Store } from '../store/port.ts'
import { arrivalCloser } from './closer.ts'
import { lineCommitter } from './committer.ts'
import { entryQueue } from './entry-queue.ts'
import type { LineFold } from './fold.ts'
import { patience } from './patience.ts'
import { lineTroubles } from './troubles.ts'
import { lineWriter } from './writer.ts'

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
  /** Versions in force when the line opens; a change of them goes to the log. */
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
  /** Runs the line; emits after each commit; ends with an error only when the line is stopped. */
  run(): Observable<LineChange>
  /** Writes versions that differ from those last written; resolves when durable. */
  takeVersions(versions: Readonly<Record<string, string>>): Promise<void>
  close(): void
}

/** One line alive: joins its log, its fold and its commits, and shows it to others. */
export function lineRuntime(parts: LineParts): LineRuntime {
  const { definition, key, store, recovered, clock, fold } = parts
  const fresh = parts.fresh === true
  const started = fresh ? recovered.log_start - 1 : (recovered.commit?.position ?? 0)
  let closed = false
  if (!fresh && recovered.commit) fold.restore(recovered.commit.state)

  const troubles = lineTroubles(clock)
  const patient = patience(() => closed, troubles.wait)
  const queue = entryQueue({
    line: definition.line,
    taken: started,
    log_end: recovered.log_end,
    read: (from, limit) => patient(() => store.read(key, from, limit)),
  })
  const { log_entries_max } = parts
  const writer = lineWriter({ key, store, recovered, clock, queue, troubles, log_entries_max })
  const committer = lineCommitter({
    ...{ key, store, recovered, fresh, clock, patient, troubles, log_entries_max },
    snapshot: fold.snapshot,
    onStage: parts.onStage,
  })
  const closer = arrivalCloser(definition, fold.builder, clock, entry => {
    writer.append(entry).catch(() => {}) // noted; the closer comes again
  })
  // What the entries not yet folded name is not known: then it is written again.
  let named: Readonly<Record<string, string>> =
    recovered.log_end > started && Object.keys(parts.versions).length > 0 ? {} : fold.versions()
  const takeVersions = async (versions: Readonly<Record<string, string>>): Promise<void> => {
    if (sameVersions(named, versions)) return
    const before = named
    named = versions
    try {
      await patient(() => writer.append({ kind: 'version', versions }))
    } catch (error) {
      if (named === versions) named = before
      throw error
    }
  }
  const stages = stagesOf(parts, { queue, committer, closer, now: () => now(fold, definition) })

  return {
    definition,
    fields: fold.twin.fields,
    channels: fold.twin.channels,

    run() {
      // A store that is full takes no entry, and without one no commit comes to trim it.
      void committer.trim()
      takeVersions(parts.versions).catch(() => {}) // noted
      return linePipeline(stages).pipe(
        tap({
          error: (error: unknown) => {
            troubles.stop(`the line stopped: ${problemOf(error)}`)
            closer.close()
          },
        }),
      )
    },
    takeVersions,
    close() {
      closed = true
      closer.close()
      queue.close()
    },

    openProducer: writer.openProducer,
    producer: writer.producer,
    append: writer.appendBatch,
    credit_bytes: writer.credit_bytes,
    newest_event_ms: () => fold.builder.newest_ms(),
    decide: (decision, who, comment) =>
      writer.append({
        kind: 'decision',
        decision,
        subject: who.subject,
        role: who.role,
        comment,
        decided_ms: clock.now_ms(),
      }),

    status(): LineStatus {
      const { counters } = fold.builder
      return {
        ...now(fold, definition),
        position: committer.position(),
        // Hashing a large state takes milliseconds, and most who ask for the status do not want it.
        get state_hash() {
          return committer.state_hash()
        },
        behind_entries: queue.behind_entries(),
        degraded: troubles.problem(),
        readings_accepted: counters.accepted,
        readings_rejected: writer.rejected_count(),
        readings_late: counters.late,
        ticks_closed: { ...counters.closed },
      }
    },
    latest: () => fold.latest(),
    alarms: () => fold.anomaly.alarms(),
    alarmSummary: () => fold.anomaly.alarmSummary(),
    advice: () => fold.advice.current(),
    sensorFaults: () => fold.anomaly.sensorFaults(),
    scores: () => fold.anomaly.scores(),
    profiles: cell => fold.twin.profiles(cell),
    trend: (cell, from_ms, points_max) => parts.trend.read(cell, from_ms, points_max),
    events: committer.events,
  }
}

/** The fold's stages as the pipeline takes them, with what the runtime adds at the edges. */
function stagesOf(
  { definition, fold, trend }: LineParts,
  around: {
    readonly queue: ReturnType<typeof entryQueue>
    readonly committer: ReturnType<typeof lineCommitter>
    readonly closer: ReturnType<typeof arrivalCloser>
    readonly now: () => { readonly tick: number; readonly time_ms: number }
  },
): LineStages {
  const { queue, committer, closer } = around
  let folding = 0
  let arrived = false
  return {
    pull: () => queue.next(),
    frames(item, emit) {
      folding = item.position
      fold.frames(item, emit)
    },
    twin(frame) {
      const twin = fold.runTwin(frame)
      trend.push(twin)
      return twin
    },
    anomaly(step) {
      if (step.at === 'readings') arrived = true
      fold.runAnomaly(step)
    },
    advice(step) {
      fold.runAdvice(step)
      if (folding <= committer.published) step.events.length = 0
    },
    async commit(draft) {
      if (arrived) closer.arrived()
      arrived = false
      const events = await committer.commit(draft)
      if (!events) return undefined
      const { tenant, line } = definition
      return { tenant, line, ticked: draft.ticks > 0, ...around.now(), events }
    },
  }
}

/** The last tick that was folded and its end; zeros before the first. */
function now(fold: LineFold, definition: LineDefinition) {
  const time_ms = fold.time_ms()
  return { tick: time_ms === 0 ? 0 : Math.round(time_ms / definition.tick_ms) - 1, time_ms }
}

function sameVersions(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)])
  return [...names].every(name => a[name] === b[name])
}
