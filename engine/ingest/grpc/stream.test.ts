import * as grpc from '@grpc/grpc-js'
import { afterEach, expect, test } from 'vitest'
import { liquidus } from '#proto/gen/ingest.js'
import { LiquidusError } from '../../core/errors.ts'
import type { BatchEntry } from '../../flow.ts'
import { decodeColumns, isDecodeProblem } from '../columns.ts'
import { closeAll, good, open, RawStream, T0_MS, VOLTAGE } from './door-fixture.ts'

afterEach(closeAll)

test('a hello is welcomed with epoch, committed sequence, credit and limits', async () => {
  const { client } = await open()
  const stream = new RawStream(client)
  stream.hello()
  await stream.until(heard => heard.length > 0)
  expect(stream.heard[0]?.welcome).toMatchObject({
    epoch: 1,
    creditBytes: 4 * 1024 * 1024,
    maxBatchBytes: 1024 * 1024,
    heartbeatIntervalMs: 10_000,
  })
})

test('a batch is acknowledged only after it is durable', async () => {
  let release: () => void = () => {}
  const durable = new Promise<void>(resolve => {
    release = resolve
  })
  const { client, line } = await open({ flushed: () => durable })
  const stream = new RawStream(client)
  stream.hello()
  stream.batch(1, good())
  while (line.waiting.now === 0) await new Promise(resolve => setTimeout(resolve, 5))
  await new Promise(resolve => setTimeout(resolve, 30))
  expect(stream.heard.filter(message => message.ack)).toEqual([])
  release()
  await stream.until(() => stream.committed === 1)
  expect(line.entries.map(entry => entry.sequence)).toEqual([1])
})

test('the log keeps the bytes of the batch as they were sent', async () => {
  const { client, line } = await open()
  const stream = new RawStream(client)
  stream.hello()
  stream.batch(1, good(3))
  await stream.until(() => stream.committed === 1)
  const columns = decodeColumns(line.entries[0]!.wire)
  expect(isDecodeProblem(columns)).toBe(false)
  expect(columns).toMatchObject({ sequence: 1, count: 3, series: VOLTAGE, mode: 'live' })
})

test('a duplicate is acknowledged again and not stored again', async () => {
  const { client, line } = await open()
  const stream = new RawStream(client)
  stream.hello()
  stream.batch(1, good())
  await stream.until(() => stream.committed === 1)
  const acks = stream.heard.length
  stream.batch(1, good())
  await stream.until(heard => heard.length > acks)
  expect(stream.committed).toBe(1)
  expect(line.entries.length).toBe(1)
})

test('definitions that came in a duplicate reach the log with the next batch', async () => {
  const { client, line } = await open()
  const first = new RawStream(client)
  first.hello()
  first.batch(1, good())
  await first.until(() => first.committed === 1)
  const second = new RawStream(client)
  second.hello()
  second.batch(1, good(), VOLTAGE)
  second.batch(2, good(), [])
  await second.until(() => second.committed === 2)
  expect(line.entries[1]).toMatchObject({ epoch: 2, rejected: [] })
  expect(decodeColumns(line.entries[1]!.wire)).toMatchObject({ sequence: 2, series: VOLTAGE })
})

test('a gap ends the stream with the expected sequence, after what came before it', async () => {
  const { client } = await open()
  const stream = new RawStream(client)
  stream.hello()
  stream.batch(1, good())
  stream.batch(3, good())
  const status = await stream.status
  expect(status.code).toBe(grpc.status.OUT_OF_RANGE)
  expect(status.details).toContain('SEQUENCE_GAP')
  expect(status.details).toContain('expected sequence 2, got 3')
  expect(status.metadata.get('liquidus-expected')).toEqual(['2'])
  expect(stream.committed).toBe(1)
})

