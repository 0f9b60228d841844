/** Every failure that the world or the configuration can cause, with what a person should do. */
const TABLE = {
  CONFIG_UNKNOWN_KEY: 'configuration: unknown key "{key}" in {source}; known keys: {known}',
  CONFIG_INVALID: 'configuration: "{key}" in {source} {problem}',
  CONFIG_UNREADABLE: 'configuration: cannot read {path}: {problem}',
  PORT_IN_USE:
    '{what} port {port} on {host} is already in use; choose another with {flag} or stop what holds it',
  STORE_UNWRITABLE:
    'data directory {path} is not writable ({problem}); choose another with --data DIR or mend its permissions',
  STORE_LOCKED: 'data directory {path} is held by another running engine (process {pid})',
  STORE_UNAVAILABLE: 'the {store} store does not answer: {problem}',
  STORE_FULL: 'the {store} store is full: {problem}',
  STORE_FENCED:
    'line {line} was taken over by a newer engine (fence {fence}); this one stops writing',
  STORE_LOST:
    'the store lost log entries of line {line} that it had acknowledged; restart the engine to go on from what is left',
  LINE_STOPPED: 'line {line} takes nothing more: {problem}; mend that, then restart the engine',
  LINE_REWINDS:
    'line {line} is folding its past again for late readings; ask again in a few seconds',
  PRODUCER_FENCED: 'producer {producer} of line {line}: epoch {epoch} is older than {current}',
  SEQUENCE_GAP: 'producer {producer} of line {line}: expected sequence {expected}, got {got}',
  BIND_NEEDS_TLS:
    'host {host} is not loopback: set tls.cert, tls.key and at least one access.keys entry, or bind to 127.0.0.1',
  LINE_UNKNOWN: 'line "{line}" is not known; known lines: {known}',
  FILE_UNREADABLE: 'cannot read {path}: {problem}',
  FILE_UNWRITABLE: 'cannot write {path}: {problem}',
  SCENARIO_INVALID: 'scenario {path}: "{key}" {problem}',
  CSV_MALFORMED: '{path}, line {row}: {problem}',
  CONNECTION_LOST: 'connection to {address} was lost: {problem}',
  CONNECTION_REFUSED: 'no engine answers at {address} ({problem}); start one with "npm start"',
  INGEST_REFUSED: '{address} refused the readings: {problem}',
  NOT_ALLOWED: '{subject} ({role}) may not {action}',
  ENGINE_ENDED: 'the engine that was started ended ({code}); it said:\n{output}',
  MODEL_INVALID: 'model {model}: {problem}',
  MODEL_REFUSED: 'model {model} is not promoted: {problem}',
  MODEL_SHARED:
    'tenant {tenant} has no {model} of its own, and the shared one serves others too: ask an administrator, or make one with "liquidus train --tenant {tenant}"',
  USAGE: '{problem}',
} as const

export type ErrorCode = keyof typeof TABLE

/** A failure of the world or of the configuration. Bugs use `assert`; bad data is quarantined. */
export class LiquidusError extends Error {
  override name = 'LiquidusError'
  readonly code: ErrorCode
  readonly values: Readonly<Record<string, string | number>>
  /** True when the same call may succeed later without a change by a person. */
  readonly retry: boolean

  constructor(
    code: ErrorCode,
    values: Record<string, string | number> = {},
    options: { retry?: boolean; cause?: unknown } = {},
  ) {
    const text = TABLE[code].replace(/\{(\w+)\}/g, (_, key: string) => String(values[key] ?? '?'))
    super(text, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.values = values
    this.retry = options.retry ?? false
  }
}

/** The message of anything that was thrown. */
export function problemOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
