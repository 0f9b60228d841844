import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { systemClock } from '../../core/clock.ts'
import { checkSink, oneOfEach } from '../contract.ts'
import {
  type FixtureEngine,
  fixtureAlarm,
  fixtureDefinition,
  fixtureEngine,
  fixtureGuard,
  fixtureKeys,
} from '../fixture.ts'
import { silentLog } from '../log.ts'
import type { WsLimits } from './limits.ts'
import {
  type ClientMessage,
  decodeTelemetry,
  parseServerMessage,
  type ResumePoint,
  type ServerMessage,
  type Telemetry,
} from './protocol.ts'
import { type WebSocketOptions, webSocketSink } from './sink.ts'

const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function build(engine: FixtureEngine, change: Partial<WebSocketOptions> = {}) {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const sink = webSocketSink({
    server,
    host: '127.0.0.1',
    engine,
    guard: fixtureGuard(),
    clock: systemClock,
    log: silentLog,
    ...change,
  })
  const dispose = () => new Promise<void>(resolve => server.close(() => resolve()))
  return { sink, url: `ws://127.0.0.1:${port}/ws`, dispose }
}

async function serve(limits: Partial<WsLimits> = {}, change: Partial<WebSocketOptions> = {}) {
  const engine = fixtureEngine()
  const { sink, url, dispose } = await build(engine, { limits, ...change })
  await sink.start()
  open.push(dispose, () => sink.close())
  return { engine, line: engine.at('local', 'line-1'), sink, url }
}

interface Peer {
  readonly socket: WebSocket
  readonly texts: ServerMessage[]
  readonly frames: Telemetry[]
  readonly closed: Promise<number>
  say(message: ClientMessage): void
  saw<T extends ServerMessage['type']>(
    type: T,
    count?: number,
  ): Promise<Extract<ServerMessage, { type: T }>>
  offsets(): number[]
}

async function peer(url: string, options: ClientOptions = {}): Promise<Peer> {
  const socket = new WebSocket(url, options)
  socket.binaryType = 'arraybuffer'
  const texts: ServerMessage[] = []
  const frames: Telemetry[] = []
  socket.on('message', (data, binary) => {
    if (binary) frames.push(decodeTelemetry(data as ArrayBuffer)!)
    else texts.push(parseServerMessage(Buffer.from(data as ArrayBuffer).toString()))
  })
  const closed = new Promise<number>(resolve => socket.on('close', resolve))
  await new Promise((resolve, reject) => {
    socket.once('open', resolve)
    socket.once('error', reject)
  })
  open.push(async () => socket.terminate())
  return {
    socket,
    texts,
    frames,
    closed,
    say: message => socket.send(JSON.stringify(message)),
    saw: (type, count = 1) =>
      vi.waitFor(() => {
        const found = texts.filter(message => message.type === type)
        expect(found.length, type).toBeGreaterThanOrEqual(count)
        return found[count - 1] as never
      }, 5000),
    offsets: () => texts.flatMap(message => (message.type === 'event' ? [message.offset] : [])),
  }
}

async function subscribed(url: string, resume?: ResumePoint): Promise<Peer> {
  const client = await peer(url)
  client.say({ type: 'subscribe', line: 'line-1', ...(resume && { resume }) })
  const begun = () => client.texts.some(({ type }) => ['snapshot', 'resumed'].includes(type))
  await vi.waitFor(() => expect(begun()).toBe(true), 10_000)
  return client
}

const alarm = (id: string) => ({ channel: 'alarm', id, body: fixtureAlarm({ id }) }) as const

checkSink('websocket', ['anomaly', 'alarm', 'advice'], async engine => {
  const { sink, url, dispose } = await build(engine)
  return {
    sink,
    dispose,
    async connect() {
      const client = await subscribed(url)
      return {
        received: () =>
          client.texts.flatMap(message => (message.type === 'event' ? [message.event.id] : [])),
        ended: client.closed.then(() => {}),
        close: async () => client.socket.terminate(),
      }
    },
  }
})

