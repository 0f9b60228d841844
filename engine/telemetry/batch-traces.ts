import { SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api'
import type { Clock } from '../core/clock.ts'
import type { EngineView, LineChange } from '../flow.ts'
import type { BatchTaken } from '../load.ts'
import type { Store } from '../store/port.ts'
import { contextOf } from './trace-parent.ts'

/** Batches followed at once; while there are so many, no other is. */
const FOLLOWED_MAX = 256
/** A batch whose effects are not committed after this is told as lost from sight. */
const LOST_AFTER_ms = 60_000

/** A batch on its way; times are of the monotonic clock. */
interface Followed {
  readonly taken: BatchTaken
  appended_ms: number
  durable_ms: number
  position: number
  /** When the first events that follow from it were told, and how many were. */
  told_ms: number
  events: number
  /** When all that its chunk gives was told. */
  sent_ms: number
  commitStarted_ms: number
  commitEnded_ms: number
  /** Seconds of the line's stages when the batch was durable, and then what it took of them. */
  stages: Readonly<Record<string, number>>
}

/** Follows a share of the batches from the door to the alert. */
export interface BatchTraces {
  /** The door tells of each batch that goes to the log. */
  readonly taken: (batch: BatchTaken) => void
  /** The store whose appends and commits are watched; the lines must use this one. */
  watchStore(store: Store): Store
  /** Notes what lines tell; subscribe after the outputs, so that they have sent by then. */
  watchEngine(engine: EngineView): { unsubscribe(): void }
  /** Ends the traces whose batches are told and stored, and those that are lost; call it often. */
  settle(): void
  /** Ends all traces: the engine stops. */
  stop(): void
}

/** Makes the follower; `chance` gives a number from 0 to 1 for each batch. */
export function batchTraces(options: {
  readonly tracer: Tracer
  readonly clock: Clock
  readonly share: number
  readonly chance: () => number
}): BatchTraces {
  const { tracer, clock, share, chance } = options
  const waiting = new Map<string, Followed>() // taken, not yet durable
  const durable = new Map<string, Followed[]>() // by line, in order of position
  let engine: EngineView | undefined
  let followed = 0

  const keyOf = (line: string, producer: string, epoch: number, sequence: number) =>
    `${line}\n${producer}\n${epoch}\n${sequence}`

  const end = (batch: Followed, at_ms: number, problem = '') => {
    followed--
    tell(tracer, clock, batch, at_ms, problem)
  }
  /** Ends the batches of a line that are over, or lost with a problem; the rest goes on. */
  const endWhere = (line: string, isOver: (batch: Followed) => boolean, problem = ''): void => {
    const batches = durable.get(line) ?? []
    const over = batches.filter(isOver)
    if (over.length === 0) return
    const left = batches.filter(batch => !over.includes(batch))
    if (left.length > 0) durable.set(line, left)
    else durable.delete(line)
    const now_ms = clock.elapsed_ms()
    for (const batch of over) end(batch, problem === '' ? doneAt(batch) : now_ms, problem)
  }
  const settleLine = (line: string): void => {
    const [first] = durable.get(line) ?? []
    if (!engine || !first) return
    const position = engine.line(first.taken.tenant, first.taken.line)?.status().position ?? 0
    endWhere(line, batch => batch.sent_ms >= 0 && batch.position <= position)
  }
  const giveUp = (isLost: (batch: Followed) => boolean, when: string): void => {
    for (const [key, batch] of waiting) {
      if (!isLost(batch)) continue
      waiting.delete(key)
      end(batch, clock.elapsed_ms(), `not durable ${when}`)
    }
    for (const line of durable.keys()) endWhere(line, isLost, `not committed ${when}`)
  }
  const dropLost = (): void => {
    const now_ms = clock.elapsed_ms()
    giveUp(({ taken }) => now_ms - taken.received_ms > LOST_AFTER_ms, 'in time')
  }

  const onDurable = (key: string, line: string, position: number) => {
    const batch = waiting.get(key)
    if (!batch) return
    waiting.delete(key)
    batch.durable_ms = clock.elapsed_ms()
    batch.position = position
    batch.stages = stagesOf(engine, batch.taken)
    if (position === 0) return end(batch, batch.durable_ms) // a duplicate goes no further
    const batches = durable.get(line) ?? []
    batches.push(batch)
    durable.set(line, batches)
  }

  const onChange = ({ tenant, line, position, whole, events }: LineChange) => {
    const batches = durable.get(`${tenant}/${line}`)
    if (!batches) return
    const now_ms = clock.elapsed_ms()
    let stages: Readonly<Record<string, number>> | undefined
    for (const batch of batches) {
      if (batch.position === position && events.length > 0) {
        if (batch.events === 0) batch.told_ms = now_ms
        batch.events += events.length
      }
      if (!whole || batch.position > position || batch.sent_ms >= 0) continue
      batch.sent_ms = now_ms
      stages ??= stagesOf(engine, batch.taken)
      batch.stages = stageShares(batch.stages, stages)
    }
    settleLine(`${tenant}/${line}`)
  }

  return {
    taken(batch) {
      // A stream names one parent for all its batches: only a single call is followed for its own.
      const asked = batch.alone && contextSampled(batch.traceparent)
      if (!asked && chance() >= share) return
      if (followed >= FOLLOWED_MAX) dropLost()
      if (followed >= FOLLOWED_MAX) return
      followed++
      const none = Number.NaN
      const key = keyOf(
        `${batch.tenant}/${batch.line}`,
        batch.producer,
        batch.epoch,
        batch.sequence,
      )
      waiting.set(key, {
        ...{ taken: batch, appended_ms: clock.elapsed_ms(), durable_ms: none, position: 0 },
        ...{ told_ms: none, events: 0, sent_ms: none },
        ...{ commitStarted_ms: none, commitEnded_ms: none, stages: {} },
      })
    },
    watchStore: store => watched(store, { waiting, durable, clock, keyOf, onDurable, settleLine }),
    watchEngine(view) {
      engine = view
      return view.changes$.subscribe(onChange)
    },
    settle() {
      for (const line of durable.keys()) settleLine(line)
      dropLost()
    },
    stop() {
      for (const line of durable.keys()) settleLine(line)
      giveUp(() => true, 'when the engine stopped')
    },
  }
}

/** When the last of what a batch causes was over. */
function doneAt({ sent_ms, commitEnded_ms }: Followed): number {
  return commitEnded_ms > sent_ms ? commitEnded_ms : sent_ms
}

const contextSampled = (traceparent: string | undefined): boolean =>
  (trace.getSpanContext(contextOf(traceparent))?.traceFlags ?? 0) === 1

/** Seconds that the line spent in each stage so far. */
function stagesOf(engine: EngineView | undefined, { tenant, line }: BatchTaken) {
  const load = engine?.load().lines.find(one => one.tenant === tenant && one.line === line)
  const sums: Record<string, number> = {}
  for (const [stage, { sum_s }] of Object.entries(load?.stages ?? {})) sums[stage] = sum_s
  return sums
}

interface Watching {
  readonly waiting: ReadonlyMap<string, Followed>
  readonly durable: ReadonlyMap<string, Followed[]>
  readonly clock: Clock
  keyOf(line: string, producer: string, epoch: number, sequence: number): string
  onDurable(key: string, line: string, position: number): void
  settleLine(line: string): void
}

/** The same store, whose appends and commits are noted for the batches that are followed. */
function watched(store: Store, on: Watching): Store {
  const append: Store['append'] = async (line, fence, bytes, producer, quarantined) => {
    const position = await store.append(line, fence, bytes, producer, quarantined)
    if (on.waiting.size > 0 && producer) {
      on.onDurable(
        on.keyOf(line, producer.producer, producer.epoch, producer.sequence),
        line,
        position,
      )
    }
    return position
  }
  const commit: Store['commit'] = async (line, made) => {
    // What is over by now has nothing in this commit.
    on.settleLine(line)
    const covered = on.durable.get(line)?.filter(({ position }) => position <= made.position)
    if (!covered || covered.length === 0) return store.commit(line, made)
    const started_ms = on.clock.elapsed_ms()
    await store.commit(line, made)
    for (const batch of covered) {
      batch.commitStarted_ms = started_ms
      batch.commitEnded_ms = on.clock.elapsed_ms()
    }
  }
  return new Proxy(store, {
    get(target, key) {
      if (key === 'append') return append
      if (key === 'commit') return commit
      const value = target[key as keyof Store] as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** Hands the spans of a batch to the tracer: all at once, when its way is over. */
function tell(
  tracer: Tracer,
  clock: Clock,
  batch: Followed,
  done_ms: number,
  problem: string,
): void {
  const { taken, appended_ms, durable_ms, told_ms, sent_ms } = batch
  const { commitStarted_ms, commitEnded_ms } = batch
  // Spans carry wall time; durations are of the monotonic clock.
  const wall = (at_ms: number) => clock.now_ms() - (clock.elapsed_ms() - at_ms)
  const root = tracer.startSpan(
    'batch',
    {
      kind: SpanKind.SERVER,
      startTime: wall(taken.received_ms),
      attributes: {
        'liquidus.tenant': taken.tenant,
        'liquidus.line': taken.line,
        'liquidus.producer': taken.producer,
        'liquidus.sequence': taken.sequence,
        'liquidus.readings': taken.readings,
        'liquidus.bytes': taken.bytes,
        'liquidus.position': batch.position,
        'liquidus.events': batch.events,
      },
    },
    contextOf(taken.traceparent),
  )
  const inside = trace.setSpan(contextOf(taken.traceparent), root)
  const child = (name: string, from_ms: number, to_ms: number, attributes = {}) => {
    if (!Number.isFinite(from_ms) || !Number.isFinite(to_ms)) return
    tracer.startSpan(name, { startTime: wall(from_ms), attributes }, inside).end(wall(to_ms))
  }
  child('decode and admit', taken.received_ms, appended_ms)
  child('append', appended_ms, durable_ms)
  // From the reading to the first event that outputs have: it does not wait for the commit.
  child('reading to alert', taken.received_ms, told_ms)
  // The commit begins when the chunk is folded; what is sent then does not wait for its end.
  const folded_ms = commitStarted_ms < sent_ms ? commitStarted_ms : sent_ms
  child('fold', durable_ms, folded_ms, batch.stages)
  child('send', folded_ms, sent_ms)
  child('commit', commitStarted_ms, commitEnded_ms)
  if (problem !== '') root.setStatus({ code: SpanStatusCode.ERROR, message: problem })
  root.end(wall(done_ms))
}

/** What the line spent in each stage while the batch was folded; others may be part of it. */
function stageShares(
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Record<string, number> {
  const shares: Record<string, number> = {}
  for (const [stage, sum_s] of Object.entries(after)) {
    shares[`liquidus.${stage}_s`] = Math.max(0, sum_s - (before[stage] ?? 0))
  }
  return shares
}
