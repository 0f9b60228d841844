import { merge, type Observable, Subject } from 'rxjs'
import type { Clock } from '../core/clock.ts'
import { decodeEntry } from '../core/log-entry.ts'
import { tickEndingAt } from '../core/tick-grid.ts'
import type { LineChange, LineDefinition, Trend, TwinFrame } from '../flow.ts'
import { type LineStages, linePipeline } from '../pipeline.ts'
import type { LogRecord } from '../store/port.ts'
import { SMALL_STATE_BYTES, stateCadence } from './cadence.ts'
import type { LogItem } from './entry-queue.ts'
import type { LineFold } from './fold.ts'
import type { ScoreDesk } from './score-desk.ts'
import type { FoldPorts, FoldStand, SeatRequest } from './seat.ts'
import type { StageTimes } from './stage-times.ts'
import type { Step } from './step.ts'
import type { TickTurns } from './tick-turns.ts'

/** Bounded history of a line for trend pictures. */
export interface LineTrend {
  push(twin: TwinFrame): void
  /** Late readings changed a tick that was pushed before. */
  amend(twin: TwinFrame): void
  read(cell: number, from_ms: number, points_max: number): Trend
}

/** What is built for a line in the thread that folds it. */
export interface FoldParts {
  readonly fold: LineFold
  readonly trend: LineTrend
}

/** Runs a line's pipeline between its ports: the one code for this thread and for others. */
export function runFold(
  { fold, trend }: FoldParts,
  request: SeatRequest,
  around: {
    readonly ports: FoldPorts
    readonly clock: Clock
    readonly times: StageTimes
    readonly desk: Pick<ScoreDesk, 'score'>
    readonly turn: TickTurns
  },
): Observable<LineChange> {
  const { ports, clock, times, desk, turn } = around
  const { position: begin, published, state: stored } = request
  const cadence = stateCadence(clock, begin, published, stored?.length)
  const early$ = new Subject<LineChange>()
  let folding = request.position
  let mayStore = false // a large state, at the end of the chunk
  let observed_ms = 0 // of the first half of the anomaly stage, and of its models
  let arrived = false
  let telling: Step | undefined
  let told = 0 // events of the step that is told of
  const timed = <T>(stage: 'twin' | 'advice' | 'snapshot', work: () => T): T => {
    const started_ms = clock.elapsed_ms()
    const result = work()
    times.add(stage, clock.elapsed_ms() - started_ms)
    return result
  }
  /**
   * Events are told before the commit, after each stage those that it made; those that were
   * published before are not made.
   */
  const tell = (step: Step): void => {
    if (step !== telling) told = 0
    telling = step
    if (folding <= request.published) step.events.length = told
    if (step.events.length === told) return
    const change = ports.tell(step.events.slice(told), folding)
    told = step.events.length
    if (change) early$.next(change)
  }
  const stages: LineStages = {
    async pull() {
      const pulled = await ports.pull()
      mayStore = pulled.mayStore
      return pulled.records.map(itemOf)
    },
    *frames(item) {
      folding = item.position
      const nested_ms = times.nested_ms()
      const steps = fold.frames(item)
      let own_ms = 0
      for (;;) {
        const started_ms = clock.elapsed_ms()
        const { done, value: step } = steps.next()
        own_ms += clock.elapsed_ms() - started_ms
        if (done) break
        yield step
      }
      times.add('frames', own_ms)
      cadence.folded(item.size_bytes, own_ms + times.nested_ms() - nested_ms)
    },
    turn,
    twin: frame =>
      timed('twin', () => {
        const twin = fold.runTwin(frame)
        trend.push(twin)
        return twin
      }),
    observe(step) {
      const started_ms = clock.elapsed_ms()
      const calls = fold.observe(step)
      observed_ms += clock.elapsed_ms() - started_ms
      tell(step)
      if (calls.length === 0) return undefined
      return desk.score(calls).then(share_ms => {
        observed_ms += share_ms
      })
    },
    anomaly(step) {
      if (step.at === 'readings') arrived = true
      const started_ms = clock.elapsed_ms()
      fold.runAnomaly(step)
      times.add('anomaly', observed_ms + clock.elapsed_ms() - started_ms)
      observed_ms = 0
      tell(step)
    },
    advice(step) {
      if (step.at === 'readings') return
      timed('advice', () => fold.runAdvice(step))
      tell(step)
    },
    settle(emit) {
      if (!fold.isRewindDue()) return undefined
      const onStep = (step: Step) => {
        if (step.at === 'tick' && step.twin) trend.push(step.twin)
        tell(step)
        emit(step)
      }
      return fold.rewind(ports, onStep, trend.amend)
    },
    commit(draft) {
      // Where there was nothing to fold, the fold stands where it stood.
      const position = Math.max(draft.position, folding)
      const isDue = cadence.due(position, draft.ticks)
      const isLarge = cadence.size_bytes() > SMALL_STATE_BYTES
      const isTime = isLarge ? mayStore && position >= request.published : isDue
      const due_bytes = isDue && !isTime ? cadence.size_bytes() : 0
      const state = isTime ? timed('snapshot', () => fold.snapshot()) : undefined
      if (state) cadence.stored(position, state.length)
      const made = { ...draft, position, state, kept: state && fold.takeKept(), due_bytes, arrived }
      arrived = false
      return ports.commit(made)
    },
  }
  return merge(early$, linePipeline(stages))
}

/** A log record as the fold takes it. */
export function itemOf({ position, bytes }: LogRecord): LogItem {
  return { position, entry: decodeEntry(bytes), size_bytes: bytes.length }
}

/** Where the fold stands now. */
export function standOf(fold: LineFold, definition: LineDefinition): FoldStand {
  const { builder } = fold
  const time_ms = fold.time_ms()
  return {
    tick: time_ms === 0 ? 0 : tickEndingAt(definition, time_ms),
    time_ms,
    next_tick: builder.next_tick(),
    newest_tick: builder.newest_tick(),
    newest_ms: builder.newest_ms(),
    counters: { ...builder.counters, closed: { ...builder.counters.closed } },
    needed_after: fold.needed_after(),
    revision: fold.revision(),
    clock_problems: fold.clockProblems(),
    versions: fold.versions(),
  }
}
