import { writeFileSync } from 'node:fs'
import http2 from 'node:http2'
import net from 'node:net'
import path from 'node:path'
import * as grpc from '@grpc/grpc-js'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  type EngineProcess,
  eventually,
  getJson,
  scratch,
  startEngineProcess,
} from '#bench/engine-process.ts'
import { connectProducer } from '#engine/client/producer.ts'
import { writeReadings } from '#engine/client/write-readings.ts'
import { systemClock } from '#engine/core/clock.ts'
import type { LineDefinition } from '#engine/flow.ts'
import { columnsOf, RawStream, type Row } from './raw-stream.ts'

const Status = grpc.status
const DAY_MS = 86_400_000

const place = scratch('bad-input')
const tags = [
  { tag: 'pressure', unit: 'bar', period_ms: 1000, in_tick: 'last', low: 0, high: 20 },
  { tag: 'flow', unit: 'l/min', period_ms: 1000, low: 0, high: 1000 },
]
const lines = [
  { line: 'wall', kind: 'generic', clock: 'wall', cells: ['pump-1'], tags },
  { line: 'stream', kind: 'generic', clock: 'stream', cells: ['pump-1'], tags },
]
const series = (ref: number, asset_path: string, tag: string, unit = '') => ({
  ref,
  asset_path,
  tag,
  unit,
})
const PRESSURE = series(1, 'pump-1', 'pressure', 'bar')

let engine: EngineProcess
let port = 0
const to = (producer: string, line = 'wall') => ({ address: `127.0.0.1:${port}`, line, producer })
const open = (producer: string, line?: string) => new RawStream(to(producer, line))

beforeAll(async () => {
  const config = path.join(place.path, 'config.json')
  writeFileSync(config, JSON.stringify({ lines, opcua: false, log_level: 'warn' }))
  engine = await startEngineProcess([
    ...['--config', config, '--data', path.join(place.path, 'data')],
    ...['--http', '0', '--grpc', '0'],
  ])
  port = Number(engine.grpc.split(':').at(-1))
})
afterAll(async () => {
  expect(await engine.stop()).toBe(0)
  expect(engine.output()).not.toMatch(/this is a bug|unhandled| {4}at /i)
  place.clean()
})

/** After each bad thing: the engine says that it is well, and takes good readings. */
afterEach(async () => {
  process.kill(engine.pid, 0)
  expect(await getJson(`${engine.http}/health`)).toMatchObject({ status: 'ok', problems: [] })
  const good = await writeReadings(
    { ...to('well'), clock: systemClock },
    { series: [PRESSURE], ...columnsOf([[1, Date.now(), 5]]) },
  )
  expect(good).toMatchObject({ acknowledged_readings: 1, rejected_readings: 0 })
})

interface Quarantined {
  readonly id: number
  readonly producer: string
  readonly sequence: number
  readonly row: number
  readonly reason: string
  readonly detail: string
  readonly asset: string
  readonly tag: string
  readonly time_ms: number | null
  readonly value: number | null
}

async function quarantine(line: string, producer: string): Promise<readonly Quarantined[]> {
  const url = `${engine.http}/api/lines/${line}/quarantine?count=1000`
  const { rows } = await getJson<{ rows: readonly Quarantined[] }>(url)
  return rows.filter(row => row.producer === producer)
}

/** Sends bytes to the gRPC port and waits until the engine has closed the connection. */
function sendRaw(bytes: Uint8Array): Promise<void> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('error', () => {}).on('close', () => resolve())
    socket.resume()
    socket.write(bytes)
  })
}

