import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../core/clock.ts'
import type { LineDefinition, LogEntry } from '../flow.ts'
import { openLmdbStore } from '../store/lmdb/store.ts'
import type { Store } from '../store/port.ts'
import { lineDirectory } from './directory.ts'
import { calmGauge, loggedBatch, noTrend, realFold, tinyLine, tinySecond } from './fixture-line.ts'
import { foldEntry } from './fold.ts'
import { inlineFolds } from './inline-seat.ts'
import { runEntries } from './rewind-fixture.ts'
import { verifyLine } from './verify.ts'

const KEY = 'local/tiny'
const BACK = 200
const LOG_ENTRIES_MAX = 500
/** Holds little of its log for rewinds: so many seconds of four readings. */
const shortFold = (definition: LineDefinition) =>
  realFold(definition, undefined, { readings_back_max: 4 * BACK })

let directory: string
let disk: Store

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'liquidus-standing-'))
  disk = await openLmdbStore({ directory })
})
afterEach(async () => {
  await disk.close()
  rmSync(directory, { recursive: true })
})

/** Runs an engine over the store; sends so many seconds, and waits until they are folded. */
async function send(count: number, mode: 'live' | 'backfill', at = (i: number) => 1000 + i) {
  const engine = lineDirectory({
    store: { ...disk, close: async () => {} },
    ...{ clock: systemClock, version: '1', versions: {}, log_entries_max: LOG_ENTRIES_MAX },
    folds: inlineFolds(of => ({ fold: shortFold(of), trend: noTrend }), systemClock),
    ...{ gauge: calmGauge, mayCreate: () => true, report() {} },
  })
  await engine.open([tinyLine])
  const line = engine.find('local', 'tiny')!
  const { epoch, committed_sequence } = await line.openProducer('p')
  const appended: Promise<unknown>[] = []
  for (let i = 0; i < count; i++) {
    const columns = tinySecond(at(i), () => 1 + (i % 7), mode)
    appended.push(line.append(loggedBatch(committed_sequence + 1 + i, columns, epoch), []))
    if (appended.length % 100 === 0) await Promise.all(appended.splice(0))
  }
  await Promise.all(appended)
  const view = engine.line('local', 'tiny')!
  await vi.waitFor(() => expect(view.status().behind_entries).toBe(0))
  const late = view.status().readings_late
  await engine.close()
  return late
}

/** Entries that are left once an engine has opened the store again and trimmed it. */
async function leftOver(): Promise<number> {
  await send(0, 'live')
  const { log_start, log_end } = await disk.look(KEY)
  return log_end - log_start + 1
}

it('lets the log of a new line be trimmed that gets nothing but history', async () => {
  await send(5000, 'backfill')
  await vi.waitFor(async () => expect(await leftOver()).toBeLessThanOrEqual(LOG_ENTRIES_MAX + 1))
  await send(50, 'live')
  expect(await verifyLine(disk, KEY, shortFold, {}, () => {})).toMatchObject({ equal: true })
})

it('lets the log be trimmed of a line whose readings are all too old, and goes on after', async () => {
  await send(100, 'live')
  expect(await send(2000, 'live', () => 500)).toBe(8000)
  expect(await leftOver()).toBeLessThanOrEqual(LOG_ENTRIES_MAX + 1)
  await send(60, 'live', i => 1100 + i)
  expect(await verifyLine(disk, KEY, shortFold, {}, () => {})).toMatchObject({ equal: true })
})

/** Live seconds, some of them late, with much history in between. */
function mixedEntries(): LogEntry[] {
  const entries: LogEntry[] = []
  const add = (second: number, mode?: 'backfill') =>
    entries.push(
      loggedBatch(
        entries.length + 1,
        tinySecond(second, ref => ref + second, mode),
      ),
    )
  for (let i = 0; i < 230; i++) add(i, 'backfill')
  for (let i = 0; i < 60; i++) add(1000 + (i % 10 === 3 && i > 20 ? i - 15 : i))
  for (let i = 0; i < 350; i++) add(i % 5 === 0 ? 1059 : i, i % 5 === 0 ? undefined : 'backfill')
  for (let i = 0; i < 60; i++) add(1060 + (i % 10 === 3 ? i - 15 : i))
  return entries
}

it('holds the same of its log wherever it is stored and restored', async () => {
  const entries = mixedEntries()
  const whole = await runEntries(tinyLine, entries, new Set(), shortFold)
  expect(whole.rewinds).toBeGreaterThan(1)
  for (const cuts of [
    [120, 240],
    [231, 470],
    [290, 489, 491, 660],
    [400, 401, 641],
  ]) {
    expect(await runEntries(tinyLine, entries, new Set(cuts), shortFold)).toEqual(whole)
  }
})

it('holds of its log what a rewind may read: readings, and large entries by their bytes', () => {
  const held = (size_bytes: number, make = shortFold) => {
    const line = make(tinyLine)
    let most = 0
    mixedEntries().forEach((entry, i) => {
      foldEntry(line, { position: i + 1, entry, size_bytes }, () => {})
      most = Math.max(most, i + 1 - line.needed_after())
    })
    return most
  }
  expect(held(1)).toBe(BACK)
  expect(held(4 * 256)).toBe(BACK)
  expect(held(256 * 20)).toBe(BACK / 5)
  expect(held(1, of => realFold(of))).toBeGreaterThan(400)
})
