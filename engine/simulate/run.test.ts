import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runScenarioFile } from './run.ts'
import { readScenario } from './scenario.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'liquidus-simulate-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const SIZES = { liningNodes: 6, ledgeNodes: 8, channelNodes: 12, anodes: 6, feeders: 5 }
const scenario = (value: object) =>
  readScenario(
    JSON.stringify({ duration_s: 600, dt_s: 5, every_s: 60, sizes: SIZES, ...value }),
    'a',
  )
const run = async (value: object, name: string) => {
  const out = path.join(folder, name)
  const summary = await runScenarioFile(scenario(value), 'a', out)
  return { out, summary }
}
const csvOf = (file: string): Record<string, number>[] => {
  const [head, ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  const names = head!.split(',')
  return lines.map(line =>
    Object.fromEntries(line.split(',').map((cell, i) => [names[i]!, Number(cell)])),
  )
}

test('both formats hold the same rows, and the summary counts them', async () => {
  const value = { cells: 3, record: ['voltage_V', 'bath_K', 'dissolvedA_kg'] }
  const csv = await run(value, 'same.csv')
  const parquet = await run(value, 'same.parquet')
  const rows = csvOf(csv.out)
  expect(csv.summary).toMatchObject({ cells: 3, steps: 120, rows: 33, columns: 2 + 2 + 12 })
  expect(rows.length).toBe(33)
  expect(rows[4]).toMatchObject({ time_s: 60, cell: 2 })
  const read = await parquetReadObjects({ file: await asyncBufferFromFile(parquet.out) })
  expect(read).toEqual(rows)
})

test('a steady scenario without events holds nominal operation', async () => {
  const value = { duration_s: 7200, feed: { shot_kg: 0 }, record: ['voltage_V', 'bath_K'] }
  const rows = csvOf((await run(value, 'steady.csv')).out)
  const first = rows[0]!
  const last = rows.at(-1)!
  expect(last.time_s).toBe(7200)
  expect(last.bath_K).toBeCloseTo(first.bath_K!, 1)
  expect(last.voltage_V).toBeCloseTo(first.voltage_V!, 3)
})

test('events reach the cells that they name, and only those', async () => {
  const rows = csvOf(
    (
      await run(
        {
          cells: 2,
          steady: false,
          feed: { ratio: 0, shot_kg: 0 },
          record: ['metal_kg', 'acd_m', 'feed_kg_s', 'line_A', 'alf3Feed_kg_s'],
          every_s: 5,
          events: [
            { type: 'metalTap', at_s: 100, kg: 500, duration_s: 102.5, cells: [2] },
            { type: 'shot', at_s: 300, feeder: 3, kg: 2, cells: [1] },
            { type: 'shot', at_s: 400, feeder: 3, kg: 2 },
            { type: 'block', at_s: 390, duration_s: 60, feeder: 3, cells: [2] },
            { type: 'current', at_s: 500, line_A: 300_000 },
            { type: 'alf3', at_s: 0, every_s: 200, kg: 4 },
          ],
        },
        'events.csv',
      )
    ).out,
  )
  const of = (cell: number, time_s: number) =>
    rows.find(row => row.cell === cell && row.time_s === time_s)!
  const lost_kg = (cell: number) => of(cell, 100).metal_kg! - of(cell, 205).metal_kg!
  expect(lost_kg(2) - lost_kg(1)).toBeCloseTo(500, 1)
  expect(of(1, 305).feed_03_kg_s).toBeCloseTo(2 / 5, 12)
  expect(of(2, 305).feed_03_kg_s).toBe(0)
  expect(of(1, 405).feed_03_kg_s).toBeCloseTo(2 / 5, 12)
  expect(of(2, 405).feed_03_kg_s).toBe(0)
  expect(of(1, 500).line_A).toBe(350_000)
  expect(of(2, 505).line_A).toBe(300_000)
  const doses = rows.filter(row => row.cell === 1 && row.time_s! > 0 && row.alf3Feed_kg_s! > 0)
  expect(doses.map(row => row.time_s)).toEqual([5, 205, 405])
})

test('cells of a spread differ, and equal seeds give equal tables', async () => {
  const value = { cells: 2, spread: { nominalAcd_m: 0.05 }, seed: 3, record: ['voltage_V'] }
  const one = await run(value, 'one.csv')
  const two = await run(value, 'two.csv')
  expect(readFileSync(one.out, 'utf8')).toBe(readFileSync(two.out, 'utf8'))
  const [first, second] = csvOf(one.out)
  expect(Math.abs(first!.voltage_V! - second!.voltage_V!)).toBeGreaterThan(1e-3)
})

test('what no cell has is an error that names the key', async () => {
  const fails = (value: object) => run({ record: ['voltage_V'], ...value }, 'x.csv')
  await expect(fails({ record: ['volts'] })).rejects.toThrow('"record[0]" is "volts"')
  await expect(fails({ set: 'none' })).rejects.toThrow('"set" is "none"; known: ')
  await expect(fails({ parameters: { heat: 1 } })).rejects.toThrow('"parameters.heat"')
  await expect(fails({ parameters: { ambient_K: 3 } })).rejects.toThrow('ambient_K')
  await expect(fails({ sizes: { ...SIZES, anodes: 7 } })).rejects.toThrow('anodes')
  const blocked = { type: 'block', at_s: 0, duration_s: 9, feeder: 6 }
  await expect(fails({ events: [blocked] })).rejects.toThrow('"events[0].feeder" is 6 of 5')
})

test('a rectifier dips the current of all cells when one takes more voltage, and takes it back', async () => {
  const value = {
    cells: 4,
    dt_s: 1,
    every_s: 1,
    duration_s: 300,
    rectifier: {},
    record: ['line_A'],
    events: [{ type: 'beam', at_s: 60, rise_m: 0.01, cells: [2] }],
  }
  const rows = csvOf((await run(value, 'rectifier.csv')).out)
  const nominal_A = rows[0]!.line_A!
  const lowest = rows.reduce((low, row) => (row.line_A! < low.line_A! ? row : low))
  expect(lowest.line_A).toBeLessThan(nominal_A - 20)
  expect(lowest.time_s).toBeGreaterThanOrEqual(61)
  const then = rows.filter(row => row.time_s === lowest.time_s).map(row => row.line_A)
  expect(new Set(then).size).toBe(1)
  expect(Math.abs(rows.at(-1)!.line_A! - nominal_A)).toBeLessThan(5)
  await expect(run({ ...value, rectifier: { set: 'none' } }, 'x.csv')).rejects.toThrow(
    'rectifier.set',
  )
})
