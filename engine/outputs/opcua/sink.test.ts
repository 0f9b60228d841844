import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  AttributeIds,
  type ClientSession,
  constructEventFilter,
  DataType,
  type DataValue,
  MessageSecurityMode,
  makeBrowsePath,
  OPCUACertificateManager,
  OPCUAClient,
  type OPCUAClientOptions,
  SecurityPolicy,
  StatusCodes,
  type UserIdentityInfo,
  UserTokenType,
  type Variant,
} from 'node-opcua'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { checkSink } from '../contract.ts'
import {
  type FixtureEngine,
  fixtureAdvice,
  fixtureAlarm,
  fixtureDefinition,
  fixtureEngine,
  fixtureGuard,
  fixtureKeys,
} from '../fixture.ts'
import { silentLog } from '../log.ts'
import { type OpcUaOptions, opcUaSink } from './sink.ts'

const folder = mkdtempSync(join(tmpdir(), 'opcua-'))
const open: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})
afterAll(async () => {
  await (await shared)?.sink.close()
  rmSync(folder, { recursive: true, force: true })
})

const build = (engine: FixtureEngine, change: Partial<OpcUaOptions> = {}) =>
  opcUaSink({
    host: '127.0.0.1',
    port: 0,
    engine,
    guard: fixtureGuard(),
    log: silentLog,
    certificateDirectory: join(folder, 'server'),
    ...change,
  })

async function serve(change: Partial<OpcUaOptions> = {}) {
  const engine = fixtureEngine()
  const sink = build(engine, change)
  const { address } = await sink.start()
  open.push(() => sink.close())
  return { engine, line: engine.at('local', 'line-1'), address, sink }
}

/** Loading the node set takes a second: the tests that only read share one server. */
let shared: ReturnType<typeof serveShared> | undefined
async function serveShared() {
  const engine = fixtureEngine()
  const sink = build(engine)
  const { address } = await sink.start()
  return { engine, line: engine.at('local', 'line-1'), address, sink }
}
const sharedServer = () => {
  shared ??= serveShared()
  return shared
}

async function connect(
  address: string,
  user?: UserIdentityInfo,
  security: Partial<OPCUAClientOptions> = {},
) {
  const client = OPCUAClient.create({
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0 },
    clientCertificateManager: new OPCUACertificateManager({
      rootFolder: join(folder, 'client'),
      automaticallyAcceptUnknownCertificate: true,
    }),
    ...security,
  })
  await client.connect(address)
  open.push(() => client.disconnect())
  const session = await client.createSession(user)
  open.push(() => session.close())
  return { client, session }
}

const read = (session: ClientSession, path: string): Promise<DataValue> =>
  session.read({ nodeId: `ns=1;s=Lines/line-1/${path}`, attributeId: AttributeIds.Value })

const valueAt = async (session: ClientSession, path: string) =>
  (await read(session, path)).value.value

checkSink('opcua', ['alarm', 'advice'], async engine => ({
  sink: build(engine),
  async connect(address) {
    const { client, session } = await connect(address)
    const received: string[] = []
    const ended = new Promise<void>(resolve => client.on('connection_lost', () => resolve()))
    const subscription = await session.createSubscription2({
      requestedPublishingInterval: 50,
      publishingEnabled: true,
    })
    const item = await subscription.monitor(
      { nodeId: 'ns=0;i=2253', attributeId: AttributeIds.EventNotifier },
      { queueSize: 100, filter: constructEventFilter(['Message', '1:RecordId']) },
      2,
    )
    item.on('changed', (fields: unknown) => {
      const id = (fields as Variant[])[1]?.value
      if (id) received.push(String(id))
    })
    return { received: () => received, ended, close: async () => {} }
  },
}))

