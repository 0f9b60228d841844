import { z } from 'zod'
import { loadStages } from '../../load.ts'

const text = z.string()
const nullable = z.number().nullable()
const optional = z.number().optional()

const stage = z.object({
  mean_ms: z.number().describe('Of one run.'),
  share: z.number().describe('Share of the time; 1 is a whole core, or waiting all the time.'),
})

const line = z.object({
  line: text,
  kind: z.enum(['potline', 'machine', 'air', 'generic']),
  thread: text,
  degraded: text.describe('Empty when healthy.'),
  readings_per_s: z.number(),
  rejected_per_s: z.number(),
  late_per_s: z.number(),
  ticks_per_s: z.number(),
  behind_entries: z.int(),
  behind_bytes: z.number(),
  event_age_s: nullable.describe('Age of the last closed tick; null for other clocks.'),
  credit_bytes: z.number(),
  credit_max_bytes: z.number(),
  restarts: z.int(),
  clock_problems: z.array(text).describe('Producers whose clock is off.'),
  stages: z.object(
    Object.fromEntries(loadStages.map(name => [name, stage])) as Record<
      (typeof loadStages)[number],
      typeof stage
    >,
  ),
})

/** What GET /api/engine says. */
export const engineSchema = z.object({
  version: text,
  uptime_s: z.number(),
  ready: z.boolean(),
  problems: z.array(text).describe('One sentence per thing that is not as it should be.'),
  window_s: z.number().describe('Time that the rates are over.'),
  process: z.object({
    cpu_cores: z.number(),
    rss_bytes: z.number(),
    heap_used_bytes: z.number(),
    outside_heap_bytes: z.number(),
  }),
  threads: z.array(
    z.object({
      name: text,
      event_loop_lag_ms_p50: z.number(),
      event_loop_lag_ms_p99: z.number(),
      heap_used_bytes: z.number(),
      gc_pause_s: z.number(),
      gc_count: z.int(),
    }),
  ),
  lines: z.array(line).describe('The busiest first.'),
  lines_not_told: z.int().describe('Lines beyond those told.'),
  store: z.object({
    name: text,
    size: z
      .object({
        used_bytes: z.number().describe('Log, states and all else; of Redis the whole server.'),
        used_bytes_max: optional.describe('From here on it takes no more readings.'),
        log_bytes: optional,
        state_bytes: optional.describe('All but the log.'),
        log_bytes_max: optional.describe('Log entries that are kept, by configuration.'),
        disk_free_bytes: optional,
        disk_bytes: optional,
      })
      .nullable()
      .describe('As of the last ten seconds; null where the store does not say.'),
    operations: z.array(
      z.object({
        name: text,
        per_s: z.number(),
        bytes_per_s: z.number(),
        failed: z.int(),
        p50_ms: nullable,
        p99_ms: nullable,
      }),
    ),
  }),
  websocket: z
    .object({
      clients: z.int(),
      clients_max: z.int(),
      buffered_bytes: z.number(),
      conflated_frames: z.int(),
      closed_slow: z.int(),
    })
    .nullable(),
  opcua: z
    .object({
      sessions: z.int(),
      subscriptions: z.int(),
      waiting: z.int().describe('Notifications that wait for slow clients.'),
      nodes: z.int(),
      nodes_max: z.int(),
    })
    .nullable()
    .describe('Null while the server does not run.'),
  tenant: z
    .object({
      tenant: text,
      streams: z.int(),
      streams_max: optional,
      connections_max: optional,
      readings_per_s_max: optional,
      bytes_per_s: z.number(),
      bytes_per_s_max: optional,
      lines_max: optional,
      refused: z.int(),
      paced_s: z.number(),
    })
    .nullable()
    .describe('Null before the tenant sent anything.'),
})
