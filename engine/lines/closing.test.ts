import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../core/clock.ts'
import type { Identity } from '../flow.ts'
import { openLmdbStore } from '../store/lmdb/store.ts'
import type { Store } from '../store/port.ts'
import { type LineDirectory, lineDirectory } from './directory.ts'
import { calmGauge, loggedBatch, noTrend, realFold, tinyLine, tinySecond } from './fixture-line.ts'
import { inlineFolds } from './inline-seat.ts'
import type { FoldSeat } from './seat.ts'

const KEY = 'local/tiny'
const WHO: Identity = { subject: 'gateway', tenant: 'local', role: 'device' }

let directory: string
let disk: Store
let closedSeats: number

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'liquidus-closing-'))
  disk = await openLmdbStore({ directory })
  closedSeats = 0
})
afterEach(async () => {
  await disk.close()
  rmSync(directory, { recursive: true })
})

/** An engine over the store whose seats are counted as they close. */
function start(change: Partial<Store> = {}, clock = systemClock) {
  const folds = inlineFolds(of => ({ fold: realFold(of), trend: noTrend }), clock)
  return lineDirectory({
    store: { ...disk, close: async () => {}, ...change },
    ...{ clock, version: '1', versions: {}, log_entries_max: 5000, log_age_ms_max: 3_600_000 },
    folds: {
      ...folds,
      async openSeat(request): Promise<FoldSeat> {
        const seat = await folds.openSeat(request)
        return {
          ...seat,
          view: seat.view,
          close() {
            closedSeats += 1
            seat.close()
          },
        }
      },
    },
    ...{ gauge: calmGauge, mayCreate: () => true, report() {} },
  })
}

it.each([
  ['a producer asked for', (engine: LineDirectory) => engine.create(WHO, tinyLine)],
  ['the start has not opened yet', (engine: LineDirectory) => engine.open([tinyLine])],
])('closes a line that %s as well, and takes no other', async (_, open) => {
  let acquire = () => {}
  const gate = new Promise<void>(resolve => {
    acquire = resolve
  })
  const engine = start({
    async acquire(key) {
      await gate
      return disk.acquire(key)
    },
  })
  const opening = open(engine)
  await vi.waitFor(async () => expect((await disk.definitions()).has(KEY)).toBe(true))
  const closing = engine.close()
  const other = engine.create(WHO, { ...tinyLine, line: 'other' })
  await expect(other).rejects.toMatchObject({ code: 'LINE_STOPPED', retry: true })
  acquire()
  await Promise.all([opening, closing])
  expect(closedSeats).toBe(1)
  expect([...(await disk.definitions()).keys()]).toEqual([KEY])
})

it('keeps the log where the wall clock leaps ahead, and lets it go by the time that has passed', async () => {
  let leap_ms = 0
  let passed_ms = 0
  const engine = start(
    {},
    {
      now_ms: () => systemClock.now_ms() + leap_ms,
      elapsed_ms: () => systemClock.elapsed_ms() + passed_ms,
    },
  )
  await engine.open([tinyLine])
  const line = engine.find('local', 'tiny')!
  const view = engine.line('local', 'tiny')!
  const { epoch } = await line.openProducer('p')
  let second = 0
  const send = async (count: number) => {
    for (const end = second + count; second < end; ) {
      second += 1
      await line.append(
        loggedBatch(
          second,
          tinySecond(1000 + second, ref => ref),
          epoch,
        ),
        [],
      )
    }
    await vi.waitFor(() => expect(view.status().behind_entries).toBe(0))
  }
  const startOf = async () => (await disk.look(KEY)).log_start
  await send(400)
  leap_ms = 1e10
  passed_ms = 60_000 // so that the next commit trims
  await send(20)
  expect(await startOf()).toBe(1)
  passed_ms = 2 * 3_600_000
  await send(20)
  await vi.waitFor(async () => expect(await startOf()).toBeGreaterThan(100))
  await engine.close()
})