/** One gRPC call over bare HTTP/2 with exactly these bytes as its body. */
function callRaw(
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<{ http: number; code: number; details: string }> {
  const session = http2.connect(`http://127.0.0.1:${port}`)
  return new Promise(resolve => {
    const request = session.request({
      ':method': 'POST',
      ':path': '/liquidus.ingest.v1.TelemetryIngestService/WriteReadings',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    })
    const got = { http: 0, code: Number.NaN, details: '' }
    const take = (part: http2.IncomingHttpHeaders) => {
      if (part[':status']) got.http = Number(part[':status'])
      if (part['grpc-status']) got.code = Number(part['grpc-status'])
      got.details ||= decodeURIComponent(String(part['grpc-message'] ?? ''))
    }
    request
      .on('response', take)
      .on('trailers', take)
      .on('error', () => {})
    request.on('close', () => {
      session.destroy()
      resolve(got)
    })
    request.resume()
    request.end(body)
  })
}

describe('bytes that are no request', () => {
  it('closes the connection on what is not HTTP/2', async () => {
    await sendRaw(Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256)))
    await sendRaw(Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'))
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
    await sendRaw(Buffer.concat([Buffer.from(preface), Buffer.alloc(64, 0xff)]))
  })

  it('answers a stream message that does not decode', async () => {
    const end = await open('garbage').send(Buffer.from('GET / HTTP/1.1\r\n\r\n')).end
    expect(end).toMatchObject({ code: Status.INVALID_ARGUMENT })
    expect(end.details).toMatch(/^no StreamReadingsRequest: ./)
    const stream = open('garbage').hello()
    const batch = await stream.send(Buffer.from([0x12, 3, 0x3a, 1, 0])).end
    expect(batch).toMatchObject({
      code: Status.INVALID_ARGUMENT,
      details: 'no ReadingBatch: values: 1 bytes are no whole number of elements',
    })
  })

  it('answers a single call whose body, frame or method is wrong', async () => {
    const frame = (flag: number, size: number, body: Buffer) =>
      Buffer.concat([Buffer.from([flag, 0, 0, size >> 8, size & 255]), body])
    const garbage = await callRaw(frame(0, 4, Buffer.from([0xff, 0xff, 0xff, 0xff])))
    expect(garbage).toMatchObject({ http: 200, code: Status.INVALID_ARGUMENT })
    expect(garbage.details).toMatch(/^no WriteReadingsRequest: ./)
    const compressed = await callRaw(frame(1, 4, Buffer.alloc(4)))
    expect(compressed.code).toBeGreaterThan(0)
    const cutShort = await callRaw(frame(0, 200, Buffer.alloc(3)))
    expect(cutShort.code).not.toBe(0)
    const nowhere = await callRaw(frame(0, 0, Buffer.alloc(0)), { ':path': '/x.Y/Z' })
    expect(nowhere.code).toBe(Status.UNIMPLEMENTED)
    const json = await callRaw(Buffer.from('{}'), { 'content-type': 'application/json' })
    expect(json.http).toBe(415)
  })
})

