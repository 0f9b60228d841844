import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { createGunzip } from 'node:zlib'
import { LiquidusError, problemOf } from '../core/errors.ts'

export interface CsvRow {
  /** Line in the file, from 1; the header is line 1. */
  readonly line: number
  readonly fields: readonly string[]
}

/** Reads CSV or CSV.gz row by row; the first row is the header. Comma or semicolon. */
export async function* readCsv(path: string): AsyncGenerator<CsvRow> {
  const file = createReadStream(path)
  const bytes = path.endsWith('.gz') ? file.pipe(createGunzip()) : file
  // Errors of the file do not travel through the pipe by themselves.
  file.on('error', error => bytes.destroy(error))
  const lines = createInterface({ input: bytes, crlfDelay: Number.POSITIVE_INFINITY })
  let failure: unknown
  const fail = (error: unknown) => {
    failure ??= error
    lines.close()
  }
  bytes.on('error', fail)
  // Node 20 repeats the error here, and one that nobody hears ends the process.
  lines.on('error', fail)
  let line = 0
  let width = 0
  let separator = ','
  try {
    for await (const text of lines) {
      line += 1
      if (line === 1) {
        separator = text.includes(',') ? ',' : ';'
        const fields = splitRow(text.replace(/^\uFEFF/, ''), separator)
        width = fields.length
        if (width < 2)
          malformed(path, 1, 'the header needs a time column and at least one value column')
        yield { line, fields }
        continue
      }
      if (text === '') continue
      const fields = splitRow(text, separator)
      if (fields.length !== width) {
        malformed(path, line, `${fields.length} fields where the header has ${width}`)
      }
      yield { line, fields }
    }
  } catch (error) {
    throw asFileError(path, error)
  }
  if (failure) throw asFileError(path, failure)
  if (line === 0) malformed(path, 1, 'the file is empty')
}

function asFileError(path: string, error: unknown): LiquidusError {
  if (error instanceof LiquidusError) return error
  return new LiquidusError('FILE_UNREADABLE', { path, problem: problemOf(error) }, { cause: error })
}

export function malformed(path: string, row: number, problem: string): never {
  throw new LiquidusError('CSV_MALFORMED', { path, row, problem })
}

/** Fields of one row; double quotes guard separators, a doubled quote is one. */
export function splitRow(text: string, separator: string): string[] {
  if (!text.includes('"')) return text.split(separator)
  const fields: string[] = []
  let field = ''
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!
    if (character === '"') {
      if (quoted && text[i + 1] === '"') {
        field += '"'
        i += 1
      } else quoted = !quoted
    } else if (character === separator && !quoted) {
      fields.push(field)
      field = ''
    } else field += character
  }
  fields.push(field)
  return fields
}

/** A number, or NaN for an empty field; undefined when the text is no number. */
export function parseValue(text: string): number | undefined {
  const trimmed = text.trim()
  if (trimmed === '' || /^(nan|null|na|-|bad)$/i.test(trimmed)) return Number.NaN
  if (/^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === 'true' ? 1 : 0
  const value = Number(trimmed)
  return Number.isNaN(value) ? undefined : value
}

/** Milliseconds that a date can have; beyond, neither dates nor the wire hold them. */
const TIME_MS_MAX = 8.64e15

/** False for NaN, infinities and what no date can be. */
export const isTime = (time_ms: number): boolean => Math.abs(time_ms) <= TIME_MS_MAX

const DATE_TIME =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d{2}:?\d{2})?$/

/** Milliseconds since 1970 UTC of an ISO date or epoch seconds or milliseconds; NaN if neither. */
export function parseTime_ms(text: string): number {
  const trimmed = text.trim()
  const match = DATE_TIME.exec(trimmed)
  if (match) {
    const [, year, month, day, hour, minute, second, fraction, zone] = match
    const millisecond = fraction ? Number(`0.${fraction}`) * 1000 : 0
    const utc_ms = Date.UTC(
      Number(year),
      Number(month) - 1,
      Number(day),
      Number(hour ?? 0),
      Number(minute ?? 0),
      Number(second ?? 0),
    )
    return Math.round(utc_ms + millisecond) - zone_ms(zone)
  }
  const number = Number(trimmed)
  const time_ms = number > 1e11 ? number : number * 1000
  return trimmed === '' || !isTime(time_ms) ? Number.NaN : time_ms
}

function zone_ms(zone: string | undefined): number {
  if (!zone || zone === 'Z') return 0
  const digits = zone.replace(':', '')
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5))
  return (digits[0] === '-' ? -1 : 1) * minutes * 60_000
}
