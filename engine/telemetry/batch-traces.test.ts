import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { Subject } from 'rxjs'
import { expect, test } from 'vitest'
import { manualClock } from '../core/clock.ts'
import type { EngineView, LineChange } from '../flow.ts'
import type { BatchTaken } from '../load.ts'
import type { Commit, Store } from '../store/port.ts'
import { batchTraces } from './batch-traces.ts'
import { parentOf } from './trace-parent.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT = `00-${TRACE_ID}-b7ad6b7169203331-01`

function setUp(share: number, chance = () => 0.5) {
  const clock = manualClock(1_000_000)
  const exporter = new InMemorySpanExporter()
  const provider = new BasicTracerProvider({
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  })
  const traces = batchTraces({ tracer: provider.getTracer('test'), clock, share, chance })
  let position = 0
  let twin_s = 0
  const store = traces.watchStore({
    append: async () => ++position,
    async commit() {
      await undefined
      clock.advance(3)
    },
  } as unknown as Store)
  const changes$ = new Subject<LineChange>()
  let committed = 0
  traces.watchEngine({
    changes$,
    line: () => ({ status: () => ({ position: committed }) }),
    load: () => ({
      threads: [],
      lines: [{ tenant: 't', line: 'l', stages: { twin: { count: 1, sum_s: twin_s } } }],
    }),
  } as unknown as EngineView)
  const taken = (sequence: number, change: Partial<BatchTaken> = {}): BatchTaken => ({
    ...{ tenant: 't', line: 'l', producer: 'p', epoch: 1, sequence, readings: 10, bytes: 99 },
    ...{ received_ms: clock.elapsed_ms(), traceparent: undefined, alone: false },
    ...change,
  })
  return {
    clock,
    traces,
    taken,
    spans: () => exporter.getFinishedSpans(),
    append: (sequence: number) =>
      store.append('t/l', 1, new Uint8Array(9), { producer: 'p', epoch: 1, sequence }),
    fold: (duration_s: number) => {
      twin_s += duration_s
      clock.advance(1000 * duration_s)
    },
    /** The commit begins, the outputs are told within a millisecond, and then it ends. */
    commit: async (to: number) => {
      const committing = store.commit('t/l', { position: to } as Commit)
      const change = { tenant: 't', line: 'l', ticked: true, tick: 1, time_ms: 1, events: [] }
      clock.advance(1)
      changes$.next({ ...change, position: to, whole: true })
      await committing
      committed = to
      traces.settle()
    },
  }
}

const ms = ([s, ns]: readonly [number, number]) => Math.round(s * 1000 + ns / 1e6)
const named = (spans: readonly ReadableSpan[], name: string) =>
  spans.find(span => span.name === name)!

test('a batch is told from the door to the outputs, as a child of its caller', async () => {
  const { clock, traces, taken, append, fold, commit, spans } = setUp(1)
  const batch = taken(1, { traceparent: PARENT })
  clock.advance(2)
  traces.taken(batch)
  await append(1)
  fold(0.04)
  await commit(1)
  const told = spans()
  expect(told.map(span => span.name).sort()).toEqual([
    ...['append', 'batch', 'commit', 'decode and admit', 'fold', 'send'],
  ])
  const root = named(told, 'batch')
  expect(root.spanContext().traceId).toBe(TRACE_ID)
  expect(root.parentSpanContext?.spanId).toBe('b7ad6b7169203331')
  expect(root.attributes).toMatchObject({ 'liquidus.readings': 10, 'liquidus.position': 1 })
  for (const span of told.filter(one => one !== root)) {
    expect(span.parentSpanContext?.spanId).toBe(root.spanContext().spanId)
  }
  const times = (name: string) => {
    const span = named(told, name)
    return [ms(span.startTime) - 1_000_000, ms(span.endTime) - 1_000_000]
  }
  expect(times('decode and admit')).toEqual([0, 2])
  expect(times('append')).toEqual([2, 2])
  expect(times('fold')).toEqual([2, 42])
  expect(times('commit')).toEqual([42, 46])
  expect(times('send')).toEqual([42, 43])
  expect(times('batch')).toEqual([0, 46])
  expect(named(told, 'fold').attributes['liquidus.twin_s']).toBeCloseTo(0.04)
})

test('a commit ends the batches that it covers and no other', async () => {
  const { traces, taken, append, commit, spans } = setUp(1)
  for (const sequence of [1, 2, 3]) {
    traces.taken(taken(sequence))
    await append(sequence)
  }
  await commit(2)
  const sequences = () =>
    spans()
      .filter(({ name }) => name === 'batch')
      .map(span => span.attributes['liquidus.sequence'])
  expect(sequences()).toEqual([1, 2])
  await commit(3)
  expect(sequences()).toEqual([1, 2, 3])
})

test('the share is kept: a stream asks for nothing, a single sampled call is always followed', async () => {
  let chance = 0
  const { traces, taken, append, commit, spans } = setUp(0.25, () => {
    chance = (chance + 0.25) % 1
    return chance
  })
  for (let sequence = 1; sequence <= 20; sequence++) {
    traces.taken(taken(sequence, { traceparent: PARENT }))
    await append(sequence)
  }
  traces.taken(taken(21, { traceparent: PARENT, alone: true }))
  await append(21)
  await commit(21)
  const batches = spans().filter(({ name }) => name === 'batch')
  expect(batches.length).toBe(6)
  expect(batches.at(-1)!.attributes['liquidus.sequence']).toBe(21)
})

test('batches whose line does not commit are given up, so that memory is bounded', async () => {
  const { clock, traces, taken, append, spans } = setUp(1)
  for (let sequence = 1; sequence <= 300; sequence++) {
    traces.taken(taken(sequence))
    await append(sequence)
  }
  expect(spans()).toEqual([])
  clock.advance(61_000)
  traces.settle()
  const lost = spans().filter(({ name }) => name === 'batch')
  expect(lost.length).toBe(256)
  expect(lost[0]!.status.message).toBe('not committed in time')
  traces.taken(taken(301))
  await append(301)
  traces.stop()
  const last = spans().findLast(({ name }) => name === 'batch')!
  expect(last.status.message).toBe('not committed when the engine stopped')
})

test('a trace parent that is not one is ignored', () => {
  expect(parentOf(PARENT)).toMatchObject({ traceId: TRACE_ID, traceFlags: 1, isRemote: true })
  expect(parentOf(PARENT.replace(/01$/, '00'))?.traceFlags).toBe(0)
  const wrong = [
    ...[undefined, '', 'x', PARENT.replace(TRACE_ID, '0'.repeat(32)), PARENT.slice(0, -1)],
    ...[PARENT.replace(/^00/, 'ff'), `${PARENT}-more`, PARENT.toUpperCase()],
  ]
  for (const text of wrong) expect(parentOf(text), text).toBeUndefined()
})