describe('readings that cannot be', () => {
  it('keeps the good ones of a batch and quarantines each other one with its reason', async () => {
    const now_ms = Date.now()
    const rows: Row[] = [
      [1, now_ms, 4],
      [2, now_ms, 4],
      [3, now_ms, 4],
      [4, now_ms, 4],
      [5, now_ms, 4],
      [1, now_ms, Number.POSITIVE_INFINITY],
      [1, now_ms, 21],
      [1, now_ms + 60_000, 4],
      [99, now_ms, 4],
      [6, now_ms, Number.NaN],
    ]
    const stream = open('cannot-be').hello()
    stream.batch(1, rows, [
      PRESSURE,
      series(2, 'pump-1', 'pressure', 'kg'),
      series(3, 'pump-1', 'humidity'),
      series(4, 'pump-9', 'pressure'),
      series(5, 'tenant:other/pump-1', 'pressure'),
      series(6, 'pump-1', 'flow'),
    ])
    stream.batch(2, [[1, 1_700_000_000, 4]])
    await stream.committed(2)
    stream.close()
    const found = await quarantine('wall', 'cannot-be')
    expect(found.map(row => [row.row, row.reason, row.detail])).toEqual([
      [1, 'UNIT', 'tag "pressure" is measured in "bar"; "kg" does not convert to it'],
      [2, 'UNKNOWN_SERIES', 'line "wall" has no tag "humidity"'],
      [3, 'UNKNOWN_SERIES', 'line "wall" has no asset "pump-9" (tag "pressure")'],
      [4, 'UNAUTHORIZED', `asset "tenant:other/pump-1" is another tenant's`],
      [5, 'VALUE_OUT_OF_RANGE', '"pressure" lies outside its physical range 0 to 20 bar'],
      [6, 'VALUE_OUT_OF_RANGE', '"pressure" lies outside its physical range 0 to 20 bar'],
      [7, 'IN_FUTURE', 'time is more than 5 s ahead of the clock of the engine'],
      [8, 'UNKNOWN_SERIES', 'ref 99 was never defined in this stream'],
      [0, 'SCHEMA', 'time is before 1990 or after 2200; is it in ms?'],
    ])
    expect(found[5]).toMatchObject({ asset: 'pump-1', tag: 'pressure', value: 21, sequence: 1 })
    expect(found[4]).toMatchObject({ value: null, time_ms: now_ms })
    expect(stream.heard.some(one => one.directive?.redefine)).toBe(true)
    const line = await getJson<{ readings_rejected: number }>(`${engine.http}/api/lines/wall`)
    expect(line.readings_rejected).toBeGreaterThanOrEqual(9)
  })

  it('takes NaN as a fact of quality bad', async () => {
    const producer = await connectProducer({ ...to('nan', 'stream'), clock: systemClock })
    const start_ms = Date.UTC(2026, 0, 1)
    const rows = (value: number, from: number): Row[] =>
      Array.from({ length: 5 }, (_, i) => [1, start_ms + 1000 * (from + i), value])
    await producer.send({ series: [PRESSURE], ...columnsOf(rows(5, 0)) })
    await producer.send(columnsOf(rows(Number.NaN, 5)))
    await producer.drain()
    expect(producer.counts).toMatchObject({ acknowledged_readings: 10, rejected_readings: 0 })
    await producer.close()
    const url = `${engine.http}/api/lines/stream/cells/pump-1`
    const cell = await eventually(
      () =>
        getJson<{ measured: readonly { tag: string; quality: string; value: number | null }[] }>(
          url,
        ),
      ({ measured }) => measured[0]?.quality === 'bad',
      10_000,
    )
    expect(cell.measured[0]).toMatchObject({ tag: 'pressure', value: null })
  })

  it('judges times of a line with its own clock by its newest reading', async () => {
    const producer = await connectProducer({ ...to('leaps', 'stream'), clock: systemClock })
    const newest_ms = Date.UTC(2026, 0, 2)
    await producer.send({ series: [PRESSURE], ...columnsOf([[1, newest_ms, 5]]) })
    await producer.send(columnsOf([[1, newest_ms + 2 * DAY_MS, 5]]))
    await producer.send(columnsOf([[1, newest_ms - 30 * DAY_MS, 5]]))
    await producer.send(columnsOf([[1, Date.UTC(1970, 1, 1), 5]]))
    await producer.drain()
    expect(producer.counts).toMatchObject({
      sent_readings: 4,
      acknowledged_readings: 2,
      late_readings: 1,
      reasons: { IN_FUTURE: 1, SCHEMA: 1 },
    })
    await producer.close()
    const found = await quarantine('stream', 'leaps')
    expect(found.map(row => row.reason)).toEqual(['IN_FUTURE', 'SCHEMA'])
    expect(found[0]!.detail).toBe('time is more than 24 h ahead of the newest reading of the line')
  })

  it('says how large a batch may be', async () => {
    const stream = open('large').hello()
    await stream.welcomed()
    const end = await stream.send(Buffer.concat([tooLong(10), Buffer.alloc(10 << 20)])).end
    expect(end.code).toBe(Status.RESOURCE_EXHAUSTED)
    expect(end.details).toMatch(/batch of 10485760 bytes: the limit is 1048576 bytes; send smaller/)
    const huge = await writeAnything(Buffer.alloc(15 << 20, 0xff))
    expect(huge.code).toBe(Status.INVALID_ARGUMENT)
    const beyond = await writeAnything(Buffer.alloc(17 << 20))
    expect(beyond.code).toBe(Status.RESOURCE_EXHAUSTED)
    expect(beyond.details).toBe('Received message larger than max (17825792 vs 16777216)')
  })
})

/** A WriteReadings call by a client without limits of its own. */
async function writeAnything(bytes: Buffer): Promise<{ code: number; details: string }> {
  const options = { 'grpc.max_send_message_length': 64 << 20 }
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), options)
  const raw = (body: Buffer) => body
  const method = '/liquidus.ingest.v1.TelemetryIngestService/WriteReadings'
  const error = await new Promise<grpc.ServiceError | null>(resolve =>
    client.makeUnaryRequest(method, raw, raw, bytes, resolve),
  )
  client.close()
  return { code: error?.code ?? 0, details: error?.details ?? '' }
}

