/** Where the rows of a simulation go: CSV line by line, or Parquet in row groups. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { fileWriter, ParquetWriter } from 'hyparquet-writer'
import { LiquidusError, problemOf } from '../core/errors.ts'

/** A table that is written row by row and never held as a whole. */
export interface TableSink {
  /** Writes one row [column]; the caller may reuse the array. */
  write(row: Float64Array): void
  /** Writes what is still held and ends the file. */
  close(): void
}

/** Rows that a Parquet file holds back at most until they are a row group. */
export const ROW_GROUP_ROWS = 8192
/** Values that it holds back at most; wide tables have shorter row groups. */
const ROW_GROUP_VALUES = 1 << 21
const CSV_CHUNK_CHARACTERS = 1 << 16

/** Opens a table for the ending of its path: .parquet or .csv. */
export function openTable(path: string, columns: readonly string[]): TableSink {
  try {
    if (path.endsWith('.parquet')) return parquetTable(path, columns)
    if (path.endsWith('.csv')) return csvTable(path, columns)
  } catch (error) {
    throw new LiquidusError('FILE_UNWRITABLE', { path, problem: problemOf(error) })
  }
  throw new LiquidusError('FILE_UNWRITABLE', {
    path,
    problem: 'it ends in neither .parquet nor .csv',
  })
}

function csvTable(path: string, columns: readonly string[]): TableSink {
  const file = openSync(path, 'w')
  let text = `${columns.join(',')}\n`
  return {
    write(row) {
      text += `${row.join(',')}\n`
      if (text.length < CSV_CHUNK_CHARACTERS) return
      writeSync(file, text)
      text = ''
    },
    close() {
      writeSync(file, text)
      closeSync(file)
    },
  }
}

function parquetTable(path: string, columns: readonly string[]): TableSink {
  const writer = new ParquetWriter({
    writer: fileWriter(path),
    schema: [
      { name: 'root', num_children: columns.length },
      ...columns.map(name => ({
        name,
        type: 'DOUBLE' as const,
        repetition_type: 'REQUIRED' as const,
      })),
    ],
    createdBy: 'liquidus simulate',
  })
  const most = Math.max(1, Math.min(ROW_GROUP_ROWS, Math.floor(ROW_GROUP_VALUES / columns.length)))
  const held = columns.map(() => new Float64Array(most))
  let rows = 0
  const flush = () => {
    if (rows === 0) return
    const columnData = columns.map((name, i) => ({
      name,
      // The writer may keep what it is given.
      data: held[i]!.slice(0, rows),
      encoding: 'BYTE_STREAM_SPLIT' as const,
    }))
    writer.write({ columnData, rowGroupSize: most })
    rows = 0
  }
  return {
    write(row) {
      for (let i = 0; i < held.length; i++) held[i]![rows] = row[i]!
      rows++
      if (rows === most) flush()
    },
    close() {
      flush()
      writer.finish()
    },
  }
}
