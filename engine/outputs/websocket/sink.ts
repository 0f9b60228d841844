import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { assert } from '../../core/assert.ts'
import type { Clock } from '../../core/clock.ts'
import { type Places, sharedPlaces } from '../../core/places.ts'
import type { EngineView, Identity, LineChange, Sink } from '../../flow.ts'
import { doorkeeper, type Guard, unauthenticated } from '../guard.ts'
import type { WebSocketLoad } from '../loads.ts'
import type { OutputLog } from '../log.ts'
import type { NormalRangesOf } from '../normal-ranges.ts'
import { type Client, closeOrCut, wsClient } from './client.ts'
import { lineFeeds } from './feeds.ts'
import { defaultWsLimits, REFUSALS_MAX, type WsLimits } from './limits.ts'
import { CloseCode, WS_PATH } from './protocol.ts'
import { forget, type Hub, handleMessage, welcome } from './session.ts'

/** What the WebSocket sink is made of. */
export interface WebSocketOptions {
  /** The HTTP server whose upgrades it takes. */
  readonly server: Server
  /** Host that server is bound to. */
  readonly host: string
  readonly engine: EngineView
  readonly guard: Guard
  readonly clock: Clock
  readonly log: OutputLog
  readonly limits?: Partial<WsLimits>
  /** Where quantities of a line normally lie; without it, between their alarm limits. */
  readonly normalRanges?: NormalRangesOf
  /** Connections that a tenant may have; undefined: as many as are free for others. */
  readonly connectionsMax?: (tenant: string) => number | undefined
  /** Told when a tenant is turned away because of that. */
  readonly onRefused?: (tenant: string) => void
}

/** The WebSocket server as a sink. */
export interface WebSocketSink extends Sink {
  load(): WebSocketLoad
}

/** Sends telemetry, alarms and advice to browsers on WS_PATH. */
export function webSocketSink(options: WebSocketOptions): WebSocketSink {
  const { server, engine, guard, clock, log } = options
  const limits: WsLimits = { ...defaultWsLimits, ...options.limits }
  const feeds = lineFeeds(engine, clock, limits, options.normalRanges)
  const slow = { closed: 0 }
  const places = sharedPlaces(limits.clients_max, options.connectionsMax ?? (() => undefined))
  const clients = new Set<Client>()
  const hub: Hub = { engine, guard, clock, log, limits, feeds, clients, places, slow }
  const onUpgrade = upgradeHandler(hub, options)
  let stop = () => {}
  return {
    name: 'websocket',
    load: () => loadOf(hub),
    async start() {
      const changes = engine.changes$.subscribe(change => spread(hub, change))
      const sweeps = setInterval(() => sweep(hub), limits.frame_interval_ms)
      const pings = setInterval(() => pingAll(hub), limits.ping_interval_ms)
      server.on('upgrade', onUpgrade)
      stop = () => {
        clearInterval(sweeps)
        clearInterval(pings)
        changes.unsubscribe()
        server.off('upgrade', onUpgrade)
      }
      return { address: WS_PATH }
    },
    async close() {
      stop()
      for (const client of [...hub.clients]) client.close(CloseCode.goingAway, 'the engine stops')
    },
  }
}

function loadOf({ clients, feeds, limits, slow }: Hub): WebSocketLoad {
  let buffered_bytes = 0
  let conflated_frames = 0
  for (const client of clients) buffered_bytes += client.buffered_bytes()
  for (const feed of feeds.all()) conflated_frames += feed.conflated()
  const { clients_max } = limits
  const closed_slow = slow.closed
  return { clients: clients.size, clients_max, buffered_bytes, conflated_frames, closed_slow }
}

/** Events go out at once; telemetry when it is due. */
function spread(hub: Hub, change: LineChange): void {
  const feed = hub.feeds.find(change.tenant, change.line)
  feed?.publish(change.events)
  if (!feed || !change.ticked) return
  feed.progress(change.tick, change.time_ms)
  feed.ticked()
}

