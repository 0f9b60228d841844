import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { batchDecoder } from '#engine/ingest/batch-decoder.ts'
import { decodeColumns, isDecodeProblem } from '#engine/ingest/columns.ts'
import { defaultLimits } from '#engine/ingest/grpc/limits.ts'
import { grpcSource } from '#engine/ingest/grpc/source.ts'
import {
  type MemoryIntake,
  type MemoryIntakeOptions,
  memoryIntake,
} from '#engine/ingest/memory-intake.ts'
import { systemClock } from '../core/clock.ts'
import type { BatchEntry, Identity } from '../flow.ts'
import { cellNames, potlineDefinition } from '../lines/potline.ts'
import type { ProducerBatch, ProducerSeries } from './encode-batch.ts'
import { connectProducer, type ProducerOptions } from './producer.ts'
import { PART_SERIES_MAX, seriesParts } from './series-parts.ts'

const T0_MS = 1_700_000_000_000
const BATCH_BYTES_MAX = 4096
const CELLS = cellNames(300)
const LINE = potlineDefinition({
  ...{ tenant: 'plant', line: 'line-1', cells: CELLS, feeders: 2 },
  ...{ clock: 'stream', origin: 'recorded' },
})
/** Names of about 10 KiB: three messages of the small engine below. */
const SERIES: readonly ProducerSeries[] = CELLS.map((asset_path, i) => ({
  ...{ ref: i + 1, asset_path, tag: 'cell_voltage', unit: 'V' },
}))

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const intakeOf = (options: Partial<MemoryIntakeOptions> = {}) =>
  memoryIntake({ tenant: 'plant', definitions: [LINE], ...options })

/** An engine that takes batches of up to 4 KiB. */
async function openDoor(intake: MemoryIntake, port = 0, batch_bytes_max = BATCH_BYTES_MAX) {
  const identity: Identity = { subject: 'me', tenant: 'plant', role: 'developer' }
  const source = grpcSource({
    ...{ host: '127.0.0.1', port, intake, clock: systemClock },
    log: { info: () => {}, warn: () => {} },
    authenticate: () => identity,
    mayWrite: () => true,
    limits: { drain_ms: 50, batch_bytes_max },
  })
  const { address } = await source.start()
  closers.push(() => source.close())
  return { source, address, port: Number(address.split(':')[1]) }
}

async function connect(address: string, options: Partial<ProducerOptions> = {}) {
  const base = { address, line: 'line-1', producer: 'p', clock: systemClock }
  const producer = await connectProducer({ ...base, ...options })
  closers.push(() => producer.close())
  return producer
}

/** One reading of `count` cells; the value tells the cell. */
function scan(number: number, count = 100): ProducerBatch {
  const first = (number * 100) % CELLS.length
  return {
    count,
    refs: Uint32Array.from({ length: count }, (_, i) => 1 + first + i),
    times_ms: new Float64Array(count).fill(T0_MS + 1000 * number),
    values: Float64Array.from({ length: count }, (_, i) => 3 + (first + i) / 1000),
  }
}

/** What the log says, read back as the engine reads it: one text per reading. */
function logged(entries: readonly BatchEntry[]): readonly string[] {
  const decoder = batchDecoder(LINE)
  const voltage = LINE.tags.findIndex(({ tag }) => tag === 'cell_voltage')
  return entries.flatMap(entry => {
    const { count, series, times_ms, values } = decoder.decode(entry)
    return Array.from({ length: count }, (_, i) => {
      const cell = series[i]! - voltage * CELLS.length
      expect(values[i]).toBe(3 + cell / 1000)
      return `${cell} ${times_ms[i]! - T0_MS}`
    })
  })
}

const scanned = (scans: number): readonly string[] =>
  Array.from({ length: 100 * scans }, (_, i) => {
    const number = Math.floor(i / 100)
    return `${((number * 100) % CELLS.length) + (i % 100)} ${1000 * number}`
  })

/** Names and readings of each entry. */
function shapes(entries: readonly BatchEntry[]): readonly { named: number; count: number }[] {
  return entries.map(({ wire }) => {
    const columns = decodeColumns(wire)
    if (isDecodeProblem(columns)) throw new Error(columns.problem)
    return { named: columns.series.length, count: columns.count }
  })
}

test('series with no room beside readings are named ahead of them, in batches of their own', async () => {
  const intake = intakeOf()
  const { address } = await openDoor(intake)
  const told: number[] = []
  const producer = await connect(address, { onAck: sequence => told.push(sequence) })
  await producer.send({ ...scan(0), series: SERIES })
  await producer.send(scan(1))
  await producer.send(scan(2))
  await producer.drain()
  const { entries } = intake.line('line-1')
  expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, i) => i + 1))
  expect(entries.every(({ wire }) => wire.length <= BATCH_BYTES_MAX)).toBe(true)
  const all = shapes(entries)
  const ahead = all.filter(({ count }) => count === 0)
  expect(ahead.length).toBeGreaterThanOrEqual(3)
  expect(all.slice(0, ahead.length)).toEqual(ahead)
  expect(ahead.reduce((sum, { named }) => sum + named, 0)).toBe(SERIES.length)
  expect(logged(entries)).toEqual(scanned(3))
  expect(told).toEqual([1, 2, 3].map(i => ahead.length + i))
  expect(producer.counts).toMatchObject({ sent_readings: 300, acknowledged_readings: 300 })
})

