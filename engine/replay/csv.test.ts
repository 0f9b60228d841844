import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { parseTime_ms, parseValue, readCsv, splitRow } from './csv.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'liquidus-csv-'))
async function rows(name: string, content: string | Buffer): Promise<readonly string[][]> {
  const at = path.join(folder, name)
  writeFileSync(at, content)
  const read: string[][] = []
  for await (const row of readCsv(at)) read.push([...row.fields])
  return read
}

describe('readCsv', () => {
  it('names a compressed file that is cut off or is none, at any length', async () => {
    const whole = gzipSync(`time,a\n${'1,2\n'.repeat(20_000)}`, { level: 0 })
    for (const length of [1, 12, 400, 40_000, whole.length - 9]) {
      await expect(
        rows('cut.csv.gz', whole.subarray(0, length)),
        `${length} bytes`,
      ).rejects.toThrow(/cannot read .*cut\.csv\.gz: unexpected end of file/)
    }
    await expect(rows('none.csv.gz', Buffer.from('time,a\n1,2\n'))).rejects.toThrow(
      /cannot read .*none\.csv\.gz: incorrect header check/,
    )
  })

  it('reads plain and compressed files, commas and semicolons, a byte order mark and blank lines', async () => {
    const expected = [
      ['time', 'a'],
      ['1', '2'],
    ]
    expect(await rows('a.csv', '\uFEFFtime,a\r\n1,2\r\n\r\n')).toEqual(expected)
    expect(await rows('b.csv', 'time;a\n1;2')).toEqual(expected)
    expect(await rows('c.csv.gz', gzipSync('time,a\n1,2\n'))).toEqual(expected)
  })

  it('names file and row of a row with the wrong number of fields', async () => {
    await expect(rows('short.csv', 'time,a\n1,2\n3\n')).rejects.toThrow(
      /short\.csv, line 3: 1 fields where the header has 2/,
    )
  })

  it('says that a file is empty, missing or not compressed as its name tells', async () => {
    await expect(rows('empty.csv', '')).rejects.toThrow(/the file is empty/)
    await expect(
      (async () => {
        for await (const _ of readCsv(path.join(folder, 'none.csv'))) expect(_).toBeUndefined()
      })(),
    ).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
    await expect(rows('torn.csv.gz', Buffer.from('not gzip'))).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    })
  })
})

describe('fields', () => {
  it('splits quoted fields', () => {
    expect(splitRow('a,"b,c","d""e"', ',')).toEqual(['a', 'b,c', 'd"e'])
  })
  it('reads numbers, empty fields as NaN, and tells text apart', () => {
    expect(parseValue('1.5e3')).toBe(1500)
    expect(parseValue('')).toBeNaN()
    expect(parseValue('NaN')).toBeNaN()
    expect(parseValue('Weekday')).toBeUndefined()
  })
  it('reads ISO dates as UTC, zones, epoch seconds and milliseconds', () => {
    const expected = Date.UTC(2017, 2, 20, 3, 30, 22, 500)
    expect(parseTime_ms('2017-03-20 03:30:22.500000')).toBe(expected)
    expect(parseTime_ms('2017-03-20T05:30:22.5+02:00')).toBe(expected)
    expect(parseTime_ms(String(expected))).toBe(expected)
    expect(parseTime_ms(String(expected / 1000))).toBe(expected)
    for (const text of ['yesterday', '', '1e400', '-1e400', 'Infinity', '9'.repeat(20)]) {
      expect(parseTime_ms(text), text).toBeNaN()
    }
  })
})
