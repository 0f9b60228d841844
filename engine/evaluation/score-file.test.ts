import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tiedRun } from '../anomaly/rows/fixture.ts'
import { checkPlan, configurationNames, namedConfiguration } from './configuration.ts'
import { NETWORK_TEP } from './network.ts'
import { type FittedFiles, fitFiles, fitNetworkFiles, inputRun, scoreLines } from './score-file.ts'
import { evaluateSkab, planScorer } from './skab.ts'
import { channelsOf, tableOf } from './table.ts'

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'liquidus-score-'))
  write('fit.csv', 1, 500)
  write('more.csv.gz', 2, 500)
  write('calibrate.csv', 3, 800)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const at = (name: string) => join(folder, name)

/** A run as CSV; the label column is 1 from `fault` on unless told otherwise. */
function write(name: string, seed: number, count: number, options: WriteOptions = {}): string {
  const { fault = Infinity, separator = ',', label = row => Number(row >= fault) } = options
  const { values } = tiedRun(seed, count, fault)
  const lines = [['datetime', 'flow', 'pressure', 'noise', 'anomaly'].join(separator)]
  for (let row = 0; row < count; row++) {
    const time = new Date(Date.UTC(2026, 0, 1) + row * 1000).toISOString().slice(0, 19)
    const fields = [time, ...values.subarray(row * 3, row * 3 + 3), label(row)]
    lines.push(fields.join(separator))
  }
  const text = `${lines.join('\n')}\n`
  writeFileSync(at(name), name.endsWith('.gz') ? gzipSync(text) : text)
  return at(name)
}

interface WriteOptions {
  fault?: number
  separator?: string
  label?: (row: number) => number | string
}

const plan = namedConfiguration('cva-fused')
const fitted = (): FittedFiles =>
  fitFiles(plan, {
    fit: [at('fit.csv'), at('more.csv.gz')],
    calibrate: [at('calibrate.csv')],
    ignore: ['anomaly'],
  })
const linesOf = (files: FittedFiles, path: string) => [
  ...scoreLines(files, inputRun(path, files.channels)),
]

describe('scoring a file', () => {
  it('gives one row per row, and alarms after the fault', () => {
    const lines = linesOf(fitted(), write('input.csv', 4, 400, { fault: 200 }))
    expect(lines[0]).toBe('row,score,alarm,p_value,causes')
    expect(lines).toHaveLength(401)
    const rows = lines.slice(1).map(line => line.split(','))
    expect(rows.every(([row], i) => row === String(i))).toBe(true)
    const alarms = (from: number, to: number) =>
      rows.slice(from, to).filter(([, , alarm]) => alarm === '1').length
    expect(alarms(0, 200)).toBeLessThan(10)
    expect(alarms(220, 400)).toBeGreaterThan(170)
    const causes = rows.slice(300).map(fields => fields[4]!.split('|')[0])
    const right = causes.filter(cause => cause === 'flow' || cause === 'pressure')
    expect(right.length / causes.length).toBeGreaterThan(0.9)
  })

  it('trains a network on the files, whose scores of a prefix are those of the whole', async () => {
    const files = await fitNetworkFiles(1, {
      ...{ fit: [at('fit.csv'), at('more.csv.gz')], calibrate: [at('calibrate.csv')] },
      ignore: ['anomaly'],
    })
    const whole = linesOf(files, write('net.csv', 14, 260, { fault: 150 }))
    expect(linesOf(files, write('net-prefix.csv', 14, 170, { fault: 150 }))).toEqual(
      whole.slice(0, 171),
    )
    const alarms = whole.slice(181).filter(line => line.split(',')[2] === '1').length
    expect(alarms).toBeGreaterThan(70)
  })

  it('trains a network on one file that is cut into parts', async () => {
    const own = { ...NETWORK_TEP, network: { ...NETWORK_TEP.network, piece_rows: 110 }, parts: 4 }
    const files = { fit: [at('fit.csv')], calibrate: [at('calibrate.csv')], ignore: ['anomaly'] }
    await expect(fitNetworkFiles(1, files)).rejects.toThrow('two runs or more')
    const cut = await fitNetworkFiles(1, files, own)
    const lines = linesOf(cut, write('cut.csv', 15, 260, { fault: 150 }))
    const alarms = lines.slice(181).filter(line => line.split(',')[2] === '1').length
    expect(alarms).toBeGreaterThan(70)
  })

  it('scores a prefix of a file byte for byte', () => {
    const files = fitted()
    const whole = linesOf(files, write('whole.csv', 5, 300, { fault: 150 }))
    const prefix = linesOf(files, write('prefix.csv', 5, 180, { fault: 150 }))
    expect(prefix).toEqual(whole.slice(0, 181))
  })

  it('never reads the label column, whatever it holds', () => {
    const files = fitted()
    const label = (row: number) => (row % 2 === 0 ? 'not a number' : row)
    const one = linesOf(files, write('one.csv', 6, 100))
    expect(linesOf(files, write('two.csv', 6, 100, { label }))).toEqual(one)
    write('fit.csv', 1, 500, { label })
    expect(linesOf(fitted(), at('one.csv'))).toEqual(one)
  })

  it('reads semicolons and compressed files alike', () => {
    const files = fitted()
    const plain = linesOf(files, write('plain.csv', 7, 100))
    expect(linesOf(files, write('semicolon.csv', 7, 100, { separator: ';' }))).toEqual(plain)
    expect(linesOf(files, write('packed.csv.gz', 7, 100))).toEqual(plain)
  })

  it('reads quoted names and fields', () => {
    const table = tableOf('x.csv', 'time,"flow, left","say ""so""",b\n,"2.5",,4\n')
    expect(channelsOf(table, ['b'])).toEqual(['flow, left', 'say "so"'])
    expect(table.numbers('flow, left')).toEqual(Float64Array.of(2.5))
    expect(table.numbers('say "so"')[0]).toBeNaN()
    expect(() => tableOf('x.csv', 'time,a\n1,open\n').numbers('a')).toThrow('--ignore a')
  })

  it('says what is wrong with a file', () => {
    writeFileSync(at('short.csv'), 'time,flow,pressure,noise\n1,2,3,4\n')
    writeFileSync(at('other.csv'), 'time,flow\n1,2\n')
    writeFileSync(at('ragged.csv'), 'time,flow,pressure,noise\n1,2,3\n')
    const none = { calibrate: [], ignore: [] }
    expect(() => fitFiles(plan, { fit: [at('short.csv')], ...none })).toThrow('at least 50')
    expect(() => inputRun(at('other.csv'), ['flow', 'level'])).toThrow('no column "level"')
    expect(() => inputRun(at('ragged.csv'), ['flow'])).toThrow('line 2: 3 fields')
    expect(() => inputRun(at('absent.csv'), ['flow'])).toThrow('cannot read')
  })
})

