import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parseFault } from './faults.ts'
import { recordPlant } from './record.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'liquidus-record-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

const plant = {
  seed: 2,
  cells: 3,
  feeders: 5,
  start_ms: 1_700_000_000_000,
  faults: [parseFault('noisy-cell@10m:cell=2')],
}

async function rows(name: string): Promise<string[][]> {
  const bytes = await readFile(join(directory, name))
  const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()
  return text
    .trimEnd()
    .split('\n')
    .map(line => line.split(','))
}

test('a recording holds every second of every cell, its feed, samples and truth', async () => {
  const seen: number[] = []
  const summary = await recordPlant(
    { ...plant, hours: 1, onProgress: second => seen.push(second) },
    directory,
  )
  const fast = await rows('observed/fast.csv.gz')
  expect(fast[0]).toEqual(['t_ms', 'cell', 'V', 'I_kA', 'beam_mm'])
  expect(fast.length).toBe(1 + 3 * 3600)
  expect(fast.at(-1)!.slice(0, 2)).toEqual(['3599000', '2'])
  expect(Number(fast[1]![2])).toBeGreaterThan(4)
  const anodes = await rows('observed/anodes.csv.gz')
  expect(anodes[0]!.length).toBe(2 + 36)
  expect(anodes.length).toBe(1 + 3 * 360)
  const shell = await rows('observed/shell.csv.gz')
  expect(shell[0]).toEqual(['t_ms', 'cell', 'bathA_C', 'bathB_C', 'metalA_C', 'metalB_C'])
  expect(shell.length).toBe(1 + 3 * 60)
  const feed = await rows('observed/feed.csv.gz')
  expect(feed.length).toBe(1 + summary.feed_rows)
  expect(new Set(feed.slice(1).map(row => row[2]))).toEqual(new Set(['1', '2', '3', '4', '5']))
  const manual = await rows('observed/manual.csv')
  expect(manual[0]).toEqual(['t_sample_s', 't_report_s', 'cell', 'crew', 'kind', 'value'])
  expect(manual.length).toBe(1 + summary.sample_rows)
  expect(manual.some(row => row[4] === 'T_bath' && Number(row[1]) > Number(row[0]))).toBe(true)
  const truth = await rows('truth/truth.csv.gz')
  expect(truth.length).toBe(1 + 3 * 60)
  expect(truth.every(row => row.length === truth[0]!.length)).toBe(true)
  expect(truth.at(-2)!.at(-1)).toBe('noisy-cell')
  const sheet = JSON.parse(await readFile(join(directory, 'observed/cells.json'), 'utf8'))
  expect(sheet.rSetMicroOhm.length).toBe(3)
  expect(seen.length).toBe(61)
})

test('equal seeds give equal recordings', async () => {
  const again = join(directory, 'again')
  await recordPlant({ ...plant, hours: 0.1 }, directory)
  await recordPlant({ ...plant, hours: 0.1 }, again)
  expect(await rows('again/observed/fast.csv.gz')).toEqual(await rows('observed/fast.csv.gz'))
})

test('a place that cannot be written is named', async () => {
  const file = join(directory, 'file')
  await writeFile(file, '')
  await expect(recordPlant({ ...plant, hours: 0.1 }, join(file, 'x'))).rejects.toThrow(
    /cannot write .*file/,
  )
})
