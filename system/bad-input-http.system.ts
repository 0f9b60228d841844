import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type EngineProcess, getJson, scratch, startEngineProcess } from '#bench/engine-process.ts'
import { writeReadings } from '#engine/client/write-readings.ts'
import { systemClock } from '#engine/core/clock.ts'
import type { LineDefinition } from '#engine/flow.ts'

const place = scratch('bad-http')
const definition: LineDefinition = {
  tenant: 'local',
  line: 'pumps',
  kind: 'generic',
  clock: 'stream',
  origin: 'recorded',
  tick_ms: 1000,
  cells: ['pump-1'],
  tags: [
    {
      ...{ tag: 'pressure', unit: 'bar', scope: 'cell', kind: 'signal', in_tick: 'last' },
      ...{ period_ms: 1000, hold_max_ms: 10_000, low: 0, high: 20 },
    },
  ],
}

let engine: EngineProcess
let port = 0
let start_ms = Date.UTC(2026, 0, 1)

/** Ten good readings; the line exists from the first call on. */
async function sendGood(): Promise<void> {
  const series = [{ ref: 1, asset_path: 'pump-1', tag: 'pressure', unit: 'bar' }]
  const done = await writeReadings(
    {
      ...{ address: `127.0.0.1:${engine.grpc.split(':').at(-1)}`, line: 'pumps', producer: 'good' },
      proposal: definition,
      clock: systemClock,
    },
    {
      series,
      count: 10,
      refs: new Uint32Array(10).fill(1),
      times_ms: Float64Array.from({ length: 10 }, (_, i) => start_ms + 1000 * i),
      values: new Float64Array(10).fill(5),
    },
  )
  expect(done).toMatchObject({ acknowledged_readings: 10, rejected_readings: 0 })
  start_ms += 10_000
}

beforeAll(async () => {
  engine = await startEngineProcess([
    ...['--no-demo', '--data', path.join(place.path, 'data'), '--log', 'warn'],
    ...['--http', '0', '--grpc', '0', '--opcua', '0'],
  ])
  port = Number(new URL(engine.http).port)
  await sendGood()
})
afterAll(async () => {
  expect(await engine.stop()).toBe(0)
  expect(engine.output()).not.toMatch(/this is a bug|unhandled| {4}at /i)
  place.clean()
})
afterEach(async () => {
  process.kill(engine.pid, 0)
  expect(await getJson(`${engine.http}/health`)).toMatchObject({ status: 'ok', problems: [] })
  await sendGood()
})

interface Answer {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly body: string
}

