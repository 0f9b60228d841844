import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drivenRun } from '../anomaly/rows/fixture.ts'
import { namedConfiguration } from './configuration.ts'
import {
  ALPHAS,
  type OperatingPoint,
  operatingPointReport,
  pickOperatingPoint,
  pickPoint,
} from './operating-point.ts'

const WIDTH = 2
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'liquidus-alpha-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, seed: number, count: number, fault = Infinity, label = 'yes') {
  const { values } = drivenRun(seed, count, WIDTH, fault)
  const lines = ['datetime,flow,pressure,anomaly,changepoint']
  for (let row = 0; row < count; row++) {
    lines.push([row, ...values.subarray(row * WIDTH, (row + 1) * WIDTH), label, label].join(','))
  }
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`)
}

const point = (alpha: number, f1: number, far_pct: number): OperatingPoint => {
  return { alpha, f1, far_pct, mar_pct: 0, runs_far_pct: 0 }
}

describe('the rule for the operating point', () => {
  it('takes the highest F1 within the false alarms that are allowed', () => {
    const points = [point(0.01, 0.7, 10), point(0.02, 0.8, 25), point(0.03, 0.9, 26)]
    expect(pickPoint(points).alpha).toBe(0.02)
  })

  it('takes the smaller share of equals', () => {
    expect(pickPoint([point(0.01, 0.8, 10), point(0.02, 0.8, 20)]).alpha).toBe(0.01)
  })

  it('takes the fewest false alarms when none is within', () => {
    expect(pickPoint([point(0.01, 0.7, 40), point(0.02, 0.8, 30)]).alpha).toBe(0.02)
  })
})

describe('picking on development data', () => {
  const pick = () => {
    const plan = { ...namedConfiguration('skab'), split: { folds: 2 } }
    return pickOperatingPoint(folder, plan, () => {})
  }

  it('reads no label and no row after the first 400 of a run', () => {
    write('anomaly-free.csv', 1, 1200)
    write('run.csv', 2, 500)
    const first = pick()
    expect(first.points.map(({ alpha }) => alpha)).toEqual(ALPHAS)
    write('anomaly-free.csv', 1, 1200, Infinity, 'no')
    write('run.csv', 2, 900, 400, 'no')
    expect(pick()).toEqual(first)
    write('run.csv', 2, 900, 300)
    expect(pick().points).not.toEqual(first.points)
  })

  it('gives more alarms for a larger share, and says what is picked and committed', () => {
    const result = pick()
    const [least, most] = [result.points[0]!, result.points.at(-1)!]
    expect(most.far_pct).toBeGreaterThan(least.far_pct)
    expect(most.mar_pct).toBeLessThan(least.mar_pct)
    expect(result.committed).toBe(0.03)
    const picked = `picked ${(100 * result.picked).toFixed(0)} %`
    expect(operatingPointReport(result)).toContain(picked)
  })
})