function sweep(hub: Hub): void {
  if (hub.clients.size === 0) return
  const tenants = new Set<string>()
  for (const client of hub.clients) {
    client.checkStall()
    tenants.add(client.identity.tenant)
  }
  for (const feed of hub.feeds.all()) feed.pump()
  for (const tenant of tenants) {
    if (!hub.feeds.hasNews(tenant)) continue
    for (const client of hub.clients) if (client.identity.tenant === tenant) welcome(hub, client)
  }
}

function pingAll(hub: Hub): void {
  for (const client of hub.clients) {
    if (client.ping()) client.send({ type: 'heartbeat', now_ms: hub.clock.now_ms() })
    else client.close(CloseCode.goingAway, 'no answer to ping')
  }
}

function upgradeHandler(hub: Hub, { host, onRefused }: WebSocketOptions) {
  const keeper = doorkeeper(hub.guard, host)
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: hub.limits.payload_max_bytes,
    perMessageDeflate: false,
    clientTracking: false,
  })
  const turnAway = refusals()
  return (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    if (request.url?.split('?')[0] !== WS_PATH) return refuse(socket, 404, 'Nothing is here.')
    const refusal = keeper.wrongHost(request) ?? keeper.wrongOrigin(request)
    if (refusal) return refuse(socket, refusal.status, refusal.message)
    const identity = keeper.identify(request)
    if (!identity) return refuse(socket, unauthenticated.status, unauthenticated.message)
    if (!hub.guard.check(identity, 'read', 'websocket')) {
      return refuse(socket, 403, 'Your role may not read.')
    }
    const { tenant } = identity
    if (hub.places.may(tenant)) {
      sockets.handleUpgrade(request, socket, head, opened => connect(hub, opened, identity))
      return
    }
    const reason = crowdedBy(hub.places, tenant)
    if (!hub.places.full()) onRefused?.(tenant)
    // A page learns why only from a connection that was opened.
    if (turnAway.busy()) return refuse(socket, 503, reason)
    sockets.handleUpgrade(request, socket, head, opened => turnAway.close(opened, reason))
  }
}

/** Why the tenant gets no place now; at most 123 bytes, as a close frame may hold. */
function crowdedBy(places: Places, tenant: string): string {
  const all = `the engine has ${places.places_max} connections open, all it may; try again later`
  if (places.full()) return all
  return `your tenant has ${places.held(tenant)} connections open, all it may; close one`
}

/** Closes connections that get no place, so many at a time. */
function refusals() {
  const leaving = new Set<WebSocket>()
  return {
    busy: () => leaving.size >= REFUSALS_MAX,
    close(socket: WebSocket, reason: string): void {
      leaving.add(socket)
      socket.on('error', () => {})
      socket.once('close', () => leaving.delete(socket))
      closeOrCut(socket, CloseCode.tryAgain, reason)
    },
  }
}

function connect(hub: Hub, socket: WebSocket, identity: Identity): void {
  const { clock, limits, log } = hub
  const gone = (leaving: typeof client) => forget(hub, leaving)
  const tooSlow = () => {
    hub.slow.closed++
  }
  const client = wsClient({ socket, identity, clock, limits, gone, tooSlow })
  // Between the look at the places and now nothing was awaited.
  assert(hub.places.take(identity.tenant), 'there is a place for who is let in')
  hub.clients.add(client)
  socket.on('message', (data, binary) =>
    handleMessage(hub, client, binary ? undefined : String(data)),
  )
  socket.on('pong', () => client.answered())
  socket.on('close', () => forget(hub, client))
  socket.on('error', error => log.warn({ error: error.message }, 'WebSocket error'))
  welcome(hub, client)
}

function refuse(socket: Duplex, status: number, message: string): void {
  const body = JSON.stringify({ error: { code: STATUS_CODES[status], message } })
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nconnection: close\r\n` +
      `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
