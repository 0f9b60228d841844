import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { LiquidusError, problemOf } from './core/errors.ts'

const port = z.number().int().min(0).max(65535)
const logFile = z.number().int().min(1_048_576).max(268_435_456).default(268_435_456)

const tag = z.strictObject({
  tag: z.string().min(1).max(128).describe('Name of the tag, as producers send it.'),
  unit: z.string().max(16).describe('Unit of the limits, and of readings that name none.'),
  scope: z
    .enum(['line', 'cell'])
    .default('cell')
    .describe('Whether the whole line has one such tag or each cell its own.'),
  kind: z
    .enum(['signal', 'sample', 'event'])
    .default('signal')
    .describe('A periodic signal, a late manual sample, or an event.'),
  period_ms: z.number().int().min(0).default(1000).describe('Time between two readings.'),
  hold_max_ms: z
    .number()
    .int()
    .min(0)
    .default(10_000)
    .describe('How long the last reading stands for the present.'),
  in_tick: z
    .enum(['last', 'mean', 'sum', 'event'])
    .default('mean')
    .describe('How the readings of one tick become one value.'),
  low: z.number().describe('Physical lower limit; readings below it are rejected.'),
  high: z.number().describe('Physical upper limit; readings above it are rejected.'),
  alarm_low: z.number().optional().describe('Alarm limit below the normal range.'),
  alarm_high: z.number().optional().describe('Alarm limit above the normal range.'),
  rate_max_per_s: z
    .number()
    .positive()
    .optional()
    .describe('Fastest physical change; faster ones mean a sensor fault.'),
  stuck_after_ms: z
    .number()
    .int()
    .min(0)
    .optional()
    .describe('A value unchanged for this long means a stuck sensor.'),
})

const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'uses a-z, 0-9, ".", "_" and "-" only')

const line = z.strictObject({
  line: name.describe('Name of the line.'),
  tenant: name.default('local').describe('Who owns the line; keys of others do not see it.'),
  kind: z
    .enum(['potline', 'machine', 'air', 'generic'])
    .describe('An aluminium potline, electric motors, rooms, or any set of signals.'),
  clock: z
    .enum(['wall', 'stream'])
    .default('wall')
    .describe('Whether time is the clock of the engine or that of the readings.'),
  origin: z
    .enum(['plant', 'simulated', 'recorded', 'synthetic'])
    .default('plant')
    .describe('Where readings come from; every screen says so.'),
  tick_ms: z.number().int().min(10).max(3_600_000).default(1000).describe('Length of a tick.'),
  tick_offset_ms: z.int().min(0).default(0).describe('Moves the ticks by less than one.'),
  cells: z
    .union([z.array(z.string().min(1).max(64)).min(1).max(3000), z.number().int().min(1)])
    .describe('Names of cells or assets in physical order, or how many (named cell-101 ...).'),
  feeders: z
    .number()
    .int()
    .min(1)
    .max(9)
    .default(5)
    .describe('Alumina feeders of a potline cell; its tags follow from it.'),
  anodes: z
    .number()
    .int()
    .min(0)
    .max(60)
    .default(0)
    .describe('Anodes of a potline cell whose currents are sent; 0: none are.'),
  shell_temperatures: z
    .number()
    .int()
    .min(0)
    .max(60)
    .default(0)
    .describe('Shell temperatures of a potline cell that are sent; 0: none are.'),
  tags: z.array(tag).default([]).describe('Tags of a generic line.'),
})

const normalRange = z
  .strictObject({
    line: name.describe('Name of the line.'),
    of: z
      .string()
      .min(1)
      .max(128)
      .describe('Name of a field or tag of a channel, as /api/lines/LINE lists them.'),
    low: z.number().optional().describe('Lower end, in the unit that is listed there.'),
    high: z.number().optional().describe('Upper end, in the same unit.'),
  })
  .refine(({ low, high }) => low !== undefined || high !== undefined, 'needs low, high or both')
  .refine(({ low, high }) => !(low! >= high!), 'low must be below high')

