import pino, { type Logger } from 'pino'
import type { Config } from './config.ts'

const LEVELS: Readonly<Record<number, string>> = {
  30: 'info',
  40: 'WARN',
  50: 'ERROR',
  20: 'debug',
}
const HIDDEN = new Set(['level', 'time', 'pid', 'hostname', 'msg', 'audit'])

/** Structured logs on standard error: JSON for machines, one plain line for people at a terminal. */
export function createLog(config: Config, forPeople: boolean): Logger {
  const options = { level: config.log_level }
  if (!forPeople) return pino(options, pino.destination({ dest: 2, sync: false }))
  return pino(options, {
    write(line: string) {
      process.stderr.write(`${plainLine(line)}\n`)
    },
  })
}

/** One log record as a person would write it. */
export function plainLine(json: string): string {
  const record = JSON.parse(json) as Record<string, unknown>
  const time = new Date(Number(record.time)).toISOString().slice(11, 19)
  const level = LEVELS[Number(record.level)] ?? String(record.level)
  const facts = Object.entries(record)
    .filter(([name]) => !HIDDEN.has(name))
    .map(([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`)
  return [time, level.padEnd(5), String(record.msg ?? ''), ...facts].join(' ')
}
