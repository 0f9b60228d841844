/** What outputs need of a logger; a pino logger fits. */
export interface OutputLog {
  info(fields: object, text: string): void
  warn(fields: object, text: string): void
  error(fields: object, text: string): void
}

/** Drops everything; for tests. */
export const silentLog: OutputLog = { info() {}, warn() {}, error() {} }
