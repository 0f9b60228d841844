import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { CELL_FEATURES } from '../../anomaly/features.ts'
import type { CellScorer } from '../../anomaly/tensorflow/cell-scorer.ts'
import { systemClock } from '../../core/clock.ts'
import type { LineChange, LineDefinition } from '../../flow.ts'
import { BatchBuilder } from '../../sim/batch.ts'
import { parseFaults } from '../../sim/faults.ts'
import { createPlant } from '../../sim/plant.ts'
import { plantDefinition } from '../../sim/run.ts'
import { openLmdbStore } from '../../store/lmdb/store.ts'
import type { Store } from '../../store/port.ts'
import { type LineDirectory, lineDirectory } from '../directory.ts'
import {
  type BatchColumns,
  calmGauge,
  loggedBatch,
  noTrend,
  realFold,
  tinyLine,
  tinySecond,
} from '../fixture-line.ts'
import { inlineFolds } from '../inline-seat.ts'
import type { FoldPlaces } from '../seat.ts'
import { stateHash } from '../state-hash.ts'
import { verifyLine } from '../verify.ts'
import { type FixtureData, KILLS, THROWS, THROWS_LATER } from './fixture-thread.ts'
import { foldPool } from './pool.ts'

const LOADER = new URL('../../tools/ts.mjs', import.meta.url).href
const THREAD = new URL('./fixture-thread.ts', import.meta.url)

let directory: string
let disk: Store
let engine: LineDirectory | undefined
let changes: LineChange[]
let reported: string[]
/** How often a thread may still end itself. */
let kills: Int32Array

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'liquidus-worker-'))
  disk = await openLmdbStore({ directory })
  changes = []
  reported = []
  kills = new Int32Array(new SharedArrayBuffer(4))
})
afterEach(async () => {
  await engine?.close()
  engine = undefined
  await disk.close()
  rmSync(directory, { recursive: true })
})

const inline = () =>
  inlineFolds(definition => ({ fold: realFold(definition), trend: noTrend }), systemClock)

const threads = (count = 1) =>
  foldPool({
    count,
    start: start =>
      new Worker(THREAD, {
        execArgv: ['--import', LOADER],
        workerData: { start, kills } satisfies FixtureData,
      }),
    say: text => reported.push(text),
  })

/** An engine with its lines on the disk's store. */
async function open(folds: FoldPlaces, definitions: readonly LineDefinition[]): Promise<void> {
  engine = lineDirectory({
    ...{ clock: systemClock, version: '1', versions: {}, log_entries_max: 5000 },
    ...{ folds, gauge: calmGauge, mayCreate: () => true },
    store: { ...disk, close: async () => {} },
    report: (_, text) => reported.push(text),
  })
  engine.changes$.subscribe(one => changes.push(one))
  await engine.open(definitions)
}

/** Sends batches to a line as one producer; gives the way to wait until all is committed. */
async function send(definition: LineDefinition, batches: readonly BatchColumns[]) {
  const { tenant, line } = definition
  const intake = engine!.find(tenant, line)!
  const { epoch, committed_sequence } = await intake.openProducer('p')
  for (const [i, columns] of batches.entries()) {
    await intake.append(loggedBatch(committed_sequence + i + 1, columns, epoch), [])
  }
  const view = engine!.line(tenant, line)!
  // A line that stopped has a backlog for ever.
  const isOver = () => view.status().behind_entries === 0 || /stopped/.test(view.status().degraded)
  await vi.waitFor(() => expect(isOver()).toBe(true), 20_000)
}

/** What a run leaves behind: the state, and the events in their order. */
async function left(key: string) {
  const { commit, log_end } = await disk.look(key)
  const events = await disk.events(key, 0, 10_000)
  return {
    ...{ log_end, position: commit!.position, hash: stateHash(commit!.state) },
    events: events.map(one => JSON.stringify(one)),
  }
}

function potline(seconds: number): { definition: LineDefinition; batches: BatchColumns[] } {
  const [cells, feeders] = [3, 2]
  const definition = {
    ...plantDefinition({ line: 'pots', cells, feeders, speed: 60 }),
    tenant: 't',
  }
  const faults = parseFaults('noisy-cell@1m:cell=2 stuck-voltage@1m:cell=3', cells, feeders)
  const plant = createPlant({ seed: 3, cells, feeders, start_ms: 0, faults })
  const builder = new BatchBuilder(definition)
  // Each batch names all series, for it may be the first of a new epoch.
  const series: BatchColumns['series'][number][] = []
  const batches = Array.from({ length: seconds / 2 }, () => {
    builder.clear()
    builder.add(plant.step())
    builder.add(plant.step())
    series.push(...builder.series)
    const { count } = builder
    return {
      ...{ count, series: [...series], refs: builder.refs.slice(0, count) },
      times_ms: builder.times_ms.slice(0, count),
      values: builder.values.slice(0, count),
    }
  })
  return { definition, batches }
}

