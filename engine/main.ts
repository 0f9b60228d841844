/** Composition root: the only file that builds concrete things and joins them. */
import path from 'node:path'
import type { Logger } from 'pino'
import { type Access, access as accessOf } from './access/access.ts'
import { readTls, requireSafeBind } from './access/bind.ts'
import { adviceStage } from './advice/stage.ts'
import { anomalyStage } from './anomaly/stage.ts'
import type { Config } from './config.ts'
import { type Clock, systemClock } from './core/clock.ts'
import { LiquidusError, problemOf } from './core/errors.ts'
import { makeDirectory } from './core/make-directory.ts'
import type { LineChange, LineDefinition, Sink } from './flow.ts'
import { batchDecoder } from './ingest/batch-decoder.ts'
import { grpcSource } from './ingest/grpc/source.ts'
import { type ConfiguredLine, definitionOf } from './lines/define.ts'
import { type LineDirectory, lineDirectory } from './lines/directory.ts'
import { type LineFold, lineFold } from './lines/fold.ts'
import type { LineTrend } from './lines/runtime.ts'
import { createLog } from './log.ts'
import { httpSink } from './outputs/http/server.ts'
import { fillTrendRow, trendColumns, trendRing } from './outputs/trend.ts'
import { webSocketSink } from './outputs/websocket/sink.ts'
import type { Store } from './store/port.ts'
import { modelCare } from './training/care.ts'
import { type ModelShelf, openShelf } from './training/shelf.ts'
import { createTwin } from './twin/catalog.ts'
import { VERSION } from './version.ts'

const HEALTH_EVERY_MS = 1000

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

/** Builds a line's fold; its models are those that its log names, to begin with those in force. */
export function foldBuilder(shelf: ModelShelf) {
  return (definition: LineDefinition): LineFold => {
    const twin = createTwin(definition)
    const models = shelf.forLine(definition.tenant)
    const versions: Record<string, string> = {}
    const name = (named: Readonly<Record<string, string>>) => {
      for (const key of Object.keys(versions)) delete versions[key]
      Object.assign(versions, named, { twin: twin.version })
    }
    name(versionsOf(shelf, definition.tenant))
    const potline = definition.kind === 'potline'
    return lineFold(definition, {
      decoder: batchDecoder(definition),
      twin,
      anomaly: anomalyStage(definition, twin, potline ? { cellModels: models } : {}),
      advice: adviceStage(definition, twin, versions),
      putInForce(named) {
        models.put(named)
        name(named)
      },
    })
  }
}

/** Versions in force for a tenant's lines, as their log names them. */
export function versionsOf(shelf: ModelShelf, tenant: string): Readonly<Record<string, string>> {
  return { engine: VERSION, ...shelf.inForce(tenant) }
}

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
  const shelf = await openShelf(path.resolve(config.models), text => log.warn(text))
  const store = await openStore(config, text => log.warn(text))
  const closing: Sink['close'][] = []
  const shut = async (): Promise<void> => {
    for (const close of closing.reverse()) {
      await close().catch((error: unknown) => log.error(`closing: ${problemOf(error)}`))
    }
  }
  try {
    const engine = lineDirectory({
      store,
      clock,
      version: VERSION,
      versions: tenant => versionsOf(shelf, tenant),
      log_entries_max: config.log_entries_max,
      buildFold: foldBuilder(shelf),
      buildTrend,
      mayCreate: identity => access.check(identity, 'createLine', 'lines'),
      report: (level, text) => log[level](text),
    })
    closing.push(() => engine.close())
    engine.changes$.subscribe(change => logAlarms(change, log))
    const models = modelCare({ shelf, engine, clock, log: logTexts(log) })
    closing.push(async () => models.close())
    await engine.open(config.lines.map(line => definitionOf(line as ConfiguredLine)))

    const guard = access
    let wsClients = () => 0
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
        wsClients: () => wsClients(),
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
    wsClients = webSocket.clients
    closing.push(() => webSocket.close())

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
      }),
    )
    closing.push(() => grpc.sink.close())
    const stopHealth = tellHealth(engine, ready => grpc.sink.setServing(ready))
    closing.push(async () => stopHealth())

    const opcua = config.opcua
      ? startOpcUa(options, engine, access, log, closing)
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
    if (closing.length === 0) await store.close()
    throw error
  }
}

async function startOpcUa(
  options: StartOptions,
  engine: LineDirectory,
  access: Access,
  log: Logger,
  closing: Sink['close'][],
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
    }),
  )
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

function buildTrend(definition: LineDefinition, fold: LineFold): LineTrend {
  const columns = trendColumns(fold.twin.fields, fold.twin.channels)
  const ring = trendRing({ cells: definition.cells.length, columns })
  const row = new Float64Array(columns.length * definition.cells.length)
  return {
    push(twin) {
      fillTrendRow(twin, row)
      ring.push(twin.time_ms, row)
    },
    read: (cell, from_ms, points_max) => ring.read(cell, from_ms, points_max),
  }
}

function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer (.+)$/i.exec(authorization ?? '')?.[1]
}
