import net from 'node:net'
import { expect, it } from 'vitest'
import { startDelayProxy } from './delay-proxy.ts'

it('hands everything on in order, later by the round trip, and passes the end on', async () => {
  const echo = net.createServer({ allowHalfOpen: true }, socket => socket.pipe(socket))
  await new Promise<void>(resolve => echo.listen(0, '127.0.0.1', () => resolve()))
  const { port } = echo.address() as net.AddressInfo
  const proxy = await startDelayProxy(`127.0.0.1:${port}`, 40)
  const [host, at] = proxy.address.split(':')
  const socket = net.connect(Number(at), host)
  const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => i % 251))
  const began_ms = performance.now()
  let first_ms = Number.NaN
  const heard: Buffer[] = []
  const ended = new Promise<void>(resolve => socket.on('end', () => resolve()))
  socket.on('data', chunk => {
    if (heard.length === 0) first_ms = performance.now() - began_ms
    heard.push(chunk)
  })
  socket.end(sent)
  await ended
  expect(Buffer.concat(heard).equals(sent)).toBe(true)
  // The delay is what the proxy is for; only less than it would be wrong.
  expect(first_ms).toBeGreaterThanOrEqual(39)
  await proxy.close()
  await new Promise(resolve => echo.close(resolve))
})
