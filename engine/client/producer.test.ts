import net from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { decodeColumns, isDecodeProblem } from '#engine/ingest/columns.ts'
import { grpcSource } from '#engine/ingest/grpc/source.ts'
import type { MemoryIntake, MemoryIntakeOptions, MemoryLine } from '#engine/ingest/memory-intake.ts'
import { memoryIntake } from '#engine/ingest/memory-intake.ts'
import { systemClock } from '../core/clock.ts'
import { LiquidusError } from '../core/errors.ts'
import type { Identity, LineDefinition } from '../flow.ts'
import { cellNames, potlineDefinition } from '../lines/potline.ts'
import type { ProducerBatch } from './encode-batch.ts'
import { segments } from './encode-batch.ts'
import type { ProducerOptions } from './producer.ts'
import { connectProducer } from './producer.ts'
import { writeReadings } from './write-readings.ts'

const T0_MS = 1_700_000_000_000
const POTLINE: LineDefinition = potlineDefinition({
  tenant: 'plant',
  line: 'line-1',
  cells: cellNames(2),
  feeders: 2,
  clock: 'stream',
  origin: 'recorded',
})
const SERIES = [
  { ref: 1, asset_path: 'cell-101', tag: 'cell_voltage', unit: 'V' },
  { ref: 2, asset_path: 'cell-102', tag: 'cell_voltage', unit: 'V' },
]
const log = { info: () => {}, warn: () => {} }

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function openDoor(intake: MemoryIntake, port = 0) {
  const identity: Identity = { subject: 'me', tenant: 'plant', role: 'developer' }
  const source = grpcSource({
    host: '127.0.0.1',
    port,
    intake,
    clock: systemClock,
    log,
    authenticate: metadata => (metadata.authorization === 'Bearer wrong' ? undefined : identity),
    mayWrite: () => true,
    limits: { drain_ms: 50 },
  })
  const { address } = await source.start()
  closers.push(() => source.close())
  return { source, address }
}

const intakeOf = (options: Partial<MemoryIntakeOptions> = {}) =>
  memoryIntake({ tenant: 'plant', definitions: [POTLINE], ...options })

async function connect(address: string, options: Partial<ProducerOptions> = {}) {
  const base = { address, line: 'line-1', producer: 'p', clock: systemClock }
  const producer = await connectProducer({ ...base, ...options })
  closers.push(() => producer.close())
  return producer
}

/** Ten readings that tell their batch by their times. */
function batchOf(number: number, value = 4.2): ProducerBatch {
  return {
    count: 10,
    refs: Uint32Array.from({ length: 10 }, (_, i) => 1 + (i % 2)),
    times_ms: Float64Array.from({ length: 10 }, (_, i) => T0_MS + number * 1000 + i),
    values: new Float64Array(10).fill(value),
  }
}

