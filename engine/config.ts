import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import { LiquidusError, problemOf } from './core/errors.ts'

const port = z.number().int().min(0).max(65535)

const tag = z.strictObject({
  tag: z.string().min(1).max(128),
  unit: z.string().max(16),
  scope: z.enum(['line', 'cell']).default('cell'),
  kind: z.enum(['signal', 'sample', 'event']).default('signal'),
  period_ms: z.number().int().min(0).default(1000),
  hold_max_ms: z.number().int().min(0).default(10_000),
  in_tick: z.enum(['last', 'mean', 'sum', 'event']).default('mean'),
  low: z.number(),
  high: z.number(),
  alarm_low: z.number().optional(),
  alarm_high: z.number().optional(),
  rate_max_per_s: z.number().positive().optional(),
  stuck_after_ms: z.number().int().min(0).optional(),
})

const name = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'uses a-z, 0-9, ".", "_" and "-" only')

const line = z.strictObject({
  line: name,
  tenant: name.default('local'),
  kind: z.enum(['potline', 'generic']),
  clock: z.enum(['wall', 'stream']).default('wall'),
  origin: z.enum(['plant', 'simulated', 'recorded', 'synthetic']).default('plant'),
  tick_ms: z.number().int().min(10).max(3_600_000).default(1000),
  /** Names of the cells or assets in physical order, or how many (named cell-101 ...). */
  cells: z.union([z.array(z.string().min(1).max(64)).min(1).max(3000), z.number().int().min(1)]),
  /** Alumina feeders of a potline cell; its tags follow from it. */
  feeders: z.number().int().min(1).max(9).default(5),
  /** Tags of a generic line. */
  tags: z.array(tag).default([]),
})

const schema = z.strictObject({
  data: z.string().min(1).default('data'),
  host: z.string().min(1).default('127.0.0.1'),
  http_port: port.default(8080),
  grpc_port: port.default(50051),
  opcua_port: port.default(4840),
  opcua: z.boolean().default(true),
  store: z.enum(['lmdb', 'redis']).default('lmdb'),
  redis_url: z.string().optional(),
  redis_durability: z.enum(['everysec', 'always']).default('everysec'),
  models: z.string().default('models'),
  log_level: z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('info'),
  log_entries_max: z.number().int().min(1000).default(500_000),
  tls: z.strictObject({ cert: z.string(), key: z.string() }).optional(),
  access: z
    .strictObject({
      keys: z
        .array(
          z.strictObject({
            name: z.string().min(1),
            tenant: name,
            role: z.enum([
              'operator',
              'engineer',
              'manager',
              'scientist',
              'auditor',
              'administrator',
              'device',
            ]),
            sha256: z.string().regex(/^[0-9a-f]{64}$/, 'is the hex SHA-256 of a key'),
          }),
        )
        .default([]),
    })
    .default({ keys: [] }),
  lines: z.array(line).default([]),
  /** The simulated plant that `npm start` runs; off with --no-demo. */
  demo: z.boolean().default(true),
  demo_line: name.default('potline-1'),
  demo_cells: z.number().int().min(1).max(3000).default(40),
  demo_speed: z.number().positive().max(3600).default(10),
  /** Simulated hours that the plant sends at full speed when its line is new. */
  demo_preroll_h: z.number().min(0).max(48).default(2),
  demo_seed: z.number().int().default(1),
})

export type Config = z.infer<typeof schema>
export type LineConfig = z.infer<typeof line>

const KNOWN_KEYS = Object.keys(schema.shape)

/** Environment variables by configuration key; REDIS_URL also selects the Redis store. */
const ENVIRONMENT: Readonly<Record<string, keyof Config>> = {
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
  const parsed = schema.safeParse(merged)
  if (!parsed.success) throw invalid(parsed.error, file ?? 'environment and flags')
  if (parsed.data.store === 'redis' && parsed.data.redis_url === undefined) {
    throw new LiquidusError('CONFIG_INVALID', {
      key: 'redis_url',
      source: file ?? 'environment (REDIS_URL)',
      problem: 'is needed when store is "redis"',
    })
  }
  return parsed.data
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
