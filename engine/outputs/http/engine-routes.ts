import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import type { LineView } from '../../flow.ts'
import { type EngineWatch, LINES_TOLD_MAX, type LineFigures } from '../engine-figures.ts'
import type { Loads } from '../loads.ts'
import { engineSchema } from './engine-schema.ts'
import { forbidden } from './failure.ts'
import { type RouteContext, routeSchema } from './read-routes.ts'

type EngineBody = z.infer<typeof engineSchema>

/** Adds GET /api/engine: how busy the engine is, for the page and for whoever looks for a cause. */
export function addEngineRoute(
  app: FastifyInstance,
  context: RouteContext,
  watch: EngineWatch,
  loads: Loads,
  now_ms: () => number,
): void {
  app.get(
    '/api/engine',
    routeSchema('How busy the engine is: rates, lag, queues, clients', engineSchema),
    ({ identity }): EngineBody => {
      if (!context.guard.check(identity, 'read', 'engine')) throw forbidden(identity, 'read')
      return engineBody(context, watch, loads, identity.tenant, now_ms())
    },
  )
}

function engineBody(
  { engine }: RouteContext,
  watch: EngineWatch,
  loads: Loads,
  tenant: string,
  now_ms: number,
): EngineBody {
  const { ready, problems, version, uptime_s, store } = engine.health(tenant)
  const figures = watch.figures(tenant)
  const load = engine.load()
  const memory = process.memoryUsage()
  const told = figures.lines.slice(0, LINES_TOLD_MAX)
  const { limits, bytes_per_s, streams, refused, paced_s } = figures.tenant ?? {}
  return {
    ...{ version, uptime_s, ready, window_s: figures.window_s },
    problems: [...problems],
    process: {
      cpu_cores: figures.cpu_cores,
      rss_bytes: memory.rss,
      heap_used_bytes: memory.heapUsed,
      outside_heap_bytes: memory.external,
    },
    threads: load.threads.map(thread => ({ ...thread })),
    lines: told.map(one => lineBody(engine.line(tenant, one.name)!, one.figures, now_ms)),
    lines_not_told: figures.lines.length - told.length,
    store: {
      name: store,
      size: load.store ? { ...load.store } : null,
      operations: figures.operations.map(one => ({
        ...one,
        p50_ms: orNull(one.p50_ms),
        p99_ms: orNull(one.p99_ms),
      })),
    },
    websocket: loads.websocket?.() ?? null,
    opcua: loads.opcua?.() ?? null,
    tenant: figures.tenant
      ? {
          ...{ ...limits, tenant, streams: streams!, bytes_per_s: bytes_per_s! },
          ...{ refused: refused!, paced_s: paced_s! },
        }
      : null,
  }
}

function lineBody(
  { definition }: LineView,
  { status, load, rates }: LineFigures,
  now_ms: number,
): EngineBody['lines'][number] {
  const { line, kind, clock } = definition
  const old = clock === 'wall' && status.time_ms > 0
  return {
    ...{ line, kind, thread: load?.thread ?? '', degraded: status.degraded, ...rates },
    behind_entries: status.behind_entries,
    behind_bytes: load?.behind_bytes ?? 0,
    event_age_s: old ? (now_ms - status.time_ms) / 1000 : null,
    credit_bytes: load?.credit_bytes ?? 0,
    credit_max_bytes: load?.credit_max_bytes ?? 0,
    restarts: load?.restarts ?? 0,
    clock_problems: [...(status.clock_problems ?? [])],
  }
}

const orNull = (value: number): number | null => (Number.isFinite(value) ? value : null)
