import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Clock, manualClock, systemClock } from '../core/clock.ts'
import type { LineDefinition } from '../flow.ts'
import { openLmdbStore } from '../store/lmdb/store.ts'
import type { Store } from '../store/port.ts'
import { type LineDirectory, lineDirectory } from './directory.ts'
import { calmGauge, loggedBatch, noTrend, realFold, tinyLine, tinySecond } from './fixture-line.ts'
import { inlineFolds } from './inline-seat.ts'

const GIB = 1024 ** 3
const SILENT = 'line local/tiny is silent: check its producer and the network'

let directory: string
let disk: Store
let engine: LineDirectory | undefined

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'liquidus-health-'))
  disk = await openLmdbStore({ directory })
})
afterEach(async () => {
  await engine?.close()
  engine = undefined
  await disk.close()
  rmSync(directory, { recursive: true })
})

async function open(change: Partial<Store>, definition: LineDefinition, clock: Clock) {
  engine = lineDirectory({
    store: { ...disk, close: async () => {}, ...change },
    ...{ clock, version: '1', versions: {}, log_entries_max: 5000, gauge: calmGauge },
    log_bytes_max: 8 * GIB,
    folds: inlineFolds(of => ({ fold: realFold(of), trend: noTrend }), clock),
    mayCreate: () => true,
    report: () => {},
  })
  await engine.open([definition])
  return engine
}

const until = (isSo: () => boolean) =>
  vi.waitFor(() => expect(isSo()).toBe(true), { interval: 1, timeout: 3000 })

/** A line whose readings come second by second on a clock that the test moves. */
async function openSeconds(definition: LineDefinition) {
  const interval = vi.spyOn(globalThis, 'setInterval')
  const clock = manualClock(100_000)
  const opened = await open({}, definition, clock)
  const watches = interval.mock.calls.filter(([, every_ms]) => every_ms === 1000)
  interval.mockRestore()
  const line = opened.find('local', 'tiny')!
  const view = opened.line('local', 'tiny')!
  const { epoch } = await line.openProducer('p')
  let sequence = 0
  let quiet_s = 0
  return {
    view,
    health: opened.health,
    async pass(seconds: number, speaks: boolean) {
      for (let i = 0; i < seconds; i++) {
        const second = clock.now_ms() / 1000
        clock.advance(1000)
        if (speaks) {
          const readings = tinySecond(second, () => 1 + (second % 7) / 10)
          await line.append(loggedBatch(++sequence, readings, epoch), [])
        }
        for (const [watch] of watches) watch()
        await until(() => view.status().behind_entries === 0)
        // The last reading was a second old when it came, and a silent line is given three.
        quiet_s = speaks ? 0 : quiet_s + 1
        const due_ms = quiet_s < 4 ? 0 : clock.now_ms() - 4000
        await until(() => view.status().time_ms >= due_ms)
      }
    },
  }
}

test('a silent line is told and named a minute after its last reading, and the engine serves on', async () => {
  const { view, health, pass } = await openSeconds({ ...tinyLine, clock: 'wall' })
  await pass(5, true)
  await pass(62, false)
  expect(health()).toMatchObject({ ready: true, problems: [] })
  expect(view.alarms()).toEqual([])
  await pass(3, false)
  expect(health('local')).toMatchObject({ ready: true, problems: [SILENT] })
  expect(health('rival').problems).toEqual(['a line of another tenant is not as it should be'])
  const [alarm] = view.alarms()
  // The last reading is of second 104.
  expect(alarm).toMatchObject({ kind: 'line-silent', active: true, raised_ms: 165_000 })
  const who = { subject: 'ann', tenant: 'local', role: 'operator' } as const
  const shelve = { on: 'alarm', action: 'shelve', target: alarm!.id } as const
  await view.decide({ ...shelve, until_ms: 900_000 }, who, 'the line is down for repair')
  await vi.waitFor(() => expect(health('local').problems).toEqual([]))
})

test('a line that speaks again is named no longer', async () => {
  const { health, pass } = await openSeconds({ ...tinyLine, clock: 'wall' })
  await pass(3, true)
  await pass(70, false)
  expect(health().problems).toEqual([SILENT])
  await pass(14, true)
  await until(() => health().problems.length === 0)
})

test('a store that is nearly full is named, and the engine stays ready', async () => {
  const used_bytes = 12.5 * GIB
  const usage = async () => ({ used_bytes, used_bytes_max: 14 * GIB })
  const { health, load } = await open({ usage }, tinyLine, systemClock)
  await vi.waitFor(() => expect(health().problems).toHaveLength(1))
  expect(health()).toMatchObject({
    ready: true,
    problems: [expect.stringMatching(/^the store holds 12\.5 of the 14\.0 GiB .*log_bytes_max/)],
  })
  expect(load().store).toEqual({ used_bytes, used_bytes_max: 14 * GIB, log_bytes_max: 8 * GIB })
})

test('the embedded store says how large it is and what its disk has', async () => {
  const { load } = await open({}, tinyLine, systemClock)
  await vi.waitFor(() => expect(load().store?.disk_bytes).toBeGreaterThan(0))
  const { used_bytes, used_bytes_max, log_bytes, state_bytes } = load().store!
  expect(used_bytes).toBe(log_bytes! + state_bytes!)
  expect(used_bytes_max).toBe(14 * GIB)
})
