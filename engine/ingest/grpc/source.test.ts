import { once } from 'node:events'
import http2 from 'node:http2'
import net from 'node:net'
import * as grpc from '@grpc/grpc-js'
import { service as healthService } from 'grpc-health-check'
import { afterEach, expect, test } from 'vitest'
import { encodeBatchRequest, encodeColumns, encodeSeries } from '#engine/client/encode-batch.ts'
import { lineProposal } from '#engine/client/line-proposal.ts'
import { liquidus } from '#proto/gen/ingest.js'
import { systemClock } from '../../core/clock.ts'
import type { BatchEntry, Identity, LineDefinition } from '../../flow.ts'
import { cellNames, potlineDefinition } from '../../lines/potline.ts'
import { decodeColumns, isDecodeProblem } from '../columns.ts'
import type { MemoryIntakeOptions } from '../memory-intake.ts'
import { memoryIntake } from '../memory-intake.ts'
import type { GrpcLimits } from './limits.ts'
import { grpcSource } from './source.ts'

const { StreamReadingsRequest, StreamReadingsResponse } = liquidus.ingest.v1
type Response = liquidus.ingest.v1.StreamReadingsResponse

const T0_MS = 1_700_000_000_000
const POTLINE: LineDefinition = potlineDefinition({
  tenant: 'plant',
  line: 'line-1',
  cells: cellNames(4),
  feeders: 2,
  clock: 'wall',
  origin: 'simulated',
})
const VOLTAGE = [{ ref: 1, asset_path: 'cell-101', tag: 'cell_voltage', unit: 'V' }]
const clock = { now_ms: () => T0_MS, elapsed_ms: () => systemClock.elapsed_ms() }
const log = { info: () => {}, warn: () => {} }
const IDENTITY: Identity = { subject: 'gateway', tenant: 'plant', role: 'device' }

const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function open(
  options: Partial<MemoryIntakeOptions> & {
    limits?: Partial<GrpcLimits>
    identity?: Identity | undefined
  } = {},
) {
  const intake = memoryIntake({ tenant: 'plant', definitions: [POTLINE], ...options })
  const identity = 'identity' in options ? options.identity : IDENTITY
  const source = grpcSource({
    host: '127.0.0.1',
    port: 0,
    intake,
    clock,
    log,
    authenticate: () => identity,
    limits: { drain_ms: 100, ...options.limits },
  })
  const { address } = await source.start()
  const client = new grpc.Client(address, grpc.credentials.createInsecure())
  closers.push(() => source.close())
  closers.push(() => client.close())
  return { intake, line: intake.line('line-1'), source, address, client }
}

/** A bare stream that remembers what came; it sends any bytes. */
class RawStream {
  readonly call
  readonly heard: Response[] = []
  readonly status: Promise<grpc.StatusObject>
  #wake: () => void = () => {}

  constructor(client: grpc.Client, metadata = new grpc.Metadata()) {
    this.call = client.makeBidiStreamRequest(
      '/liquidus.ingest.v1.TelemetryIngestService/StreamReadings',
      (bytes: Buffer) => bytes,
      bytes => StreamReadingsResponse.decode(bytes),
      metadata,
    )
    this.call.on('data', (message: Response) => {
      this.heard.push(message)
      this.#wake()
    })
    this.call.on('error', () => {})
    this.status = new Promise(resolve => this.call.on('status', resolve))
  }

  hello(extra: liquidus.ingest.v1.ProducerHello.$Properties = {}) {
    const hello = { producerId: 'p', line: 'line-1', ...extra }
    this.call.write(Buffer.from(StreamReadingsRequest.encode({ hello }).finish()))
  }

  batch(sequence: number, readings: readonly number[][], series = sequence === 1 ? VOLTAGE : []) {
    const batch = {
      count: readings.length,
      refs: Uint32Array.from(readings, one => one[0]!),
      times_ms: Float64Array.from(readings, one => one[1]!),
      values: Float64Array.from(readings, one => one[2]!),
    }
    const columns = encodeColumns(batch, { first: 0, count: batch.count })
    this.call.write(encodeBatchRequest(sequence, encodeSeries(series), columns))
  }

