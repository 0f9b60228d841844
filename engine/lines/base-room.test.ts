import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../core/clock.ts'
import type { LineDefinition } from '../flow.ts'
import { openLmdbStore } from '../store/lmdb/store.ts'
import type { Store } from '../store/port.ts'
import { lineDirectory } from './directory.ts'
import { calmGauge, loggedBatch, noTrend, realFold, tinyLine } from './fixture-line.ts'
import { inlineFolds } from './inline-seat.ts'
import { verifyLine } from './verify.ts'

const cells = Array.from({ length: 100 }, (_, i) => `c${i}`)
const large = { ...tinyLine, line: 'large', cells }
const small = Array.from({ length: 30 }, (_, i) => ({ ...tinyLine, line: `small${i}` }))
const series = large.tags.flatMap(({ tag }, t) =>
  cells.map((asset_path, cell) => ({ ref: 100 * t + cell, asset_path, tag, unit: '' })),
)

let directory: string
let disk: Store
let reported: string[]

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'liquidus-base-'))
  disk = await openLmdbStore({ directory })
  reported = []
})
afterEach(async () => {
  await disk.close()
  rmSync(directory, { recursive: true })
})

const secondOf = (second: number) => ({
  ...{ series: second === 0 ? series : [], count: series.length },
  refs: Uint32Array.from(series, one => one.ref),
  times_ms: Float64Array.from(series, one => 1000 * second + one.ref),
  values: Float64Array.from(series, one => (one.ref % 50) + (second % 11)),
})

/** Runs the large line for so many seconds, each eleventh 20 s late. */
async function run(seconds: number, log_bytes_max: number, others: readonly LineDefinition[]) {
  const engine = lineDirectory({
    store: { ...disk, close: async () => {} },
    ...{ clock: systemClock, version: '1', versions: {}, mayCreate: () => true },
    ...{ log_entries_max: 250, log_bytes_max, gauge: calmGauge },
    folds: inlineFolds(of => ({ fold: realFold(of), trend: noTrend }), systemClock),
    report: (level, text) => level === 'warn' && reported.push(text),
  })
  await engine.open([large, ...others])
  const line = engine.find('local', 'large')!
  const view = engine.line('local', 'large')!
  const { epoch, committed_sequence: from } = await line.openProducer('p')
  for (let i = from; i < from + seconds; i++) {
    await line.append(loggedBatch(i + 1, secondOf(i > 30 && i % 11 === 3 ? i - 20 : i), epoch), [])
    if (i % 50 === 0) await vi.waitFor(() => expect(view.status().behind_entries).toBe(0))
  }
  await vi.waitFor(() => expect(view.status().behind_entries).toBe(0))
  await engine.close()
  return (await disk.look('local/large')).log_start
}

it('lets the log of a large line among many small ones be verified after it was trimmed', async () => {
  await run(300, 4 << 20, small)
  expect(await run(150, 4 << 20, small)).toBeGreaterThan(1)
  const found = await verifyLine(disk, 'local/large', realFold, {}, () => {})
  expect(found).toMatchObject({ equal: true, events_different: 0 })
  expect(found.from_position).toBeGreaterThan(1)
  expect(reported).toEqual([])
})

it('tells once of a line that is too large for that', async () => {
  await run(450, 64_000, [])
  const told = reported.filter(text => text.includes('cannot be verified'))
  expect(told).toEqual([expect.stringMatching(/^line local\/large: its log .*raise log_bytes_max/)])
})
