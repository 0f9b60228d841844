/** Composition root: the only file that builds concrete things and joins them. */
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import { type Access, access as accessOf } from './access/access.ts'
import { readTls, requireSafeBind } from './access/bind.ts'
import { budgetOf, budgetVersions } from './anomaly/fusion/setting.ts'
import { CHECKED_FOLDER, checkedFiles } from './anomaly/onnx/checked-files.ts'
import type { Config } from './config.ts'
import { type Clock, systemClock } from './core/clock.ts'
import { clockJumps, clockJumpText } from './core/clock-jumps.ts'
import { LiquidusError, problemOf } from './core/errors.ts'
import { eventLoopGauge } from './core/event-loop.ts'
import { makeDirectory } from './core/make-directory.ts'
import type { LineChange, Sink } from './flow.ts'
import { foldsHere } from './fold-places.ts'
import { tenantAllowances } from './ingest/grpc/allowance.ts'
import { type ConfiguredLine, definitionOf } from './lines/define.ts'
import { type LineDirectory, lineDirectory } from './lines/directory.ts'
import type { FoldPlaces } from './lines/seat.ts'
import type { Loads } from './outputs/loads.ts'
import { normalRanges as normalRangesOf } from './outputs/normal-ranges.ts'
import type { Store } from './store/port.ts'
import { measuredStore } from './telemetry/measured-store.ts'
import { openTraces } from './telemetry/open-traces.ts'
import { modelCare } from './training/care.ts'
import { GATE_LIMITS } from './training/gate.ts'
import { checkElsewhere } from './training/model-check.ts'
import { openShelf } from './training/shelf.ts'
import { VERSION, versionsOf } from './version.ts'

const HEALTH_EVERY_MS = 1000
const CLOCK_EVERY_MS = 1000
/** How long after a restart producers and pages have this thread to themselves, to come back. */
const COME_BACK_MS = 1500
/** How long the OPC UA server waits for lines that fold what is behind. */
const CATCH_UP_MS = 5000
const LOOK_EVERY_MS = 20

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export interface RunningEngine {
  readonly engine: LineDirectory
  readonly http: string
  readonly grpc: string
  /** Resolves with the address once the OPC UA server listens; '' when it is switched off. */
  readonly opcua: Promise<string>
  readonly log: Logger
  close(): Promise<void>
}

export interface StartOptions {
  readonly config: Config
  readonly log: Logger
  /** Threads that fold the lines; undefined: this thread folds them. */
  readonly threads: FoldPlaces | undefined
  /** Ports that the caller asked for: these are kept or it is an error. */
  readonly fixedPorts: ReadonlySet<'http_port' | 'grpc_port' | 'opcua_port'>
  readonly clock?: Clock
}

/** Each file of the embedded log is open, and mapped into memory. */
const LOG_FILES_MAX = 512

export async function openStore(config: Config, log: (text: string) => void): Promise<Store> {
  if (config.store === 'redis') {
    const { openRedisStore } = await import('#redis/store.ts')
    return openRedisStore({ url: config.redis_url!, durability: config.redis_durability, log })
  }
  const { openLmdbStore } = await import('./store/lmdb/store.ts')
  const { data, log_segment_bytes, log_bytes_max } = config
  const segmentBytes = Math.max(log_segment_bytes, log_bytes_max / LOG_FILES_MAX)
  return openLmdbStore({ directory: path.resolve(data), segmentBytes })
}

