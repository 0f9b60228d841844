/** Composition root: the only file that builds concrete things and joins them. */
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import { type Access, access as accessOf } from './access/access.ts'
import { readTls, requireSafeBind } from './access/bind.ts'
import { budgetOf, budgetVersions } from './anomaly/fusion/setting.ts'
import type { Config } from './config.ts'
import { type Clock, systemClock } from './core/clock.ts'
import { LiquidusError, problemOf } from './core/errors.ts'
import { eventLoopGauge } from './core/event-loop.ts'
import { makeDirectory } from './core/make-directory.ts'
import type { LineChange, Sink } from './flow.ts'
import { foldBuilder, foldParts, scoresModels, versionsOf } from './folding.ts'
import { tenantAllowances } from './ingest/grpc/allowance.ts'
import { grpcSource } from './ingest/grpc/source.ts'
import { type ConfiguredLine, definitionOf } from './lines/define.ts'
import { type LineDirectory, lineDirectory } from './lines/directory.ts'
import { inlineFolds } from './lines/inline-seat.ts'
import type { FoldPlaces } from './lines/seat.ts'
import { foldPool } from './lines/worker/pool.ts'
import type { FoldThreadData } from './lines/worker/protocol.ts'
import { createLog } from './log.ts'
import { httpSink } from './outputs/http/server.ts'
import type { Loads } from './outputs/loads.ts'
import { webSocketSink } from './outputs/websocket/sink.ts'
import type { Store } from './store/port.ts'
import { measuredStore } from './telemetry/measured-store.ts'
import { openTraces } from './telemetry/open-traces.ts'
import { modelCare } from './training/care.ts'
import { openShelf } from './training/shelf.ts'
import { VERSION } from './version.ts'

const HEALTH_EVERY_MS = 1000

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
  /** Ports that the caller asked for: these are kept or it is an error. */
  readonly fixedPorts: ReadonlySet<'http_port' | 'grpc_port' | 'opcua_port'>
  readonly clock?: Clock
}

export { foldBuilder, versionsOf } from './folding.ts'

export async function openStore(config: Config, log: (text: string) => void): Promise<Store> {
  if (config.store === 'redis') {
    const { openRedisStore } = await import('#redis/store.ts')
    return openRedisStore({ url: config.redis_url!, durability: config.redis_durability, log })
  }
  const { openLmdbStore } = await import('./store/lmdb/store.ts')
  return openLmdbStore({ directory: path.resolve(config.data) })
}

export async function startEngine(options: StartOptions): Promise<RunningEngine> {
  const { config } = options
  const clock = options.clock ?? systemClock
  requireSafeBind(config.host, config.tls, config.access.keys)
  const log = createLog(config, process.stderr.isTTY === true)
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
  const tls = config.tls ? readTls(config.tls) : undefined
  const closing: Sink['close'][] = []
  const shut = async (): Promise<void> => {
    for (const close of closing.reverse()) {
      await close().catch((error: unknown) => log.error(`closing: ${problemOf(error)}`))
    }
  }
  try {
    const threads = foldThreads(config, log)
    if (threads) closing.push(() => threads.close())
    const shelf = await openShelf(path.resolve(config.models), text => log.warn(text))
    const opened = await openStore(config, text => log.warn(text))
    closing.push(() => opened.close())
    const traces = await openTraces(config.telemetry, clock, VERSION)
    const store = measuredStore(traces?.watchStore(opened) ?? opened, clock)
    const allowances = tenantAllowances(tenant => config.tenants[tenant] ?? {}, clock)
    const loads: Mutable<Loads> = { store: store.load, tenants: allowances.loads }
    const folds = threads ?? inlineFolds(foldParts(foldBuilder(shelf)), clock)
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
      ...{ shelf, engine, clock, log: logTexts(log) },
      budgetOf: line => budgetOf(budgets, line),
    })
    closing.push(async () => models.close())
    await engine.open(config.lines.map(line => definitionOf(line as ConfiguredLine)))

    const guard = access
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
        models: {
          ...models.desk,
          mayMove: identity => access.check(identity, 'promote', 'models'),
        },
        ...(tls ? { tls } : {}),
      })
    const http = await listen(options, 'http_port', buildHttp)
    closing.push(() => http.sink.close())
    const webSocket = webSocketSink({
      server: http.sink.server,
      host: config.host,
      engine,
      guard,
      clock,
      log,
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

    const opcua = config.opcua
      ? startOpcUa(options, engine, access, log, closing, loads)
      : Promise.resolve('')
    return {
      engine,
      http: http.address,
      grpc: grpc.address,
      opcua,
      log,
      async close() {
        await opcua.catch(() => '')
        await shut()
      },
    }
  } catch (error) {
    await shut()
    throw error
  }
}

/** Worker threads that fold the lines; undefined where this thread is to do it. */
function foldThreads(config: Config, log: Logger): FoldPlaces | undefined {
  const count = config.workers ?? Math.max(1, availableParallelism() - 1)
  if (count === 0) return undefined
  const models = path.resolve(config.models)
  return foldPool({
    count,
    // A site of other lines alone never needs the models.
    warm: config.lines.length === 0 || config.lines.some(scoresModels),
    start: start =>
      new Worker(new URL('./fold-thread.ts', import.meta.url), {
        name: start.name,
        workerData: { start, models } satisfies FoldThreadData,
      }),
    say: text => log.warn(text),
  })
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
  // Its packages take seconds to load: the page and the gRPC door do not wait for them.
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
): Promise<{ sink: T; address: string }> {
  const sink = build(options.config[key])
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