const tiny = (from: number, count: number, value = (second: number) => second % 11) =>
  Array.from({ length: count }, (_, i) => tinySecond(from + i, () => value(from + i)))

/** The same batches inline, and in threads with a restart in between. */
async function bothWays(definition: LineDefinition, batches: readonly BatchColumns[]) {
  const key = `${definition.tenant}/${definition.line}`
  await open(threads(), [definition])
  const half = Math.floor(batches.length / 2)
  await send(definition, batches.slice(0, half))
  await engine!.close()
  await open(threads(), [definition])
  await send(definition, batches.slice(half))
  const view = engine!.line(definition.tenant, definition.line)!
  const { frame, twin } = view.latest()!
  const seen = {
    ...{ values: [...frame.values], quality: [...frame.quality], age_ms: [...frame.age_ms] },
    ...{ tick: frame.tick, estimate: [...twin.estimate], residual: [...twin.residual] },
    ...{ trusted: [...twin.trusted], alarms: view.alarms(), advice: view.advice() },
    ...{ scores: view.scores(), faults: [...view.sensorFaults()], status: view.status().time_ms },
    profiles: await view.profiles(0),
  }
  await engine!.close()
  const inThreads = await left(key)
  await disk.close()
  rmSync(directory, { recursive: true })

  disk = await openLmdbStore({ directory })
  await open(inline(), [definition])
  await send(definition, batches)
  const same = engine!.line(definition.tenant, definition.line)!
  const latest = same.latest()!
  expect(seen).toEqual({
    values: [...latest.frame.values],
    quality: [...latest.frame.quality],
    age_ms: [...latest.frame.age_ms],
    ...{ tick: latest.frame.tick, estimate: [...latest.twin.estimate] },
    ...{ residual: [...latest.twin.residual], trusted: [...latest.twin.trusted] },
    ...{ alarms: same.alarms(), advice: same.advice(), scores: same.scores() },
    ...{ faults: [...same.sensorFaults()], status: same.status().time_ms },
    profiles: await same.profiles(0),
  })
  await engine!.close()
  return { inThreads, inline: await left(key) }
}

describe('a line that another thread folds', () => {
  it('of a potline leaves the bytes and events that it leaves inline, and shows the same', async () => {
    const { definition, batches } = potline(240)
    const { inThreads, inline } = await bothWays(definition, batches)
    expect(inThreads).toEqual(inline)
    expect(inThreads.position).toBe(inThreads.log_end)
    expect(inThreads.events.length).toBeGreaterThan(0)
  })

  it('of any signals does so too', async () => {
    const odd = (second: number) => (second % 37 === 5 ? 400 : second % 11)
    const { inThreads, inline } = await bothWays(tinyLine, tiny(100, 200, odd))
    expect(inThreads).toEqual(inline)
    expect(inThreads.events.length).toBeGreaterThan(0)
  })
})

