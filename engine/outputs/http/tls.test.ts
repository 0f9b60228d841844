import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { systemClock } from '../../core/clock.ts'
import { selfSigned } from '../certificate-fixture.ts'
import { fixtureEngine, fixtureGuard, fixtureKeys } from '../fixture.ts'
import { silentLog } from '../log.ts'
import { webSocketSink } from '../websocket/sink.ts'
import { httpSink } from './server.ts'

test('with TLS the page, REST and the WebSocket share one encrypted port, TLS 1.2 at least', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'))
  const tls = await selfSigned(folder)
  const engine = fixtureEngine()
  const guard = fixtureGuard(fixtureKeys)
  const host = '127.0.0.1'
  const http = httpSink({ host, port: 0, engine, guard, log: silentLog, tls })
  const webSocket = webSocketSink({
    server: http.server,
    host,
    engine,
    guard,
    clock: systemClock,
    log: silentLog,
  })
  const { address } = await http.start()
  await webSocket.start()
  try {
    expect(address).toMatch(/^https:/)
    const headers = { authorization: 'Bearer key-max' }
    const ask = (options: object) =>
      new Promise<number | undefined>((resolve, reject) => {
        const url = `${address}/api/lines`
        request(url, { rejectUnauthorized: false, headers, agent: false, ...options }, reply => {
          reply.resume()
          resolve(reply.statusCode)
        })
          .on('error', reject)
          .end()
      })
    expect(await ask({})).toBe(200)
    await expect(ask({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1.1' })).rejects.toThrow()
    const url = `${address.replace('https', 'wss')}/ws`
    const socket = new WebSocket(url, { rejectUnauthorized: false, headers })
    const first = await new Promise<string>((resolve, reject) => {
      socket.once('message', data => resolve(String(data)))
      socket.once('error', reject)
    })
    expect(JSON.parse(first)).toMatchObject({ type: 'welcome', identity: { subject: 'max' } })
    socket.terminate()
  } finally {
    await webSocket.close()
    await http.close()
    rmSync(folder, { recursive: true, force: true })
  }
})
