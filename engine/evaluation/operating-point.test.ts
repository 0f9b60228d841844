import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { drivenRun } from '../anomaly/rows/fixture.ts'
import { namedConfiguration } from './configuration.ts'
import {
  ALPHAS,
  type OperatingPoint,
  type OperatingPointResult,
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

const point = (alpha: number, runs_far_pct: number, f1 = 0.7, far_pct = 40): OperatingPoint => {
  return { alpha, f1, far_pct, mar_pct: 0, runs_far_pct }
}

const result = (points: OperatingPoint[]): OperatingPointResult => {
  const { point: picked, isWithin } = pickPoint(points)
  return {
    ...{ benchmark: 'skab_alpha', detector: 'one', picked: picked.alpha, is_within: isWithin },
    ...{ committed: 0.02, points },
  }
}

describe('the rule for the operating point', () => {
  it('takes the most sensitive share within the alarms allowed in normal rows of the runs', () => {
    const points = [point(0.01, 10), point(0.02, 20), point(0.03, 25), point(0.05, 25.1)]
    expect(pickPoint(points)).toEqual({ point: points[2], isWithin: true })
    expect(pickPoint(points.toReversed()).point).toBe(points[2])
    const told = "picked 3 % (largest with alarms in at most 25 % of the runs' own normal rows)"
    expect(operatingPointReport(result(points))).toContain(`${told}, committed 2 %`)
  })

  it('is not moved by made-up faults', () => {
    const points = [point(0.01, 10, 0.9, 5), point(0.02, 20, 0.1, 90), point(0.03, 30, 1, 0)]
    expect(pickPoint(points).point.alpha).toBe(0.02)
  })

  it('takes the smallest share and says so when none is within', () => {
    const points = [point(0.02, 30), point(0.01, 40, 0.1), point(0.03, 50, 0.9, 0)]
    expect(pickPoint(points)).toEqual({ point: points[1], isWithin: false })
    const told = "picked 1 % (the smallest: none keeps alarms to 25 % of the runs' own normal rows)"
    expect(operatingPointReport(result(points))).toContain(told)
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
    const found = pick()
    const [least, most] = [found.points[0]!, found.points.at(-1)!]
    expect(most.far_pct).toBeGreaterThan(least.far_pct)
    expect(most.mar_pct).toBeLessThan(least.mar_pct)
    expect(most.runs_far_pct).toBeGreaterThanOrEqual(least.runs_far_pct)
    expect(found.picked).toBe(pickPoint(found.points).point.alpha)
    expect(found.committed).toBe(0.05)
    const picked = `picked ${(100 * found.picked).toFixed(0)} %`
    expect(operatingPointReport(found)).toContain(picked)
  })
})
