import { describe, expect, it } from 'vitest'
import { overSeeds, seedsJson } from './seeds.ts'
import { seedsReport } from './seeds-report.ts'
import type { SkabResult } from './skab.ts'
import { type TepResult, tepScores } from './tep.ts'

/** A run of TEP whose alarm stands from a row on, but for one fault that only some seeds find. */
function tepSeed(from: number, doesFindLast: boolean): TepResult {
  const alarms = Array.from({ length: 21 }, (_, i) => {
    return new Uint8Array(960).fill(i < 20 || doesFindLast ? 1 : 0, from)
  })
  return {
    ...tepScores(new Uint8Array(960).fill(1, 0, 96), alarms),
    ...{ detector: 'net', threshold: 1, fit: ['a'], calibrate: ['b'] },
  }
}

const tep = overSeeds([tepSeed(168, true), tepSeed(176, false), tepSeed(184, true)])

function skabSeed(f1: number): SkabResult {
  const part = { f1, far_pct: 10, mar_pct: 20 }
  return {
    ...{ benchmark: 'skab', detector: 'net', auc: 0.9, ...part, files: { 'x.csv': part } },
    ...{ nab_standard: 40, nab_low_fp: 30, nab_low_fn: 50 },
  }
}

describe('several seeds', () => {
  it('give mean and standard deviation of every number, by fault too', () => {
    expect(tep.mean.fdr['1']).toBeCloseTo(1 - 16 / 800, 12)
    expect(tep.mean.far_normal_pct).toBeCloseTo(10, 12)
    const spread = tep.spread as TepResult
    expect(spread.fdr['1']).toBeCloseTo(0.01, 12)
    expect(spread.far_normal_pct).toBeCloseTo(0, 12)
  })

  it('take the delay of a fault from the seeds that found it', () => {
    expect(tep.mean.delay_rows['1']).toBe(16)
    expect(tep.mean.delay_rows['21']).toBe(16)
    expect((tep.spread as TepResult).delay_rows['21']).toBeCloseTo(Math.sqrt(128), 12)
    const never = overSeeds([tepSeed(168, false), tepSeed(176, false)])
    expect(never.mean.delay_rows['21']).toBeNull()
  })

  it('have the numbers of one result in their JSON, and each seed', () => {
    const json = seedsJson(tep) as TepResult & { seeds: TepResult[]; spread: object }
    expect(json).toMatchObject({ benchmark: 'tep', detector: 'net', fit: ['a'] })
    expect(Object.keys(json.fdr)).toHaveLength(21)
    expect(Object.keys(json.delay_rows)).toHaveLength(21)
    expect(json.seeds.map(({ delay_rows }) => delay_rows['21'])).toEqual([8, null, 24])
    expect(json.spread).not.toHaveProperty('fit')
    expect(json.spread).not.toHaveProperty('detector')
  })

  it('are told by fault beside the published rates and the records', () => {
    const lines = seedsReport(tep).split('\n')
    expect(lines.find(line => /^ +1 /.test(line))).toMatch(/98\.0 \+- 1\.0 +100\.0 +16\.0 \+- 8\.0/)
    expect(lines.find(line => /^ +21 /.test(line))).toContain('2 of 3')
    expect(lines.some(line => line.startsWith('pooled: FDR18 0.9619 +- '))).toBe(true)
    expect(lines).toContain('records')
    expect(lines.at(-1)).toContain('PCA(11) Q')
  })

  it('are told by file for SKAB', () => {
    const text = seedsReport(overSeeds([0.8, 0.9, 1].map(skabSeed)))
    expect(text).toMatch(/x\.csv +0\.900 \+- 0\.100 +10\.0 \+- 0\.0 +20\.0 \+- 0\.0/)
    expect(text).toContain('pooled: F1 0.900 +- 0.100')
    expect(text).toContain('MSCRED')
  })

  it('have no spread when there is one', () => {
    expect((overSeeds([skabSeed(0.8)]).spread as SkabResult).f1).toBe(0)
  })
})
