import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { EngineView, LineView } from '../../flow.ts'
import {
  type LineLoad,
  loadStages,
  type OperationLoad,
  operationBounds_s,
  type StoreLoad,
} from '../../load.ts'
import type { Loads } from '../loads.ts'

/** Lines with labels of their own; the others are summed up as `line="other"`. */
export const LINE_LABELS_MAX = 200
const OTHER = 'other'
/** A scrape waits no longer than this for a store that does not answer. */
const OUTBOX_WAIT_ms = 1000

/** Registry with the process's own numbers: memory, CPU, event loop lag, garbage collection. */
export function processRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}

/** Makes counters and gauges in one registry. */
function makers(registry: Registry) {
  const registers = [registry]
  return {
    counter: (name: string, help: string, labelNames: readonly string[] = []) =>
      new Counter({ name: `liquidus_${name}`, help, labelNames: [...labelNames], registers }),
    gauge: (name: string, help: string, labelNames: readonly string[] = []) =>
      new Gauge({ name: `liquidus_${name}`, help, labelNames: [...labelNames], registers }),
  }
}
type Makers = ReturnType<typeof makers>

/** The numbers that one tenant may see, made anew for each scrape so that none can go stale. */
export async function engineRegistry(
  engine: EngineView,
  tenant: string,
  loads: Loads,
): Promise<Registry> {
  const registry = new Registry()
  const make = makers(registry)
  const views = engine.lines(tenant)
  const label = (line: string) => (told.has(line) ? line : OTHER)
  const told = new Set(views.slice(0, LINE_LABELS_MAX).map(view => view.definition.line))
  const load = engine.load()
  addLines(make, views, label)
  addLoads(
    make,
    load.lines.filter(line => line.tenant === tenant),
    label,
  )
  await addOutboxes(make, views.slice(0, LINE_LABELS_MAX))
  addThreads(make, engine)
  addTenant(make, tenant, loads)
  addStore(make, registry, loads.store?.() ?? [])
  addStoreSize(make, load.store)
  addClients(make, loads)
  const health = engine.health()
  make.gauge('ready', '1 when ready.').set(health.ready ? 1 : 0)
  make.gauge('problems', 'Things that are not as they should be.').set(health.problems.length)
  make.gauge('uptime_seconds', 'Since start.').set(health.uptime_s)
  const build = make.gauge('build_info', 'Always 1.', ['version', 'store'])
  build.set({ version: health.version, store: health.store }, 1)
  return registry
}

function addLines(make: Makers, views: readonly LineView[], label: (line: string) => string): void {
  const by = ['line']
  const accepted = make.counter('readings_accepted_total', 'Readings accepted into the log.', by)
  const rejected = make.counter('readings_rejected_total', 'Readings sent to quarantine.', by)
  const late = make.counter('readings_late_total', 'Readings that came after their tick.', by)
  const behind = make.gauge('log_behind_entries', 'Log entries the twin has not yet taken.', by)
  const newest = make.gauge('line_event_time_seconds', 'End of the last closed tick.', by)
  const degraded = make.gauge('line_degraded', '1 while the line is degraded.', by)
  const alarms = make.gauge('alarms_active', 'Active alarms by priority.', ['line', 'priority'])
  const ticks = make.counter('ticks_total', 'Ticks by the reason they closed.', ['line', 'closed'])
  for (const view of views) {
    const status = view.status()
    const line = label(view.definition.line)
    accepted.inc({ line }, status.readings_accepted)
    rejected.inc({ line }, status.readings_rejected)
    late.inc({ line }, status.readings_late)
    behind.inc({ line }, status.behind_entries)
    if (line !== OTHER) newest.set({ line }, status.time_ms / 1000)
    degraded.inc({ line }, status.degraded === '' ? 0 : 1)
    for (const [closed, count] of Object.entries(status.ticks_closed)) {
      ticks.inc({ line, closed }, count)
    }
    for (const [priority, count] of activeByPriority(view)) alarms.inc({ line, priority }, count)
  }
}

function addLoads(make: Makers, lines: readonly LineLoad[], label: (line: string) => string): void {
  const by = ['line']
  const byStage = ['line', 'stage']
  const bytes = make.gauge('log_behind_bytes', 'Bytes the twin has not yet taken.', by)
  const credit = make.gauge('credit_bytes', 'Bytes that producers may have unacknowledged.', by)
  const restarts = make.counter('line_restarts_total', 'Restarts after a lost thread.', by)
  const seconds = make.counter('stage_seconds_total', 'Time spent in a stage.', byStage)
  const runs = make.counter('stage_runs_total', 'Runs of a stage.', byStage)
  for (const load of lines) {
    const line = label(load.line)
    bytes.inc({ line }, load.behind_bytes)
    if (line !== OTHER) credit.set({ line }, load.credit_bytes)
    restarts.inc({ line }, load.restarts)
    for (const stage of loadStages) {
      seconds.inc({ line, stage }, load.stages[stage].sum_s)
      runs.inc({ line, stage }, load.stages[stage].count)
    }
  }
}

async function addOutboxes(make: Makers, views: readonly LineView[]): Promise<void> {
  const kept = make.gauge('outbox_events', 'Events that a client may still ask for.', ['line'])
  const given = make.counter('events_total', 'Anomalies, alarms and advice so far.', ['line'])
  const look = async (view: LineView): Promise<void> => {
    const { line } = view.definition
    // A store that does not answer is told by health; the other numbers are still wanted.
    const box = await view.events(Number.MAX_SAFE_INTEGER, 1).catch(() => undefined)
    if (!box) return
    kept.set({ line }, Math.max(0, box.newest - box.oldest + 1))
    given.inc({ line }, box.newest)
  }
  let timer: NodeJS.Timeout | undefined
  const enough = new Promise(resolve => {
    timer = setTimeout(resolve, OUTBOX_WAIT_ms)
  })
  await Promise.race([Promise.all(views.map(look)), enough])
  clearTimeout(timer)
}

