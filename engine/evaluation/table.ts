import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { constants, gunzipSync } from 'node:zlib'
import type { Run } from '../anomaly/rows/run.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'

/** A CSV file whose fields are read column by column, on demand. */
export interface Table {
  readonly path: string
  readonly columns: readonly string[]
  readonly count: number
  /** Text of one column. */
  texts(column: string): string[]
  /** Numbers of one column, NaN where the field is empty. */
  numbers(column: string): Float64Array
}

/** Columns that carry the time and are no channels. */
const TIME_COLUMN = /^(date_?time|timestamp|time|date)(_\w+)?$/i
const NO_VALUE = /^(nan|null|na|n\/a|-|bad)?$/i

/** Reads a CSV or CSV.gz whole; comma or semicolon. */
export function readTable(path: string): Table {
  let text: string
  try {
    const bytes = readFileSync(path)
    text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
  } catch (error) {
    throw new LiquidusError('FILE_UNREADABLE', { path, problem: problemOf(error) })
  }
  return tableOf(path, text)
}

/** A header longer than this is no header. */
const HEADER_BYTES_MAX = 1 << 20

/** Names of the columns of a CSV or CSV.gz, of which only the beginning is read. */
export function columnsOf(path: string): readonly string[] {
  const head = Buffer.alloc(HEADER_BYTES_MAX)
  let text: string
  try {
    const file = openSync(path, 'r')
    try {
      const bytes = head.subarray(0, readSync(file, head, 0, head.length, 0))
      const plain = path.endsWith('.gz')
        ? gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
        : bytes
      text = plain.toString('utf8')
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw new LiquidusError('FILE_UNREADABLE', { path, problem: problemOf(error) })
  }
  return tableOf(path, text.slice(0, text.search(/\r?\n|$/))).columns
}

/** A table from the text of a CSV file. */
export function tableOf(path: string, text: string): Table {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  while (lines.length > 0 && lines.at(-1) === '') lines.pop()
  const head = lines[0]
  if (head === undefined) malformed(path, 1, 'the file is empty')
  const separator = head.includes(';') && !head.includes(',') ? ';' : ','
  const columns = fieldsOf(head, separator).map(name => name.trim())
  const rows = lines.slice(1).map((line, i) => {
    const fields = fieldsOf(line, separator)
    if (fields.length === columns.length) return fields
    return malformed(path, i + 2, `${fields.length} fields where the header has ${columns.length}`)
  })
  const place = (column: string) => {
    const at = columns.indexOf(column)
    if (at < 0)
      malformed(path, 1, `there is no column "${column}"; there are: ${columns.join(', ')}`)
    return at
  }
  return {
    path,
    columns,
    count: rows.length,
    texts(column) {
      const at = place(column)
      return rows.map(fields => fields[at]!)
    },
    numbers(column) {
      const at = place(column)
      return Float64Array.from(rows, (fields, i) => {
        const field = fields[at]!.trim()
        if (NO_VALUE.test(field)) return Number.NaN
        const value = Number(field)
        if (Number.isNaN(value))
          malformed(
            path,
            i + 2,
            `"${field}" in column "${column}" is no number (not a channel? --ignore ${column})`,
          )
        return value
      })
    },
  }
}

/** Fields of one line; double quotes guard separators, a doubled quote is one. */
function fieldsOf(line: string, separator: string): string[] {
  if (!line.includes('"')) return line.split(separator)
  const fields = ['']
  let quoted = false
  for (let i = 0; i < line.length; i++) {
    const character = line[i]!
    if (character === '"' && quoted && line[i + 1] === '"') {
      fields[fields.length - 1] += '"'
      i++
    } else if (character === '"') quoted = !quoted
    else if (character === separator && !quoted) fields.push('')
    else fields[fields.length - 1] += character
  }
  return fields
}

/** Columns that hold values: all but those of time and those to ignore. */
export function channelsOf(table: Table, ignore: readonly string[]): string[] {
  return table.columns.filter(name => !TIME_COLUMN.test(name) && !ignore.includes(name))
}

/** The named columns as rows of values; no other column is read. */
export function runOf(table: Table, channels: readonly string[]): Run {
  const width = channels.length
  const values = new Float64Array(table.count * width)
  channels.forEach((name, c) => {
    const column = table.numbers(name)
    for (let row = 0; row < table.count; row++) values[row * width + c] = column[row]!
  })
  return { values, count: table.count, width }
}

function malformed(path: string, row: number, problem: string): never {
  throw new LiquidusError('CSV_MALFORMED', { path, row, problem })
}
