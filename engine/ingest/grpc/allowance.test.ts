import * as grpc from '@grpc/grpc-js'
import { afterEach, expect, test } from 'vitest'
import { lineProposal } from '#engine/client/line-proposal.ts'
import { liquidus } from '#proto/gen/ingest.js'
import { manualClock } from '../../core/clock.ts'
import type { Identity } from '../../flow.ts'
import type { TenantLimits } from '../../load.ts'
import { memoryIntake } from '../memory-intake.ts'
import { tenantAllowances } from './allowance.ts'
import { closeAll, good, log, open, POTLINE, RawStream, T0_MS } from './door-fixture.ts'
import { defaultLimits } from './limits.ts'
import { grpcSource } from './source.ts'

const { WriteReadingsRequest, WriteReadingsResponse } = liquidus.ingest.v1
const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  await closeAll()
  for (const close of closers.splice(0).reverse()) await close()
})

/** A door for two tenants, whose clock stands still until it is told to go on. */
async function openForTwo(limits: TenantLimits) {
  const clock = manualClock(T0_MS)
  const intakes = ['slow', 'quick'].map(tenant => {
    const definitions = [{ ...POTLINE, tenant }]
    return memoryIntake({ tenant, definitions })
  })
  const allowances = tenantAllowances(tenant => (tenant === 'slow' ? limits : {}), clock)
  const source = grpcSource({
    ...{ host: '127.0.0.1', port: 0, clock, log, allowances },
    intake: {
      find: (tenant, line) =>
        intakes.map(one => one.find(tenant, line)).find(found => found !== undefined),
      lineNames: tenant => intakes.flatMap(one => one.lineNames(tenant)),
      create: () => Promise.reject(new Error('no line is created here')),
    },
    authenticate: ({ authorization }): Identity => ({
      subject: 'gateway',
      tenant: authorization ?? '',
      role: 'device',
    }),
    mayWrite: () => true,
    limits: { drain_ms: 100 },
  })
  const { address } = await source.start()
  closers.push(() => source.close())
  const stream = (tenant: string) => {
    const client = new grpc.Client(address, grpc.credentials.createInsecure())
    closers.push(() => client.close())
    const metadata = new grpc.Metadata()
    metadata.set('authorization', tenant)
    return new RawStream(client, metadata)
  }
  return { clock, stream, allowances }
}

test('a tenant that sends too fast waits, loses nothing, and holds up no other', async () => {
  const { clock, stream, allowances } = await openForTwo({ readings_per_s_max: 1000 })
  const slow = stream('slow')
  slow.hello()
  for (let sequence = 1; sequence <= 3; sequence++) slow.batch(sequence, good(1010))
  await slow.until(() => slow.committed === 1)
  const quick = stream('quick')
  quick.hello()
  for (let sequence = 1; sequence <= 20; sequence++) quick.batch(sequence, good(1010))
  await quick.until(() => quick.committed === 20)
  expect(slow.committed).toBe(1)
  expect(slow.heard.findLast(({ ack }) => ack)?.ack?.creditBytes).toBe(64 * 1024)
  for (const sequence of [2, 3]) {
    clock.advance(2000)
    await slow.until(() => slow.committed === sequence)
  }
  const loads = Object.fromEntries(allowances.loads().map(load => [load.tenant, load]))
  expect(loads.slow).toMatchObject({ readings: 3030, refused: 0, streams: 1 })
  expect(loads.slow!.paced_s).toBeGreaterThan(0)
  expect(loads.quick).toMatchObject({ readings: 20_200, refused: 0, paced_s: 0 })
})

test('bytes are paced as readings are, and the credit tells a producer to slow down', () => {
  const clock = manualClock()
  const allowance = tenantAllowances(() => ({ bytes_per_s_max: 400_000 }), clock).of('t')
  expect(allowance.credit_bytes(4 << 20)).toBe(100_000)
  expect(allowance.credit_bytes(70_000)).toBe(70_000)
  allowance.take(1, 600_000)
  expect(allowance.wait_ms()).toBe(500)
  expect(allowance.limit()).toBe('bytes_per_s_max')
  expect(allowance.credit_bytes(4 << 20)).toBe(64 * 1024)
  clock.advance(499)
  expect(allowance.wait_ms()).toBeGreaterThan(0)
  clock.advance(2)
  expect(allowance.wait_ms()).toBe(0)
  clock.advance(3_600_000)
  allowance.take(1, 400_001)
  expect(allowance.wait_ms()).toBeGreaterThan(0)
})