test('a newer stream of the same producer fences the older one', async () => {
  const { client } = await open()
  const older = new RawStream(client)
  older.hello()
  await older.until(heard => heard.length > 0)
  const newer = new RawStream(client)
  newer.hello()
  const status = await older.status
  expect(status.code).toBe(grpc.status.ABORTED)
  expect(status.details).toContain('fenced')
  newer.batch(1, good())
  await newer.until(() => newer.committed === 1)
})

test('bad readings are rejected by runs, counted and quarantined, the rest is kept', async () => {
  const { client, line } = await open()
  const stream = new RawStream(client)
  stream.hello()
  const series = [
    ...VOLTAGE,
    { ref: 2, asset_path: 'cell-101', tag: 'humidity', unit: '%' },
    { ref: 3, asset_path: 'cell-101', tag: 'cell_voltage', unit: 'kg' },
    { ref: 4, asset_path: 'tenant:rival/cell-101', tag: 'cell_voltage', unit: 'V' },
  ]
  const readings = [
    [1, T0_MS, 4.2],
    [1, T0_MS, Number.NaN],
    [1, T0_MS + 60_000, 4.2],
    [2, T0_MS, 40],
    [3, T0_MS, 4.2],
    [4, T0_MS, 4.2],
    [1, T0_MS, 500],
    [1, T0_MS, 501],
    [1, T0_MS - 300_000, 4.2],
  ]
  stream.batch(1, readings, series)
  await stream.until(() => stream.committed === 1)
  const ack = stream.heard.findLast(message => message.ack)!.ack!
  const reasons = liquidus.ingest.v1.RejectionReason
  expect(ack.rejections!.map(one => [one.firstIndex, one.count, reasons[one.reason!]])).toEqual([
    [2, 1, 'REJECTION_REASON_IN_FUTURE'],
    [3, 1, 'REJECTION_REASON_UNKNOWN_SERIES'],
    [4, 1, 'REJECTION_REASON_UNIT'],
    [5, 1, 'REJECTION_REASON_UNAUTHORIZED'],
    [6, 2, 'REJECTION_REASON_VALUE_OUT_OF_RANGE'],
  ])
  expect(ack.reroutedToBackfill).toBe(1)
  expect(line.quarantined.length).toBe(6)
  expect(line.entries[0]?.rejected).toEqual([[2, 6]])
  stream.batch(2, [[1, 1_700_000_000, 4.2]])
  await stream.until(() => stream.committed === 2)
  const [ancient] = stream.heard.findLast(message => message.ack)!.ack!.rejections!
  expect(ancient).toMatchObject({ count: 1, reason: reasons.REJECTION_REASON_SCHEMA })
  expect(ancient?.detail).toContain('before 1990')
})

test('many rejections come in several acknowledgements, the last of which commits', async () => {
  const { client } = await open({ limits: { rejections_per_ack: 10 } })
  const stream = new RawStream(client)
  stream.hello()
  const alternating = Array.from({ length: 70 }, (_, i) => [1, T0_MS, i % 2 ? 4 : 400])
  stream.batch(1, alternating)
  await stream.until(() => stream.committed === 1)
  const acks = stream.heard.flatMap(message => (message.ack ? [message.ack] : []))
  expect(acks.map(ack => ack.rejections?.length)).toEqual([10, 10, 10, 5])
  expect(acks.map(ack => Number(String(ack.committedSequence)))).toEqual([0, 0, 0, 1])
})

test('a batch of 10 MB is refused with the limit', async () => {
  const { client } = await open()
  const stream = new RawStream(client)
  stream.hello()
  stream.batch(1, good(640_000))
  const status = await stream.status
  expect(status.code).toBe(grpc.status.RESOURCE_EXHAUSTED)
  expect(status.details).toContain('the limit is 1048576 bytes')
})

test('a stream without a message for too long is closed', async () => {
  const { client } = await open({ limits: { idle_ms: 60 } })
  const stream = new RawStream(client)
  stream.hello()
  const status = await stream.status
  expect(status.code).toBe(grpc.status.DEADLINE_EXCEEDED)
  expect(status.details).toContain('no heartbeat for 60 ms')
})