describe('the SKAB harness', () => {
  it('pools labelled files of a folder, and labels touch no score', async () => {
    const skab = namedConfiguration('skab')
    const seen: Uint8Array[] = []
    const scorer: ReturnType<typeof planScorer> = (train, run) => {
      expect([train.count, run.width]).toEqual([400, 3])
      const scored = planScorer(skab)(train, run)
      seen.push(scored.alarms)
      return scored
    }
    const { runSet } = skabFolder()
    const result = await evaluateSkab(runSet, 'test', scorer, () => {})
    expect(Object.keys(result.files)).toEqual(['x.csv', 'y.csv'])
    expect(result.f1).toBeGreaterThan(0.85)
    const again = skabFolder('2')
    const before = seen.splice(0).map(alarms => Array.from(alarms))
    await evaluateSkab(again.runSet, 'test', scorer, () => {})
    expect(seen.map(alarms => Array.from(alarms))).toEqual(before)
  })
})

/** Two labelled runs in a folder of their own; `shuffled` gives other labels. */
function skabFolder(shuffled = ''): { runSet: string } {
  const runSet = mkdtempSync(join(folder, `skab${shuffled}-`))
  for (const [i, name] of ['x.csv', 'y.csv'].entries()) {
    const { values } = tiedRun(40 + i, 900, 600)
    const lines = ['datetime,flow,pressure,noise,anomaly,changepoint']
    for (let row = 0; row < 900; row++) {
      const label = shuffled === '' ? Number(row >= 600) : row % 2
      lines.push([row, ...values.subarray(row * 3, row * 3 + 3), label, 0].join(','))
    }
    writeFileSync(join(runSet, name), `${lines.join('\n')}\n`)
  }
  return { runSet }
}

describe('configurations', () => {
  it('that come with the engine are all valid', () => {
    const names = configurationNames()
    expect(names).toEqual(expect.arrayContaining(['tep', 'skab', 'nab', 'three_w', 'cva-fused']))
    for (const name of names) expect(namedConfiguration(name).streams.length).toBeGreaterThan(0)
  })

  it('are refused with the key that is wrong', () => {
    const broken = (change: object) => () => checkPlan({ ...plan, ...change }, 'x.json')
    expect(broken({ name: '' })).toThrow('"name"')
    expect(broken({ models: { a: { kind: 'magic' } } })).toThrow('"models.a.kind"')
    expect(broken({ streams: [] })).toThrow('"streams"')
    const stream = { model: 'short', statistic: 'Q', memory: 1 }
    expect(broken({ streams: [stream] })).toThrow('takes Tr2 or Ts2')
    expect(broken({ threshold: { method: 'guess' } })).toThrow('"threshold.method"')
    const threshold = { ...plan.threshold, budget: { events_per_day: 0, rows_per_day: 10 } }
    expect(broken({ threshold })).toThrow('"threshold.budget.events_per_day"')
    expect(broken({ persistence: { need: 3, of: 2 } })).toThrow('"persistence.need"')
    expect(() => namedConfiguration('nothing')).toThrow('there is no detector "nothing"')
  })
})
