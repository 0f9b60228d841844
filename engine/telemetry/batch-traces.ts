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
  commitStarted_ms: number
  commitEnded_ms: number
  /** Seconds of the line's stages when the batch was durable. */
  stages: Readonly<Record<string, number>>
}

/** Follows a share of the batches from the door to the alert. */
export interface BatchTraces {
  /** The door tells of each batch that goes to the log. */
  readonly taken: (batch: BatchTaken) => void
  /** The store whose appends and commits are watched; the lines must use this one. */
  watchStore(store: Store): Store
  /** Ends traces as lines commit; subscribe after the outputs, so that they have sent by then. */
  watchEngine(engine: EngineView): { unsubscribe(): void }
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

  const end = (batch: Followed, sent_ms: number, problem = '') => {
    followed--
    tell(tracer, clock, batch, sent_ms, problem, stagesOf(engine, batch.taken))
  }

  const dropLost = () => {
    const now_ms = clock.elapsed_ms()
    const lost = (batch: Followed) => now_ms - batch.taken.received_ms > LOST_AFTER_ms
    for (const [key, batch] of waiting) {
      if (!lost(batch)) continue
      waiting.delete(key)
      end(batch, now_ms, 'not durable in time')
    }
    for (const [line, batches] of durable) {
      for (const batch of batches.filter(lost)) end(batch, now_ms, 'not committed in time')
      durable.set(
        line,
        batches.filter(batch => !lost(batch)),
      )
    }
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

  const onChange = ({ tenant, line }: LineChange) => {
    const batches = durable.get(`${tenant}/${line}`)
    if (!batches || batches.length === 0) return
    const position = engine?.line(tenant, line)?.status().position ?? 0
    const sent_ms = clock.elapsed_ms()
    while (batches.length > 0 && batches[0]!.position <= position) end(batches.shift()!, sent_ms)
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
        ...{ commitStarted_ms: none, commitEnded_ms: none, stages: {} },
      })
    },
    watchStore: store => watched(store, { waiting, durable, clock, keyOf, onDurable, end }),
    watchEngine(view) {
      engine = view
      return view.changes$.subscribe(onChange)
    },
  }
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
  end(batch: Followed, at_ms: number, problem: string): void
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
  sent_ms: number,
  problem: string,
  stages: Readonly<Record<string, number>>,
): void {
  const { taken, appended_ms, durable_ms, commitStarted_ms, commitEnded_ms } = batch
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
  if (problem === '' && batch.position > 0) {
    const folded_ms = Number.isFinite(commitStarted_ms) ? commitStarted_ms : sent_ms
    child('fold', durable_ms, folded_ms, stageShares(batch.stages, stages))
    child('commit', commitStarted_ms, commitEnded_ms)
    child('send', commitEnded_ms, sent_ms)
  }
  if (problem !== '') root.setStatus({ code: SpanStatusCode.ERROR, message: problem })
  root.end(wall(sent_ms))
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
