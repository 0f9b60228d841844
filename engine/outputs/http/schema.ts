import { z } from 'zod'

/** What the REST surface says; the OpenAPI description is made from these. */

const nullable = z.number().nullable()
const text = z.string()

const lineSummary = {
  line: text,
  kind: z.enum(['potline', 'machine', 'air', 'generic']),
  origin: z.enum(['plant', 'simulated', 'recorded', 'synthetic']),
  clock: z.enum(['wall', 'stream']),
  cells_count: z.int(),
  tick: z.int(),
  time_ms: z.number().describe('End of the last closed tick, event time; 0 before the first.'),
  degraded: text.describe('Empty when healthy.'),
}

export const lineListSchema = z.object({ lines: z.array(z.object(lineSummary)) })

const displayed = {
  name: text,
  text: text,
  unit: text.describe('Unit of the numbers beside it.'),
}

const normal = z
  .object({
    low: z.number().optional(),
    high: z.number().optional(),
    source: z.enum(['configuration', 'alarm-limits']),
  })
  .optional()
  .describe('Where it normally lies, in `unit`; an absent end is open, absent: not known.')

export const lineSchema = z.object({
  ...lineSummary,
  tick_ms: z.number(),
  tick_offset_ms: z.number(),
  cells: z.array(text),
  fields: z.array(z.object({ ...displayed, normal })),
  channels: z.array(z.object({ ...displayed, tag: text, normal })),
  position: z.int().describe('Log position that the state reflects.'),
  state_hash: text,
  behind_entries: z.int(),
  readings_accepted: z.int(),
  readings_rejected: z.int(),
  readings_late: z.int(),
  revision: z.int().describe('How often late readings changed the past.'),
  clock_problems: z.array(text).describe('Producers whose clock is off.'),
  ticks_closed: z.object({
    complete: z.int(),
    watermark: z.int(),
    grace: z.int(),
    silent: z.int(),
  }),
  quality: z
    .object({ good: z.int(), uncertain: z.int(), bad: z.int(), missing: z.int() })
    .describe('Series of the last tick by quality.'),
  sensor_faults: z.array(z.object({ tag: text, cell: text, reason: text })),
  alarms_active: z.int(),
})

const cause = z.object({ text: text, weight: z.number() })

export const alarmSchema = z.object({
  id: text,
  line: text,
  cell: text,
  tag: text,
  kind: text,
  priority: z.enum(['critical', 'high', 'medium', 'low']),
  text: text,
  causes: z.array(cause),
  response: text,
  consequence: text.describe('What happens when nobody acts.'),
  respond_within_ms: z.number(),
  active: z.boolean(),
  acknowledged: z.boolean(),
  latched: z.boolean(),
  shelved_until_ms: z.number(),
  suppressed: z.boolean(),
  suppressed_by: text.describe('Rule that suppresses it by design, or empty.'),
  out_of_service: z.boolean(),
  out_of_service_by: text,
  incident: text.describe('Id of the first alarm of its group.'),
  raised_ms: z.number(),
  returned_ms: z.number(),
  acknowledged_ms: z.number(),
  acknowledged_by: text,
  comment: text,
  revision: z.int(),
})

const series = z.array(z.number())

export const adviceSchema = z.object({
  id: text,
  line: text,
  cell: text,
  setpoint: z.enum(['base_feed_rate', 'target_resistance']),
  unit: text,
  from: z.number(),
  to: z.number(),
  low: z.number(),
  high: z.number(),
  step_max: z.number(),
  interval_min_s: z.number(),
  reason: text,
  forecasts: z.array(
    z.object({
      times_s: series,
      field: text,
      unit: text,
      with_mean: series,
      with_std: series,
      without_mean: series,
      without_std: series,
    }),
  ),
  margins: z.array(
    z.object({ constraint: text, worst: z.number(), worst_without: z.number(), unit: text }),
  ),
  confidence: z.number(),
  inhibits: z.array(text),
  versions: z.record(text, text),
  hash: text,
  created_ms: z.number(),
  valid_until_ms: z.number(),
  state: z.enum([
    'PENDING_APPROVAL',
    'APPROVED',
    'REJECTED_BY_OPERATOR',
    'EXPIRED',
    'SUPERSEDED',
    'WITHDRAWN',
  ]),
  decided_by: text,
  decided_ms: z.number(),
  comment: text,
  revision: z.int(),
})

export const alarmListSchema = z.object({ alarms: z.array(alarmSchema) })

const incidentSchema = z.object({
  id: text.describe('Id of the first alarm; its members name it in `incident`.'),
  line: text,
  cell: text,
  tag: text,
  kind: text,
  text: text,
  priority: alarmSchema.shape.priority,
  causes: z.array(cause),
  kinds: z.array(z.object({ kind: text, alarms: z.int() })),
  alarms: z.int().describe('Members so far.'),
  standing: z.int(),
  unacknowledged: z.int(),
  cells: z.int(),
  started_ms: z.number(),
  last_ms: z.number(),
})

export const incidentListSchema = z.object({
  lines: z.array(
    z.object({
      line: text,
      flood_since_ms: z.number().describe('0 while there is no flood.'),
      incidents: z.array(incidentSchema),
    }),
  ),
})

const pct = z.number()

