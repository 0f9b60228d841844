import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { tiedRun } from '../anomaly/rows/fixture.ts'
import { namedConfiguration } from '../evaluation/configuration.ts'
import type { OptionValues } from './command.ts'
import { evaluateCommand } from './evaluate.ts'
import { scoreCommand } from './score.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'liquidus-score-cli-'))
  write('fit.csv', 1)
  write('calibrate.csv.gz', 2)
  write('input.csv', 3, ',anomaly')
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => vi.restoreAllMocks())

const at = (name: string) => join(folder, name)

/** 300 rows of three channels, and of a label when its column is named. */
function write(name: string, seed: number, label = ''): void {
  const { values } = tiedRun(seed, 300)
  const rows = Array.from({ length: 300 }, (_, row) => {
    const fields = [row, ...values.subarray(row * 3, row * 3 + 3)]
    return fields.join(',') + (label === '' ? '' : ',open')
  })
  const text = `time,flow,pressure,noise${label}\n${rows.join('\n')}\n`
  writeFileSync(at(name), name.endsWith('.gz') ? gzipSync(text) : text)
}

async function score(more: OptionValues): Promise<string> {
  let said = ''
  vi.spyOn(process.stderr, 'write').mockImplementation(chunk => {
    said += String(chunk)
    return true
  })
  const files = { fit: at('fit.csv'), calibrate: at('calibrate.csv.gz'), input: at('input.csv') }
  await scoreCommand.run({ ...files, out: at('out.csv'), ...more }, [])
  return said
}

test('a column to ignore that no file has is refused with the nearest name', async () => {
  await expect(score({ ignore: 'anomly' })).rejects.toThrow('did you mean "anomaly"?')
  await expect(score({ ignore: 'time, Anomaly' })).rejects.toThrow('did you mean "anomaly"?')
})

test('a label that only the file to score has can be ignored', async () => {
  const said = await score({ ignore: 'time, anomaly' })
  expect(said).toContain('scored 300 rows of 3 columns with cva-fused')
  expect(readFileSync(at('out.csv'), 'utf8').split('\n')).toHaveLength(302)
})

test('a name picks the detector of a file, or renames its only one', async () => {
  const pca = { ...namedConfiguration('pca'), name: 'mine' }
  const cva = { ...namedConfiguration('cva'), name: 'yours' }
  writeFileSync(at('both.json'), JSON.stringify([pca, cva]))
  writeFileSync(at('one.json'), JSON.stringify(pca))
  expect(await score({ config: at('both.json'), detector: 'yours' })).toContain('with yours')
  const byName = readFileSync(at('out.csv'), 'utf8')
  expect(await score({ config: at('one.json'), detector: 'ours' })).toContain('with ours')
  expect(readFileSync(at('out.csv'), 'utf8')).not.toBe(byName)
  const contradiction = score({ config: at('one.json'), detector: 'mewma' })
  await expect(contradiction).rejects.toThrow('--detector mewma is mewma')
})

test('evaluate takes both too, and refuses options of other benchmarks', async () => {
  const run = (name: string, options: OptionValues) =>
    evaluateCommand.run({ data: folder, ...options }, [name])
  writeFileSync(at('one.json'), JSON.stringify({ ...namedConfiguration('pca'), name: 'mine' }))
  const contradiction = run('tep', { config: at('one.json'), detector: 'mewma' })
  await expect(contradiction).rejects.toThrow('--detector mewma is mewma')
  await expect(run('tep', { 'pick-alpha': true })).rejects.toThrow('--pick-alpha is for skab')
  await expect(run('nab', { detector: 'network' })).rejects.toThrow('no committed network for nab')
  await expect(run('skab', { fit: 'a' })).rejects.toThrow('--fit A,B is for tep')
  await expect(run('skab', { seeds: '3' })).rejects.toThrow('--seeds is for networks')
})
