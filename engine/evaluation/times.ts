import type { Table } from './table.ts'

const DATE_TIME = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?/

/** Seconds since 1970 of the first column; the row number where it is no time. */
export function seconds(table: Table): Float64Array {
  return Float64Array.from(table.texts(table.columns[0]!), (text, row) => {
    const match = DATE_TIME.exec(text.trim())
    if (!match) return row
    const [year, month, day, hour, minute, second] = match.slice(1).map(part => Number(part ?? 0))
    return Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) / 1000
  })
}
