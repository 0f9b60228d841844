import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { manualClock } from '../core/clock.ts'
import { openLmdbStore } from '../store/lmdb/store.ts'
import type { Store } from '../store/port.ts'
import { type LineDirectory, lineDirectory } from './directory.ts'
import { calmGauge, loggedBatch, noTrend, realFold, tinyLine } from './fixture-line.ts'
import { inlineFolds } from './inline-seat.ts'

const LARGE = 2 << 20 // two of them do not go side by side
const cells = Array.from({ length: 4000 }, (_, i) => `c${i}`)
const lines = ['a', 'b', 'c'].map(line => ({ ...tinyLine, line, cells }))
const series = tinyLine.tags.flatMap(({ tag }, t) =>
  cells.map((asset_path, cell) => ({ ref: 4000 * t + cell, asset_path, tag, unit: '' })),
)

let directory: string
let disk: Store
beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'liquidus-states-'))
  disk = await openLmdbStore({ directory })
})
afterEach(async () => {
  await disk.close()
  rmSync(directory, { recursive: true })
})

const secondOf = (second: number) => ({
  ...{ series: second === 0 ? series : [], count: series.length },
  refs: Uint32Array.from(series, one => one.ref),
  times_ms: Float64Array.from(series, one => 1000 * second + (one.ref % 500)),
  values: Float64Array.from(series, one => (one.ref % 50) + 0.01 * (second % 3)),
})

/** An engine of these lines whose large commits, once `slow`, end when the test says so. */
function site() {
  const clock = manualClock()
  const order: string[] = []
  const ends: (() => void)[] = []
  const slow = { on: false }
  const store: Store = {
    ...disk,
    async commit(line, commit) {
      if (slow.on && (commit.state?.length ?? 0) > LARGE) {
        order.push(line)
        await new Promise<void>(resolve => ends.push(resolve))
      }
      await disk.commit(line, commit)
    },
    close: async () => {},
  }
  const start = async () => {
    const engine = lineDirectory({
      ...{ store, clock, version: '1', versions: {}, mayCreate: () => true },
      ...{ log_entries_max: 1000, gauge: calmGauge },
      folds: inlineFolds(of => ({ fold: realFold(of), trend: noTrend }), clock),
      report: () => {},
    })
    await engine.open(lines)
    return engine
  }
  return { clock, order, ends, slow, start }
}

async function append(engine: LineDirectory, second: number): Promise<void> {
  for (const { line } of lines) {
    const intake = engine.find('local', line)!
    const { epoch } = second === 0 ? await intake.openProducer('p') : { epoch: 1 }
    await intake.append(loggedBatch(second + 1, secondOf(second), epoch), [])
  }
  for (const { line } of lines) {
    const view = engine.line('local', line)!
    await vi.waitFor(() => expect(view.status().behind_entries).toBe(0), 10_000)
  }
}

it('folds on while large states of several lines are stored one after another', async () => {
  const { clock, order, ends, slow, start } = site()
  const engine = await start()
  for (let second = 0; second < 3; second++) await append(engine, second)
  slow.on = true
  clock.advance(60_000) // by its age a state of each line is due
  for (let second = 3; second < 6; second++) await append(engine, second)
  expect(order).toEqual(['local/a'])
  for (const count of [2, 3]) {
    ends.shift()!()
    await vi.waitFor(() => expect(order).toHaveLength(count), 10_000)
    expect(ends).toHaveLength(1)
  }
  expect(order).toEqual(['local/a', 'local/b', 'local/c'])
  ends.shift()!()
  const stored = () => lines.map(({ line }) => engine.line('local', line)!.status().state_position)
  // The states are of when the turn came, not of when they were due.
  await vi.waitFor(() => expect(stored()).toEqual([4, 6, 6]), 10_000)
  slow.on = false
  await engine.close()
}, 30_000)

it('keeps to the turns after a restart', async () => {
  const { order, ends, slow, start } = site()
  const before = await start()
  for (let second = 0; second < 3; second++) await append(before, second)
  await before.close()
  const engine = await start()
  slow.on = true
  for (let second = 3; second < 6; second++) await append(engine, second)
  expect(order).toEqual(['local/a'])
  slow.on = false
  ends.shift()!()
  await engine.close()
}, 30_000)