export async function startEngine(options: StartOptions): Promise<RunningEngine> {
  const { config, log, threads } = options
  const clock = options.clock ?? systemClock
  const access = accessOf({
    keys: config.access.keys,
    loopbackDeveloper: true,
    now_ms: clock.now_ms,
    audit: row =>
      log[row.action === 'read' && row.allowed ? 'debug' : 'info'](
        { audit: row },
        `${row.subject} ${row.allowed ? 'may' : 'may not'} ${row.action} ${row.target}`,
      ),
  })
  const closing: Sink['close'][] = []
  const shut = async (): Promise<void> => {
    for (const close of closing.reverse()) {
      await close().catch((error: unknown) => log.error(`closing: ${problemOf(error)}`))
    }
  }
  try {
    if (threads) closing.push(() => threads.close())
    requireSafeBind(config.host, config.tls, config.access.keys)
    const tls = config.tls ? readTls(config.tls) : undefined
    const checks = { files: checkedFiles(CHECKED_FOLDER), check: checkElsewhere }
    const shelf = await openShelf(
      path.resolve(config.models),
      text => log.warn(text),
      threads ? checks : undefined,
    )
    const opened = await openStore(config, text => log.warn(text))
    closing.push(() => opened.close())
    const isRestart = (await opened.definitions()).size > 0
    const traces = await openTraces(config.telemetry, clock, VERSION)
    const store = measuredStore(traces?.watchStore(opened) ?? opened, clock)
    const allowances = tenantAllowances(tenant => config.tenants[tenant] ?? {}, clock)
    const loads: Mutable<Loads> = { store: store.load, tenants: allowances.loads }
    const folds = threads ?? (await foldsHere(shelf, config, clock))
    const budgets = budgetVersions(config.anomaly)
    const engine = lineDirectory({
      store,
      clock,
      version: VERSION,
      versions: tenant => ({ ...versionsOf(shelf, tenant), ...budgets }),
      log_entries_max: config.log_entries_max,
      log_bytes_max: config.log_bytes_max,
      log_age_ms_max: config.log_age_max_h * 3600_000,
      folds,
      gauge: eventLoopGauge('io'),
      mayCreate: identity => access.check(identity, 'createLine', 'lines'),
      report: (level, text) => log[level](text),
    })
    // From here on the engine closes threads and store itself, in its own order.
    closing.splice(0, closing.length, () => engine.close())
    engine.changes$.subscribe(change => logAlarms(change, log))
    const models = modelCare({
      ...{ shelf, checks, engine, clock, log: logTexts(log) },
      limits: { ...GATE_LIMITS, events_per_line_day: config.anomaly.events_per_line_day },
      budgetOf: line => budgetOf(budgets, line),
    })
    closing.push(async () => models.close())
    const opening = engine.open(config.lines.map(line => definitionOf(line as ConfiguredLine)))
    opening.catch(() => {}) // told below
    const { grpcSource, httpSink, webSocketSink } = await loadDoors()

    const guard = access
    const isOneTenant =
      new Set([...config.access.keys, ...config.lines].map(({ tenant }) => tenant)).size <= 1
    const normalRanges = normalRangesOf(config.normal_ranges, text => log.warn(text))
    const buildHttp = (port: number) =>
      httpSink({
        host: config.host,
        port,
        engine,
        guard,
        log,
        ui_path: path.resolve(import.meta.dirname, '..', 'ui', 'dist'),
        quarantine: (tenant, line, after, count_max) =>
          store.quarantine(`${tenant}/${line}`, after, count_max),
        loads,
        clock,
        normalRanges,
        models: {
          ...models.desk,
          of: identity =>
            models.desk.of(identity.tenant, isOneTenant || access.may(identity, 'administer')),
          mayMove: identity => access.check(identity, 'promote', 'models'),
        },
        ...(tls ? { tls } : {}),
      })
    const firstHttp = buildHttp(config.http_port)
    await firstHttp.ready()
    await opening
    const http = await listen(options, 'http_port', buildHttp, firstHttp)
    closing.push(() => http.sink.close())
    const webSocket = webSocketSink({
      server: http.sink.server,
      host: config.host,
      engine,
      guard,
      clock,
      log,
      normalRanges,
      connectionsMax: tenant => config.tenants[tenant]?.connections_max,
      onRefused: tenant => allowances.of(tenant).refuse(),
    })
    await webSocket.start()
    loads.websocket = webSocket.load
    closing.push(() => webSocket.close())
    if (traces) {
      // After the outputs: a commit has been sent by the time that a trace of it ends.
      traces.watchEngine(engine)
      closing.push(traces.close)
    }

    const boundToLoopback = access.isLoopback(config.host)
    const grpc = await listen(options, 'grpc_port', port =>
      grpcSource({
        host: config.host,
        port,
        ...(tls ? { tls } : {}),
        authenticate: metadata =>
          access.identify(bearerOf(metadata.authorization), boundToLoopback, boundToLoopback),
        mayWrite: identity => access.may(identity, 'writeReadings'),
        intake: engine,
        clock,
        log,
        allowances,
        ...(traces ? { onTaken: traces.taken } : {}),
      }),
    )
    closing.push(() => grpc.sink.close())
    const stopHealth = tellHealth(engine, ready => grpc.sink.setServing(ready))
    closing.push(async () => stopHealth())
    const jumpOf = clockJumps(clock)
    const jumps = setInterval(() => {
      const jump_ms = jumpOf()
      if (jump_ms !== 0) log.warn(clockJumpText(jump_ms))
    }, CLOCK_EVERY_MS)
    jumps.unref()
    closing.push(async () => clearInterval(jumps))

    let isEnding = false
    const startLast = async (): Promise<string> => {
      await settled(engine, isRestart, () => isEnding)
      return isEnding ? '' : startOpcUa(options, engine, access, log, closing, loads)
    }
    const opcua = config.opcua ? startLast() : Promise.resolve('')
    return {
      engine,
      http: http.address,
      grpc: grpc.address,
      opcua,
      log,
      async close() {
        isEnding = true
        await opcua.catch(() => '')
        await shut()
      },
    }
  } catch (error) {
    await shut()
    throw error
  }
}