test('a client browses to a cell and reads estimate, deviation, band and reading', async () => {
  const { line, address } = await sharedServer()
  const { session } = await connect(address)
  const names = async (path: string) => {
    const { references } = await session.browse(`ns=1;s=Lines${path}`)
    return references?.map(reference => reference.browseName.name)
  }
  expect(await names('')).toContain('line-1')
  expect(await names('/line-1/Cells')).toEqual(['cell-101', 'cell-102', 'cell-103'])
  expect(await names('/line-1/Cells/cell-102')).toEqual([
    'Estimated',
    'Measured',
    'Recommendation',
    'Alarms',
  ])
  const bath = 'Cells/cell-102/Estimated/bath_K'
  expect((await read(session, bath)).statusCode).toBe(StatusCodes.BadWaitingForInitialData)
  line.tick()
  const estimate = await read(session, bath)
  expect(estimate.value.value).toBeCloseTo(1234.15, 1)
  expect(estimate.sourceTimestamp?.getTime()).toBe(line.latest()!.frame.time_ms)
  expect(await valueAt(session, `${bath}/StdDev`)).toBe(2)
  expect(await valueAt(session, `${bath}/P95`)).toBeCloseTo(estimate.value.value + 3.29, 2)
  expect(await valueAt(session, `${bath}/P05`)).toBeCloseTo(estimate.value.value - 3.29, 2)
  expect(await valueAt(session, `${bath}/Quality`)).toBe('good')
  const typed = await session.browse({
    nodeId: `ns=1;s=Lines/line-1/${bath}`,
    referenceTypeId: 'HasTypeDefinition',
    includeSubtypes: true,
    resultMask: 63,
  })
  expect(typed.references?.[0]?.browseName.name).toBe('AnalogUnitType')
  const unit = await valueAt(session, `${bath}/EngineeringUnits`)
  expect(unit.displayName.text).toBe('K')
  const voltage = await read(session, 'Cells/cell-102/Measured/cell_voltage')
  expect(voltage.value.value).toBeCloseTo(4.21)
  expect(voltage.sourceTimestamp?.getTime()).toBe(line.latest()!.frame.time_ms - 200)
  expect(await valueAt(session, 'Measured/line_current')).toBe(350)
  expect(await valueAt(session, 'LastTick')).toBe(line.latest()!.frame.tick)
  expect(await valueAt(session, 'Origin')).toBe('simulated')
})

test('a path by names leads to a node that nobody has looked at', async () => {
  const { engine, address } = await sharedServer()
  engine.add(fixtureDefinition('local', 'line-9', 2))
  engine.at('local', 'line-9').tick()
  const { session } = await connect(address)
  const path = '/1:Lines/1:line-9/1:Cells/1:cell-102/1:Estimated/1:bath_K/1:StdDev'
  await vi.waitFor(async () => {
    const found = await session.translateBrowsePath(makeBrowsePath('ObjectsFolder', path))
    expect(found.statusCode).toBe(StatusCodes.Good)
    const nodeId = found.targets![0]!.targetId
    expect((await session.read({ nodeId, attributeId: AttributeIds.Value })).value.value).toBe(2)
  }, 5000)
  const nowhere = path.replace('bath_K', 'no_such')
  const lost = await session.translateBrowsePath(makeBrowsePath('ObjectsFolder', nowhere))
  expect(lost.statusCode).toBe(StatusCodes.BadNoMatch)
  const long = await read(session, `Cells/${'/'.repeat(100_000)}`)
  expect(long.statusCode).toBe(StatusCodes.BadNodeIdUnknown)
})

test('nodes are made only when asked for, and a line beyond the limit keeps its own', async () => {
  const warned: string[] = []
  const log = { ...silentLog, warn: (_: object, text: string) => warned.push(text) }
  const { engine, line, sink, address } = await serve({ nodes_max: 120, log })
  const many = { ...fixtureDefinition('local', 'many', 500), kind: 'generic' as const }
  engine.add(many).tick()
  line.tick()
  const { session } = await connect(address)
  expect(sink.load()).toMatchObject({ nodes: 0, nodes_max: 120, sessions: 1 })
  await vi.waitFor(async () => {
    const { references } = await session.browse('ns=1;s=Lines/many')
    expect(references?.map(({ browseName }) => browseName.name)).toContain('Cells')
  }, 5000)
  const shown = (await session.browse('ns=1;s=Lines/many/Cells')).references!.length
  expect(shown).toBeGreaterThan(0)
  expect(shown).toBeLessThan(500)
  expect(warned).toHaveLength(1)
  expect(warned[0]).toContain('"opcua_nodes_max" is 120')
  const own = { nodeId: 'ns=1;s=Lines/many/Alarms/ActiveCount', attributeId: AttributeIds.Value }
  expect((await session.read(own)).statusCode).toBe(StatusCodes.Good)
  const beyond = { ...own, nodeId: 'ns=1;s=Lines/many/Cells/cell-600/Alarms/ActiveCount' }
  expect((await session.read(beyond)).statusCode).toBe(StatusCodes.BadNodeIdUnknown)
  const before = sink.load().nodes
  for (const cell of line.definition.cells) {
    const parts = ['Estimated/bath_K/P05', 'Measured/cell_voltage/EngineeringUnits', 'Alarms/List']
    for (const part of parts) {
      const value = await read(session, `Cells/${cell}/${part}`)
      expect(value.statusCode, `${cell}/${part}`).toBe(StatusCodes.Good)
    }
  }
  expect(sink.load().nodes).toBe(before + 3 * 9)
  expect(warned).toHaveLength(1)
})