export const kpiListSchema = z.object({
  lines: z.array(
    z.object({
      line: text,
      since_ms: z.number(),
      time_ms: z.number(),
      announced: z.int(),
      per_10min: z.number(),
      per_hour: z.number(),
      per_day: z.number(),
      hours_over_30_pct: pct,
      windows_over_10_pct: pct,
      current_10min: z.int(),
      max_10min: z.int(),
      max_hour: z.int(),
      max_minute: z.int(),
      flood_pct: pct,
      top10_pct: nullable,
      top: z.array(z.object({ source: text, announced: z.int() })),
      chattering: z.int(),
      fleeting: z.int(),
      stale: z.int(),
      priorities_pct: z.object({ critical: pct, high: pct, medium: pct, low: pct }).nullable(),
      unauthorised: z.int(),
      acknowledge_p50_ms: nullable,
      acknowledge_p95_ms: nullable,
      shelved_p50_ms: nullable,
      shelved_p95_ms: nullable,
      shelved: z.int(),
      suppressed: z.int(),
      out_of_service: z.int(),
      not_kept: z.int(),
    }),
  ),
})
export const adviceListSchema = z.object({ advice: z.array(adviceSchema) })

export const cellSchema = z.object({
  line: text,
  cell: text,
  origin: lineSummary.origin,
  tick: z.int(),
  time_ms: z.number(),
  trusted: z.boolean(),
  masked: z.boolean().describe('True while an event such as a tap hides the voltage.'),
  estimates: z.array(
    z.object({
      ...displayed,
      value: nullable,
      std: nullable,
      p05: nullable,
      p95: nullable,
      observable: z.boolean(),
    }),
  ),
  channels: z.array(
    z.object({
      ...displayed,
      tag: text,
      observed: nullable,
      expected: nullable,
      expected_std: nullable,
      residual_sigma: nullable,
    }),
  ),
  scores: z
    .array(z.object({ detector: text, score: nullable }))
    .describe('live scores, 0..1; 0.5 is the threshold'),
  measured: z.array(
    z.object({
      tag: text,
      unit: text,
      scope: z.enum(['line', 'cell']),
      value: nullable,
      age_ms: nullable,
      quality: z.enum(['good', 'uncertain', 'bad', 'missing']),
      fault: text.describe('Empty, or why the sensor is not healthy.'),
    }),
  ),
  alarms: z.array(alarmSchema),
  advice: z.array(adviceSchema),
})

export const trendSchema = z.object({
  line: text,
  cell: text,
  times_ms: series,
  columns: z.array(
    z.object({ name: text, unit: text.describe('SI'), values: z.array(z.number().nullable()) }),
  ),
})

const rowsOfNumbers = z.array(z.array(nullable))

export const profilesSchema = z.object({
  line: text,
  cell: text,
  tick: z.int(),
  time_ms: z.number(),
  profiles: z.array(
    z.object({
      ...displayed,
      digits: z.int(),
      axis: z.object({
        text: text,
        unit: text.describe('"m" along the cell, "1" for numbered positions.'),
        positions: z.array(z.number()),
        labels: z.array(text).optional().describe('Names of the points.'),
      }),
      rows: z.array(text),
      values: rowsOfNumbers.describe('[row][point], in `unit`; null where nothing is known.'),
      observed: rowsOfNumbers.optional().describe('Measured beside it, [row][point].'),
    }),
  ),
})

export const quarantineSchema = z.object({
  rows: z.array(
    z.object({
      id: z.int(),
      producer: text,
      sequence: z.int(),
      row: z.int(),
      reason: text,
      detail: text,
      asset: text,
      tag: text,
      time_ms: nullable,
      value: nullable,
      received_ms: z.number(),
    }),
  ),
})

export const healthSchema = z.object({
  status: z.enum(['ok', 'degraded', 'unavailable']),
  problems: z.array(text),
  version: text,
  uptime_s: z.number(),
  store: text,
})

export const sessionSchema = z.object({
  subject: text,
  tenant: text,
  role: text,
  actions: z.array(text),
})

export const decidedSchema = z.object({ id: text, line: text, action: text })

export const errorSchema = z.object({ error: z.object({ code: text, message: text }) })

/** Longest comment on a decision. */
export const COMMENT_CHARS_MAX = 500
const comment = z.string().max(COMMENT_CHARS_MAX).default('')

export const commentBodySchema = z.strictObject({ comment })
/** A shelf and a removal from service need a reason. */
const reason = comment.describe('Why; needed, and kept with the alarm.')

export const reasonBodySchema = z.strictObject({ comment: reason })
export const shelveBodySchema = z.strictObject({
  comment: reason,
  until_ms: z.number().describe('Event time of the line at which the shelf ends.'),
  once: z.boolean().default(false).describe('End it at the next return to normal.'),
})
export const sessionBodySchema = z.strictObject({ key: z.string().min(1).max(200) })

/** Most rows of one quarantine page. */
export const QUARANTINE_ROWS_MAX = 1000

export const lineQuerySchema = z.object({ line: text.optional() })
export const trendQuerySchema = z.object({
  from_ms: z.coerce.number().default(0).describe('Event time, ms since 1970-01-01 UTC.'),
  points: z.coerce.number().int().min(2).max(4000).default(600),
  columns: text.optional().describe('Names separated by commas; without it, all of them.'),
})
export const quarantineQuerySchema = z.object({
  after: z.coerce.number().int().min(0).default(0).describe('Id of the last row already seen.'),
  count: z.coerce.number().int().min(1).max(QUARANTINE_ROWS_MAX).default(100),
})

/** JSON Schema of a zod schema, as Fastify and OpenAPI 3.1 take it. */
export function jsonSchema(schema: z.ZodType, io: 'input' | 'output' = 'output'): object {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-7', io })
  return rest
}
