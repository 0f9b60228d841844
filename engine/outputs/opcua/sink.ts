import { join } from 'node:path'
import type * as Opcua from 'node-opcua'
import type { Subscription } from 'rxjs'
import { LiquidusError, problemOf } from '../../core/errors.ts'
import type { AlarmRecord, EngineView, LineChange, OutputEvent, Sink } from '../../flow.ts'
import type { Guard } from '../guard.ts'
import type { OutputLog } from '../log.ts'
import { addLineNodes } from './line-nodes.ts'
import { type OpcUaModule, severityOf } from './values.ts'

/** Most connections at once. */
export const OPCUA_CONNECTIONS_MAX = 50
/** Most sessions at once. */
export const OPCUA_SESSIONS_MAX = 50
/** How often the server looks for lines that it has no nodes for. */
const LINE_CHECK_ms = 1000

/** What the OPC UA server is made of. */
export interface OpcUaOptions {
  readonly host: string
  /** 0: the system chooses. */
  readonly port: number
  readonly engine: EngineView
  readonly guard: Guard
  readonly log: OutputLog
  /** The one tenant whose lines are shown: an address space is the same for every session. */
  readonly tenant?: string
  /** Holds the server's own certificate, made on first start, and the clients it trusts. */
  readonly certificateDirectory: string
}

/** What a running server keeps. */
interface Running {
  readonly opcua: OpcUaModule
  readonly server: Opcua.OPCUAServer
  readonly lines: Opcua.UAObject
  readonly eventType: Opcua.UAObjectType
  /** Lines that have nodes, or whose nodes are being made. */
  readonly known: Set<string>
  open: boolean
}

/**
 * Shows estimates, readings, recommendations and alarms read-only to OPC UA clients. Loading the
 * library and its node set takes seconds; start() may be left to run beside the rest.
 */
export function opcUaSink(options: OpcUaOptions): Sink {
  const { engine, log, tenant = 'local' } = options
  let opening: Promise<Running> | undefined
  let closed = false
  let changes: Subscription | undefined
  let check: NodeJS.Timeout | undefined
  let building: Promise<void> = Promise.resolve()

  const addNewLines = (to: Running) => {
    for (const view of engine.lines(tenant)) {
      const { line } = view.definition
      if (to.known.has(line)) continue
      to.known.add(line)
      const nodes = {
        opcua: to.opcua,
        namespace: to.lines.namespace as Opcua.Namespace,
        lines: to.lines,
        view: () => engine.line(tenant, line),
        wanted: () => to.open,
      }
      building = building
        .then(() => addLineNodes(nodes, view))
        .catch((error: unknown) => log.error({ line, error: problemOf(error) }, 'no OPC UA nodes'))
    }
  }

  return {
    name: 'opcua',
    async start() {
      opening = openServer(options, tenant)
      const current = await opening
      if (!closed) addNewLines(current)
      await building
      if (!closed) {
        changes = engine.changes$.subscribe(change => {
          if (change.tenant === tenant) raiseEvents(current, change)
        })
        check = setInterval(() => addNewLines(current), LINE_CHECK_ms)
      }
      return { address: current.server.getEndpointUrl() }
    },
    async close() {
      closed = true
      clearInterval(check)
      changes?.unsubscribe()
      const current = await opening?.catch(() => undefined)
      if (!current?.open) return
      current.open = false
      await building
      await current.server.shutdown(0)
    },
  }
}

async function openServer(options: OpcUaOptions, tenant: string): Promise<Running> {
  const { host, port, guard } = options
  const opcua = await import('node-opcua')
  quieten(opcua, options.log)
  const loopback = guard.isLoopback(host)
  const certificates = (name: string) =>
    new opcua.OPCUACertificateManager({
      rootFolder: join(options.certificateDirectory, name),
      automaticallyAcceptUnknownCertificate: loopback,
    })
  const anonymous = loopback && guard.identify(undefined, true, true)?.tenant === tenant
  const server = new opcua.OPCUAServer({
    host,
    hostname: loopback ? 'localhost' : host,
    port,
    resourcePath: '/liquidus',
    serverInfo: {
      applicationUri: 'urn:liquidus',
      productUri: 'urn:liquidus',
      applicationName: { text: 'Liquidus' },
    },
    buildInfo: { productName: 'Liquidus', softwareVersion: options.engine.health().version },
    serverCertificateManager: certificates('server'),
    userCertificateManager: certificates('users'),
    ...security(opcua, loopback),
    allowAnonymous: anonymous,
    userManager: {
      isValidUser: (name: string, password: string) => {
        const identity = guard.identify(password, false, loopback)
        if (identity?.subject !== name || identity.tenant !== tenant) return false
        return guard.check(identity, 'read', 'opcua')
      },
    },
    maxConnectionsPerEndpoint: OPCUA_CONNECTIONS_MAX,
    serverCapabilities: { maxSessions: OPCUA_SESSIONS_MAX },
    registerServerMethod: opcua.RegisterServerMethod.HIDDEN,
  })
  try {
    await server.start()
  } catch (error) {
    await server.shutdown(0).catch(() => {})
    if (!/EADDRINUSE/.test(problemOf(error))) throw error
    const values = { what: 'OPC UA', port, host, flag: '--opcua' }
    throw new LiquidusError('PORT_IN_USE', values, { cause: error })
  }
  const namespace = server.engine.addressSpace!.getOwnNamespace()
  const lines = namespace.addObject({
    organizedBy: server.engine.addressSpace!.rootFolder.objects,
    browseName: 'Lines',
    nodeId: 's=Lines',
    typeDefinition: 'FolderType',
  })
  const eventType = addEventType(namespace)
  return { opcua, server, lines, eventType, known: new Set(), open: true }
}