test('a producer that ignores its credit waits, and memory stays bounded', async () => {
  const waiting: (() => void)[] = []
  const flushed = (_: BatchEntry) => new Promise<void>(resolve => waiting.push(resolve))
  const { client, line } = await open({ flushed, limits: { appends_max: 8 } })
  const stream = new RawStream(client)
  stream.hello()
  const batches = 400
  for (let sequence = 1; sequence <= batches; sequence++) stream.batch(sequence, good(500))
  const pause = (duration_ms: number) => new Promise(resolve => setTimeout(resolve, duration_ms))
  while (waiting.length < 8) await pause(1)
  await pause(50) // more of them arrive meanwhile, and none is let in
  expect(line.waiting.most).toBe(8)
  while (stream.committed < batches) {
    waiting.splice(0).forEach(resolve => {
      resolve()
    })
    await pause(1)
  }
  expect(line.entries.length).toBe(batches)
  expect(line.waiting.most).toBe(8)
})

test('the streams of a line share its credit', async () => {
  const { client } = await open()
  const join = async (producerId: string) => {
    const stream = new RawStream(client)
    stream.hello({ producerId })
    await stream.until(heard => heard.length > 0)
    return { stream, credit_bytes: stream.heard[0]!.welcome!.creditBytes }
  }
  const MIB = 1024 * 1024
  const [first, second] = [await join('a'), await join('b')]
  expect([first.credit_bytes, second.credit_bytes]).toEqual([4 * MIB, 2 * MIB])
  first.stream.batch(1, good())
  await first.stream.until(() => first.stream.committed === 1)
  expect(first.stream.heard.at(-1)!.ack!.creditBytes).toBe(2 * MIB)
  first.stream.call.end()
  await first.stream.status
  second.stream.batch(1, good())
  await second.stream.until(() => second.stream.committed === 1)
  expect(second.stream.heard.at(-1)!.ack!.creditBytes).toBe(4 * MIB)
})

test('a stream that left while it was welcomed leaves nothing behind', async () => {
  const { client, line } = await open()
  const { openProducer } = line
  let welcome: () => void = () => {}
  const asked = new Promise<void>(resolve => {
    line.openProducer = async producer => {
      resolve()
      await new Promise<void>(wait => {
        welcome = wait
      })
      return openProducer(producer)
    }
  })
  const gone = new RawStream(client)
  gone.hello()
  await asked
  gone.call.cancel()
  await gone.status
  // The engine hears of it before it answers what comes later on the connection.
  const later = new RawStream(client)
  later.hello({ line: 'no-such-line' })
  await later.status
  welcome()
  line.openProducer = openProducer
  const stream = new RawStream(client)
  stream.hello()
  await stream.until(heard => heard.length > 0)
  // It is alone on the line: what left holds no share, and nobody is fenced.
  expect(stream.heard[0]!.welcome).toMatchObject({ epoch: 2, creditBytes: 4 * 1024 * 1024 })
})

test('a stream that half-closes gets its last acknowledgements and OK', async () => {
  const { client, line } = await open()
  const stream = new RawStream(client)
  stream.hello()
  for (let sequence = 1; sequence <= 50; sequence++) stream.batch(sequence, good())
  stream.call.end()
  expect((await stream.status).code).toBe(grpc.status.OK)
  expect(stream.committed).toBe(50)
  expect(line.entries.length).toBe(50)
})

test('a store that fails ends the stream with UNAVAILABLE and acknowledges nothing', async () => {
  const problem = new LiquidusError('STORE_UNAVAILABLE', { store: 'redis', problem: 'gone' })
  const { client } = await open({ flushed: () => Promise.reject(problem) })
  const stream = new RawStream(client)
  stream.hello()
  stream.batch(1, good())
  const status = await stream.status
  expect(status.code).toBe(grpc.status.UNAVAILABLE)
  expect(status.details).toBe('the redis store does not answer: gone')
  expect(stream.heard.filter(message => message.ack)).toEqual([])
})
