import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AttributeIds,
  type ClientSession,
  constructEventFilter,
  DataType,
  MethodIds,
  OPCUACertificateManager,
  OPCUAClient,
  StatusCodes,
  type Variant,
} from 'node-opcua'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { fixtureAdvice, fixtureAlarm, fixtureEngine, fixtureGuard } from '../fixture.ts'
import { silentLog } from '../log.ts'
import { type OpcUaSink, opcUaSink } from './sink.ts'

const SERVER = 'ns=0;i=2253'
const CONDITION_TYPE = 'ns=0;i=2782'
const START = 'i=2787'
const END = 'i=2788'

const folder = mkdtempSync(join(tmpdir(), 'opcua-refresh-'))
const engine = fixtureEngine()
const line = engine.at('local', 'line-1')
const open: (() => Promise<unknown>)[] = []
let sink: OpcUaSink
let address: string

beforeAll(async () => {
  sink = opcUaSink({
    ...{ host: '127.0.0.1', port: 0, engine, guard: fixtureGuard(), log: silentLog },
    certificateDirectory: join(folder, 'server'),
  })
  address = (await sink.start()).address
})
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})
afterAll(async () => {
  await sink.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A client as it comes back: it watches the server's events from now on. */
async function watch() {
  const client = OPCUAClient.create({
    ...{ endpointMustExist: false, connectionStrategy: { maxRetry: 0 } },
    clientCertificateManager: new OPCUACertificateManager({
      rootFolder: join(folder, 'client'),
      automaticallyAcceptUnknownCertificate: true,
    }),
  })
  await client.connect(address)
  open.push(() => client.disconnect())
  const session = await client.createSession()
  open.push(() => session.close())
  const subscription = await session.createSubscription2({
    ...{ requestedPublishingInterval: 50, publishingEnabled: true },
  })
  const item = await subscription.monitor(
    { nodeId: SERVER, attributeId: AttributeIds.EventNotifier },
    { queueSize: 1000, filter: constructEventFilter(['EventType', '1:RecordId']) },
    2,
  )
  const told: string[] = []
  item.on('changed', (fields: unknown) => {
    const [type, id] = (fields as Variant[]).map(({ value }) => String(value))
    told.push(type!.endsWith(START) ? 'start' : type!.endsWith(END) ? 'end' : id!)
  })
  const id = subscription.subscriptionId
  // The server begins to watch some turns after it said so: an answered refresh shows that it does.
  const isWatching = async () => {
    await refresh(session, id)
    await vi.waitFor(() => expect(told).toContain('end'), 1000)
  }
  await vi.waitFor(isWatching, 10_000)
  told.length = 0
  return { session, told, id, item: Number(item.monitoredItemId) }
}

async function refresh(session: ClientSession, ...numbers: readonly number[]) {
  const { ConditionType_ConditionRefresh: one, ConditionType_ConditionRefresh2: two } = MethodIds
  const { statusCode } = await session.call({
    objectId: CONDITION_TYPE,
    methodId: `ns=0;i=${numbers.length === 1 ? one : two}`,
    inputArguments: numbers.map(value => ({ dataType: DataType.UInt32, value })),
  })
  return statusCode
}

describe('ConditionRefresh', () => {
  it('tells a client that was away the alarms that stand and the advice that is open', async () => {
    const away = await watch()
    line.emit({ channel: 'alarm', id: 'old#1', body: fixtureAlarm({ id: 'old' }) })
    await vi.waitFor(() => expect(away.told).toEqual(['old#1']), 10_000)
    for (const close of open.splice(0).reverse()) await close()
    const advice = fixtureAdvice()
    line.emit({ channel: 'alarm', id: 'missed#1', body: fixtureAlarm({ id: 'missed' }) })
    line.emit({ channel: 'advice', id: advice.id, body: advice })

    const { session, told, id, item } = await watch()
    expect(told).toEqual([])
    expect(await refresh(session, id)).toBe(StatusCodes.Good)
    const standing = line.alarms().map(one => `${one.id}#${one.revision}`)
    expect(standing).toHaveLength(2)
    const all = ['start', ...standing, `${advice.id}#1`, 'end']
    await vi.waitFor(() => expect(told).toEqual(all), 5000)
    expect(await refresh(session, id, item)).toBe(StatusCodes.Good)
    await vi.waitFor(() => expect(told).toEqual([...all, ...all]), 5000)
  })

  it('tells no advice that is decided', async () => {
    const advice = fixtureAdvice({ revision: 2, state: 'EXPIRED' })
    line.emit({ channel: 'advice', id: advice.id, body: advice })
    const { session, told, id } = await watch()
    expect(await refresh(session, id)).toBe(StatusCodes.Good)
    await vi.waitFor(() => expect(told.at(-1)).toBe('end'), 5000)
    expect(told.some(one => one.startsWith(advice.id))).toBe(false)
  })

  it('is for the subscriptions and items of the caller', async () => {
    const [other, mine] = [await watch(), await watch()]
    expect(await refresh(mine.session, other.id)).toBe(StatusCodes.BadSubscriptionIdInvalid)
    expect(await refresh(mine.session, mine.id, 9999)).toBe(StatusCodes.BadMonitoredItemIdInvalid)
    expect(mine.told).toEqual([])
  })
})
