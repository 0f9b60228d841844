import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from 'lmdb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import type { QuarantineRow } from '../../flow.ts'
import { encodeJson } from '../codec.ts'
import { patternBytes } from '../pattern.ts'
import type { Store } from '../port.ts'
import { openLmdbStore } from './store.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'liquidus-segments-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

/** The smallest store: a segment is full after 512 KiB. */
const openSmall = () => openLmdbStore({ directory, mapSize: 8 * 1024 ** 2 })
const segmentsThere = () => readdirSync(directory).filter(name => /^log-\d+\.mdb$/.test(name))
const ENTRY_BYTES = 16 * 1024
const ALL = { count_max: 1e6, bytes_max: 1e12 }
const rejected = (sequence: number): QuarantineRow => ({
  ...{ producer: 'p', sequence, row: 0, reason: 'UNKNOWN_SERIES', detail: '' },
  ...{ asset: 'a', tag: 't', time_ms: 1, value: Number.NaN, received_ms: 2 },
})

/** A line as it should be, beside the store that has it. */
interface Line {
  readonly key: string
  fence: number
  end: number
  start: number
  rows: number
}

const append = async (store: Store, line: Line) => {
  const position = line.end + 1
  const rows = position % 5 === 0 ? [rejected(++line.rows)] : []
  const producer = { producer: 'p', epoch: 1, sequence: position }
  const bytes = patternBytes(position, ENTRY_BYTES)
  expect(await store.append(line.key, line.fence, bytes, producer, rows)).toBe(position)
  line.end = position
}

const trim = async (store: Store, line: Line, position: number) => {
  const state = new Uint8Array(8)
  await store.commit(line.key, { fence: line.fence, position: line.end, state, events: [] })
  await store.trimLog(line.key, position)
  line.start = Math.max(line.start, position + 1)
}

const expectLine = async (store: Store, line: Line) => {
  const found = await store.look(line.key)
  expect(found).toMatchObject({ log_start: line.start, log_end: line.end })
  expect(found.producers.get('p')).toEqual({ epoch: 1, committed_sequence: line.end })
  expect(found.quarantined_count).toBe(line.rows)
  const rows = await store.quarantine(line.key, 0, 1e6)
  expect(rows.map(({ row }) => row.sequence)).toEqual(rows.map((_, i) => i + 1))
  expect(rows.length).toBe(line.rows)
  const records = await store.read(line.key, 1, ALL)
  expect(records.map(one => one.position)).toEqual(
    Array.from({ length: line.end - line.start + 1 }, (_, i) => line.start + i),
  )
  for (const { position, bytes } of records) {
    expect(Buffer.compare(bytes, patternBytes(position, ENTRY_BYTES))).toBe(0)
  }
}

const takeLine = async (store: Store, key: string): Promise<Line> => {
  const { fence } = await store.acquire(key)
  await store.openProducer(key, fence, 'p')
  return { key, fence, end: 0, start: 1, rows: 0 }
}

test('any mix of appends, trims and restarts leaves every line as it should be', async () => {
  const random = seededRandom(5)
  let store = await openSmall()
  const lines = [
    await takeLine(store, 'a/fast'),
    await takeLine(store, 'a/slow'),
    await takeLine(store, 'a/still'),
  ]
  for (let round = 0; round < 30; round++) {
    for (let i = 0; i < 30; i++) await append(store, lines[0]!)
    if (round % 3 === 0) await append(store, lines[1]!)
    if (round < 2) await append(store, lines[2]!)
    await trim(store, lines[0]!, lines[0]!.end - random.integer(60))
    if (round % 10 === 9) await trim(store, lines[1]!, lines[1]!.end - 1)
    if (random.integer(4) === 0) {
      await store.close()
      store = await openSmall()
      for (const line of lines) line.fence = (await store.acquire(line.key)).fence
    }
    for (const line of lines) await expectLine(store, line)
  }
  // 15 MiB came; the few entries of the slow lines do not hold on to the files that they are in.
  await vi.waitFor(
    async () => {
      await trim(store, lines[0]!, lines[0]!.end)
      expect(segmentsThere().length).toBeLessThanOrEqual(4)
    },
    { timeout: 5000 },
  )
  await store.close()
  store = await openSmall()
  for (const line of lines) await expectLine(store, line)
  await store.close()
}, 20_000)