/** Head of a StreamReadingsRequest with a batch of so many MiB. */
function tooLong(size_MiB: number): Buffer {
  const head = [0x12]
  for (let rest = size_MiB << 20; ; rest >>>= 7) {
    head.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest)
    if (rest <= 0x7f) return Buffer.from(head)
  }
}

describe('a producer that miscounts', () => {
  it('acknowledges a repeated batch again and stores it once', async () => {
    const stream = open('counts').hello()
    const rows: Row[] = [[1, Date.now(), 999]]
    stream.batch(1, rows, [PRESSURE]).batch(1, rows, [PRESSURE]).batch(2, rows)
    await stream.committed(2)
    stream.close()
    expect((await quarantine('wall', 'counts')).map(row => row.sequence)).toEqual([1, 2])
  })

  it('names the sequence that it expects', async () => {
    const end = await open('counts')
      .hello()
      .batch(9, [[1, Date.now(), 5]], [PRESSURE]).end
    expect(end).toMatchObject({
      code: Status.OUT_OF_RANGE,
      details: 'SEQUENCE_GAP: producer counts of line wall: expected sequence 3, got 9',
      trailers: { 'liquidus-code': 'SEQUENCE_GAP', 'liquidus-expected': '3' },
    })
    const zero = await open('counts')
      .hello()
      .batch(0, [[1, Date.now(), 5]], [PRESSURE]).end
    expect(zero.details).toBe('no ReadingBatch: sequence 0; batches of a stream count from 1')
  })

  it('fences the older stream of a producer', async () => {
    const older = open('twice').hello()
    await older.welcomed()
    const newer = open('twice').hello()
    await newer.welcomed()
    const end = await older.end
    expect(end.code).toBe(Status.ABORTED)
    expect(end.details).toMatch(/^fenced: producer twice of line wall: epoch 1 is older than 2/)
    newer.batch(1, [[1, Date.now(), 5]], [PRESSURE])
    await newer.committed(1)
    newer.close()
  })
})

describe('a caller that claims what is not its own', () => {
  it('refuses the line and the name of another tenant', async () => {
    const byLine = await open('spoof', 'other/wall').hello().end
    expect(byLine).toMatchObject({
      code: Status.PERMISSION_DENIED,
      details: 'developer (developer) may not write for tenant "other"',
    })
    const byName = await new RawStream({ ...to('spoof'), tenant: 'other' }).hello().end
    expect(byName).toMatchObject({ code: Status.PERMISSION_DENIED, details: byLine.details })
    const unary = { ...to('spoof'), tenant: 'other', clock: systemClock }
    await expect(
      writeReadings(unary, { series: [PRESSURE], ...columnsOf([[1, Date.now(), 5]]) }),
    ).rejects.toThrow(/may not write for tenant "other"/)
  })

  it('names the known lines, and what is wrong with a line or a producer', async () => {
    const unknown = await open('p', 'elsewhere').hello().end
    expect(unknown.code).toBe(Status.NOT_FOUND)
    expect(unknown.details).toMatch(/line "elsewhere" is not known; known lines: wall, stream; to/)
    expect((await open('p', 'No Line').hello().end).details).toMatch(/^line "No Line": a name is/)
    expect((await open('a b').hello().end).details).toMatch(/^producer_id "a b": it has 1 to 128/)
    const definition = { kind: 'generic', clock: 'stream', origin: 'recorded', tick_ms: 1000 }
    const proposed = async (more: object) => {
      const proposal = { ...definition, ...more } as unknown as LineDefinition
      return (await new RawStream({ ...to('p', 'fresh'), proposal }).hello().end).details
    }
    const tag = { ...tags[0]!, scope: 'cell', kind: 'signal', hold_max_ms: 1000 }
    expect(await proposed({ cells: [], tags: [tag] })).toMatch(/line "fresh": no cells/)
    expect(await proposed({ cells: ['a', 'a'], tags: [tag] })).toMatch(
      /a name comes twice in cells/,
    )
    expect(await proposed({ cells: ['a'], tags: [{ ...tag, unit: 'furlong' }] })).toMatch(
      /"furlong" is not known; known: /,
    )
    const { lines: known } = await getJson<{ lines: unknown[] }>(`${engine.http}/api/lines`)
    expect(known).toHaveLength(2)
  })
})
