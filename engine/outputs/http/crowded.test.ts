import net from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { fixtureEngine, fixtureGuard, fixtureKeys } from '../fixture.ts'
import { silentLog } from '../log.ts'
import { httpSink } from './server.ts'

const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const sink of open.splice(0)) await sink.close()
})

/** A server of four places whose quarantine answers when told to. */
async function serve() {
  let answer = () => {}
  let asked = 0
  const answered = new Promise<void>(resolve => {
    answer = resolve
  })
  const engine = fixtureEngine()
  const sink = httpSink({
    ...{ host: '127.0.0.1', port: 0, engine, guard: fixtureGuard(fixtureKeys), log: silentLog },
    requests_max: 4,
    quarantine: async () => {
      asked += 1
      await answered
      return []
    },
  })
  open.push(sink)
  const { address } = await sink.start()
  const get = (path: string, key: string) =>
    fetch(address + path, { headers: { authorization: `Bearer ${key}` } })
  const slow = () => get('/api/lines/line-1/quarantine', 'key-max')
  return { address, get, slow, answer: () => answer(), asked: () => asked }
}

const LINES = '/api/lines'

test('a tenant with too many requests under way waits, and another does not', async () => {
  const { get, slow, answer, asked } = await serve()
  const waiting = [slow(), slow()]
  await vi.waitFor(() => expect(asked()).toBe(2), 10_000)
  const refused = await get(LINES, 'key-olga')
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
  expect(await refused.json()).toMatchObject({
    error: { code: 'TOO_MANY_REQUESTS', message: expect.stringContaining('2 requests') },
  })
  expect((await get(LINES, 'key-foreign')).status).toBe(200)
  answer()
  for (const one of waiting) expect((await one).status).toBe(200)
  expect((await get(LINES, 'key-olga')).status).toBe(200)
})

test('requests of a connection that is gone are no longer under way', async () => {
  const { address, get, asked } = await serve()
  const { hostname, port } = new URL(address)
  const socket = net.connect(Number(port), hostname)
  const head = 'host: 127.0.0.1\r\nauthorization: Bearer key-max\r\n\r\n'
  const one = `GET /api/lines/line-1/quarantine HTTP/1.1\r\n${head}`
  socket.write(one + one)
  await vi.waitFor(() => expect(asked()).toBe(2), 10_000)
  expect((await get(LINES, 'key-olga')).status).toBe(429)
  socket.destroy()
  await vi.waitFor(async () => expect((await get(LINES, 'key-olga')).status).toBe(200), 10_000)
})