test('segments may become smaller: a larger one is gone on with, and is followed by smaller ones', async () => {
  const sized = (segmentBytes: number) =>
    openLmdbStore({ directory, mapSize: 256 * 1024 ** 2, segmentBytes })
  let store = await sized(8 * 1024 ** 2)
  const line = await takeLine(store, 'a/b')
  for (let i = 0; i < 100; i++) await append(store, line)
  expect(segmentsThere()).toHaveLength(1)
  await store.close()
  store = await sized(128 * 1024)
  line.fence = (await store.acquire(line.key)).fence
  for (let i = 0; i < 100; i++) await append(store, line)
  await expectLine(store, line)
  expect(segmentsThere().length).toBeGreaterThan(6)
  await trim(store, line, line.end - 4)
  await vi.waitFor(() => expect(segmentsThere().length).toBeLessThan(5), { timeout: 5000 })
  await expectLine(store, line)
  await store.close()
})

test('files of segments that are gone become new ones, and hold nothing of the old', async () => {
  const store = await openSmall()
  const line = await takeLine(store, 'a/b')
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 100; i++) await append(store, line)
    await trim(store, line, line.end)
  }
  const files = readdirSync(directory).filter(name => name.endsWith('.mdb'))
  expect(files.length).toBeLessThanOrEqual(1 + 5 + 2) // main, segments, spares
  await expectLine(store, line)
  await append(store, line)
  await expectLine(store, line)
  await store.close()
})

test('a segment that is missing is named; files that no list has are removed', async () => {
  const first = await openSmall()
  const line = await takeLine(first, 'a/b')
  for (let i = 0; i < 100; i++) await append(first, line)
  await first.close()
  for (const name of ['log-00000099.mdb', 'spare-0.mdb', 'log-empty.mdb']) {
    writeFileSync(join(directory, name), 'left behind')
  }
  const second = await openSmall()
  await expectLine(second, line)
  await second.close()
  expect(readdirSync(directory)).not.toContain('log-00000099.mdb')
  expect(readdirSync(directory)).not.toContain('spare-0.mdb')
  const missing = join(directory, segmentsThere()[0]!)
  rmSync(missing)
  await expect(openSmall()).rejects.toMatchObject({
    code: 'STORE_UNWRITABLE',
    message: expect.stringContaining(missing),
  })
})

test('a segment that another engine signed is not written to any more', async () => {
  const store = await openSmall()
  const line = await takeLine(store, 'a/b')
  await append(store, line)
  const root = open<Uint8Array, string>({ path: join(directory, segmentsThere()[0]!), maxDbs: 16 })
  const meta = root.openDB<Uint8Array, string>({ name: 'meta', encoding: 'binary' })
  await meta.put('owner', encodeJson({ token: 'the other', pid: 77, started: '' }))
  await root.close()
  await expect(append(store, line)).rejects.toMatchObject({ code: 'STORE_LOCKED' })
  await store.close()
})

test('a log that an older engine wrote into the main file is read, and trimmed with the rest', async () => {
  await (await openSmall()).close()
  const root = open<Uint8Array, string>({ path: join(directory, 'liquidus.mdb'), maxDbs: 16 })
  const table = (name: string) =>
    root.openDB<Uint8Array, string | (string | number)[]>({ name, encoding: 'binary' })
  await table('lines').put(
    'a/b',
    encodeJson({
      ...{ fence: 4, log_start: 3, log_end: 8, committed_position: 8, published_position: 8 },
      ...{ outbox_start: 1, outbox_end: 0, quarantine_start: 1, quarantine_end: 0 },
      producer_count: 1,
    }),
  )
  await table('producers').put(
    ['a/b', Buffer.from('p').toString('hex')],
    encodeJson({ epoch: 1, committed_sequence: 8 }),
  )
  for (let position = 3; position <= 8; position++) {
    await table('log').put(['a/b', position], patternBytes(position, ENTRY_BYTES))
  }
  await root.close()
  const store = await openSmall()
  const { fence } = await store.acquire('a/b')
  expect(fence).toBe(5)
  const line: Line = { key: 'a/b', fence, end: 8, start: 3, rows: 0 }
  await expectLine(store, line)
  for (let i = 0; i < 3; i++) await append(store, line)
  await expectLine(store, { ...line, rows: 1 })
  await trim(store, line, 9)
  await expectLine(store, { ...line, rows: 1 })
  await store.close()
  const again = open<Uint8Array, string>({ path: join(directory, 'liquidus.mdb'), maxDbs: 16 })
  expect(again.openDB({ name: 'log', encoding: 'binary' }).getKeysCount()).toBe(0)
  await again.close()
})
