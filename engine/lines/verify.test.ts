import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { openLmdbStore } from '../store/lmdb/store.ts'
import type { Store } from '../store/port.ts'
import { lineDirectory } from './directory.ts'
import { calmGauge, loggedBatch, noTrend, realFold, tinyLine, tinySecond } from './fixture-line.ts'
import { inlineFolds } from './inline-seat.ts'
import { verifyLine } from './verify.ts'
import { baseKeeper } from './verify-base.ts'

const KEY = 'local/tiny'
let directory: string
let disk: Store

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'liquidus-verify-'))
  disk = await openLmdbStore({ directory })
})
afterEach(async () => {
  await disk.close()
  rmSync(directory, { recursive: true })
})

/** Seconds of the line that alarm now and then; each tenth comes 25 s late. */
async function send(from: number, to: number, log_entries_max = 300): Promise<void> {
  const engine = lineDirectory({
    store: { ...disk, close: async () => {} },
    clock: systemClock,
    version: '1',
    versions: {},
    log_entries_max,
    folds: inlineFolds(of => ({ fold: realFold(of), trend: noTrend }), systemClock),
    gauge: calmGauge,
    mayCreate: () => true,
    report() {},
  })
  await engine.open([tinyLine])
  const line = engine.find('local', 'tiny')!
  const { epoch } = await line.openProducer('p')
  for (let sequence = from; sequence < to; sequence++) {
    const second = sequence % 10 === 3 && sequence > 30 ? sequence - 25 : sequence
    const columns = tinySecond(1000 + second, series => (second % 50 === series ? 400 : second % 7))
    await line.append(loggedBatch(sequence, columns, epoch), [])
  }
  const view = engine.line('local', 'tiny')!
  await vi.waitFor(() => expect(view.status().behind_entries).toBe(0))
  expect(view.status().revision).toBeGreaterThan(3)
  await engine.close()
}

describe('verifyLine', () => {
  it('runs a log with late readings again, over a restart, and finds the same', async () => {
    await send(1, 150)
    await send(150, 300)
    const result = await verifyLine(disk, KEY, realFold, {}, () => {})
    expect(result).toMatchObject({ equal: true, from_position: 0, events_different: 0 })
    expect(result.events_stored).toBeGreaterThan(10)
  })

  it('begins with a stored base where the log was trimmed', async () => {
    await send(1, 900)
    await send(900, 1300)
    const { log_start } = await disk.look(KEY)
    expect(log_start).toBeGreaterThan(1)
    const result = await verifyLine(disk, KEY, realFold, {}, () => {})
    expect(result.from_position).toBeGreaterThanOrEqual(log_start - 1)
    expect(result).toMatchObject({ equal: true, sequence_gaps: 0, batches_repeated: 0 })
    expect(result.entries).toBeGreaterThan(100)
    expect(result.events_compared).toBeGreaterThan(0)
  })

  it('compares the two where the base is as new as the state, and finds one that is not its equal', async () => {
    await send(1, 150)
    const { fence, commit, outbox_end } = await disk.look(KEY)
    const { position, state } = commit!
    const keepBase = async (whole: Uint8Array) => {
      const facts = { position, outbox_end, needed_after: position }
      const kept = { blobs: [], numbers: [] }
      const keeper = baseKeeper(300, () => Number.POSITIVE_INFINITY)
      const { blobs } = keeper.make(facts, { state: whole, kept }, 0)
      await disk.keep(KEY, fence, blobs, keeper.numbers())
      return verifyLine(disk, KEY, realFold, {}, () => {})
    }
    await disk.trimLog(KEY, position)
    const same = { equal: true, from_position: position, entries: 0 }
    expect(await keepBase(state)).toMatchObject(same)
    const other = realFold(tinyLine).snapshot()
    expect(await keepBase(other)).toMatchObject({ equal: false, entries: 0 })
  })

  it('finds a base however short the log, as trimming leaves what the base needs', async () => {
    for (let from = 1; from < 1200; from += 100) {
      await send(from, from + 100, 100)
      const { log_start } = await disk.look(KEY)
      const result = await verifyLine(disk, KEY, realFold, {}, () => {})
      expect(result).toMatchObject({ equal: true, events_different: 0 })
      if (log_start > 1) expect(result.from_position).toBeGreaterThan(0)
    }
  })
})
