import {
  concatMap,
  defer,
  finalize,
  from,
  merge,
  type Observable,
  retry,
  Subject,
  tap,
  throwError,
  timer,
} from 'rxjs'
import type { Clock } from '../core/clock.ts'
import { problemOf } from '../core/errors.ts'
import type { LineChange, LineDefinition, LineIntake, LineStatus, LineView } from '../flow.ts'
import type { LineLoad } from '../load.ts'
import type { LineKey, Recovered, Store } from '../store/port.ts'
import { SMALL_STATE_BYTES } from './cadence.ts'
import { arrivalCloser } from './closer.ts'
import { type LineCommitter, lineCommitter } from './committer.ts'
import { type EntryQueue, entryQueue, QueueClosed } from './entry-queue.ts'
import { type LogRetention, logRetention } from './log-retention.ts'
import { type Patience, patience } from './patience.ts'
import { restartBudget } from './restarts.ts'
import { type FoldPorts, type FoldSeat, type OpenSeat, ThreadLost } from './seat.ts'
import { addTimes, stageTimes } from './stage-times.ts'
import { type StateTurn, type StateTurns, stateTurns } from './state-turns.ts'
import { lineTelling, type Telling } from './telling.ts'
import { adviceWithTold, alarmsWithTold } from './told-records.ts'
import { lineTroubles } from './troubles.ts'
import { checkpointNumbers } from './verify-base.ts'
import { versionNaming } from './version-naming.ts'
import { within } from './within.ts'
import { CREDIT_MAX_BYTES, lineWriter } from './writer.ts'

/** How long the end of a line waits for its backlog, and for the commit under way. */
const DRAIN_MS = 3000
const LAST_COMMIT_MS = 1000
const LOOK_EVERY_MS = 5

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
  /** The fold, opened from what was recovered, and the way to open it again. */
  readonly seat: FoldSeat
  readonly openSeat: OpenSeat
  /** Versions in force when the line opens; a change of them goes to the log. */
  readonly versions: Readonly<Record<string, string>>
  /** Shared with the lines that store their states on the same disk; without, no line waits. */
  readonly turns?: StateTurns
  /** Log entries kept for replay and verification. */
  readonly log_entries_max: number
  /** What of the log is kept besides; by default its newest `log_entries_max` entries. */
  readonly retention?: LogRetention
  /** Lag of the event loops that the line needs: of this thread, and of the one named. */
  readonly lag_ms: (thread: string) => number
  readonly report: (level: 'info' | 'warn' | 'error', text: string) => void
}

export interface LineRuntime extends LineIntake, LineView {
  readonly definition: LineDefinition
  /** Runs the line; emits as each commit begins, and events before; errs when it is stopped. */
  run(): Observable<LineChange>
  /** Writes versions that differ from those last written; resolves when the newest is durable. */
  takeVersions(versions: Readonly<Record<string, string>>): Promise<void>
  load(): LineLoad
  /** Folds what is in the log, stores the state, and ends; after a while, without these. */
  close(): Promise<void>
}

