import type { FastifyInstance } from 'fastify'
import type { z } from 'zod'
import type { EngineView, Identity, LineView, QuarantineRow } from '../../flow.ts'
import type { Guard } from '../guard.ts'
import { type NormalRangesOf, normalRanges } from '../normal-ranges.ts'
import { forbidden, HttpFailure, lineUnknown } from './failure.ts'
import { cellDetail, cellProfiles, cellTrend, lineDetail, lineSummary } from './represent.ts'
import * as schema from './schema.ts'

/** Reads stored quarantine rows; handed in by the composition root. */
export type ReadQuarantine = (
  tenant: string,
  line: string,
  after: number,
  count_max: number,
) => Promise<readonly { readonly id: number; readonly row: QuarantineRow }[]>

/** What the routes ask of the rest. */
export interface RouteContext {
  readonly engine: EngineView
  readonly guard: Guard
  readonly quarantine?: ReadQuarantine | undefined
  /** Without it, quantities normally lie between their alarm limits. */
  readonly normalRanges?: NormalRangesOf | undefined
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set for everything under /api before a handler runs. */
    identity: Identity
  }
}

/** Schema of a route, for validation and for the OpenAPI description. */
export function routeSchema(
  summary: string,
  answer: z.ZodType,
  parts: { query?: z.ZodType; body?: z.ZodType; status?: number } = {},
): { schema: Record<string, unknown> } {
  const failure = { description: 'Refused', ...schema.jsonSchema(schema.errorSchema) }
  return {
    schema: {
      summary,
      ...(parts.query && { querystring: schema.jsonSchema(parts.query, 'input') }),
      ...(parts.body && { body: schema.jsonSchema(parts.body, 'input') }),
      response: {
        [parts.status ?? 200]: { description: summary, ...schema.jsonSchema(answer) },
        '4xx': failure,
        '5xx': failure,
      },
    },
  }
}

/** Lines the identity may read; with `line`, that one, or 404. */
export function readableLines(
  { engine, guard }: RouteContext,
  identity: Identity,
  line?: string,
): readonly LineView[] {
  if (!guard.check(identity, 'read', line ?? '*')) throw forbidden(identity, 'read')
  if (line === undefined) return engine.lines(identity.tenant)
  const view = engine.line(identity.tenant, line)
  if (!view) throw lineUnknown(line, engine.lines(identity.tenant))
  return [view]
}

function cellIndex(view: LineView, cell: string): number {
  const index = view.definition.cells.indexOf(cell)
  if (index >= 0) return index
  const message = `Line "${view.definition.line}" has no cell "${cell}".`
  throw new HttpFailure(404, 'CELL_UNKNOWN', message)
}

/** Adds everything under /api that only reads. */
export function addReadRoutes(app: FastifyInstance, context: RouteContext): void {
  const normalOf = context.normalRanges ?? normalRanges([])
  const oneLine = (identity: Identity, line: string) => readableLines(context, identity, line)[0]!

  app.get('/api/lines', routeSchema('All lines', schema.lineListSchema), request => ({
    lines: readableLines(context, request.identity).map(lineSummary),
  }))

  app.get<{ Params: { line: string } }>(
    '/api/lines/:line',
    routeSchema('One line: cells, last tick, state hash, quality', schema.lineSchema),
    request => lineDetail(oneLine(request.identity, request.params.line), normalOf),
  )

  app.get<{ Params: { line: string; cell: string } }>(
    '/api/lines/:line/cells/:cell',
    routeSchema('One cell: estimates with bands and units, readings, alarms', schema.cellSchema),
    ({ identity, params }) => {
      const view = oneLine(identity, params.line)
      return cellDetail(view, cellIndex(view, params.cell))
    },
  )

  app.get<{ Params: { line: string; cell: string } }>(
    '/api/lines/:line/cells/:cell/profiles',
    routeSchema(
      'Inside one cell: alumina along it, current by anode, ledge',
      schema.profilesSchema,
    ),
    ({ identity, params }) => {
      const view = oneLine(identity, params.line)
      return cellProfiles(view, cellIndex(view, params.cell))
    },
  )

  app.get<{
    Params: { line: string; cell: string }
    Querystring: { from_ms: number; points: number; columns?: string }
  }>(
    '/api/lines/:line/cells/:cell/trend',
    routeSchema('History of one cell as columns, SI', schema.trendSchema, {
      query: schema.trendQuerySchema,
    }),
    ({ identity, params, query }) => {
      const view = oneLine(identity, params.line)
      const { from_ms, points, columns } = query
      return cellTrend(view, cellIndex(view, params.cell), {
        from_ms,
        points,
        columns: columns?.split(','),
      })
    },
  )

  addAlarmRoutes(app, context)

  app.get<{ Querystring: { line?: string } }>(
    '/api/advice',
    routeSchema('Recommended setpoints', schema.adviceListSchema, {
      query: schema.lineQuerySchema,
    }),
    ({ identity, query }) => ({
      advice: readableLines(context, identity, query.line).flatMap(view => view.advice()),
    }),
  )

  addQuarantineRoute(app, context)
}

function addAlarmRoutes(app: FastifyInstance, context: RouteContext): void {
  const query = schema.lineQuerySchema
  const views = (identity: Identity, line: string | undefined) =>
    readableLines(context, identity, line)

  app.get<{ Querystring: { line?: string } }>(
    '/api/alarms',
    routeSchema('Alarms', schema.alarmListSchema, { query }),
    request => ({
      alarms: views(request.identity, request.query.line).flatMap(view => view.alarms()),
    }),
  )

  app.get<{ Querystring: { line?: string } }>(
    '/api/alarms/incidents',
    routeSchema('Groups of a flood, each with its first alarm', schema.incidentListSchema, {
      query,
    }),
    request => ({
      lines: views(request.identity, request.query.line).map(view => {
        const { flood_since_ms, incidents } = view.alarmSummary()
        return { line: view.definition.line, flood_since_ms, incidents }
      }),
    }),
  )

  app.get<{ Querystring: { line?: string } }>(
    '/api/alarms/kpis',
    routeSchema('Alarm figures of the last 24 clock hours', schema.kpiListSchema, { query }),
    request => ({
      lines: views(request.identity, request.query.line).map(view => ({
        line: view.definition.line,
        ...view.alarmSummary().kpis,
      })),
    }),
  )
}

function addQuarantineRoute(app: FastifyInstance, context: RouteContext): void {
  const { quarantine } = context
  if (!quarantine) return
  app.get<{ Params: { line: string }; Querystring: { after: number; count: number } }>(
    '/api/lines/:line/quarantine',
    routeSchema('Rejected readings with the reason', schema.quarantineSchema, {
      query: schema.quarantineQuerySchema,
    }),
    async ({ identity, params, query }) => {
      readableLines(context, identity, params.line)
      const rows = await quarantine(identity.tenant, params.line, query.after, query.count)
      return { rows: rows.map(({ id, row }) => ({ id, ...row })) }
    },
  )
}
