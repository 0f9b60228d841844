import { describe, expect, it } from 'vitest'
import { changePointScore, PROFILES, turns } from './change-points.ts'
import { nabScore, probationRows } from './nab-score.ts'
import { areaUnderCurve, confusionOf, pointScores, pooled } from './point-scores.ts'
import { delayOf, TEP_FAULT_ROW, tepScores } from './tep.ts'

describe('point scores', () => {
  it('agree with a table made by hand', () => {
    const one = confusionOf(Uint8Array.of(1, 1, 0, 0, 1, 0), Uint8Array.of(1, 1, 1, 0, 0, 0))
    expect(one).toEqual({ true_alarms: 2, false_alarms: 1, misses: 1, true_quiet: 2 })
    const two = confusionOf(Uint8Array.of(0, 1), Uint8Array.of(1, 1))
    const all = pooled([one, two])
    expect(all).toEqual({ true_alarms: 3, false_alarms: 1, misses: 2, true_quiet: 2 })
    const { f1, far_pct, mar_pct } = pointScores(all)
    expect(f1).toBeCloseTo(3 / 4.5, 12)
    expect(far_pct).toBeCloseTo(100 / 3, 12)
    expect(mar_pct).toBe(40)
  })

  it('give an always-alarm the F1 that the share of anomalies allows', () => {
    const labels = Uint8Array.from({ length: 100 }, (_, i) => Number(i < 54))
    const { f1, far_pct } = pointScores(confusionOf(new Uint8Array(100).fill(1), labels))
    expect(f1).toBeCloseTo((2 * 0.54) / 1.54, 12)
    expect(far_pct).toBe(100)
  })

  it('count ties of the area under the curve half', () => {
    const labels = Uint8Array.of(0, 0, 1, 1)
    expect(areaUnderCurve(Float64Array.of(1, 2, 3, 4), labels)).toBe(1)
    expect(areaUnderCurve(Float64Array.of(1, 3, 2, 4), labels)).toBe(0.75)
    expect(areaUnderCurve(Float64Array.of(5, 5, 5, 5), labels)).toBe(0.5)
  })
})

describe('change-point score', () => {
  it('is 100 for hits at once, 0 for silence, less for late hits and false alarms', () => {
    const changes_s = [100, 500]
    const score = (alarms_s: number[]) =>
      changePointScore([{ changes_s, alarms_s }], PROFILES.standard, 60)
    expect(score([100, 500])).toBeCloseTo(100, 10)
    expect(score([])).toBe(0)
    expect(score([100, 101, 500])).toBeCloseTo(100, 10)
    expect(score([130, 500])).toBeCloseTo(50 + (100 * (1 + (1 - 0.11) / 2)) / 4, 10)
    expect(score([100, 300, 500])).toBeCloseTo(100 - (100 * 0.11) / 4, 10)
    expect(score([160.5, 500])).toBeCloseTo(50 - (100 * 0.11) / 4, 10)
  })

  it('takes both the start and the end of an alarm', () => {
    expect(turns(Uint8Array.of(0, 1, 1, 0), Float64Array.of(10, 11, 12, 13))).toEqual([11, 13])
  })
})

describe('Numenta score', () => {
  const scores = (at: Record<number, number>) => {
    const all = new Float64Array(1000)
    for (const [row, score] of Object.entries(at)) all[Number(row)] = score
    return all
  }
  const profile = { hit: 1, false_alarm: 0.11, miss: 1 }
  const windows = [[500, 599]] as const

  it('is 100 for a hit at the left end, 0 for silence and does not see the probation', () => {
    expect(probationRows(1000)).toBe(150)
    expect(probationRows(100_000)).toBe(750)
    expect(nabScore([{ scores: scores({ 500: 1 }), windows }], profile).score).toBeCloseTo(100, 6)
    expect(nabScore([{ scores: scores({}), windows }], profile).score).toBe(0)
    const early = nabScore([{ scores: scores({ 20: 2, 500: 1 }), windows }], profile)
    expect(early.score).toBeCloseTo(100, 6)
  })

  it('takes off what false alarms cost, with one threshold for all streams', () => {
    const first = { scores: scores({ 300: 3, 500: 2 }), windows }
    const second = { scores: scores({ 500: 3 }), windows }
    const { score, threshold } = nabScore([first, second], profile)
    expect(threshold).toBe(2)
    expect(score).toBeCloseTo(100 - (100 * 0.11) / 4, 6)
  })
})

describe('Tennessee Eastman scores', () => {
  const run = (before: number, from: number, count = 960) =>
    Uint8Array.from({ length: count }, (_, i) => Number(i < before || i >= TEP_FAULT_ROW + from))

  it('agree with rates counted by hand', () => {
    const faults = Array.from({ length: 21 }, (_, i) => run(16, i === 2 ? 800 : 80))
    const scores = tepScores(
      Uint8Array.from({ length: 100 }, (_, i) => Number(i < 3)),
      faults,
    )
    expect(scores.far_normal_pct).toBeCloseTo(3, 12)
    expect(scores.far_prefault_pct).toBeCloseTo(10, 12)
    expect(scores.fdr['1']).toBeCloseTo(0.9, 12)
    expect(scores.fdr['3']).toBe(0)
    expect(scores.fdr18).toBeCloseTo(0.9, 12)
    expect(scores.fdr21).toBeCloseTo((0.9 * 20) / 21, 12)
    expect(scores.delay_rows['1']).toBe(80)
    expect(scores.delay_rows['3']).toBeNull()
  })

  it('wait for six alarms in a row', () => {
    expect(delayOf(Uint8Array.of(1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 1))).toBe(6)
    expect(delayOf(Uint8Array.of(1, 1, 1, 1, 1))).toBeNull()
  })
})