/** One line alive: joins its log, its fold and its commits, and shows it to others. */
export function lineRuntime(parts: LineParts): LineRuntime {
  const { definition, key, store, recovered, clock } = parts
  const { tenant, line } = definition
  const fresh = parts.fresh === true
  const started = startOf(recovered, fresh)
  let seat = parts.seat
  let closed = false
  const times = stageTimes() // of commits, and of threads that are gone

  const troubles = lineTroubles(clock)
  const patient = patience(() => closed, troubles.wait)
  const read: FoldPorts['read'] = (at, limit) => patient(() => store.read(key, at, limit))
  const { log_end } = recovered
  const queue = entryQueue({ line, taken: started, log_end, read })
  const { log_entries_max } = parts
  const byCount = { entries_max: log_entries_max, bytes_max: () => Infinity, age_ms_max: Infinity }
  const retention = parts.retention ?? logRetention(byCount, log_end, clock.elapsed_ms())
  const lag_ms = () => parts.lag_ms(seat.thread)
  const turn = (parts.turns ?? stateTurns(clock)).line(queue.nudge)
  const writer = lineWriter({
    ...{ key, store, recovered, clock, queue, troubles, log_entries_max, retention, lag_ms },
  })
  const stand = () => seat.view.stand()
  const committer = lineCommitter({
    ...{ key, store, recovered, fresh, clock, patient, troubles, log_entries_max, retention },
    needed_after: () => stand().needed_after,
    onCommit(duration_ms) {
      times.add('commit', duration_ms)
      telling.stored(committer.outbox_end())
    },
    onStored: state => isLarge(state) && turn.end(),
    onFailure: error => broken$.error(error),
    onUnfit: text => parts.report('warn', `line ${key}: ${text}`),
  })
  const closer = arrivalCloser(definition, stand, clock, entry => {
    writer.append(entry).catch(() => {}) // noted; the closer comes again
  })
  const isBehindNames = log_end > started && Object.keys(parts.versions).length > 0
  const takeVersions = versionNaming({
    // What the entries not yet folded name is not known: then it is written again.
    named: isBehindNames ? {} : stand().versions,
    append: writer.append,
    ...{ patient, stopped: troubles.stopped },
  })

  const broken$ = new Subject<never>()
  const telling: Telling = lineTelling(committer.outbox_taken)
  let shown = recovered.published
  const changeOf = (of: Pick<LineChange, 'ticked' | 'events' | 'position' | 'whole'>) => {
    const { tick, time_ms } = stand()
    return { tenant, line, tick, time_ms, ...of }
  }
  const ports: FoldPorts = {
    async pull() {
      const records = await queue.next()
      return { records, mayStore: turn.take() }
    },
    read,
    async checkpoint(number) {
      await committer.written() // it may be on its way to the store
      const found = await patient(() => store.kept(key, one => one === number))
      return found.get(number)
    },
    tell(told, position) {
      const events = telling.early(told)
      return events.length === 0
        ? undefined
        : changeOf({ ticked: false, events, position, whole: false })
    },
    async commit(made) {
      if (made.arrived) closer.arrived()
      if (made.due_bytes > 0) turn.ask(made.due_bytes)
      if (made.state && isLarge(made.state)) turn.hold(made.state.length)
      const events = telling.made(await committer.commit(made))
      // What was shown before is not shown again, neither after a start nor by another thread.
      const ticked = made.ticks > 0 && made.position > shown
      shown = Math.max(shown, made.position)
      return changeOf({ ticked, events, position: made.position, whole: true })
    },
  }
  const running = supervised({
    ...{ parts, ports, queue, committer, telling, broken$, turn },
    seat: () => seat,
    moved(next) {
      times.sums.set(addTimes(times, seat.times).sums)
      seat = next
    },
    closed: () => closed,
    ...{ wait: troubles.wait, patient },
  })
  let ended = Promise.resolve()

  return {
    definition,
    fields: seat.fields,
    channels: seat.channels,

    run() {
      // A store that is full takes no entry, and without one no commit comes to trim it.
      void committer.trim()
      takeVersions(parts.versions).catch(() => {}) // noted
      let end = () => {}
      ended = new Promise(resolve => {
        end = resolve
      })
      return running.changes$.pipe(
        tap({
          error: (error: unknown) => {
            if (closed) return
            troubles.stop(`the line stopped: ${problemOf(error)}`)
            closer.close()
          },
        }),
        finalize(() => {
          turn.end()
          end()
        }),
      )
    },
    takeVersions,
    async close() {
      closer.close()
      const give_up_ms = clock.elapsed_ms() + DRAIN_MS
      const drains = () => queue.behind_entries() > 0 && troubles.problem() === ''
      while (drains() && clock.elapsed_ms() < give_up_ms) await pause(LOOK_EVERY_MS)
      closed = true
      queue.close()
      const still = await within(LAST_COMMIT_MS, Promise.all([ended, committer.idle()]))
      // A chunk that was not folded to its end left the fold between two positions.
      if (still && !queue.in_hand() && !troubles.stopped()) {
        await within(LAST_COMMIT_MS, storeLast(seat, committer))
      }
      seat.close()
    },
    load: () => ({
      ...{ tenant, line, thread: seat.thread, restarts: running.restarts() },
      behind_entries: queue.behind_entries(),
      behind_bytes: queue.behind_bytes(),
      credit_bytes: writer.credit_bytes(),
      credit_max_bytes: CREDIT_MAX_BYTES,
      stages: addTimes(times, seat.times).read(),
    }),

    openProducer: writer.openProducer,
    producer: writer.producer,
    append: writer.appendBatch,
    credit_bytes: writer.credit_bytes,
    held: writer.held,
    newest_event_ms: () => stand().newest_ms,
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
      const { counters, tick, time_ms, revision, clock_problems } = stand()
      const { state, position } = committer.stored()
      return {
        ...{ tick, time_ms },
        position: committer.position(),
        // Hashing a large state takes milliseconds, and most who ask for the status do not want it.
        get state_hash() {
          return committer.state_hash()
        },
        state_position: state ? position : 0,
        behind_entries: queue.behind_entries(),
        degraded: troubles.problem(),
        readings_accepted: counters.accepted,
        readings_rejected: writer.rejected_count(),
        readings_late: counters.late,
        revision,
        clock_problems,
        ticks_closed: { ...counters.closed },
      }
    },
    latest: () => seat.view.latest(),
    alarms: () => alarmsWithTold(seat.view.alarms(), telling.pending()),
    alarmSummary: () => seat.view.alarmSummary(),
    advice: () => adviceWithTold(seat.view.advice(), telling.pending()),
    sensorFaults: () => seat.view.sensorFaults(),
    scores: () => seat.view.scores(),
    profiles: cell => seat.profiles(cell),
    trend: (cell, from_ms, points_max) => seat.trend(cell, from_ms, points_max),
    async events(after, count_max) {
      const pending = [...telling.pending()]
      const { oldest, newest, events } = await committer.events(after, count_max)
      const last = events.at(-1)?.offset ?? after
      const more = events.length < newest - after ? [] : pending.filter(one => one.offset > last)
      return {
        oldest,
        newest: Math.max(newest, pending.at(-1)?.offset ?? 0),
        events: [...events, ...more].slice(0, count_max),
      }
    },
    pendingEvents: telling.pending,
  }
}