/** Every reading of the log as "ref time", with how often it is there. */
function readingsOf(line: MemoryLine): Map<string, number> {
  const seen = new Map<string, number>()
  for (const entry of line.entries) {
    expect(entry.rejected).toEqual([])
    const columns = decodeColumns(entry.wire)
    if (isDecodeProblem(columns)) throw new Error(columns.problem)
    columns.refs.forEach((ref, i) => {
      const key = `${ref} ${columns.times_ms[i]}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
    })
  }
  return seen
}

/** A wire between client and engine that can be cut. */
async function cuttableWire(target: string) {
  const [host, port] = target.split(':')
  const sockets = new Set<net.Socket>()
  const server = net.createServer(near => {
    const far = net.connect(Number(port), host)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('error', () => {}).on('close', () => to.destroy())
      from.pipe(to)
    }
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    for (const socket of sockets) socket.destroy()
    sockets.clear()
  }
  closers.push(() => {
    cut()
    server.close()
  })
  return { address: `127.0.0.1:${(server.address() as net.AddressInfo).port}`, cut }
}

test('everything sent is acknowledged once and counted', async () => {
  const intake = intakeOf()
  const { address } = await openDoor(intake)
  const acknowledged: number[] = []
  const producer = await connect(address, { onAck: sequence => acknowledged.push(sequence) })
  expect(producer.welcome).toMatchObject({ epoch: 1, committed_sequence: 0, line_created: false })
  await producer.send({ ...batchOf(0), series: SERIES })
  for (let i = 1; i < 100; i++) await producer.send(batchOf(i))
  await producer.drain()
  expect(producer.counts).toMatchObject({ sent_readings: 1000, acknowledged_readings: 1000 })
  expect(acknowledged).toEqual(Array.from({ length: 100 }, (_, i) => i + 1))
  expect(producer.next_sequence).toBe(101)
  expect(readingsOf(intake.line('line-1')).size).toBe(1000)
})

test('batches of 1 to 10,000 readings of several producers arrive whole and in order', async () => {
  const intake = intakeOf()
  const { address } = await openDoor(intake)
  const sizes = [1, 2, 3, 10, 999, 1000, 1001, 10_000]
  const producers = await Promise.all(
    ['a', 'b', 'c'].map(producer => connect(address, { producer })),
  )
  await Promise.all(
    producers.map(async (producer, p) => {
      for (const [k, count] of sizes.entries()) {
        const first_ms = T0_MS + 100_000 * (sizes.length * p + k)
        await producer.send({
          ...(k === 0 ? { series: SERIES } : {}),
          count,
          refs: Uint32Array.from({ length: count }, (_, i) => 1 + (i % 2)),
          times_ms: Float64Array.from({ length: count }, (_, i) => first_ms + i),
          values: new Float64Array(count).fill(4.2),
        })
      }
      await producer.drain()
    }),
  )
  const { entries } = intake.line('line-1')
  for (const producer of ['a', 'b', 'c']) {
    const own = entries.filter(entry => entry.producer === producer)
    expect(own.map(entry => entry.sequence)).toEqual(sizes.map((_, k) => k + 1))
    expect(own.map(({ wire }) => (decodeColumns(wire) as { count: number }).count)).toEqual(sizes)
  }
  const sent = 3 * sizes.reduce((sum, count) => sum + count, 0)
  const seen = readingsOf(intake.line('line-1'))
  expect(seen.size).toBe(sent)
  expect(new Set(seen.values())).toEqual(new Set([1]))
})

test('rejected readings are counted by reason and told per batch', async () => {
  const { address } = await openDoor(intakeOf())
  const told: unknown[] = []
  const producer = await connect(address, { onAck: (_, rejections) => told.push(...rejections) })
  await producer.send({ ...batchOf(0, 400), series: SERIES })
  await producer.send(batchOf(1))
  await producer.drain()
  expect(producer.counts).toMatchObject({
    sent_readings: 20,
    acknowledged_readings: 10,
    rejected_readings: 10,
    reasons: { VALUE_OUT_OF_RANGE: 10 },
  })
  expect(told).toMatchObject([{ first_index: 0, count: 10, reason: 'VALUE_OUT_OF_RANGE' }])
})

test('after cut connections every reading is in the log once', async () => {
  const intake = intakeOf({ flushed: () => new Promise(resolve => setTimeout(resolve, 2)) })
  const { address } = await openDoor(intake)
  const wire = await cuttableWire(address)
  const producer = await connect(wire.address)
  await producer.send({ ...batchOf(0), series: SERIES })
  for (let i = 1; i < 300; i++) {
    if (i % 100 === 50) wire.cut()
    await producer.send(batchOf(i))
  }
  await producer.drain()
  const seen = readingsOf(intake.line('line-1'))
  expect(seen.size).toBe(3000)
  expect([...seen.values()].every(times => times === 1)).toBe(true)
  expect(producer.counts.acknowledged_readings).toBe(3000)
  expect(producer.counts.reconnects).toBeGreaterThanOrEqual(1)
  expect(producer.welcome.epoch).toBe(1 + producer.counts.reconnects)
})

test('a producer resumes with an engine that was closed and started again', async () => {
  const intake = intakeOf()
  const first = await openDoor(intake)
  const producer = await connect(first.address)
  await producer.send({ ...batchOf(0), series: SERIES })
  await producer.drain()
  await first.source.close()
  const sending = producer.send(batchOf(1))
  await openDoor(intake, Number(first.address.split(':')[1]))
  await sending
  await producer.drain()
  expect(readingsOf(intake.line('line-1')).size).toBe(20)
  expect(producer.counts.reconnects).toBe(1)
})

test('a producer whose line forgot its last batches goes on from the one that the engine names', async () => {
  const intake = intakeOf({
    async flushed({ producer, epoch, sequence }) {
      if (epoch > 1 || sequence < 3) return
      throw new LiquidusError('SEQUENCE_GAP', { producer, line: 'line-1', expected: 2, got: 3 })
    },
  })
  const { address } = await openDoor(intake)
  const lost: string[] = []
  const producer = await connect(address, { onLost: error => lost.push(error.code) })
  for (let i = 0; i < 6; i++) {
    await producer.send({ ...batchOf(i), ...(i === 0 ? { series: SERIES } : {}) })
  }
  await producer.drain()
  expect(lost).toEqual(['SEQUENCE_GAP'])
  expect(readingsOf(intake.line('line-1')).size).toBe(60)
})

test('a gap that stays fails the producer', async () => {
  const intake = intakeOf({
    async flushed({ producer, sequence }) {
      throw new LiquidusError('SEQUENCE_GAP', {
        ...{ producer, line: 'line-1', expected: sequence - 1, got: sequence },
      })
    },
  })
  const { address } = await openDoor(intake)
  const producer = await connect(address)
  await producer.send({ ...batchOf(0), series: SERIES })
  await expect(producer.drain()).rejects.toMatchObject({ code: 'SEQUENCE_GAP' })
})

test('a ref that changed its meaning keeps it batch by batch across a reconnect', async () => {
  let stalled = true
  const waiting: (() => void)[] = []
  const flushed = () =>
    stalled ? new Promise<void>(resolve => waiting.push(resolve)) : Promise.resolve()
  const lost = intakeOf({ flushed })
  const first = await openDoor(lost)
  const producer = await connect(first.address)
  const one = (number: number, ref: number) => ({
    ...batchOf(number),
    count: 1,
    refs: Uint32Array.of(ref),
  })
  await producer.send({ ...one(0, 1), series: [SERIES[0]!] })
  await producer.send({ ...one(1, 1), series: [{ ...SERIES[1]!, ref: 1 }] })
  while (waiting.length < 2) await new Promise(resolve => setTimeout(resolve, 2))
  await first.source.close()
  stalled = false
  const fresh = intakeOf()
  await openDoor(fresh, Number(first.address.split(':')[1]))
  await producer.drain()
  const assets = fresh.line('line-1').entries.map(entry => {
    const columns = decodeColumns(entry.wire)
    return isDecodeProblem(columns) ? columns.problem : columns.series.at(-1)?.asset_path
  })
  expect(assets).toEqual(['cell-101', 'cell-102'])
})

test('credit paces the producer', async () => {
  const waiting: (() => void)[] = []
  const intake = intakeOf({
    credit_bytes: () => 600,
    flushed: () => new Promise<void>(resolve => waiting.push(resolve)),
  })
  const { address } = await openDoor(intake)
  const producer = await connect(address)
  const line = intake.line('line-1')
  let sent = 0
  const all = Array.from({ length: 20 }, async (_, i) => {
    await producer.send({ ...batchOf(i), ...(i === 0 ? { series: SERIES } : {}) })
    sent++
  })
  while (line.entries.length < 20) {
    waiting.splice(0).forEach(resolve => {
      resolve()
    })
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  await Promise.all(all)
  await producer.drain()
  expect(sent).toBe(20)
  expect(line.waiting.most).toBeLessThanOrEqual(3)
})

test('a batch is cut where its times or its size do not fit one message', () => {
  const day_ms = 24 * 3600_000
  const times_ms = Float64Array.from({ length: 100 }, (_, i) => T0_MS + i * day_ms)
  const batch = { count: 100, refs: new Uint32Array(100), times_ms, values: times_ms }
  expect(segments(batch, 1 << 20).map(one => one.count)).toEqual([25, 25, 25, 25])
  expect(segments({ ...batch, times_ms: new Float64Array(100) }, 17 * 40)).toEqual([
    { first: 0, count: 40 },
    { first: 40, count: 40 },
    { first: 80, count: 20 },
  ])
})

test('one producer names all series of a long potline with its first batch', async () => {
  const cells = cellNames(444)
  const long = { ...POTLINE, cells }
  const { address } = await openDoor(memoryIntake({ tenant: 'plant', definitions: [long] }))
  const producer = await connect(address)
  const names = Array.from({ length: 39 }, (_, i) => `anode_current_${i}`)
  const series = cells.flatMap((asset_path, cell) =>
    names.map((tag, i) => ({ ref: 3 + cell * names.length + i, asset_path, tag, unit: 'kA' })),
  )
  expect(series.length).toBe(17_316)
  await producer.send({ ...batchOf(0), series: [...SERIES, ...series] })
  await producer.drain()
  expect(producer.counts).toMatchObject({ sent_readings: 10, acknowledged_readings: 10 })
  expect(producer.next_sequence).toBe(2)
})

test('an engine that is not there, refuses or does not know the line is told apart', async () => {
  await expect(connect('127.0.0.1:1')).rejects.toMatchObject({
    code: 'CONNECTION_REFUSED',
    retry: true,
  })
  const { address } = await openDoor(intakeOf())
  await expect(connect(address, { line: 'nowhere' })).rejects.toMatchObject({
    code: 'LINE_UNKNOWN',
    message: 'line "nowhere" is not known; known lines: line-1',
  })
  await expect(connect(address, { apiKey: 'wrong' })).rejects.toMatchObject({
    code: 'INGEST_REFUSED',
    retry: false,
  })
  await expect(connect(address, { tenant: 'rival' })).rejects.toThrow('tenant "rival"')
})

test('a fenced producer fails and does not come back', async () => {
  const { address } = await openDoor(intakeOf())
  const older = await connect(address)
  await connect(address)
  const sent = older.send(batchOf(0)).then(() => older.drain())
  await expect(sent).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
  await expect(older.send(batchOf(1))).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
  expect(older.counts.reconnects).toBe(0)
})

test('without retry a lost connection fails the producer', async () => {
  const { address } = await openDoor(intakeOf())
  const wire = await cuttableWire(address)
  const producer = await connect(wire.address, { retry: false })
  wire.cut()
  await expect(
    (async () => {
      for (;;) await producer.send(batchOf(0))
    })(),
  ).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
})

test('single calls are numbered, checked and never written twice', async () => {
  const intake = intakeOf()
  const { address } = await openDoor(intake)
  const to = { address, line: 'line-1', producer: 'lab', clock: systemClock }
  const batch = { ...batchOf(0), series: SERIES }
  const first = await writeReadings(to, batch)
  expect(first).toMatchObject({ committed_sequence: 1, acknowledged_readings: 10 })
  const calls = await Promise.all(
    [1, 2, 3].map(i => writeReadings(to, { ...batch, ...batchOf(i) })),
  )
  expect(calls.map(call => call.committed_sequence).sort()).toEqual([2, 3, 4])
  const again = await writeReadings({ ...to, sequence: 4 }, batch)
  expect(again.committed_sequence).toBe(4)
  expect(intake.line('line-1').entries.map(entry => entry.sequence)).toEqual([1, 2, 3, 4])
  await expect(writeReadings({ ...to, sequence: 9 }, batch)).rejects.toMatchObject({
    code: 'SEQUENCE_GAP',
  })
  const bad = await writeReadings(to, { ...batch, ...batchOf(4, 400) })
  expect(bad).toMatchObject({ acknowledged_readings: 0, rejected_readings: 10 })
})