/** Packages of the doors, a large part of a start: they load while the lines open. */
async function loadDoors() {
  const [http, webSocket, grpc] = await Promise.all([
    import('./outputs/http/server.ts'),
    import('./outputs/websocket/sink.ts'),
    import('./ingest/grpc/source.ts'),
  ])
  return { ...http, ...webSocket, ...grpc }
}

async function startOpcUa(
  options: StartOptions,
  engine: LineDirectory,
  access: Access,
  log: Logger,
  closing: Sink['close'][],
  loads: Mutable<Loads>,
): Promise<string> {
  const { config } = options
  const [{ opcUaSink }, { dropHalfMade }] = await Promise.all([
    import('./outputs/opcua/sink.ts'),
    import('./outputs/opcua/certificates.ts'),
  ])
  const certificateDirectory = path.resolve(config.data, 'opcua')
  makeDirectory(certificateDirectory)
  for (const file of dropHalfMade(certificateDirectory)) {
    log.warn(`OPC UA: ${file} was half made and is made anew`)
  }
  const { sink, address } = await listen(options, 'opcua_port', port =>
    opcUaSink({
      host: config.host,
      port,
      engine,
      log,
      guard: access,
      certificateDirectory,
      nodes_max: config.opcua_nodes_max,
    }),
  )
  loads.opcua = sink.load
  closing.push(() => sink.close())
  return address
}

const logTexts = (log: Logger) => ({
  info: (text: string) => log.info(text),
  warn: (text: string) => log.warn(text),
  error: (text: string) => log.error(text),
})

/** Alarms belong in the log as well: raised and returned, not every revision. */
function logAlarms({ line, events }: LineChange, log: Logger): void {
  for (const { event } of events) {
    if (event.channel !== 'alarm') continue
    const { revision, active, acknowledged, priority, cell, text } = event.body
    if (revision === 1) log.warn({ line, cell, priority }, `alarm: ${text}`)
    else if (!active && !acknowledged) log.info({ line, cell, priority }, `alarm over: ${text}`)
  }
}

/**
 * Resolves when those who come back after a restart had their time and no line is behind its log,
 * or after a while. The packages of OPC UA take a second to load, in which this thread does little
 * else: page and gRPC door do not wait for them, nor does what is to be folded.
 */
async function settled(
  engine: LineDirectory,
  isRestart: boolean,
  isEnding: () => boolean,
): Promise<void> {
  const least_ms = isRestart ? COME_BACK_MS : 0
  const isBehind = () => engine.load().lines.some(line => line.behind_entries > 0)
  const waits = (waited_ms: number) =>
    waited_ms < least_ms || (waited_ms < CATCH_UP_MS && isBehind())
  for (let waited_ms = 0; !isEnding() && waits(waited_ms); waited_ms += LOOK_EVERY_MS) {
    await sleep(LOOK_EVERY_MS)
  }
}

/** Keeps grpc.health.v1 equal to what /health says. */
function tellHealth(engine: LineDirectory, tell: (ready: boolean) => void): () => void {
  tell(engine.health().ready)
  const timer = setInterval(() => tell(engine.health().ready), HEALTH_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** Starts a sink on its port; a default port that is taken gives way to a free one. */
async function listen<T extends Sink>(
  options: StartOptions,
  key: 'http_port' | 'grpc_port' | 'opcua_port',
  build: (port: number) => T,
  sink: T = build(options.config[key]),
): Promise<{ sink: T; address: string }> {
  try {
    const { address } = await sink.start()
    return { sink, address }
  } catch (error) {
    const taken = error instanceof LiquidusError && error.code === 'PORT_IN_USE'
    if (!taken || options.fixedPorts.has(key)) throw error
    const other = build(0)
    const { address } = await other.start()
    return { sink: other, address }
  }
}

function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
}