test('an engine that comes back hears all series again before the readings', async () => {
  const intake = intakeOf()
  const first = await openDoor(intake)
  const producer = await connect(first.address)
  await producer.send({ ...scan(0), series: SERIES })
  await producer.drain()
  const before = intake.line('line-1').entries.length
  await first.source.close()
  const sending = producer.send(scan(1))
  await openDoor(intake, first.port)
  await sending
  await producer.send(scan(2))
  await producer.drain()
  const { entries } = intake.line('line-1')
  const again = shapes(entries.slice(before))
  expect(again.reduce((sum, { named }) => sum + named, 0)).toBe(SERIES.length)
  expect(again.slice(-2)).toEqual([
    { named: 0, count: 100 },
    { named: 0, count: 100 },
  ])
  expect(logged(entries)).toEqual(scanned(3))
  expect(producer.counts).toMatchObject({ rejected_readings: 0, duplicates: 0, reconnects: 1 })
})

test('names that were lost on the way are not sent twice with the next connection', async () => {
  let stalled = false
  const flushed = () => (stalled ? new Promise<void>(() => {}) : Promise.resolve())
  const known = intakeOf()
  const first = await openDoor(known)
  const producer = await connect(first.address)
  await producer.send({ ...scan(0), series: SERIES })
  await producer.drain()
  await first.source.close()
  // A second engine takes the names and the readings, and dies before anything is durable.
  const dying = intakeOf({ flushed })
  stalled = true
  const sending = producer.send(scan(1))
  const second = await openDoor(dying, first.port)
  await sending
  while (dying.line('line-1').waiting.now < 4) await wait(2)
  await second.source.close()
  const last = intakeOf()
  await openDoor(last, first.port)
  await producer.drain()
  const { entries } = last.line('line-1')
  const named = shapes(entries).reduce((sum, one) => sum + one.named, 0)
  expect(named).toBe(SERIES.length)
  expect(logged(entries)).toEqual(scanned(2).slice(100))
  expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, i) => i + 1))
  expect(producer.counts).toMatchObject({ sent_readings: 200, acknowledged_readings: 200 })
})

test('an engine that asks for the names in the middle of a stream hears all of them', async () => {
  const intake = intakeOf()
  const { address } = await openDoor(intake)
  const producer = await connect(address)
  await producer.send({ ...scan(0), series: SERIES })
  await producer.send({ ...scan(1, 1), refs: Uint32Array.of(9999) })
  await producer.drain()
  const before = intake.line('line-1').entries.length
  expect(producer.counts.reasons).toEqual({ UNKNOWN_SERIES: 1 })
  await producer.send(scan(1))
  await producer.drain()
  const again = shapes(intake.line('line-1').entries.slice(before))
  expect(again.reduce((sum, { named }) => sum + named, 0)).toBe(SERIES.length)
  expect(again.at(-1)).toEqual({ named: 0, count: 100 })
})

test('credit holds names back like readings', async () => {
  const intake = intakeOf({ credit_bytes: () => 5000, flushed: () => wait(1) })
  const { address } = await openDoor(intake)
  const producer = await connect(address)
  await producer.send({ ...scan(0), series: SERIES })
  await producer.drain()
  const { entries, waiting } = intake.line('line-1')
  expect(waiting.bytes_most).toBeLessThanOrEqual(5000)
  expect(logged(entries)).toEqual(scanned(1))
})

test('names of history count as history, also when they are sent again', async () => {
  const intake = intakeOf()
  const first = await openDoor(intake)
  const producer = await connect(first.address)
  await producer.send({ ...scan(0), series: SERIES, mode: 'backfill' })
  await producer.drain()
  await first.source.close()
  const sending = producer.send({ ...scan(1), mode: 'backfill' })
  await openDoor(intake, first.port)
  await sending
  await producer.drain()
  const { entries } = intake.line('line-1')
  expect(shapes(entries).reduce((sum, { named }) => sum + named, 0)).toBe(2 * SERIES.length)
  expect(new Set(entries.map(({ mode }) => mode))).toEqual(new Set(['backfill']))
})

test('more series than an engine keeps for one producer are refused by name', async () => {
  const { address } = await openDoor(intakeOf(), 0, defaultLimits.batch_bytes_max)
  const producer = await connect(address)
  const series = Array.from({ length: 262_145 }, (_, i) => ({
    ...{ ref: i, asset_path: 'cell-101', tag: 'cell_voltage', unit: '' },
  }))
  const sent = producer.send({ ...scan(0), series }).then(() => producer.drain())
  await expect(sent).rejects.toThrow(/too many series for one producer; use several/)
})

test('parts hold every series once, in order, and none is larger than it may be', () => {
  const odd = SERIES.map((one, i) => ({ ...one, asset_path: 'é'.repeat(i % 90) }))
  const parts = seriesParts(odd, 1000)
  expect(parts.flatMap(({ series }) => series)).toEqual(odd)
  expect(Math.max(...parts.map(({ named }) => named.length))).toBeLessThanOrEqual(1000)
  const short = Array.from({ length: PART_SERIES_MAX + 1 }, (_, ref) => ({
    ...{ ref, asset_path: '', tag: 't', unit: '' },
  }))
  expect(seriesParts(short, 16 << 20).map(({ series }) => series.length)).toEqual([65_536, 1])
})
