import { once } from 'node:events'
import http2 from 'node:http2'
import net from 'node:net'
import * as grpc from '@grpc/grpc-js'
import { service as healthService } from 'grpc-health-check'
import { afterEach, expect, test } from 'vitest'
import { lineProposal } from '#engine/client/line-proposal.ts'
import type { LineDefinition } from '../../flow.ts'
import { memoryIntake } from '../memory-intake.ts'
import { clock, closeAll, good, IDENTITY, log, open, POTLINE, RawStream } from './door-fixture.ts'
import { grpcSource } from './source.ts'

afterEach(closeAll)

test('garbage gets a clear answer and the engine stays up', async () => {
  const { client, address } = await open()
  const garbled = [
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from('GET / HTTP/1.1\r\n\r\n'),
    Buffer.alloc(0),
  ]
  for (const bytes of garbled) {
    const stream = new RawStream(client)
    stream.call.write(bytes)
    const status = await stream.status
    expect(status.code).toBe(grpc.status.INVALID_ARGUMENT)
    expect(status.details).toMatch(/^no StreamReadingsRequest: ./)
  }
  const stream = new RawStream(client)
  stream.hello()
  stream.call.write(Buffer.from([0x12, 3, 0x3a, 1, 0]))
  expect(await stream.status).toMatchObject({
    code: grpc.status.INVALID_ARGUMENT,
    details: 'no ReadingBatch: values: 1 bytes are no whole number of elements',
  })
  const [host, port] = address.split(':')
  const socket = net.connect(Number(port), host)
  socket.on('error', () => {}).resume()
  socket.write(Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 7919) % 256)))
  await once(socket, 'close')
  const after = new RawStream(client)
  after.hello()
  after.batch(1, good())
  await after.until(() => after.committed === 1)
})

test('the tenant is the identity and nothing that the caller sends', async () => {
  const { client } = await open()
  const byLine = new RawStream(client)
  byLine.hello({ line: 'rival/line-1' })
  expect((await byLine.status).code).toBe(grpc.status.PERMISSION_DENIED)
  const metadata = new grpc.Metadata()
  metadata.set('x-liquidus-tenant', 'rival')
  const byMetadata = new RawStream(client, metadata)
  expect(await byMetadata.status).toMatchObject({
    code: grpc.status.PERMISSION_DENIED,
    details: 'gateway (device) may not write for tenant "rival"',
  })
})

test('an unknown caller, an auditor and a nameless producer are refused', async () => {
  const nobody = new RawStream((await open({ identity: undefined })).client)
  expect((await nobody.status).code).toBe(grpc.status.UNAUTHENTICATED)
  const auditor = new RawStream((await open({ identity: { ...IDENTITY, role: 'auditor' } })).client)
  expect((await auditor.status).code).toBe(grpc.status.PERMISSION_DENIED)
  const nameless = new RawStream((await open()).client)
  nameless.hello({ producerId: '' })
  expect((await nameless.status).code).toBe(grpc.status.INVALID_ARGUMENT)
})

test('an unknown line is named with the cure, or created from a proposal', async () => {
  const { client, intake } = await open()
  const unknown = new RawStream(client)
  unknown.hello({ line: 'line-2' })
  const status = await unknown.status
  expect(status.code).toBe(grpc.status.NOT_FOUND)
  expect(status.details).toContain('line "line-2" is not known; known lines: line-1')
  expect(status.details).toContain('proposal')
  const definition: LineDefinition = { ...POTLINE, line: 'line-2', clock: 'stream' }
  const created = new RawStream(client)
  created.hello({ line: 'line-2', proposal: lineProposal(definition) })
  await created.until(heard => heard.length > 0)
  expect(created.heard[0]?.welcome?.lineCreated).toBe(true)
  expect(intake.line('line-2').definition).toEqual(definition)
})

test('a proposal is refused where the caller may not create lines or it is no line', async () => {
  const { client } = await open({ mayCreate: () => false })
  const denied = new RawStream(client)
  denied.hello({ line: 'line-2', proposal: lineProposal(POTLINE) })
  expect((await denied.status).code).toBe(grpc.status.PERMISSION_DENIED)
  const empty = new RawStream(client)
  empty.hello({ line: 'line-2', proposal: { tickMs: 1000 } })
  expect(await empty.status).toMatchObject({
    code: grpc.status.INVALID_ARGUMENT,
    details: 'proposal of line "line-2": no cells',
  })
})

test('closing asks producers to drain and ends what does not', async () => {
  const { client, source } = await open()
  const stream = new RawStream(client)
  stream.hello()
  await stream.until(heard => heard.length > 0)
  const closed = source.close()
  expect((await stream.status).code).toBe(grpc.status.UNAVAILABLE)
  expect(stream.heard.at(-1)?.directive?.drain?.reason).toBe('the engine is closing')
  await closed
})

test('health follows what the engine says of itself', async () => {
  const { client, source } = await open()
  const { Check: check } = healthService as unknown as Record<
    string,
    grpc.MethodDefinition<object, object>
  >
  const ask = () =>
    new Promise((resolve, reject) => {
      const { path, requestSerialize, responseDeserialize } = check!
      const request = { service: 'liquidus.ingest.v1.TelemetryIngestService' }
      client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        (error, answer) => (error ? reject(error) : resolve(answer)),
      )
    })
  expect(await ask()).toEqual({ status: 'NOT_SERVING' })
  source.setServing(true)
  expect(await ask()).toEqual({ status: 'SERVING' })
})

test('reflection lists the service and describes its file', async () => {
  const { client } = await open()
  const ask = (request: Buffer) =>
    new Promise<Buffer>(resolve => {
      const call = client.makeBidiStreamRequest(
        '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
        (bytes: Buffer) => bytes,
        (bytes: Buffer) => bytes,
      )
      call.on('error', () => {})
      call.on('data', answer => {
        resolve(answer)
        call.end()
      })
      call.write(request)
    })
  const listServices = await ask(Buffer.from([0x3a, 0]))
  expect(listServices.toString('latin1')).toContain('liquidus.ingest.v1.TelemetryIngestService')
  const symbol = Buffer.from('liquidus.ingest.v1.ReadingBatch')
  const file = await ask(Buffer.concat([Buffer.from([0x22, symbol.length]), symbol]))
  expect(file.toString('latin1')).toContain('time_offsets_ms')
})

test('new connections get wide receive windows', async () => {
  const { address } = await open()
  const session = http2.connect(`http://${address}`)
  const [settings] = await once(session, 'remoteSettings')
  while (settings.initialWindowSize !== 1024 * 1024) {
    const [next] = await once(session, 'remoteSettings')
    Object.assign(settings, next)
  }
  while ((session.state.remoteWindowSize ?? 0) < 4 * 1024 * 1024) {
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  session.destroy()
})

test('a taken port and an open bind without TLS are refused at the start', async () => {
  const { address } = await open()
  const intake = memoryIntake({ tenant: 'plant', definitions: [] })
  const rest = { intake, clock, log, authenticate: () => undefined, mayWrite: () => true }
  const port = Number(address.split(':')[1])
  await expect(grpcSource({ ...rest, host: '127.0.0.1', port }).start()).rejects.toMatchObject({
    code: 'PORT_IN_USE',
  })
  await expect(grpcSource({ ...rest, host: '0.0.0.0', port: 0 }).start()).rejects.toMatchObject({
    code: 'BIND_NEEDS_TLS',
  })
})