async function ask(at: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${engine.http}${at}`, init)
  return answerOf(response.status, await response.text())
}

function answerOf(status: number, body: string): Answer {
  let error: { code?: string; message?: string } = {}
  try {
    error = (JSON.parse(body) as { error?: typeof error }).error ?? {}
  } catch {}
  return { status, body, code: error.code ?? '', message: error.message ?? '' }
}

const post = (at: string, body: string, headers: Record<string, string> = {}) =>
  ask(at, { method: 'POST', body, headers: { 'content-type': 'application/json', ...headers } })

/** A request whose path and headers are sent as they are: fetch would tidy them. */
function askRaw(at: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, path: at, headers }, response => {
      let body = ''
      response.on('data', chunk => {
        body += chunk
      })
      response.on('end', () => resolve(answerOf(response.statusCode ?? 0, body)))
    })
    request.on('error', reject)
    request.end()
  })
}

/** Bytes on the HTTP port; resolves with what came back once the connection is closed. */
function sendBytes(bytes: Uint8Array | string): Promise<string> {
  return new Promise(resolve => {
    const socket = net.connect(port, '127.0.0.1')
    let heard = ''
    socket.on('data', chunk => {
      heard += chunk.toString('latin1')
    })
    socket.on('error', () => {}).on('close', () => resolve(heard))
    socket.write(bytes)
  })
}

describe('bad requests to the REST surface', () => {
  it('refuses a body that is no JSON, of another type, of the wrong shape or too large', async () => {
    const at = '/api/alarms/x/acknowledge'
    expect(await post(at, '{"comment":')).toMatchObject({
      status: 400,
      message: expect.any(String),
    })
    expect(await post(at, '')).toMatchObject({ status: 400 })
    expect(await post(at, 'comment=1', { 'content-type': 'text/plain' })).toMatchObject({
      status: 415,
      code: 'NOT_JSON',
      message: 'Send JSON with content-type: application/json.',
    })
    const shape = await post(at, '{"comment":[1],"more":true}')
    expect(shape).toMatchObject({ status: 400, code: 'INVALID' })
    const polluted = await post(at, '{"__proto__":{"x":1},"comment":"c"}')
    expect(polluted.status).toBe(400)
    const large = await post(at, JSON.stringify({ comment: 'x'.repeat(100_000) }))
    expect(large).toMatchObject({ status: 413, message: expect.stringMatching(/too large/) })
  })

  it('answers unknown lines, cells, alarms, advice and routes by name', async () => {
    expect(await ask('/api/lines/nowhere')).toMatchObject({
      status: 404,
      code: 'LINE_UNKNOWN',
      message: 'Line "nowhere" is not known; known lines: pumps.',
    })
    expect(await ask('/api/lines/pumps/cells/pump-9')).toMatchObject({
      status: 404,
      code: 'CELL_UNKNOWN',
      message: 'Line "pumps" has no cell "pump-9".',
    })
    expect(await ask('/api/alarms?line=nowhere')).toMatchObject({ code: 'LINE_UNKNOWN' })
    const comment = JSON.stringify({ comment: 'seen' })
    expect(await post('/api/alarms/none/acknowledge', comment)).toMatchObject({
      status: 404,
      code: 'ALARM_UNKNOWN',
      message: 'Nothing here has the id "none".',
    })
    expect(await post('/api/advice/none/approve', comment)).toMatchObject({
      status: 404,
      code: 'ADVICE_UNKNOWN',
    })
    expect(await ask('/api/nothing')).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    expect(await ask('/api/lines', { method: 'DELETE' })).toMatchObject({ status: 404 })
    const long = await ask(`/api/lines/${'x'.repeat(5000)}`)
    expect([404, 414]).toContain(long.status)
  })

  it('refuses queries outside their limits', async () => {
    const trend = '/api/lines/pumps/cells/pump-1/trend'
    for (const query of ['points=1', 'points=1e9', 'points=x', 'from_ms=x']) {
      expect(await ask(`${trend}?${query}`), query).toMatchObject({ status: 400, code: 'INVALID' })
    }
    const rows = '/api/lines/pumps/quarantine'
    for (const query of ['count=0', 'count=1000000', 'after=-1', 'after=x']) {
      expect(await ask(`${rows}?${query}`), query).toMatchObject({ status: 400, code: 'INVALID' })
    }
  })

  it('never leaves the folder of the page', async () => {
    for (const at of [
      '/../../etc/passwd',
      '/..%2f..%2f..%2fetc%2fpasswd',
      '/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
      '/assets/../../../../../../etc/passwd',
      '/..\\..\\etc\\passwd',
      '/%00',
      '/%ff%fe',
    ]) {
      const answer = await askRaw(at)
      expect([400, 403, 404], at).toContain(answer.status)
      expect(answer.body, at).not.toContain('root:')
    }
  })

  it('refuses pages of other sites and foreign host names', async () => {
    const comment = JSON.stringify({ comment: 'seen' })
    const at = '/api/alarms/none/acknowledge'
    expect(await post(at, comment, { origin: 'https://evil.example' })).toMatchObject({
      status: 403,
      code: 'ORIGIN_NOT_ALLOWED',
    })
    expect(await post(at, comment, { origin: 'null' })).toMatchObject({ status: 403 })
    expect(await askRaw('/api/lines', { host: 'evil.example' })).toMatchObject({
      status: 403,
      code: 'HOST_NOT_ALLOWED',
      message: 'Open this server as 127.0.0.1 or localhost, not as "evil.example".',
    })
  })

  it('closes connections that speak no HTTP or too much of it', async () => {
    expect(await sendBytes(Buffer.alloc(2048, 0xfe))).toMatch(/^HTTP\/1\.1 400/)
    const headers = `GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`
    expect(await sendBytes(headers)).toMatch(/^HTTP\/1\.1 431/)
    const smuggled = 'POST /api/session HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 3\r\n'
    expect(await sendBytes(`${smuggled}transfer-encoding: chunked\r\n\r\n0\r\n\r\n`)).toMatch(
      /^HTTP\/1\.1 400/,
    )
  })
})

interface Talk {
  readonly socket: WebSocket
  readonly heard: Record<string, unknown>[]
  readonly closed: Promise<number>
  next(type: string): Promise<Record<string, unknown>>
}

function talk(headers: Record<string, string> = {}): Promise<Talk> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`, { headers })
  const heard: Record<string, unknown>[] = []
  let wake = () => {}
  socket.on('message', (data, binary) => {
    if (!binary) heard.push(JSON.parse(String(data)) as Record<string, unknown>)
    wake()
  })
  const closed = new Promise<number>(resolve => socket.on('close', resolve))
  const next = async (type: string) => {
    for (;;) {
      const at = heard.findIndex(message => message.type === type)
      if (at >= 0) return heard.splice(at, 1)[0]!
      await new Promise<void>(resolve => {
        wake = resolve
      })
    }
  }
  return new Promise((resolve, reject) => {
    socket.on('error', reject)
    socket.on('open', () => resolve({ socket, heard, closed, next }))
  })
}

