import { createServer } from 'node:http'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../core/clock.ts'
import type { AlarmRecord } from '../../flow.ts'
import { fixtureAlarm, fixtureDefinition, fixtureEngine, fixtureGuard } from '../fixture.ts'
import { silentLog } from '../log.ts'
import type { WsLimits } from './limits.ts'
import { parseServerMessage, type ResumePoint, type ServerMessage } from './protocol.ts'
import { webSocketSink } from './sink.ts'

const open: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

const SKIP_BYTES = 64 * 1024

async function serve(limits: Partial<WsLimits> = {}) {
  const engine = fixtureEngine()
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  open.push(() => new Promise(resolve => server.close(resolve)))
  const { port } = server.address() as AddressInfo
  const sink = webSocketSink({
    ...{ server, host: '127.0.0.1', engine, guard: fixtureGuard() },
    ...{ clock: systemClock, log: silentLog },
    limits: { frame_interval_ms: 10, buffered_skip_bytes: SKIP_BYTES, ...limits },
  })
  await sink.start()
  open.push(() => sink.close())
  const line = engine.add(fixtureDefinition('local', 'wide', 600))
  line.tick()
  return { line, sink, port }
}

/** A client that keeps what it hears of one line. */
async function listener(port: number, resume?: ResumePoint) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
  const texts: ServerMessage[] = []
  let frames = 0
  socket.on('message', (data, binary) => {
    if (binary) frames++
    else texts.push(parseServerMessage(String(data)))
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  open.push(() => socket.terminate())
  socket.send(JSON.stringify({ type: 'subscribe', line: 'wide', ...(resume && { resume }) }))
  const started = () => texts.find(({ type }) => type === 'snapshot' || type === 'resumed')
  await vi.waitFor(() => expect(started()).toBeDefined(), 5000)
  const events = () => texts.flatMap(message => (message.type === 'event' ? [message] : []))
  return { socket, texts, events, started, frames: () => frames }
}

/** A socket that says what a page says and then never reads again. */
async function dead(port: number) {
  const socket = connectTcp(port, '127.0.0.1')
  open.push(() => socket.destroy())
  const key = Buffer.alloc(16, 7).toString('base64')
  socket.write(
    `GET /ws HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: Upgrade\r\n` +
      `sec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`,
  )
  await new Promise(resolve => socket.once('data', resolve))
  const text = Buffer.from('{"type":"subscribe","line":"wide"}')
  // One text frame, masked with zeros as a client must.
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), text]))
  socket.pause()
}

test('sockets that never read hold a bounded number of bytes, and others get every frame', async () => {
  const { line, sink, port } = await serve({ stalled_max_ms: 3_600_000 })
  const quick = await listener(port)
  for (let i = 0; i < 3; i++) await dead(port)
  await vi.waitFor(() => expect(sink.load().clients).toBe(4), 10_000)
  let most_bytes = 0
  const stuck = () => sink.load().conflated_frames > 60
  for (let i = 0; i < 3000 && !stuck(); i++) {
    line.tick()
    await new Promise(resolve => setTimeout(resolve, 2))
    most_bytes = Math.max(most_bytes, sink.load().buffered_bytes)
  }
  expect(stuck()).toBe(true)
  // Beyond the limit of each comes at most what was under way when it was passed: one frame.
  const frame_bytes = 64 * 1024
  expect(most_bytes).toBeLessThan(4 * (SKIP_BYTES + frame_bytes))
  expect(sink.load()).toMatchObject({ clients: 4, closed_slow: 0 })
  const before = quick.frames()
  line.tick()
  await vi.waitFor(() => expect(quick.frames()).toBeGreaterThan(before), 5000)
})

test('a dead socket is closed after a time, and its memory is given back', async () => {
  const { line, sink, port } = await serve({ stalled_max_ms: 50 })
  await dead(port)
  await vi.waitFor(() => expect(sink.load().clients).toBe(1), 10_000)
  for (let i = 0; i < 3000 && sink.load().clients > 0; i++) {
    line.tick()
    await new Promise(resolve => setTimeout(resolve, 2))
  }
  expect(sink.load()).toMatchObject({ clients: 0, buffered_bytes: 0, closed_slow: 1 })
})

test('a client that is cut off again and again gets each alarm, and tells doubles by id and revision', async () => {
  const { line, port } = await serve()
  const written: AlarmRecord[] = []
  const raise = (id: string, revision: number) => {
    const body = fixtureAlarm({ id, line: 'wide', revision })
    written.push(body)
    line.emit({ channel: 'alarm', id: `${id}#${revision}`, body })
  }
  const kept = new Map<string, AlarmRecord>()
  let received = 0
  let offset = 0
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 5; i++) raise(`a${round}.${i}`, 1)
    for (let i = 0; i < round; i++) raise(`a${i}.0`, round + 1)
    // It noted its place two events before it was cut off: those come again.
    const resume = { epoch: 'epoch-1', offset: Math.max(0, offset - 2) }
    const client = await listener(port, resume)
    raise(`live${round}`, 1)
    await vi.waitFor(() => expect(client.events().at(-1)?.offset).toBe(written.length), 5000)
    for (const { event, offset: at } of client.events()) {
      if (event.channel !== 'alarm') continue
      received++
      offset = at
      kept.set(`${event.body.id} ${event.body.revision}`, event.body)
    }
    client.socket.terminate()
  }
  expect(received).toBeGreaterThan(written.length)
  expect([...kept.values()]).toEqual(written)
})

test('a client that was away for longer than events are kept is told, and gets the state', async () => {
  const { line, port } = await serve()
  for (let i = 1; i <= 20; i++) {
    const id = `a${i}`
    line.emit({ channel: 'alarm', id, body: fixtureAlarm({ id, line: 'wide' }) })
  }
  line.trim(10)
  const late = await listener(port, { epoch: 'epoch-1', offset: 4 })
  const told = late.started() as Extract<ServerMessage, { type: 'snapshot' }>
  expect(told).toMatchObject({ type: 'snapshot', offset: 20, not_resumed: 'no-longer-kept' })
  expect(told.alarms.map(({ id }) => id).sort()).toEqual(
    Array.from({ length: 20 }, (_, i) => `a${i + 1}`).sort(),
  )
  const fresh = await listener(port)
  expect(fresh.started()).not.toHaveProperty('not_resumed')
})