describe('a thread that ends', () => {
  const bad = (value: number) => [...tiny(100, 30), ...tiny(130, 1, () => value), ...tiny(131, 30)]
  const verified = async (line: string) =>
    expect(await verifyLine(disk, `local/${line}`, realFold, {}, () => {})).toMatchObject({
      equal: true,
    })

  it.each([
    ['ends itself', KILLS, /fold-1 ended: exit 9/],
    ['has an error that nobody catches', THROWS_LATER, /fold-1 ended: nobody catches this/],
  ])(
    'because it %s is started again, and its lines lose and repeat nothing',
    async (_, value, text) => {
      Atomics.store(kills, 0, 1)
      const other = { ...tinyLine, line: 'other' }
      await open(threads(), [tinyLine, other])
      await Promise.all([
        send(tinyLine, bad(value)),
        send(
          other,
          tiny(100, 60, s => (s === 120 ? 400 : 1)),
        ),
      ])
      const all = reported.join('\n')
      expect(all).toMatch(text)
      expect(all).toMatch(/line local\/tiny goes on in fold-1/)
      expect(engine!.health()).toMatchObject({ ready: true })
      for (const { restarts } of engine!.load().lines) expect(restarts).toBeGreaterThan(0)
      const told = changes.flatMap(change =>
        change.events.map(one => `${change.line} ${one.offset}`),
      )
      for (const line of ['tiny', 'other']) {
        // What is told is stored with the next commit.
        await vi.waitFor(async () => {
          const stored = await disk.events(`local/${line}`, 0, 1000)
          const offsets = stored.map(({ offset }) => `${line} ${offset}`)
          expect(told.filter(one => one.startsWith(line))).toEqual(offsets)
        }, 10_000)
      }
      expect(told.length).toBeGreaterThan(0)
      await engine!.close()
      await verified('tiny')
      await verified('other')
    },
  )

  it('again and again stops the line that does it and leaves the other in the same thread', async () => {
    Atomics.store(kills, 0, 1000)
    const other = { ...tinyLine, line: 'other' }
    await open(threads(), [tinyLine, other])
    const dies = send(tinyLine, bad(KILLS)).catch(() => {})
    const view = engine!.line('local', 'tiny')!
    await vi.waitFor(() => expect(view.status().degraded).toMatch(/again and again/), 60_000)
    await send(other, tiny(100, 20))
    expect(engine!.health().problems).toHaveLength(1)
    await engine!.close()
    await dies
    await verified('other')
  }, 90_000)

  it('does not: a stage that throws stops its line alone, and says why', async () => {
    const other = { ...tinyLine, line: 'other' }
    await open(threads(), [tinyLine, other])
    const stops = send(tinyLine, bad(THROWS)).catch(() => {})
    const view = engine!.line('local', 'tiny')!
    await vi.waitFor(() => expect(view.status().degraded).toMatch(/stopped: no such state/), 20_000)
    await send(other, tiny(100, 20))
    expect(engine!.health().problems).toEqual([expect.stringMatching(/^line local\/tiny: /)])
    expect(engine!.load().lines.map(line => line.restarts)).toEqual([0, 0])
    await engine!.close()
    await stops
  }, 40_000)
})

describe('potlines that are ready together in a thread', () => {
  /** Tells rows apart by all of their features, and writes down how many came at once. */
  function model() {
    const asked: number[] = []
    const scorer: CellScorer = {
      ...{ version: 'sum/1', features: CELL_FEATURES, threshold: 40, promoted: true },
      score(features, rows, scores, shares) {
        asked.push(rows)
        const width = CELL_FEATURES.length
        for (let row = 0; row < rows; row++) {
          scores[row] = 0
          for (let i = row * width; i < (row + 1) * width; i++) {
            const part = Math.abs(features[i]! || 0)
            scores[row]! += part
            if (shares) shares[i] = part
          }
        }
      },
    }
    return { asked, models: { lead: scorer, second: undefined } }
  }

  it('are scored in one call of the model, and each holds what it would hold alone', async () => {
    const { definition, batches } = potline(120)
    const lines = ['pots', 'pots-2', 'pots-3'].map(line => ({ ...definition, line }))
    const { asked, models } = model()
    const build = (of: LineDefinition) => ({ fold: realFold(of, models), trend: noTrend })
    await open(inlineFolds(build, systemClock), lines)
    await Promise.all(lines.map(line => send(line, batches)))
    await engine!.close()
    const cells = definition.cells.length
    expect(Math.max(...asked)).toBe(3 * cells)
    expect(asked.reduce((sum, rows) => sum + rows, 0)).toBeGreaterThanOrEqual(3 * cells * 118)
    for (const { tenant, line } of lines) {
      const alone = await verifyLine(
        disk,
        `${tenant}/${line}`,
        of => realFold(of, models),
        {},
        () => {},
      )
      expect(alone).toMatchObject({ equal: true })
    }
  })
})

describe('lines in several threads', () => {
  it('are spread by their series, the first thread first, and tell how busy they are', async () => {
    const wide = { ...tinyLine, line: 'a-wide', cells: ['a', 'b', 'c', 'd', 'e'] }
    const lines = ['b', 'c', 'd'].map(line => ({ ...tinyLine, line }))
    await open(threads(2), [wide, ...lines])
    expect(engine!.load().lines.map(({ line, thread }) => `${line} ${thread}`)).toEqual([
      ...['a-wide fold-1', 'b fold-2', 'c fold-2', 'd fold-2'],
    ])
    await send(lines[0]!, tiny(100, 20))
    const { lines: loads, threads: busy } = engine!.load()
    expect(busy.map(one => one.name)).toEqual(['io', 'fold-1', 'fold-2'])
    const load = loads.find(({ line }) => line === 'b')!
    expect(load).toMatchObject({ thread: 'fold-2', behind_entries: 0 })
    expect(load.stages.frames.count).toBe(20)
    expect(load.stages.twin.count).toBeGreaterThan(10)
    expect(load.stages.commit.sum_s).toBeGreaterThan(0)
  })
})