const accessKey = z.strictObject({
  name: z.string().min(1).describe('Who holds the key; decisions are signed with it.'),
  tenant: name.describe('The tenant whose lines the key opens.'),
  role: z
    .enum(['operator', 'engineer', 'manager', 'scientist', 'auditor', 'administrator', 'device'])
    .describe('What the holder may do.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'is the hex SHA-256 of a key')
    .describe('SHA-256 of the key, hex; the key itself is nowhere stored.'),
})

const tenantLimits = z.strictObject({
  readings_per_s_max: z.number().positive().optional().describe('Readings a second, on average.'),
  bytes_per_s_max: z.number().positive().optional().describe('Bytes a second, on average.'),
  streams_max: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('Streams open at once; default: as many as are free for others.'),
  connections_max: z
    .number()
    .int()
    .min(1)
    .optional()
    .describe('WebSocket connections open at once; default: as many as are free for others.'),
  lines_max: z.number().int().min(0).optional().describe('Lines that producers may create.'),
})

const telemetry = z.strictObject({
  otlp_url: z
    .url()
    .optional()
    .describe('Address that takes traces, such as http://127.0.0.1:4318/v1/traces.'),
  share: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Share of the batches that are traced from reading to alert; 0: none.'),
})

const budget = z.number().min(0.001).max(1000)

const anomaly = z.strictObject({
  events_per_line_day: budget
    .default(1)
    .describe('False events a day that a line may tell: of 300 cells of a potline, else in all.'),
  lines: z.record(name, budget).default({}).describe('The same for single lines, by name.'),
})

const schema = z.strictObject({
  data: z.string().min(1).default('data').describe('Folder of the embedded store.'),
  host: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Address to bind; any but loopback needs `tls` and `access.keys`.'),
  http_port: port.default(8080).describe('Page, REST and WebSocket; 0: any free port.'),
  grpc_port: port.default(50051).describe('Readings in; 0: any free port.'),
  opcua_port: port.default(4840).describe('OPC UA server; 0: any free port.'),
  opcua: z.boolean().default(true).describe('Whether the OPC UA server runs.'),
  opcua_nodes_max: z
    .number()
    .int()
    .min(1000)
    .max(2_000_000)
    .default(150_000)
    .describe('OPC UA nodes of cells and assets that clients may open; about 3.5 KiB each.'),
  store: z
    .enum(['lmdb', 'redis'])
    .default('lmdb')
    .describe('Where log and state live; `redis` needs `redis_url`.'),
  redis_url: z
    .string()
    .optional()
    .describe(
      'Address of Redis, or addresses of a cluster joined by commas; chooses the Redis store.',
    ),
  redis_durability: z
    .enum(['everysec', 'always'])
    .default('everysec')
    .describe('Whether Redis syncs its file each second or before each answer.'),
  models: z.string().default('models').describe('Folder of the model registry.'),
  workers: z
    .number()
    .int()
    .min(0)
    .max(64)
    .optional()
    .describe('Threads that fold lines; default: as many as cores, 0: none but the main one.'),
  log_level: z
    .enum(['silent', 'error', 'warn', 'info', 'debug'])
    .default('info')
    .describe('How much the engine says on standard error.'),
  log_entries_max: z
    .number()
    .int()
    .min(100)
    .default(500_000)
    .describe('Log entries of a line that are kept.'),
  log_bytes_max: z
    .number()
    .int()
    .min(2 ** 26)
    .default(2 ** 33)
    .describe('Bytes of log that are kept, all lines together; each has a part by its series.'),
  log_segment_bytes: logFile.describe('Bytes of a file of the embedded log; it goes as a whole.'),
  log_age_max_h: z
    .number()
    .positive()
    .default(24 * 90)
    .describe('Hours after which log entries go.'),
  tls: z
    .strictObject({
      cert: z.string().describe('Certificate chain, a PEM file.'),
      key: z.string().describe('Private key, a PEM file.'),
    })
    .optional()
    .describe('Files for TLS on every port.'),
  access: z
    .strictObject({
      keys: z.array(accessKey).default([]).describe('API keys; once there is one, all need one.'),
    })
    .default({ keys: [] })
    .describe('Who may do what.'),
  tenants: z
    .record(name, tenantLimits)
    .default({})
    .describe('Limits by tenant; a tenant that sends too fast is slowed down.'),
  telemetry: telemetry.default({ share: 0 }).describe('OpenTelemetry traces.'),
  anomaly: anomaly
    .default({ events_per_line_day: 1, lines: {} })
    .describe('How much the anomaly detectors may tell.'),
  lines: z.array(line).default([]).describe('Lines that exist from the start.'),
  normal_ranges: z
    .array(normalRange)
    .max(10_000)
    .default([])
    .describe('Where quantities of a line normally lie, for the page; may change at any start.'),
  demo: z
    .boolean()
    .default(true)
    .describe('Whether the simulated plant runs; never with configured `lines`.'),
  demo_line: name.default('potline-1').describe('Line of the simulated plant.'),
  demo_cells: z
    .number()
    .int()
    .min(1)
    .max(2000)
    .default(40)
    .describe('Cells of the simulated plant.'),
  demo_speed: z.number().positive().max(3600).default(10).describe('Simulated seconds per second.'),
  demo_preroll_h: z
    .number()
    .min(0)
    .max(48)
    .default(2)
    .describe('Simulated hours that are sent at full speed when the line is new.'),
  demo_seed: z.number().int().default(1).describe('Seed of the simulated plant.'),
})

export type Config = z.infer<typeof schema>
export type LineConfig = z.infer<typeof line>

const KNOWN_KEYS = Object.keys(schema.shape)

/** Environment variables by configuration key; REDIS_URL also selects the Redis store. */
export const ENVIRONMENT: Readonly<Record<string, keyof Config>> = {
  LIQUIDUS_DATA: 'data',
  LIQUIDUS_HOST: 'host',
  LIQUIDUS_HTTP_PORT: 'http_port',
  LIQUIDUS_GRPC_PORT: 'grpc_port',
  LIQUIDUS_OPCUA_PORT: 'opcua_port',
  LIQUIDUS_LOG_LEVEL: 'log_level',
  LIQUIDUS_MODELS: 'models',
  REDIS_URL: 'redis_url',
}
/** LIQUIDUS_ variables that are not configuration of the engine. */
const NOT_CONFIGURATION = new Set(['LIQUIDUS_REQUIRE', 'LIQUIDUS_CONFIG'])

/** The configuration as JSON Schema, with a description of every key. */
export const configurationSchema = (): object => z.toJSONSchema(schema, { io: 'input' })

export const environment: NodeJS.ProcessEnv = process.env

type Raw = Record<string, unknown>

/**
 * The one typed configuration: flags over environment over file over defaults.
 * Unknown keys anywhere are errors that name the key and its source.
 */
export function loadConfig(options: {
  readonly file?: string | undefined
  readonly flags?: Raw
  readonly environment?: NodeJS.ProcessEnv
}): Config {
  const env = options.environment ?? environment
  const file = options.file ?? env.LIQUIDUS_CONFIG
  const fromFile = file === undefined ? {} : readFile(file)
  checkKeys(fromFile, file ?? 'file')
  const fromEnvironment = readEnvironment(env)
  const flags = options.flags ?? {}
  checkKeys(flags, 'flags')
  const merged: Raw = { ...fromFile, ...fromEnvironment, ...flags }
  if (merged.redis_url !== undefined && merged.store === undefined) merged.store = 'redis'
  takeCollector(merged, env)
  const parsed = schema.safeParse(merged)
  if (!parsed.success) throw invalid(parsed.error, file ?? 'environment and flags')
  if (parsed.data.store === 'redis' && parsed.data.redis_url === undefined) {
    throw new LiquidusError('CONFIG_INVALID', {
      key: 'redis_url',
      source: file ?? 'environment (REDIS_URL)',
      problem: 'is needed when store is "redis"',
    })
  }
  if (parsed.data.telemetry.share > 0 && parsed.data.telemetry.otlp_url === undefined) {
    throw new LiquidusError('CONFIG_INVALID', {
      key: 'telemetry.otlp_url',
      source: file ?? `environment (${COLLECTOR})`,
      problem: 'is needed when telemetry.share is above 0',
    })
  }
  return parsed.data
}

/** The collector's address by the name that OpenTelemetry gave it. */
const COLLECTOR = 'OTEL_EXPORTER_OTLP_ENDPOINT'

/** The address of the environment is a base; the configuration names the whole of it. */
function takeCollector(merged: Raw, env: NodeJS.ProcessEnv): void {
  const base = env[COLLECTOR]
  const { telemetry = {} } = merged
  if (base === undefined || base === '' || typeof telemetry !== 'object') return
  merged.telemetry = { otlp_url: `${base.replace(/\/+$/, '')}/v1/traces`, ...telemetry }
}

function readFile(path: string): Raw {
  if (!existsSync(path)) {
    throw new LiquidusError('CONFIG_UNREADABLE', { path, problem: 'there is no such file' })
  }
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Raw
    throw new Error('it must hold one JSON object')
  } catch (error) {
    throw new LiquidusError('CONFIG_UNREADABLE', { path, problem: problemOf(error) })
  }
}