function addThreads(make: Makers, engine: EngineView): void {
  const by = ['thread']
  const lag = make.gauge('event_loop_lag_seconds', 'Lag in the last second.', [...by, 'quantile'])
  const heap = make.gauge('heap_used_bytes', 'Heap in use.', by)
  const pause = make.counter('gc_pause_seconds_total', 'Time in garbage collection.', by)
  const runs = make.counter('gc_runs_total', 'Garbage collections.', by)
  for (const one of engine.load().threads) {
    const thread = one.name
    lag.set({ thread, quantile: '0.5' }, one.event_loop_lag_ms_p50 / 1000)
    lag.set({ thread, quantile: '0.99' }, one.event_loop_lag_ms_p99 / 1000)
    heap.set({ thread }, one.heap_used_bytes)
    pause.inc({ thread }, one.gc_pause_s)
    runs.inc({ thread }, one.gc_count)
  }
}

function addTenant(make: Makers, tenant: string, loads: Loads): void {
  const load = loads.tenants?.().find(one => one.tenant === tenant)
  if (!load) return
  const by = ['tenant']
  make.counter('tenant_readings_total', 'Readings taken.', by).inc({ tenant }, load.readings)
  make.counter('tenant_bytes_total', 'Bytes of batches taken.', by).inc({ tenant }, load.bytes)
  make.gauge('tenant_streams', 'Streams that are open.', by).set({ tenant }, load.streams)
  const refused = make.counter('tenant_refused_total', 'Turned away by a limit.', by)
  refused.inc({ tenant }, load.refused)
  const paced = make.counter('tenant_paced_seconds_total', 'Time that producers were held.', by)
  paced.inc({ tenant }, load.paced_s)
}

function addStore(make: Makers, registry: Registry, operations: readonly OperationLoad[]): void {
  if (operations.length === 0) return
  const by = ['operation']
  const bytes = make.counter('store_bytes_total', 'Bytes given to or taken from the store.', by)
  const failed = make.counter('store_failures_total', 'Calls that the store refused.', by)
  for (const { name: operation, bytes: moved, failed: count } of operations) {
    bytes.inc({ operation }, moved)
    failed.inc({ operation }, count)
  }
  registry.registerMetric(durations(operations) as never)
}

const SIZES = {
  used_bytes: 'Held by the store; of Redis, by its server.',
  used_bytes_max: 'From here on the store takes no more readings.',
  log_bytes: 'Held by the log.',
  state_bytes: 'Held by all but the log.',
  log_bytes_max: 'Log entries that are kept, by configuration.',
  disk_free_bytes: 'Free on the disk of the store.',
  disk_bytes: 'Size of the disk of the store.',
} as const satisfies Record<keyof StoreLoad, string>

function addStoreSize(make: Makers, size: StoreLoad | undefined): void {
  for (const [name, help] of Object.entries(SIZES)) {
    const value = size?.[name as keyof StoreLoad]
    if (value !== undefined) make.gauge(`store_${metricOf(name)}`, help).set(value)
  }
}

/** The unit comes last. */
const metricOf = (name: string): string => name.replace(/_bytes_max$/, '_limit_bytes')

/** The store's answer times; counted elsewhere, so the library only has to write them out. */
function durations(operations: readonly OperationLoad[]) {
  const name = 'liquidus_store_operation_seconds'
  const values = operations.flatMap(({ name: operation, count, sum_s, buckets }) => {
    let below = 0
    const steps = operationBounds_s.map((bound_s, i) => {
      below += buckets[i]!
      return { labels: { le: bound_s, operation }, value: below, metricName: `${name}_bucket` }
    })
    return [
      ...steps,
      { labels: { le: '+Inf', operation }, value: count, metricName: `${name}_bucket` },
      { labels: { operation }, value: sum_s, metricName: `${name}_sum` },
      { labels: { operation }, value: count, metricName: `${name}_count` },
    ]
  })
  const help = 'Time until the store answered.'
  const told = { name, help, type: 'histogram', aggregator: 'sum', values }
  return { name, help, get: async () => told, reset() {} }
}

function addClients(make: Makers, loads: Loads): void {
  const ws = loads.websocket?.()
  if (ws) {
    make.gauge('ws_clients', 'Open WebSocket connections.').set(ws.clients)
    make.gauge('ws_buffered_bytes', 'Bytes that wait for slow clients.').set(ws.buffered_bytes)
    const conflated = 'Frames replaced by newer ones before a client took them.'
    make.counter('ws_conflated_frames_total', conflated).inc(ws.conflated_frames)
    make.counter('ws_closed_slow_total', 'Clients closed as too slow.').inc(ws.closed_slow)
  }
  const opcua = loads.opcua?.()
  if (opcua) {
    make.gauge('opcua_sessions', 'Open OPC UA sessions.').set(opcua.sessions)
    make.gauge('opcua_subscriptions', 'OPC UA subscriptions.').set(opcua.subscriptions)
    make.gauge('opcua_waiting', 'Notifications for slow clients.').set(opcua.waiting)
    make.gauge('opcua_nodes', 'OPC UA nodes of cells and assets.').set(opcua.nodes)
  }
}

function activeByPriority(view: LineView): ReadonlyMap<string, number> {
  const counts = new Map([
    ['critical', 0],
    ['high', 0],
    ['medium', 0],
    ['low', 0],
  ])
  for (const alarm of view.alarms()) {
    if (alarm.active) counts.set(alarm.priority, (counts.get(alarm.priority) ?? 0) + 1)
  }
  return counts
}