test('a tenant without limits is counted and never waits', () => {
  const allowances = tenantAllowances(() => ({}), manualClock())
  const allowance = allowances.of('t')
  allowance.take(1_000_000, 1_000_000_000)
  expect(allowance.wait_ms()).toBe(0)
  expect(allowance.credit_bytes(4 << 20)).toBe(4 << 20)
  expect(allowances.loads()).toMatchObject([{ tenant: 't', readings: 1_000_000, limits: {} }])
})

test('tenants that nobody configured cannot fill the memory', () => {
  const allowances = tenantAllowances(() => ({}), manualClock())
  for (let i = 0; i < 1500; i++) allowances.of(`tenant-${i}`).take(1, 1)
  expect(allowances.loads().length).toBe(1001)
  expect(allowances.loads().find(({ tenant }) => tenant === 'others')?.readings).toBe(500)
})

test('a call above the limit is refused and told when to come again', async () => {
  const { client } = await open({ tenants: { plant: { readings_per_s_max: 0.5 } } })
  const write = () => {
    const readings = { asset: 'cell-101', tag: 'cell_voltage', timeMs: T0_MS, value: 4.2 }
    const series = [{ ref: 1, assetPath: readings.asset, tag: readings.tag, unit: 'V' }]
    const batch = { series, seriesRefs: [1], values: [4.2], baseTimeMs: T0_MS, timeOffsetsMs: [0] }
    return new Promise<grpc.ServiceError | undefined>(resolve => {
      client.makeUnaryRequest(
        '/liquidus.ingest.v1.TelemetryIngestService/WriteReadings',
        (bytes: Buffer) => bytes,
        bytes => WriteReadingsResponse.decode(bytes),
        Buffer.from(
          WriteReadingsRequest.encode({ producerId: 'p', line: 'line-1', batch }).finish(),
        ),
        error => resolve(error ?? undefined),
      )
    })
  }
  expect(await write()).toBeUndefined()
  const refused = await write()
  expect(refused?.code).toBe(grpc.status.RESOURCE_EXHAUSTED)
  expect(refused?.details).toMatch(/tenants\.plant\.readings_per_s_max .*try again in \d+ ms/)
  const retry_ms = Number(refused?.metadata.get('grpc-retry-pushback-ms')[0])
  expect(retry_ms).toBeGreaterThan(0)
  expect(retry_ms).toBeLessThanOrEqual(1000)
})

test('a tenant opens as many streams as it may, and again when one is closed', async () => {
  const { client, allowances } = await open({ tenants: { plant: { streams_max: 1 } } })
  const first = new RawStream(client)
  first.hello()
  await first.until(heard => heard.some(({ welcome }) => welcome))
  const second = new RawStream(client)
  const status = await second.status
  expect(status.code).toBe(grpc.status.RESOURCE_EXHAUSTED)
  expect(status.details).toContain('tenants.plant.streams_max')
  first.call.end()
  await first.status
  const third = new RawStream(client)
  third.hello({ producerId: 'other' })
  await third.until(heard => heard.some(({ welcome }) => welcome))
  expect(allowances.of('plant').load()).toMatchObject({ streams: 1, refused: 1 })
})

test('a tenant without a limit leaves streams to others', () => {
  const allowances = tenantAllowances(() => ({}), manualClock())
  const greedy = allowances.of('greedy')
  while (greedy.openStream());
  expect(greedy.load().streams).toBe(defaultLimits.streams_max / 2)
  expect(allowances.of('other').openStream()).toBe(true)
})

test('a tenant creates as many lines as it may', async () => {
  const { client } = await open({ tenants: { plant: { lines_max: 1 } } })
  const stream = new RawStream(client)
  stream.hello({ line: 'line-2', proposal: lineProposal(POTLINE) })
  const status = await stream.status
  expect(status.code).toBe(grpc.status.RESOURCE_EXHAUSTED)
  expect(status.details).toContain('has 1 lines, all it may; the limit is tenants.plant.lines_max')
})
