import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../core/clock.ts'
import { fixtureEngine, fixtureGuard, fixtureKeys } from '../fixture.ts'
import { silentLog } from '../log.ts'
import { parseServerMessage } from './protocol.ts'
import { type WebSocketOptions, webSocketSink } from './sink.ts'

const open: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function serve(clients_max: number, change: Partial<WebSocketOptions> = {}) {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  open.push(() => new Promise(resolve => server.close(resolve)))
  const sink = webSocketSink({
    ...{ server, host: '127.0.0.1', engine: fixtureEngine(), guard: fixtureGuard(fixtureKeys) },
    ...{ clock: systemClock, log: silentLog, limits: { clients_max } },
    ...change,
  })
  await sink.start()
  open.push(() => sink.close())
  return { sink, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws` }
}

/** Connects with a key: the tenant that the welcome names, or the code and reason of the close. */
function connect(url: string, key = 'key-max') {
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${key}` } })
  open.push(() => socket.terminate())
  const heard = new Promise<string>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('close', (code, why) => resolve(`${code} ${why}`))
    socket.once('message', data => {
      const message = parseServerMessage(String(data))
      resolve(message.type === 'welcome' ? message.identity.tenant : message.type)
    })
  })
  return { socket, heard }
}

test('connections have a maximum, and who gets no place hears why', async () => {
  const { url } = await serve(1)
  const first = connect(url)
  expect(await first.heard).toBe('local')
  const full = '1013 the engine has 1 connections open, all it may; try again later'
  expect(await connect(url, 'key-foreign').heard).toBe(full)
  first.socket.close()
  await vi.waitFor(async () => expect(await connect(url).heard).toBe('local'), 5000)
})

test('a tenant cannot take the connections of another, and hears why it gets no more', async () => {
  const refused: string[] = []
  const { sink, url } = await serve(4, { onRefused: tenant => refused.push(tenant) })
  const first = connect(url)
  expect([await first.heard, await connect(url, 'key-olga').heard]).toEqual(['local', 'local'])
  const own = '1013 your tenant has 2 connections open, all it may; close one'
  expect(await connect(url, 'key-eva').heard).toBe(own)
  expect([refused, sink.load().clients]).toEqual([['local'], 2])
  expect(await connect(url, 'key-foreign').heard).toBe('other')
  first.socket.close()
  await vi.waitFor(() => expect(sink.load().clients).toBe(2), 10_000)
  expect(await connect(url, 'key-eva').heard).toBe('local')
})

test('a tenant has as many connections as it is configured to', async () => {
  const connectionsMax = (tenant: string) => (tenant === 'local' ? 1 : undefined)
  const { url } = await serve(9, { connectionsMax })
  expect(await connect(url).heard).toBe('local')
  expect(await connect(url).heard).toMatch(/^1013 your tenant has 1 connections open/)
  const others = [connect(url, 'key-foreign'), connect(url, 'key-foreign')]
  expect(await Promise.all(others.map(one => one.heard))).toEqual(['other', 'other'])
})