test('the welcome describes the lines; snapshot, status and the last tick follow a subscribe', async () => {
  const { line, url } = await serve()
  line.faults.set(1, 'stuck')
  line.tick()
  line.emit(alarm('a'))
  const client = await subscribed(url)
  const welcome = await client.saw('welcome')
  expect(welcome.identity).toMatchObject({ tenant: 'local' })
  expect(welcome.lines).toMatchObject([{ number: 1, line: 'line-1', origin: 'simulated' }])
  expect(welcome.lines[0]!.fields).toEqual(line.fields)
  const snapshot = await client.saw('snapshot')
  expect(snapshot).toMatchObject({ offset: 1, epoch: 'epoch-1', alarms: [{ id: 'a' }] })
  const status = await client.saw('status')
  expect(status.faults).toEqual([{ tag: 'cell_voltage', cell: 'cell-102', reason: 'stuck' }])
  expect(status.detectors).toEqual(['residual'])
  await vi.waitFor(() => expect(client.frames).toHaveLength(1), 10_000)
  expect(client.frames[0]!.tick).toBe(line.latest()!.frame.tick)
  expect(client.offsets()).toEqual([])
})

test('a client that comes back gets exactly what it missed, then lives on', async () => {
  const { line, url } = await serve()
  for (let i = 1; i <= 5; i++) line.emit(alarm(`a${i}`))
  const client = await subscribed(url, { epoch: 'epoch-1', offset: 2 })
  expect(await client.saw('resumed')).toMatchObject({ offset: 2 })
  line.emit(alarm('a6'))
  await vi.waitFor(() => expect(client.offsets()).toEqual([3, 4, 5, 6]), 10_000)
  expect(client.texts.some(message => message.type === 'snapshot')).toBe(false)
})

test('resume after the last event replays nothing', async () => {
  const { line, url } = await serve()
  line.emit(alarm('a1'))
  const client = await subscribed(url, { epoch: 'epoch-1', offset: 1 })
  await client.saw('resumed')
  line.emit(alarm('a2'))
  await vi.waitFor(() => expect(client.offsets()).toEqual([2]), 10_000)
})

test.each([
  ['the epoch is another', { epoch: 'epoch-0', offset: 2 }, 'other-history'],
  ['the events are no longer kept', { epoch: 'epoch-1', offset: 15 }, 'no-longer-kept'],
  ['the client is ahead of the engine', { epoch: 'epoch-1', offset: 99 }, 'ahead'],
  ['there are too many', { epoch: 'epoch-1', offset: 5 }, 'too-many'],
])('a snapshot comes instead of a replay when %s', async (_, resume, why) => {
  const { line, url } = await serve({ replay_events_max: 10, ahead_wait_ms: 40 })
  for (let i = 1; i <= 20; i++) line.emit(alarm(`a${i}`))
  line.trim(why === 'no-longer-kept' ? 18 : 3)
  const client = await subscribed(url, resume)
  const snapshot = await client.saw('snapshot')
  expect(snapshot).toMatchObject({ offset: 20, not_resumed: why })
  expect(snapshot.alarms).toHaveLength(20)
  line.emit(alarm('next'))
  await vi.waitFor(() => expect(client.offsets()).toEqual([21]), 10_000)
})

test('an event that is told before it can be seen comes behind the snapshot', async () => {
  const { line, url } = await serve()
  line.emit(alarm('a'))
  const first = await subscribed(url)
  line.told(alarm('b'))
  await vi.waitFor(() => expect(first.offsets()).toEqual([2]), 10_000)
  const second = await subscribed(url)
  const snapshot = await second.saw('snapshot')
  expect(snapshot).toMatchObject({ offset: 1, alarms: [{ id: 'a' }] })
  await vi.waitFor(() => expect(second.offsets()).toEqual([2]), 10_000)
})

test('a client that heard more than a killed engine had stored goes on where it was', async () => {
  const { line, url } = await serve()
  line.emit(alarm('a'))
  const client = await peer(url)
  client.say({ type: 'subscribe', line: 'line-1', resume: { epoch: 'epoch-1', offset: 2 } })
  await client.saw('welcome')
  line.emit(alarm('b')) // made again, as it was told before the kill
  await client.saw('resumed')
  line.emit(alarm('c'))
  await vi.waitFor(() => expect(client.offsets()).toEqual([3]), 10_000)
})

test('it waits for that as long as the line is behind its log', async () => {
  const { line, url } = await serve({ ahead_wait_ms: 20 })
  line.behind_entries = 3
  line.emit(alarm('a'))
  const client = await peer(url)
  client.say({ type: 'subscribe', line: 'line-1', resume: { epoch: 'epoch-1', offset: 2 } })
  await new Promise(resolve => setTimeout(resolve, 200))
  expect(client.texts.map(({ type }) => type)).toEqual(['welcome'])
  line.emit(alarm('b'))
  line.behind_entries = 0
  await client.saw('resumed')
  expect(client.offsets()).toEqual([])
})

