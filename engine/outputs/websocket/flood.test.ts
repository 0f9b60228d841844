import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { alarmList } from '../../anomaly/alarms/list.ts'
import { systemClock } from '../../core/clock.ts'
import type { AlarmRecord, Anomaly } from '../../flow.ts'
import { FIXTURE_START_ms, fixtureDefinition, fixtureEngine, fixtureGuard } from '../fixture.ts'
import { silentLog } from '../log.ts'
import { parseServerMessage, type ServerMessage } from './protocol.ts'
import { webSocketSink } from './sink.ts'

const CELLS = 500
const KINDS = ['limit-high', 'sensor-bad'] as const
const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function serve() {
  const engine = fixtureEngine()
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  open.push(() => new Promise(resolve => server.close(resolve)))
  const { port } = server.address() as AddressInfo
  const common = { server, host: '127.0.0.1', engine, guard: fixtureGuard() }
  const sink = webSocketSink({ ...common, clock: systemClock, log: silentLog })
  await sink.start()
  open.push(() => sink.close())
  return { engine, url: `ws://127.0.0.1:${port}/ws` }
}

async function subscribed(url: string) {
  const socket = new WebSocket(url)
  const texts: ServerMessage[] = []
  socket.on('message', (data, binary) => {
    if (!binary) texts.push(parseServerMessage(String(data)))
  })
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  open.push(async () => socket.terminate())
  socket.send(JSON.stringify({ type: 'subscribe', line: 'flood' }))
  const has = (type: string) => expect(texts.some(text => text.type === type)).toBe(true)
  await vi.waitFor(() => has('snapshot'), 5000)
  return texts
}

it('a page hears of 1,000 alarms in ten seconds as incidents, and of every one of them', async () => {
  const { engine, url } = await serve()
  const definition = fixtureDefinition('local', 'flood', CELLS)
  const line = engine.add(definition)
  line.tick()
  const texts = await subscribed(url)
  const list = alarmList(definition)
  const kept = new Map<string, AlarmRecord>()

  for (let second = 0; second < 10; second++) {
    const time_ms = FIXTURE_START_ms + second * 1000
    for (let i = 0; i < 100; i++) {
      const n = second * 100 + i
      const place = { kind: KINDS[n % 2]!, cell: n >> 1, tagIndex: -1, active: true, time_ms }
      const text = 'went wrong'
      const causes = [{ text: 'one cause', weight: 1 }]
      list.condition({ ...place, score: 1, text, causes, detector: 'd' })
    }
    list.advance(time_ms + 1000)
    line.summary = list.summary()
    for (const body of list.changes()) {
      kept.set(body.id, body)
      // Each alarm comes with the event that it was made of.
      const { id, cell, tag, kind, text, causes } = body
      const anomaly: Anomaly = {
        ...{ id, line: 'flood', cell, tag, kind, detector: 'd' },
        ...{ time_ms, score: 1, text, causes },
      }
      line.emit({ channel: 'anomaly', id, body: anomaly })
      line.emit({ channel: 'alarm', id: `${id}#${body.revision}`, body })
    }
    line.tick()
  }
  expect(kept.size).toBe(1000)

  const heard = () => {
    const alarms = new Map<string, AlarmRecord>()
    for (const text of texts) {
      if (text.type === 'event' && text.event.channel === 'alarm') {
        alarms.set(text.event.body.id, text.event.body)
      }
    }
    return alarms
  }
  await vi.waitFor(() => expect(heard().size).toBe(kept.size), 8000)
  expect(heard()).toEqual(kept)
  const summary = () =>
    texts.flatMap(text => (text.type === 'alarm-summary' ? [text.summary] : [])).at(-1)
  await vi.waitFor(() => {
    const incidents = summary()?.incidents ?? []
    expect(incidents.reduce((sum, { alarms }) => sum + alarms, 0)).toBe(kept.size)
  }, 8000)
  const { incidents, flood_since_ms } = summary()!
  expect(flood_since_ms).toBe(FIXTURE_START_ms)
  expect(incidents.length).toBeLessThanOrEqual(4)
  const ids = new Set(incidents.map(({ id }) => id))
  for (const alarm of heard().values()) expect(ids.has(alarm.incident)).toBe(true)
})
