import { join } from 'node:path'
import type * as Opcua from 'node-opcua'
import type { Subscription } from 'rxjs'
import { LiquidusError, problemOf } from '../../core/errors.ts'
import type { EngineView, Sink } from '../../flow.ts'
import type { Guard } from '../guard.ts'
import type { OpcUaLoad } from '../loads.ts'
import type { OutputLog } from '../log.ts'
import { bindConditionRefresh } from './condition-refresh.ts'
import { addEventType, type EventTeller, eventTeller } from './events.ts'
import { type NodeBudget, nodeBudget, OPCUA_NODES_MAX } from './node-budget.ts'
import { linePlan, nodesOf } from './node-plan.ts'
import { type NodeTree, nodeTree } from './node-tree.ts'
import type { OpcUaModule } from './values.ts'

/** Most connections at once. */
export const OPCUA_CONNECTIONS_MAX = 50
/** Most sessions at once. */
export const OPCUA_SESSIONS_MAX = 50
/** Items watched at once by all clients together. */
export const OPCUA_MONITORED_MAX = 100_000
/** Nodes in one call: each may have to be made, and a call is answered in one go. */
const NODES_PER_CALL_MAX = 250
/** How often the server looks for lines that it has no nodes for. */
const LINE_CHECK_ms = 1000
/** Lines made known in one go; the rest comes at the next check. */
const LINES_PER_CHECK = 32

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
  /** Nodes of cells and assets made at most; OPCUA_NODES_MAX unless told. */
  readonly nodes_max?: number
}

/** The OPC UA server as a sink, with what it holds. */
export interface OpcUaSink extends Sink {
  readonly load: () => OpcUaLoad
}

/** What a running server keeps. */
interface Running {
  readonly opcua: OpcUaModule
  readonly server: Opcua.OPCUAServer
  readonly events: EventTeller
  /** Lines that have nodes. */
  readonly known: Set<string>
  readonly budget: NodeBudget
  readonly tree: NodeTree
  open: boolean
}

/**
 * Shows estimates, readings, recommendations and alarms read-only to OPC UA clients. Loading the
 * library and its node set takes seconds; start() may be left to run beside the rest.
 */
export function opcUaSink(options: OpcUaOptions): OpcUaSink {
  const { engine, tenant = 'local', nodes_max = OPCUA_NODES_MAX } = options
  let opening: Promise<Running> | undefined
  let running: Running | undefined
  let closed = false
  let changes: Subscription | undefined
  let check: NodeJS.Timeout | undefined

  const addNewLines = (to: Running) => {
    let added = 0
    for (const view of engine.lines(tenant)) {
      const { line, kind, cells } = view.definition
      if (to.known.has(line)) continue
      if (++added > LINES_PER_CHECK) break
      to.known.add(line)
      const plan = linePlan(to.opcua, view, () => engine.line(tenant, line))
      const cell = plan.child('Cells')!.child(cells[0]!)!
      to.budget.add(line, kind, cells.length * nodesOf(cell))
      to.tree.add(line, plan)
    }
    return added
  }

  return {
    name: 'opcua',
    load: () => loadOf(running, nodes_max),
    async start() {
      opening = openServer(options, tenant)
      const current = await opening
      running = current
      while (!closed && addNewLines(current) > LINES_PER_CHECK) {
        await new Promise(resolve => setImmediate(resolve))
      }
      if (!closed) {
        changes = engine.changes$.subscribe(change => {
          const { currentSubscriptionCount } = current.server.engine
          if (change.tenant !== tenant || currentSubscriptionCount === 0) return
          for (const { event } of change.events) current.events.raise(change.line, event)
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
      await current.server.shutdown(0)
    },
  }
}

function loadOf(running: Running | undefined, nodes_max: number): OpcUaLoad {
  const engine = running?.open ? running.server.engine : undefined
  return {
    sessions: engine?.currentSessionCount ?? 0,
    subscriptions: engine?.currentSubscriptionCount ?? 0,
    waiting: engine ? waitingIn(engine.getSessions()) : 0,
    nodes: running?.budget.taken() ?? 0,
    nodes_max,
  }
}

/** What monitored items and subscriptions hold for their clients. */
function waitingIn(sessions: ReturnType<Opcua.ServerEngine['getSessions']>): number {
  let waiting = 0
  for (const { publishEngine } of sessions) {
    for (const subscription of publishEngine.subscriptions) {
      waiting += subscription.pendingNotificationsCount + subscription.sentNotificationMessageCount
    }
  }
  return waiting
}

/** Says once per line that clients do not see all of it, and what to do. */
function nodesUsedUp(log: OutputLog, nodes_max: number) {
  return (line: string) =>
    log.warn(
      { line, opcua_nodes_max: nodes_max },
      `OPC UA: not every cell of line ${line} can be shown: "opcua_nodes_max" is ${nodes_max}; raise it`,
    )
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
    serverCapabilities: {
      maxSessions: OPCUA_SESSIONS_MAX,
      maxMonitoredItems: OPCUA_MONITORED_MAX,
      maxMonitoredItemsPerSubscription: OPCUA_MONITORED_MAX,
      operationLimits: {
        maxNodesPerRead: NODES_PER_CALL_MAX,
        maxNodesPerBrowse: NODES_PER_CALL_MAX,
        maxNodesPerTranslateBrowsePathsToNodeIds: NODES_PER_CALL_MAX,
        maxMonitoredItemsPerCall: NODES_PER_CALL_MAX,
      },
    },
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
  const addressSpace = server.engine.addressSpace!
  const events = eventTeller(opcua, addressSpace, addEventType(namespace))
  const { nodes_max = OPCUA_NODES_MAX } = options
  const budget = nodeBudget(nodes_max, nodesUsedUp(options.log, nodes_max))
  const running = { opcua, server, events, budget, known: new Set<string>(), open: true }
  const tree = nodeTree({
    opcua,
    root: lines,
    wanted: () => running.open,
    mayMake: path => {
      const [, line, part, ...rest] = path.split('/')
      return part !== 'Cells' || rest.length === 0 || budget.take(line!)
    },
  })
  bindConditionRefresh({
    ...{ opcua, server, events, wanted: () => running.open },
    lines: () => options.engine.lines(tenant),
  })
  return Object.assign(running, { tree })
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
