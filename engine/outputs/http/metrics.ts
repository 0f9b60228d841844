import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { EngineView, LineView } from '../../flow.ts'

/** Registry with the process's own numbers: memory, CPU, event loop lag. */
export function processRegistry(): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  return registry
}

/** The numbers of one tenant's lines, made anew for each scrape so that they cannot go stale. */
export function lineRegistry(
  engine: EngineView,
  tenant: string,
  clients: number | undefined,
): Registry {
  const registry = new Registry()
  const registers = [registry]
  const labelNames = ['line'] as const
  const counter = (name: string, help: string) => new Counter({ name, help, labelNames, registers })
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames, registers })
  const accepted = counter('liquidus_readings_accepted_total', 'Readings accepted into the log.')
  const rejected = counter('liquidus_readings_rejected_total', 'Readings sent to quarantine.')
  const late = counter('liquidus_readings_late_total', 'Readings that came after their tick.')
  const behind = gauge('liquidus_log_behind_entries', 'Log entries the twin has not yet taken.')
  const newest = gauge('liquidus_line_event_time_seconds', 'End of the last closed tick.')
  const degraded = gauge('liquidus_line_degraded', '1 while the line is degraded.')
  const alarms = new Gauge({
    name: 'liquidus_alarms_active',
    help: 'Active alarms by priority.',
    labelNames: ['line', 'priority'],
    registers,
  })
  const ticks = new Counter({
    name: 'liquidus_ticks_total',
    help: 'Ticks by the reason they closed.',
    labelNames: ['line', 'closed'],
    registers,
  })
  for (const view of engine.lines(tenant)) {
    const status = view.status()
    const { line } = view.definition
    accepted.inc({ line }, status.readings_accepted)
    rejected.inc({ line }, status.readings_rejected)
    late.inc({ line }, status.readings_late)
    behind.set({ line }, status.behind_entries)
    newest.set({ line }, status.time_ms / 1000)
    degraded.set({ line }, status.degraded === '' ? 0 : 1)
    for (const [closed, count] of Object.entries(status.ticks_closed)) {
      ticks.inc({ line, closed }, count)
    }
    for (const [priority, count] of activeByPriority(view)) alarms.set({ line, priority }, count)
  }
  const health = engine.health()
  new Gauge({ name: 'liquidus_ready', help: '1 when ready.', registers }).set(health.ready ? 1 : 0)
  new Gauge({ name: 'liquidus_uptime_seconds', help: 'Since start.', registers }).set(
    health.uptime_s,
  )
  if (clients !== undefined) {
    const help = 'Open WebSocket connections.'
    new Gauge({ name: 'liquidus_ws_clients', help, registers }).set(clients)
  }
  return registry
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