const isLarge = (state: Uint8Array): boolean => state.length > SMALL_STATE_BYTES

/** Log position that a line begins after. */
export function startOf(recovered: Recovered, fresh: boolean): number {
  return fresh ? recovered.log_start - 1 : (recovered.commit?.position ?? 0)
}

/** Runs the fold where it sits; opens it anew, from the last stored state, when its thread is lost. */
function supervised(around: {
  readonly parts: LineParts
  readonly ports: FoldPorts
  readonly queue: EntryQueue
  readonly committer: LineCommitter
  readonly telling: Telling
  readonly turn: StateTurn
  /** Errs when a commit was refused for good. */
  readonly broken$: Observable<never>
  readonly seat: () => FoldSeat
  readonly moved: (seat: FoldSeat) => void
  readonly closed: () => boolean
  readonly wait: (problem: string) => void
  readonly patient: Patience
}): { readonly changes$: Observable<LineChange>; restarts(): number } {
  const { parts, ports, queue, committer } = around
  const { key, definition, report } = parts
  const budget = restartBudget(parts.clock)
  let lost = false

  const next = async (): Promise<FoldSeat> => {
    if (!lost) return around.seat()
    if (around.closed()) throw new QueueClosed('the line is closing')
    // A commit that the lost thread began may still become true.
    await committer.idle()
    around.telling.restart()
    around.turn.end()
    const { state, position } = committer.stored()
    queue.rewind(position)
    const published = committer.published()
    const kept = await around.patient(() => checkpointNumbers(parts.store, key))
    const seat = await parts.openSeat({ definition, state, kept, position, published })
    around.seat().close()
    around.moved(seat)
    lost = false
    around.wait('')
    report('info', `line ${key} goes on in ${seat.thread} from log entry ${position + 1}`)
    return seat
  }

  const again = (error: unknown): Observable<unknown> => {
    if (!(error instanceof ThreadLost) || around.closed()) return throwError(() => error)
    lost = true
    const wait_ms = budget.next(error.suspect)
    if (wait_ms === undefined) {
      return throwError(() => new Error(`${problemOf(error)}, again and again`))
    }
    around.wait(`${problemOf(error)}; it is started again`)
    report('warn', `line ${key}: ${problemOf(error)}; it is started again in ${wait_ms} ms`)
    return timer(wait_ms)
  }

  const changes$ = defer(() => from(next())).pipe(
    concatMap(seat => merge(seat.run(ports), around.broken$)),
    retry({ delay: again }),
  )
  return { changes$, restarts: budget.count }
}

/** Stores the state at the end of what is folded, where the stored one is older. */
async function storeLast(seat: FoldSeat, committer: LineCommitter): Promise<void> {
  const position = committer.position()
  const { state: before, position: stored } = committer.stored()
  if (position < committer.published() || (before && stored === position)) return
  try {
    const made = await seat.snapshot()
    const nothing = { ticks: 0, events: [], due_bytes: 0, arrived: false }
    await committer.commit({ position, ...nothing, ...made })
    await committer.idle()
  } catch {
    // The log has what the next start needs.
  }
}

const pause = (duration_ms: number): Promise<void> =>
  new Promise(resolve => {
    setTimeout(resolve, duration_ms)
  })
