import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { LiquidusError } from '../core/errors.ts'
import { decodeEntry } from '../core/log-entry.ts'
import type { Identity } from '../flow.ts'
import { openLmdbStore } from '../store/lmdb/store.ts'
import type { Store } from '../store/port.ts'
import { type LineDirectory, lineDirectory } from './directory.ts'
import { calmGauge, noTrend, realFold, tinyLine } from './fixture-line.ts'
import { inlineFolds } from './inline-seat.ts'

const IDENTITY: Identity = { tenant: 'local', subject: 's', role: 'engineer' }
const full = () =>
  new LiquidusError('STORE_FULL', { store: 'lmdb', problem: 'behind' }, { retry: true })

let directory: string
let disk: Store
let engine: LineDirectory | undefined

beforeEach(async () => {
  directory = mkdtempSync(path.join(tmpdir(), 'liquidus-directory-'))
  disk = await openLmdbStore({ directory })
})
afterEach(async () => {
  await engine?.close()
  engine = undefined
  await disk.close()
  rmSync(directory, { recursive: true })
})

function make(change: Partial<Store>, versions: () => Readonly<Record<string, string>>) {
  engine = lineDirectory({
    store: { ...disk, close: async () => {}, ...change },
    ...{ clock: systemClock, version: '1', versions, log_entries_max: 5000, gauge: calmGauge },
    folds: inlineFolds(of => ({ fold: realFold(of), trend: noTrend }), systemClock),
    mayCreate: () => true,
    report: () => {},
  })
  return engine
}

/** Models that the log of a line names, in order. */
async function named(line: string): Promise<(string | undefined)[]> {
  const read = await disk.read(`local/${line}`, 1, { count_max: 100, bytes_max: 1e7 })
  const entries = read.map(one => decodeEntry(one.bytes))
  return entries.flatMap(one => (one.kind === 'version' ? [one.versions.model] : []))
}

it('a line that takes no entry keeps no other from its versions, and takes the newest later', async () => {
  let isFull = false
  let model = 'a'
  const lines = make(
    {
      async append(key, ...rest) {
        if (isFull && key === 'local/stuck') throw full()
        return disk.append(key, ...rest)
      },
    },
    () => ({ model }),
  )
  await lines.open(['stuck', 'well'].map(line => ({ ...tinyLine, line })))
  await vi.waitFor(async () => expect(await named('stuck')).toEqual(['a']), 5000)
  isFull = true
  model = 'b'
  expect(await lines.renewVersions()).toEqual(['local/stuck'])
  model = 'c'
  expect(await lines.renewVersions()).toEqual(['local/stuck'])
  expect(await named('well')).toEqual(['a', 'b', 'c'])
  isFull = false
  await vi.waitFor(async () => expect(await named('stuck')).toEqual(['a', 'c']), 8000)
  expect(await lines.renewVersions()).toEqual([])
}, 20_000)

it('names a line that is being created, and no longer where that failed', async () => {
  let isFull = true
  const lines = make(
    {
      async define(...what) {
        if (isFull) throw full()
        return disk.define(...what)
      },
    },
    () => ({}),
  )
  await lines.open([])
  const create = () => lines.create(IDENTITY, { ...tinyLine, line: 'new' })
  const failing = create()
  expect(lines.lineNames('local')).toEqual(['new'])
  expect(lines.lineNames('other')).toEqual([])
  await expect(failing).rejects.toMatchObject({ code: 'STORE_FULL' })
  expect(lines.lineNames('local')).toEqual([])
  isFull = false
  const [one, other] = await Promise.all([create(), create()])
  expect(one).toBe(other)
  expect(lines.lineNames('local')).toEqual(['new'])
})
