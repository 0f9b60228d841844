import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../core/clock.ts'
import type { Identity, LineIntake } from '../flow.ts'
import { openLmdbStore } from '../store/lmdb/store.ts'
import type { Store } from '../store/port.ts'
import { SHARE_OF_LOG } from './checkpoints.ts'
import { type LineDirectory, lineDirectory } from './directory.ts'
import { calmGauge, loggedBatch, noTrend, realFold, tinyLine, tinySecond } from './fixture-line.ts'
import { versionsIn } from './fold.ts'
import { inlineFolds } from './inline-seat.ts'
import { verifyLine } from './verify.ts'
import { checkpointNumbers } from './verify-base.ts'

const WHO: Identity = { subject: 'gateway', tenant: 'local', role: 'device' }
/** Room for some 35 checkpoints of these lines; four lines alone would keep 40. */
const LOG_BYTES_MAX = 2_250_000
const SHARE_BYTES = SHARE_OF_LOG * LOG_BYTES_MAX
const NAMES = ['one', 'two', 'three', 'four'] as const
const lineOf = (line: string) => ({ ...tinyLine, line })

let directory: string
let disk: Store
let engine: LineDirectory
let reported: string[]

beforeEach(async () => {
  reported = []
  directory = mkdtempSync(path.join(tmpdir(), 'liquidus-share-'))
  disk = await openLmdbStore({ directory })
  engine = start()
})
afterEach(async () => {
  await disk.close()
  rmSync(directory, { recursive: true })
})

/** An engine over the store; the lines that this has are opened with `open`. */
function start(): LineDirectory {
  return lineDirectory({
    store: { ...disk, close: async () => {} },
    clock: systemClock,
    ...{ version: '1', versions: { engine: '1' }, mayCreate: () => true },
    report: (level, text) => level === 'warn' && reported.push(text),
    ...{ log_entries_max: 5000, log_bytes_max: LOG_BYTES_MAX },
    folds: inlineFolds(of => ({ fold: realFold(of), trend: noTrend }), systemClock),
    gauge: calmGauge,
  })
}

async function send(line: LineIntake, from: number, seconds: number): Promise<void> {
  const { epoch, committed_sequence } = await line.openProducer('p')
  for (let i = 0; i < seconds; i++) {
    const second = tinySecond(from + i, ref => ref + ((from + i) % 7) / 10)
    await line.append(loggedBatch(committed_sequence + 1 + i, second, epoch), [])
  }
}

/** Sends so many seconds to each line and waits until all is folded. */
async function run(names: readonly string[], from: number, seconds: number): Promise<void> {
  for (const name of names) await send(engine.find('local', name)!, from, seconds)
  for (const name of names) {
    const view = engine.line('local', name)!
    await vi.waitFor(() => expect(view.status()).toMatchObject({ behind_entries: 0 }))
  }
}

async function kept(names: readonly string[]) {
  const counts: number[] = []
  let bytes = 0
  for (const name of names) {
    const numbers = await checkpointNumbers(disk, `local/${name}`)
    const blobs = await disk.kept(`local/${name}`, number => numbers.has(number))
    counts.push(blobs.size)
    for (const blob of blobs.values()) bytes += blob.length
  }
  return { counts, bytes }
}

it('lets a large line go back among many small ones, and says which one cannot, once', async () => {
  const cells = Array.from({ length: 120 }, (_, i) => `c${i}`)
  const large = { ...lineOf('large'), cells: ['a', 'b', ...cells] }
  const small = Array.from({ length: 8 }, (_, i) => lineOf(`small${i}`))
  await engine.open([large, ...small])
  await run(['large', 'small0'], 100, 60)
  await engine.close()
  const { counts } = await kept(['large', 'small0'])
  expect(Math.min(...counts)).toBeGreaterThan(0)
  expect(reported).toEqual([])
  engine = start()
  await engine.open([])
  // With some more of its size the room is too small for the state of any of them.
  for (let i = 0; i < 12; i++) {
    await engine.create(WHO, { ...lineOf(`other${i}`), cells: large.cells })
  }
  for (const from of [160, 190]) await run(['large'], from, 30)
  await engine.close()
  const told = reported.filter(text => text.includes('local/large:'))
  expect(told).toEqual([expect.stringMatching(/: late readings .*raise log_bytes_max/)])
  expect((await kept(['large'])).counts).toEqual([0])
  const result = await verifyLine(disk, 'local/large', realFold, { engine: '1' }, () => {})
  expect(result).toMatchObject({ equal: true, batches: 120 })
})

it('lets all lines together keep checkpoints within one share, and more lines fewer each', async () => {
  await engine.open(NAMES.map(lineOf))
  await run(NAMES, 100, 200)
  const before = await kept(NAMES)
  expect(before.bytes).toBeLessThanOrEqual(SHARE_BYTES)
  for (const count of before.counts) expect(count).toBeGreaterThan(2)
  const more = [...NAMES, 'five', 'six', 'seven', 'eight']
  for (const name of more.slice(4)) await engine.create(WHO, lineOf(name))
  await run(more.slice(4), 100, 200)
  await run(NAMES, 300, 30)
  await engine.close()
  const after = await kept(more)
  expect(after.bytes).toBeLessThanOrEqual(SHARE_BYTES)
  for (const count of after.counts) expect(count).toBeGreaterThan(1)
  expect(Math.max(...after.counts)).toBeLessThan(Math.min(...before.counts))
  const now = { engine: '1' }
  const result = await verifyLine(disk, 'local/one', realFold, now, () => {})
  // Nor does it make the log one that cannot be compared, and neither does a setting.
  expect(result.versions_others).toEqual([])
  const later = { engine: '2' }
  const isSetting = (name: string) => name === 'engine'
  const same = await verifyLine(disk, 'local/one', realFold, later, () => {}, isSetting)
  expect(same.versions_others).toEqual([])
  expect(result).toMatchObject({ equal: true, batches: 230 })
  // How many lines there are is not part of a line's state.
  const state = (await disk.look('local/one')).commit!.state
  expect(versionsIn(state)).toEqual({ engine: '1' })
  expect(result.versions_in_log.at(-1)).toMatch(/^engine 1, checkpoint_bytes \d+$/)
})
