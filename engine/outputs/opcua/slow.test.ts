import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AttributeIds,
  constructEventFilter,
  OPCUACertificateManager,
  OPCUAClient,
  type Variant,
} from 'node-opcua'
import { afterEach, expect, test, vi } from 'vitest'
import { fixtureAlarm, fixtureEngine, fixtureGuard } from '../fixture.ts'
import { silentLog } from '../log.ts'
import { opcUaSink } from './sink.ts'

const QUEUE_EVENTS = 30
const open: (() => Promise<unknown> | unknown)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

/** A wire to a port that can be made to carry nothing back. */
async function stallingWire(port: number) {
  const sockets = new Set<Socket>()
  let stalled = false
  const server = createServer(near => {
    const far = connectTcp(port, '127.0.0.1')
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
    }
    near.pipe(far)
    far.pipe(near)
    if (stalled) far.unpipe(near).pause()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  open.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    stall() {
      stalled = true
      for (const socket of sockets) socket.unpipe().pause()
    },
  }
}

test('a client that stops reading holds a bounded number of events, and no other waits for it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'opcua-slow-'))
  open.push(() => rmSync(folder, { recursive: true, force: true }))
  const engine = fixtureEngine()
  const sink = opcUaSink({
    ...{ host: '127.0.0.1', port: 0, engine, guard: fixtureGuard(), log: silentLog },
    certificateDirectory: join(folder, 'server'),
  })
  const { address } = await sink.start()
  open.push(() => sink.close())
  const port = Number(/:(\d+)/.exec(address.slice('opc.tcp://'.length))![1])
  const certificates = new OPCUACertificateManager({ rootFolder: join(folder, 'client') })

  const listener = async (at: number) => {
    const client = OPCUAClient.create({
      endpointMustExist: false,
      connectionStrategy: { maxRetry: 0 },
      clientCertificateManager: certificates,
      keepSessionAlive: false,
    })
    await client.connect(`opc.tcp://127.0.0.1:${at}/liquidus`)
    const session = await client.createSession()
    const heard: string[] = []
    const subscription = await session.createSubscription2({
      ...{ requestedPublishingInterval: 20, publishingEnabled: true },
      ...{ requestedLifetimeCount: 10_000, requestedMaxKeepAliveCount: 10 },
    })
    const item = await subscription.monitor(
      { nodeId: 'ns=0;i=2253', attributeId: AttributeIds.EventNotifier },
      { queueSize: QUEUE_EVENTS, filter: constructEventFilter(['Message', '1:RecordId']) },
      2,
    )
    item.on('changed', (fields: unknown) => {
      const id = (fields as Variant[])[1]?.value
      if (id) heard.push(String(id))
    })
    return { client, heard }
  }
  const wire = await stallingWire(port)
  const stuck = await listener(wire.port)
  const quick = await listener(port)
  open.push(() => quick.client.disconnect())
  wire.stall()

  const line = engine.at('local', 'line-1')
  const sent: string[] = []
  let most = 0
  for (let round = 0; round < 10; round++) {
    for (let i = 0; i < 25; i++) {
      const id = `r${round}.${i}`
      sent.push(id)
      line.emit({ channel: 'alarm', id, body: fixtureAlarm({ id }) })
    }
    await vi.waitFor(() => expect(quick.heard.length).toBe(sent.length), 5000)
    most = Math.max(most, sink.load().waiting)
  }
  expect(quick.heard).toEqual(sent)
  expect(stuck.heard.length).toBeLessThan(sent.length)
  // Messages that were sent and not yet confirmed are kept for a while by either subscription.
  expect(most).toBeLessThan(QUEUE_EVENTS + 2 * 100)
  expect(sink.load().sessions).toBe(2)
  void stuck.client.disconnect().catch(() => {})
})
