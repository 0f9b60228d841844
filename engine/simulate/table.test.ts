import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openTable, ROW_GROUP_ROWS } from './table.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'liquidus-table-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const COLUMNS = ['time_s', 'bath_K', 'cell']
const ROWS = ROW_GROUP_ROWS + 100
const rowAt = (i: number): Float64Array => Float64Array.of(60 * i, 1233.15 + 1 / (i + 3), i % 4)

test('a Parquet table reads back bit for bit, in row groups of bounded size', async () => {
  const file = path.join(folder, 'table.parquet')
  const table = openTable(file, COLUMNS)
  for (let i = 0; i < ROWS; i++) table.write(rowAt(i))
  table.close()
  const buffer = await asyncBufferFromFile(file)
  const metadata = await parquetMetadataAsync(buffer)
  expect(metadata.row_groups.map(group => Number(group.num_rows))).toEqual([ROW_GROUP_ROWS, 100])
  const read = await parquetReadObjects({ file: buffer })
  expect(read.length).toBe(ROWS)
  for (const i of [0, 1, ROW_GROUP_ROWS - 1, ROW_GROUP_ROWS, ROWS - 1]) {
    expect(COLUMNS.map(name => read[i]![name])).toEqual([...rowAt(i)])
  }
})

test('a CSV table reads back bit for bit', () => {
  const file = path.join(folder, 'table.csv')
  const table = openTable(file, COLUMNS)
  for (let i = 0; i < ROWS; i++) table.write(rowAt(i))
  table.close()
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(lines[0]).toBe('time_s,bath_K,cell')
  expect(lines.length).toBe(ROWS + 1)
  for (const i of [0, 1, 777, ROWS - 1]) {
    expect(lines[i + 1]!.split(',').map(Number)).toEqual([...rowAt(i)])
  }
})

test('a path that ends in neither, or cannot be written, is named', () => {
  expect(() => openTable('run.xlsx', COLUMNS)).toThrow('run.xlsx')
  expect(() => openTable(path.join(folder, 'none', 'a.csv'), COLUMNS)).toThrow('none/a.csv')
})