function readEnvironment(env: NodeJS.ProcessEnv): Raw {
  const raw: Raw = {}
  for (const [variable, key] of Object.entries(ENVIRONMENT)) {
    const text = env[variable]
    if (text === undefined || text === '') continue
    raw[key] = key.endsWith('_port') ? Number(text) : text
  }
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith('LIQUIDUS_')) continue
    if (variable in ENVIRONMENT || NOT_CONFIGURATION.has(variable)) continue
    throw new LiquidusError('CONFIG_UNKNOWN_KEY', {
      key: variable,
      source: 'the environment',
      known: [...Object.keys(ENVIRONMENT), ...NOT_CONFIGURATION].join(', '),
    })
  }
  return raw
}

function checkKeys(raw: Raw, source: string): void {
  for (const key of Object.keys(raw)) {
    if (!KNOWN_KEYS.includes(key)) {
      throw new LiquidusError('CONFIG_UNKNOWN_KEY', { key, source, known: KNOWN_KEYS.join(', ') })
    }
  }
}

function invalid(error: z.ZodError, source: string): LiquidusError {
  const issue = error.issues[0]!
  const key = issue.path.join('.') || '(root)'
  if (issue.code === 'unrecognized_keys') {
    return new LiquidusError('CONFIG_UNKNOWN_KEY', {
      key: [...issue.path, issue.keys[0]].join('.'),
      source,
      known: 'see docs/configuration.md',
    })
  }
  return new LiquidusError('CONFIG_INVALID', {
    key,
    source,
    problem: `is not valid: ${issue.message}`,
  })
}