/** Without encryption only where nobody else can listen. */
function security(opcua: OpcUaModule, loopback: boolean) {
  const { MessageSecurityMode: Mode, SecurityPolicy: Policy } = opcua
  const strong = [Policy.Basic256Sha256, Policy.Aes128_Sha256_RsaOaep, Policy.Aes256_Sha256_RsaPss]
  return {
    securityModes: loopback ? [Mode.None, Mode.SignAndEncrypt] : [Mode.SignAndEncrypt],
    securityPolicies: loopback ? [Policy.None, ...strong] : strong,
  }
}

/** The library prints a lot by itself; only its errors go to the engine's log. */
function quieten(opcua: OpcUaModule, log: OutputLog): void {
  opcua.setDebugLogger(() => {})
  opcua.setWarningLogger(() => {})
  opcua.setErrorLogger((...parts: unknown[]) => {
    log.warn({ library: 'node-opcua' }, parts.map(String).join(' '))
  })
}

const EVENT_PARTS = ['RecordId', 'Channel', 'Line', 'Cell', 'State'] as const

/** Event type whose extra properties say which alarm or advice changed. */
function addEventType(namespace: Opcua.Namespace): Opcua.UAObjectType {
  const eventType = namespace.addEventType({ browseName: 'LiquidusEventType' })
  for (const browseName of EVENT_PARTS) {
    namespace.addVariable({
      propertyOf: eventType,
      browseName,
      dataType: 'String',
      modellingRule: 'Mandatory',
    })
  }
  return eventType
}

function raiseEvents({ opcua, server, eventType }: Running, change: LineChange): void {
  const { DataType, Variant } = opcua
  for (const { event } of change.events) {
    if (event.channel === 'anomaly') continue
    const { text, severity, state, time_ms } = eventFacts(event)
    const string = (value: string) => new Variant({ dataType: DataType.String, value })
    server.engine.addressSpace!.rootFolder.objects.server.raiseEvent(eventType, {
      sourceName: string(`Lines/${change.line}/Cells/${event.body.cell}`),
      message: new Variant({ dataType: DataType.LocalizedText, value: { text } }),
      severity: new Variant({ dataType: DataType.UInt16, value: severity }),
      time: new Variant({ dataType: DataType.DateTime, value: new Date(time_ms) }),
      recordId: string(event.id),
      channel: string(event.channel),
      line: string(change.line),
      cell: string(event.body.cell),
      state: string(state),
    })
  }
}

/** What hides the alarm, in the order of precedence, or ''. */
function coverOf(alarm: AlarmRecord): string {
  if (alarm.out_of_service) return 'out of service'
  if (alarm.suppressed) return `suppressed by ${alarm.suppressed_by}`
  return alarm.shelved_until_ms > 0 ? 'shelved' : ''
}

function eventFacts(event: Exclude<OutputEvent, { channel: 'anomaly' }>) {
  if (event.channel === 'advice') {
    const { reason: text, state, created_ms: time_ms } = event.body
    return { text, severity: 200, state, time_ms }
  }
  const { text, priority, active, acknowledged, raised_ms, returned_ms } = event.body
  const inner = `${active ? 'active' : 'returned'} ${acknowledged ? '' : 'un'}acknowledged`
  const state = [coverOf(event.body), inner].filter(part => part !== '').join(', ')
  const time_ms = active ? raised_ms : Math.max(raised_ms, returned_ms)
  return { text, severity: severityOf[priority], state, time_ms }
}