test('no event is lost or doubled for clients that subscribe while events come', async () => {
  const { line, url } = await serve()
  const first = await subscribed(url)
  const offsetOf = (client: Peer) => {
    const start = client.texts.find(({ type }) => type === 'snapshot' || type === 'resumed')
    return (start as { offset: number }).offset
  }
  let emitted = 0
  const storm = setInterval(() => line.emit(alarm(`s${++emitted}`)), 1)
  const others: Peer[] = []
  for (let i = 0; i < 10; i++) {
    others.push(await subscribed(url, i % 2 ? { epoch: 'epoch-1', offset: 0 } : undefined))
  }
  clearInterval(storm)
  for (const client of [first, ...others]) {
    const start = offsetOf(client)
    const all = Array.from({ length: emitted - start }, (_, i) => start + i + 1)
    await vi.waitFor(() => expect(client.offsets()).toEqual(all), 10_000)
  }
})

test('telemetry is conflated: many ticks at once become few frames, the last one among them', async () => {
  const { line, url } = await serve({ frame_interval_ms: 50 })
  const client = await subscribed(url)
  for (let i = 0; i < 200; i++) line.tick()
  const last = line.latest()!.frame.tick
  await vi.waitFor(() => expect(client.frames.at(-1)?.tick).toBe(last), 10_000)
  expect(client.frames.length).toBeLessThan(5)
})

test('events do not wait for the telemetry interval', async () => {
  const { line, url } = await serve({ frame_interval_ms: 3_600_000 })
  const client = await subscribed(url)
  line.tick()
  await vi.waitFor(() => expect(client.frames).toHaveLength(1), 10_000)
  line.tick()
  line.emit(alarm('now'))
  await vi.waitFor(() => expect(client.offsets()).toEqual([1]), 10_000)
  expect(client.frames).toHaveLength(1)
})

test('a client that subscribes with progress hears of each commit that closed a tick', async () => {
  const { line, url } = await serve({ frame_interval_ms: 3_600_000 })
  const client = await peer(url)
  client.say({ type: 'subscribe', line: 'line-1', progress: true })
  await client.saw('snapshot')
  for (let i = 0; i < 3; i++) line.tick()
  line.emit(alarm('no tick'))
  await vi.waitFor(() => expect(client.offsets()).toEqual([1]), 10_000)
  const last = line.latest()!.frame.tick
  const progress = (client.texts as { type: string; tick?: number }[]).flatMap(message =>
    message.type === 'progress' ? [message.tick] : [],
  )
  expect(progress).toEqual([last - 2, last - 1, last])
})

test('a hidden page gets no frames, and the newest one when it is shown again', async () => {
  const { line, url } = await serve({ frame_interval_ms: 20, hidden_interval_ms: 3_600_000 })
  const client = await subscribed(url)
  line.tick()
  await vi.waitFor(() => expect(client.frames).toHaveLength(1), 10_000)
  client.say({ type: 'visibility', hidden: true })
  // The answer to an unknown line shows that the message before it was taken.
  client.say({ type: 'subscribe', line: 'none' })
  await client.saw('error')
  line.tick()
  line.emit(alarm('still here'))
  await vi.waitFor(() => expect(client.offsets()).toEqual([1]), 10_000)
  expect(client.frames).toHaveLength(1)
  client.say({ type: 'visibility', hidden: false })
  await vi.waitFor(() => expect(client.frames.at(-1)?.tick).toBe(line.latest()!.frame.tick), 10_000)
})

test('a client that does not read is closed; others do not notice', async () => {
  const { line, sink, url } = await serve({
    frame_interval_ms: 10,
    events_pending_max: 1_000_000,
    buffered_skip_bytes: 64 * 1024,
    buffered_max_bytes: 256 * 1024,
  })
  const slow = await subscribed(url)
  const quick = await subscribed(url)
  slow.socket.pause()
  const comment = 'x'.repeat(20_000)
  let sent = 0
  while (sink.load().clients === 2 && sent < 5000) {
    const id = `a${++sent}`
    line.emit({ channel: 'alarm', id, body: fixtureAlarm({ id, comment }) })
    await new Promise(resolve => setImmediate(resolve))
  }
  expect(sink.load().clients).toBe(1)
  await vi.waitFor(() => expect(quick.offsets().length).toBe(sent), 10_000)
  slow.socket.resume()
  expect([1013, 1006]).toContain(await slow.closed)
  const back = await subscribed(url, { epoch: 'epoch-1', offset: slow.offsets().at(-1) ?? 0 })
  const missing = sent - slow.offsets().length
  await vi.waitFor(() => expect(back.offsets().length).toBe(missing), 10_000)
})