describe('bad messages on the WebSocket', () => {
  it('answers what it does not understand and keeps the connection', async () => {
    const { socket, next } = await talk()
    await next('welcome')
    const garbage: (string | Buffer)[] = [
      ...['', '{', 'null', '[]', '42', '{"type":"nothing"}', '{"type":"subscribe"}'],
      ...['{"type":"subscribe","line":7}', '{"type":"visibility","hidden":"yes"}'],
      Buffer.from([1, 2, 3]),
      Buffer.alloc(0),
    ]
    for (const message of garbage) {
      socket.send(message)
      expect(await next('error'), String(message)).toMatchObject({ code: 'BAD_MESSAGE' })
    }
    socket.send('{"type":"subscribe","line":"nowhere"}')
    expect(await next('error')).toMatchObject({
      code: 'LINE_UNKNOWN',
      message: 'Line "nowhere" is not known.',
    })
    const resume = { epoch: 'x', offset: 1e300 }
    socket.send(JSON.stringify({ type: 'subscribe', line: 'pumps', resume }))
    socket.send(JSON.stringify({ type: 'subscribe', line: 'pumps' }))
    expect(await next('snapshot')).toMatchObject({ line: 'pumps' })
    socket.close()
  })

  it('closes the connection on a message too large, broken frames and a flood', async () => {
    const large = await talk()
    large.socket.send('x'.repeat(64 * 1024 + 1))
    expect(await large.closed).toBe(1009)
    const broken = await talk()
    ;(broken.socket as unknown as { _socket: net.Socket })._socket.write(Buffer.alloc(64, 0xff))
    expect(await broken.closed).toBe(1002)
    const flood = await talk()
    for (let i = 0; i < 400; i++) flood.socket.send('{}')
    expect(await flood.closed).toBe(1008)
  })

  it('refuses the upgrade of other sites, hosts and paths', async () => {
    await expect(talk({ origin: 'https://evil.example' })).rejects.toThrow(/403/)
    await expect(talk({ host: 'evil.example' })).rejects.toThrow(/403/)
    const elsewhere = new WebSocket(`ws://127.0.0.1:${port}/elsewhere`)
    const refused = await new Promise<Error>(resolve => elsewhere.on('error', resolve))
    expect(refused.message).toMatch(/404/)
  })
})