test('what cannot be observed is uncertain and says so, and has no band', async () => {
  const { line, address } = await sharedServer()
  line.tick()
  const { session } = await connect(address)
  const alumina = 'Cells/cell-101/Estimated/alumina_1'
  expect((await read(session, alumina)).statusCode).toBe(StatusCodes.UncertainSubNormal)
  expect((await read(session, `${alumina}/StdDev`)).statusCode).toBe(StatusCodes.BadNoData)
  expect(await valueAt(session, `${alumina}/Quality`)).toBe('not observable now')
})

test('recommendation and alarms follow the engine', async () => {
  const { line, address } = await sharedServer()
  line.tick()
  const { session } = await connect(address)
  const cell = 'Cells/cell-102'
  expect(await valueAt(session, `${cell}/Recommendation/State`)).toBe('NONE')
  expect(await valueAt(session, `${cell}/Alarms/ActiveCount`)).toBe(0)
  const advice = fixtureAdvice()
  line.emit({ channel: 'advice', id: advice.id, body: advice })
  const minor = fixtureAlarm({ id: 'b', priority: 'low', text: 'noisy cell' })
  line.emit({ channel: 'alarm', id: 'b', body: minor })
  line.emit({ channel: 'alarm', id: 'a', body: fixtureAlarm({ id: 'a' }) })
  const recommendation = Object.fromEntries(
    await Promise.all(
      ['Id', 'Value', 'Base', 'CertificateHash', 'State', 'Margin'].map(
        async part => [part, await valueAt(session, `${cell}/Recommendation/${part}`)] as const,
      ),
    ),
  )
  expect(recommendation).toEqual({
    Id: advice.id,
    Value: 186,
    Base: 180,
    CertificateHash: advice.hash,
    State: 'PENDING_APPROVAL',
    Margin: 'superheat 3.5 K',
  })
  const until = await valueAt(session, `${cell}/Recommendation/ValidUntil`)
  expect(until.getTime()).toBe(advice.valid_until_ms)
  expect(await valueAt(session, `${cell}/Alarms/ActiveCount`)).toBe(2)
  expect(await valueAt(session, `${cell}/Alarms/Highest`)).toBe('high')
  expect(await valueAt(session, `${cell}/Alarms/Text`)).toBe('alumina feed below demand')
  expect(await valueAt(session, 'Cells/cell-101/Alarms/ActiveCount')).toBe(0)
  const list = JSON.parse(await valueAt(session, 'Alarms/List'))
  expect(list.map(({ id }: { id: string }) => id)).toEqual(['a', 'b'])
  const expired = fixtureAdvice({ revision: 2, state: 'EXPIRED' })
  line.emit({ channel: 'advice', id: expired.id, body: expired })
  expect(await valueAt(session, `${cell}/Recommendation/State`)).toBe('NONE')
})

test('nothing can be written', async () => {
  const { line, address } = await sharedServer()
  line.tick()
  const { session } = await connect(address)
  for (const path of ['Cells/cell-102/Estimated/bath_K', 'Cells/cell-102/Recommendation/Value']) {
    const status = await session.write({
      nodeId: `ns=1;s=Lines/line-1/${path}`,
      attributeId: AttributeIds.Value,
      value: { value: { dataType: DataType.Double, value: 1 } },
    })
    expect([StatusCodes.BadNotWritable, StatusCodes.BadUserAccessDenied], path).toContain(status)
  }
  expect(await valueAt(session, 'Cells/cell-102/Estimated/bath_K')).toBeGreaterThan(1000)
})