test('while a client is slow it gets no telemetry, and the newest once it reads again', async () => {
  const { line, url } = await serve({ frame_interval_ms: 10, buffered_skip_bytes: -1 })
  const client = await subscribed(url)
  line.tick()
  line.emit(alarm('a'))
  await vi.waitFor(() => expect(client.offsets()).toEqual([1]), 10_000)
  expect(client.frames).toEqual([])
})

test('a line that appears later is announced', async () => {
  const { engine, url } = await serve({ frame_interval_ms: 10 })
  const client = await peer(url)
  await client.saw('welcome')
  engine.add(fixtureDefinition('local', 'line-9', 2))
  const second = await client.saw('welcome', 2)
  expect(second.lines.map(({ number, line }) => [number, line])).toEqual([
    [1, 'line-1'],
    [2, 'line-9'],
  ])
})

test('after unsubscribe nothing of the line comes any more', async () => {
  const { line, url } = await serve()
  const client = await subscribed(url)
  client.say({ type: 'unsubscribe', line: 'line-1' })
  client.say({ type: 'subscribe', line: 'none' })
  await client.saw('error')
  for (const event of oneOfEach('line-1', 'x')) line.emit(event)
  client.say({ type: 'subscribe', line: 'none' })
  await client.saw('error', 2)
  expect(client.offsets()).toEqual([])
})

test('garbage is answered, a flood of messages and an oversized one end the connection', async () => {
  const { url } = await serve({ commands_max: 5, payload_max_bytes: 1000 })
  const client = await peer(url)
  client.socket.send('{"type":"drop tables"}')
  client.socket.send(Buffer.from([1, 2, 3]))
  expect(await client.saw('error', 2)).toMatchObject({ code: 'BAD_MESSAGE' })
  for (let i = 0; i < 10; i++) client.say({ type: 'visibility', hidden: false })
  expect(await client.closed).toBe(1008)
  const big = await peer(url)
  big.socket.send('x'.repeat(2000))
  expect(await big.closed).toBe(1009)
})

test('who has no key, comes from another site or under another name is not let in', async () => {
  const { url } = await serve({}, { guard: fixtureGuard(fixtureKeys) })
  const bearer = (key: string) => ({ headers: { authorization: `Bearer ${key}` } })
  await expect(peer(url)).rejects.toThrow('401')
  await expect(peer(url, bearer('wrong'))).rejects.toThrow('401')
  await expect(peer(url, bearer('key-dev'))).rejects.toThrow('403')
  const evil = { ...bearer('key-max'), origin: 'https://evil.example' }
  await expect(peer(url, evil)).rejects.toThrow('403')
  const rebound = { headers: { ...bearer('key-max').headers, host: 'evil.example' } }
  await expect(peer(url, rebound)).rejects.toThrow('403')
  await expect(peer(`${url}x`)).rejects.toThrow('404')
  const viaCookie = await peer(url, { headers: { cookie: 'liquidus_key=key-max' } })
  expect((await viaCookie.saw('welcome')).actions).toEqual(['read'])
  const foreign = await peer(url, bearer('key-foreign'))
  expect((await foreign.saw('welcome')).lines).toEqual([])
  foreign.say({ type: 'subscribe', line: 'line-1' })
  expect(await foreign.saw('error')).toMatchObject({ code: 'LINE_UNKNOWN' })
})

test('a client that answers pings stays and hears heartbeats', async () => {
  const { sink, url } = await serve({ ping_interval_ms: 30 })
  const client = await peer(url)
  await client.saw('heartbeat', 3)
  expect(sink.load().clients).toBe(1)
})

test('a client that answers no ping is closed', async () => {
  const { sink, url } = await serve({ ping_interval_ms: 30 })
  await peer(url, { autoPong: false })
  await vi.waitFor(() => expect(sink.load().clients).toBe(0), 5000)
})
