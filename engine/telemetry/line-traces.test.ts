import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import {
  AlwaysOnSampler,
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { manualClock } from '../core/clock.ts'
import type { LineChange } from '../flow.ts'
import { type LineDirectory, lineDirectory } from '../lines/directory.ts'
import {
  calmGauge,
  loggedBatch,
  noTrend,
  realFold,
  tinyLine,
  tinySecond,
} from '../lines/fixture-line.ts'
import { inlineFolds } from '../lines/inline-seat.ts'
import { openLmdbStore } from '../store/lmdb/store.ts'
import type { Store } from '../store/port.ts'
import { type BatchTraces, batchTraces } from './batch-traces.ts'

const COMMIT_MS = 30
/** Seconds of the line come so far apart that the state is stored with each, large or small. */
const APART_MS = 20_000

let directory: string
let disk: Store
let engine: LineDirectory
let clock: ReturnType<typeof manualClock>
let traces: BatchTraces
let exporter: InMemorySpanExporter
let changes: LineChange[]
let sequence: number
let start_ms: number

/** A whole engine with one line, whose clock moves in commits alone, and in the test. */
beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'liquidus-traces-'))
  disk = await openLmdbStore({ directory })
  clock = manualClock(1_000_000)
  exporter = new InMemorySpanExporter()
  changes = []
  sequence = 0
  const provider = new BasicTracerProvider({
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  })
  const tracer = provider.getTracer('test')
  traces = batchTraces({ tracer, clock, share: 1, chance: () => 0 })
  const slow: Store = {
    ...disk,
    close: async () => {},
    async commit(key, commit) {
      await disk.commit(key, commit)
      clock.advance(COMMIT_MS)
    },
  }
  engine = lineDirectory({
    ...{ store: traces.watchStore(slow), clock, version: '1', versions: {} },
    ...{ log_entries_max: 5000, gauge: calmGauge, mayCreate: () => true, report() {} },
    folds: inlineFolds(of => ({ fold: realFold(of), trend: noTrend }), clock),
  })
  engine.changes$.subscribe(one => changes.push(one))
  traces.watchEngine(engine)
  await engine.open([tinyLine])
})
afterEach(async () => {
  traces.stop()
  await engine.close()
  await disk.close()
  rmSync(directory, { recursive: true })
})

/** Sends a second of the line, and waits until it is folded and stored. */
async function send(value: number, mode?: 'backfill', followed = true): Promise<void> {
  const line = engine.find('local', 'tiny')!
  const { epoch } = sequence === 0 ? await line.openProducer('p') : line.producer('p')
  sequence += 1
  if (followed) {
    traces.taken({
      ...{ tenant: 'local', line: 'tiny', producer: 'p', epoch, sequence, readings: 4, bytes: 1 },
      ...{ received_ms: clock.elapsed_ms(), traceparent: undefined, alone: false },
    })
  }
  await line.append(
    loggedBatch(
      sequence,
      tinySecond(100 + sequence, () => value, mode),
      epoch,
    ),
    [],
  )
  const position = () => engine.line('local', 'tiny')!.status().position
  await vi.waitFor(() => expect(position()).toBe(sequence), 10_000)
}

/** After some seconds each batch closes a tick. */
async function warmUp(): Promise<void> {
  for (let second = 0; second < 5; second++) await send(1, undefined, false)
  clock.advance(APART_MS)
  start_ms = clock.elapsed_ms()
}

const at = ([s, ns]: readonly [number, number]) => Math.round(s * 1000 + ns / 1e6) - start_ms
const spans = (name: string): readonly ReadableSpan[] =>
  exporter.getFinishedSpans().filter(span => span.name === name)
const times = (name: string) =>
  spans(name).map(({ startTime, endTime }) => [at(startTime), at(endTime)])

describe('traces of a line that runs', () => {
  it('end when a batch is told and stored, and not with the next batch', async () => {
    await warmUp()
    for (let second = 0; second < 3; second++) {
      await send(1)
      clock.advance(APART_MS - COMMIT_MS)
    }
    traces.settle()
    const commits = [0, 1, 2].map(i => i * APART_MS).map(from => [from, from + COMMIT_MS])
    expect(times('batch')).toEqual(commits)
    expect(times('commit')).toEqual(commits)
    expect(times('send').map(([from, to]) => to! - from!)).toEqual([0, 0, 0])
  })

  it('show the way from a reading to its alert, which does not wait for the commit', async () => {
    await warmUp()
    await send(1)
    const before_ms = clock.elapsed_ms() - start_ms
    const first = changes.length
    await send(500)
    traces.settle()
    const [before, alerting] = spans('batch')
    expect(before!.attributes['liquidus.events']).toBe(0)
    const told = changes.slice(first).flatMap(change => change.events)
    expect(told.length).toBeGreaterThan(0)
    expect(alerting!.attributes['liquidus.events']).toBe(told.length)
    expect(times('reading to alert')).toEqual([[before_ms, before_ms]])
    expect(times('batch')[1]).toEqual([before_ms, before_ms + COMMIT_MS])
  })

  it('end as well where a batch shows nothing and has nothing to store', async () => {
    await warmUp()
    const first = changes.length
    await send(1, 'backfill')
    clock.advance(500)
    traces.settle()
    expect(times('batch')).toEqual([[0, 0]])
    expect(spans('commit')).toEqual([])
    expect(changes.slice(first).every(({ ticked, events }) => !ticked && events.length === 0)).toBe(
      true,
    )
  })
})