test('a line that appears later gets its nodes', async () => {
  const { engine, address } = await sharedServer()
  const { session } = await connect(address)
  engine.add(fixtureDefinition('local', 'line-7', 1))
  engine.at('local', 'line-7').tick()
  await vi.waitFor(async () => {
    const nodeId = 'ns=1;s=Lines/line-7/Cells/cell-101/Estimated/bath_K'
    const value = await session.read({ nodeId, attributeId: AttributeIds.Value })
    expect(value.statusCode).toBe(StatusCodes.Good)
  }, 5000)
})

test('with keys a client needs one of this tenant, and its name', async () => {
  const { line, address } = await serve({ guard: fixtureGuard(fixtureKeys) })
  line.tick()
  const user = (userName: string, password: string): UserIdentityInfo => ({
    type: UserTokenType.UserName,
    userName,
    password,
  })
  const secure = {
    securityMode: MessageSecurityMode.SignAndEncrypt,
    securityPolicy: SecurityPolicy.Basic256Sha256,
  }
  await expect(connect(address, undefined, secure)).rejects.toThrow()
  await expect(connect(address, user('olga', 'wrong'), secure)).rejects.toThrow(/Access|Identity/)
  await expect(connect(address, user('zoe', 'key-foreign'), secure)).rejects.toThrow()
  await expect(connect(address, user('olga', 'key-max'), secure)).rejects.toThrow()
  const { session } = await connect(address, user('olga', 'key-olga'), secure)
  expect(await valueAt(session, 'Origin')).toBe('simulated')
})

test('off loopback there is no endpoint without encryption, and no anonymous client', async () => {
  const strict = { ...fixtureGuard(fixtureKeys), isLoopback: () => false }
  const { address } = await serve({ guard: strict })
  const { client } = await connectOnly(address.replace(/\/\/[^:]+/, '//127.0.0.1'))
  const endpoints = await client.getEndpoints()
  expect(endpoints.length).toBeGreaterThan(0)
  for (const endpoint of endpoints) {
    expect(endpoint.securityMode).toBe(MessageSecurityMode.SignAndEncrypt)
    const tokens = endpoint.userIdentityTokens?.map(token => token.tokenType)
    expect(tokens).not.toContain(UserTokenType.Anonymous)
  }
})

async function connectOnly(address: string) {
  const client = OPCUAClient.create({
    endpointMustExist: false,
    connectionStrategy: { maxRetry: 0 },
    clientCertificateManager: new OPCUACertificateManager({ rootFolder: join(folder, 'client') }),
  })
  await client.connect(address)
  open.push(() => client.disconnect())
  return { client }
}

test('a port in use is named with the flag that changes it', async () => {
  const { address } = await sharedServer()
  const port = Number(new URL(address.replace('opc.tcp', 'http')).port)
  await expect(serve({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE' })
})

test('alarm figures and incidents of a line are told, and hidden alarms are not the highest', async () => {
  const { line, address } = await sharedServer()
  line.tick()
  const { session } = await connect(address)
  const before = line.summary
  const kpis = { ...before.kpis, announced: 7, max_10min: 5, current_10min: 2, per_10min: 0.5 }
  line.summary = { ...before, kpis }
  const parts = ['AlarmCount', 'CurrentAlarmRate', 'MaximumAlarmRate', 'AverageAlarmRate']
  const told = parts.map(part => valueAt(session, `AlarmMetrics/${part}`))
  expect(await Promise.all(told)).toEqual([7, 2, 5, 0.5])
  expect(await valueAt(session, 'AlarmMetrics/Incidents')).toBe('[]')
  line.summary = before
  const hidden = { id: 'h', cell: 'cell-103', suppressed: true, suppressed_by: 'anode change' }
  line.emit({ channel: 'alarm', id: 'h', body: fixtureAlarm(hidden) })
  expect(await valueAt(session, 'Cells/cell-103/Alarms/ActiveCount')).toBe(0)
  expect(await valueAt(session, 'Cells/cell-103/Alarms/Highest')).toBe('')
})