  async until(condition: (heard: readonly Response[]) => boolean): Promise<void> {
    while (!condition(this.heard)) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  get committed(): number {
    const last = this.heard.findLast(message => message.ack)?.ack
    return Number(String(last?.committedSequence ?? 0))
  }
}

const good = (count = 1) => Array.from({ length: count }, () => [1, T0_MS, 4.2])

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

test('garbage gets a clear answer and the engine stays up', async () => {
  const { client, address } = await open()
  const garbled = [
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.alloc(0),
  ]
  for (const bytes of garbled) {
    const stream = new RawStream(client)
    stream.call.write(bytes)
    const status = await stream.status
    expect(status.code).toBe(grpc.status.INVALID_ARGUMENT)
    expect(status.details).toMatch(/^no StreamReadingsRequest: ./)
  }
  const stream = new RawStream(client)
  stream.hello()
  stream.call.write(Buffer.from([0x12, 3, 0x3a, 1, 0]))
  expect(await stream.status).toMatchObject({
    code: grpc.status.INVALID_ARGUMENT,
    details: 'no ReadingBatch: values: 1 bytes are no whole number of elements',
  })
  const [host, port] = address.split(':')
  const socket = net.connect(Number(port), host)
  socket.on('error', () => {}).resume()
  socket.write(Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256)))
  await once(socket, 'close')
  const after = new RawStream(client)
  after.hello()
  after.batch(1, good())
  await after.until(() => after.committed === 1)
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

test('the tenant is the identity and nothing that the caller sends', async () => {
  const { client } = await open()
  const byLine = new RawStream(client)
  byLine.hello({ line: 'rival/line-1' })
  expect((await byLine.status).code).toBe(grpc.status.PERMISSION_DENIED)
  const metadata = new grpc.Metadata()
  metadata.set('x-liquidus-tenant', 'rival')
  const byMetadata = new RawStream(client, metadata)
  expect(await byMetadata.status).toMatchObject({
    code: grpc.status.PERMISSION_DENIED,
    details: 'gateway (device) may not write for tenant "rival"',
  })
})

test('an unknown caller, an auditor and a nameless producer are refused', async () => {
  const nobody = new RawStream((await open({ identity: undefined })).client)
  expect((await nobody.status).code).toBe(grpc.status.UNAUTHENTICATED)
  const auditor = new RawStream((await open({ identity: { ...IDENTITY, role: 'auditor' } })).client)
  expect((await auditor.status).code).toBe(grpc.status.PERMISSION_DENIED)
  const nameless = new RawStream((await open()).client)
  nameless.hello({ producerId: '' })
  expect((await nameless.status).code).toBe(grpc.status.INVALID_ARGUMENT)
})

test('an unknown line is named with the cure, or created from a proposal', async () => {
  const { client, intake } = await open()
  const unknown = new RawStream(client)
  unknown.hello({ line: 'line-2' })
  const status = await unknown.status
  expect(status.code).toBe(grpc.status.NOT_FOUND)
  expect(status.details).toContain('line "line-2" is not known; known lines: line-1')
  expect(status.details).toContain('proposal')
  const definition: LineDefinition = { ...POTLINE, line: 'line-2', clock: 'stream' }
  const created = new RawStream(client)
  created.hello({ line: 'line-2', proposal: lineProposal(definition) })
  await created.until(heard => heard.length > 0)
  expect(created.heard[0]?.welcome?.lineCreated).toBe(true)
  expect(intake.line('line-2').definition).toEqual(definition)
})

test('a proposal is refused where the caller may not create lines or it is no line', async () => {
  const { client } = await open({ mayCreate: () => false })
  const denied = new RawStream(client)
  denied.hello({ line: 'line-2', proposal: lineProposal(POTLINE) })
  expect((await denied.status).code).toBe(grpc.status.PERMISSION_DENIED)
  const empty = new RawStream(client)
  empty.hello({ line: 'line-2', proposal: { tickMs: 1000 } })
  expect(await empty.status).toMatchObject({
    code: grpc.status.INVALID_ARGUMENT,
    details: 'proposal of line "line-2": no cells',
  })
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
  while (stream.committed < batches) {
    waiting.splice(0).forEach(resolve => {
      resolve()
    })
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  expect(line.entries.length).toBe(batches)
  expect(line.waiting.most).toBe(8)
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

test('closing asks producers to drain and ends what does not', async () => {
  const { client, source } = await open()
  const stream = new RawStream(client)
  stream.hello()
  await stream.until(heard => heard.length > 0)
  const closed = source.close()
  expect((await stream.status).code).toBe(grpc.status.UNAVAILABLE)
  expect(stream.heard.at(-1)?.directive?.drain?.reason).toBe('the engine is closing')
  await closed
})

test('health follows what the engine says of itself', async () => {
  const { client, source } = await open()
  const { Check: check } = healthService as unknown as Record<
    string,
    grpc.MethodDefinition<object, object>
  >
  const ask = () =>
    new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = check!
      const request = { service: 'liquidus.ingest.v1.TelemetryIngestService' }
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        (error, answer) => (error ? reject(error) : resolve(answer)),
      )
    })
  expect(await ask()).toEqual({ status: 'NOT_SERVING' })
  source.setServing(true)
  expect(await ask()).toEqual({ status: 'SERVING' })
})

test('reflection lists the service and describes its file', async () => {
  const { client } = await open()
  const ask = (request: Buffer) =>
    new Promise<Buffer>(resolve => {
      const call = client.makeBidiStreamRequest(
        '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
      )
      call.on('error', () => {})
      call.on('data', answer => {
        resolve(answer)
        call.end()
      })
      call.write(request)
    })
  const listServices = await ask(Buffer.from([0x3a, 0]))
  expect(listServices.toString('latin1')).toContain('liquidus.ingest.v1.TelemetryIngestService')
  const symbol = Buffer.from('liquidus.ingest.v1.ReadingBatch')
  const file = await ask(Buffer.concat([Buffer.from([0x22, symbol.length]), symbol]))
  expect(file.toString('latin1')).toContain('time_offsets_ms')
})

test('new connections get wide receive windows', async () => {
  const { address } = await open()
  const session = http2.connect(`http://${address}`)
  const [settings] = await once(session, 'remoteSettings')
  while (settings.initialWindowSize !== 1024 * 1024) {
    const [next] = await once(session, 'remoteSettings')
    Object.assign(settings, next)
  }
  while ((session.state.remoteWindowSize ?? 0) < 4 * 1024 * 1024) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  session.destroy()
})

test('a taken port and an open bind without TLS are refused at the start', async () => {
  const { address } = await open()
  const intake = memoryIntake({ tenant: 'plant', definitions: [] })
  const rest = { intake, clock, log, authenticate: () => undefined }
  const port = Number(address.split(':')[1])
  await expect(grpcSource({ ...rest, host: '127.0.0.1', port }).start()).rejects.toMatchObject({
    code: 'PORT_IN_USE',
  })
  await expect(grpcSource({ ...rest, host: '0.0.0.0', port: 0 }).start()).rejects.toMatchObject({
    code: 'BIND_NEEDS_TLS',
  })
})
