import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { stateReader, stateWriter } from '../state.ts'
import { adaptiveLevel, budgetThreshold, type EventBudget, persistent } from './budget.ts'
import { fitTail, rowPersistence } from './tail.ts'

/** Scores that resemble those before them: `tie` is how much. */
function scoresOf(seed: number, count: number, tie: number): Float64Array {
  const random = seededRandom(seed)
  let x = 0
  return Float64Array.from({ length: count }, () => {
    x = tie * x + Math.sqrt(1 - tie * tie) * random.normal()
    return x
  })
}

/** Events that a threshold raises; alarms closer than a block are one event. */
function eventsIn(scores: Float64Array, threshold: number, budget: EventBudget): number {
  const alarm = rowPersistence(budget.persistence)
  let events = 0
  let last = -Infinity
  scores.forEach((score, row) => {
    if (!alarm.take(score > threshold)) return
    if (row - last > budget.block) events++
    last = row
  })
  return events
}

const budget: EventBudget = {
  ...{ events_per_day: 2, streams: 1, rows_per_day: 10_000, block: 50 },
  persistence: { need: 1, of: 1 },
}

describe('threshold from a budget of false events', () => {
  for (const [label, tie, persistence] of [
    ['independent scores', 0, { need: 1, of: 1 }],
    ['scores that follow one another', 0.9, { need: 1, of: 1 }],
    ['2 of 3 rows', 0.5, { need: 2, of: 3 }],
  ] as const) {
    it(`keeps it on new scores of the same law: ${label}`, () => {
      const own = { ...budget, persistence }
      const { threshold, basis } = budgetThreshold(own, [scoresOf(1, 300_000, tie)])
      const days = 60
      const rate = eventsIn(scoresOf(2, days * 10_000, tie), threshold, own) / days
      expect(basis).toBe('counted')
      expect(rate).toBeGreaterThan(1.3)
      expect(rate).toBeLessThan(2.7)
    })
  }

  it('reads a rarer event than the scores can show off the law of their tail', () => {
    const rare = { ...budget, events_per_day: 0.1 }
    const { threshold, basis } = budgetThreshold(rare, [scoresOf(3, 60_000, 0)])
    expect(basis).toBe('law')
    // One event in 100 000 independent normal rows: the quantile is 4.26.
    expect(threshold).toBeGreaterThan(3.8)
    expect(threshold).toBeLessThan(4.9)
  })

  it('shares the budget among all streams', () => {
    const level = (streams: number) =>
      budgetThreshold({ ...budget, streams }, [scoresOf(4, 300_000, 0)]).threshold
    expect(level(10)).toBeGreaterThan(level(1))
  })

  it('is lower when more rows in a row must pass', () => {
    const level = (need: number, of: number) =>
      budgetThreshold({ ...budget, persistence: { need, of } }, [scoresOf(5, 100_000, 0)]).threshold
    expect(level(2, 3)).toBeLessThan(level(1, 1))
    expect(level(3, 3)).toBeLessThan(level(2, 3))
  })

  it('says so when there are too few rows for any law', () => {
    const { basis, threshold } = budgetThreshold(budget, [scoresOf(6, 1000, 0)])
    expect(basis).toBe('most')
    expect(Number.isFinite(threshold)).toBe(true)
  })

  it('takes as persistent score the level at which the alarm would be on', () => {
    const scores = scoresOf(7, 500, 0.3)
    const plan = { need: 2, of: 4 }
    for (const level of [-0.5, 0.4, 1.2]) {
      const alarm = rowPersistence(plan)
      const told = Array.from(scores, score => alarm.take(score > level))
      expect(Array.from(persistent(scores, plan), score => score > level)).toEqual(told)
    }
  })
})

describe('adaptive level', () => {
  const tail = fitTail({ method: 'conformal', alpha: 0.02, block: 1 }, scoresOf(8, 5000, 0))
  const drifting = scoresOf(9, 40_000, 0).map((score, row) => score * (1 + row / 80_000))

  it('keeps the share of rows that pass while normal running drifts', () => {
    const level = adaptiveLevel(0.02, 0.002)
    let fixed = 0
    let steered = 0
    drifting.forEach((score, row) => {
      const p = tail.pValue(score)
      const passed = level.take(p, false)
      if (row < 20_000) return
      fixed += Number(p <= 0.02) / 20_000
      steered += Number(passed) / 20_000
    })
    expect(fixed).toBeGreaterThan(0.05)
    expect(steered).toBeGreaterThan(0.015)
    expect(steered).toBeLessThan(0.025)
  })

  it('does not move while an alarm is active', () => {
    const level = adaptiveLevel(0.02, 0.01)
    for (let i = 0; i < 50; i++) expect(level.take(0.001, true)).toBe(true)
    expect(level.alpha).toBe(0.02)
    level.take(0.001, false)
    expect(level.alpha).toBeLessThan(0.02)
  })

  it('goes on the same after snapshot and restore', () => {
    const first = adaptiveLevel(0.02, 0.01)
    for (const p of [0.5, 0.001, 0.3]) first.take(p, false)
    const out = stateWriter()
    first.save(out)
    const second = adaptiveLevel(0.02, 0.01)
    second.load(stateReader(out.bytes()))
    expect(second.alpha).toBe(first.alpha)
  })
})
