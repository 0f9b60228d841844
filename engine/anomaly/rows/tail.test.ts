import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { stateReader, stateWriter } from '../state.ts'
import { beyond, conformal, fitPareto, fitTail, levelOf, rowPersistence } from './tail.ts'

const random = seededRandom(1)
const draw = (count: number, law: (u: number) => number) =>
  Float64Array.from({ length: count }, () => law(random.uniform()))
const exponential = (u: number) => -Math.log(1 - u)

describe('conformal p-value', () => {
  it('is the share of calibration scores at least as large, counted with the new one', () => {
    const sorted = Float64Array.of(1, 2, 2, 3)
    expect(conformal(sorted, 0, 1)).toBe(1)
    expect(conformal(sorted, 2, 1)).toBe(4 / 5)
    expect(conformal(sorted, 2.5, 1)).toBe(2 / 5)
    expect(conformal(sorted, 9, 1)).toBe(1 / 5)
  })

  it('counts only one of each block of rows as evidence', () => {
    const sorted = Float64Array.from({ length: 100 }, (_, i) => i)
    expect(conformal(sorted, 1000, 10)).toBeCloseTo(1 / 11, 12)
    expect(conformal(sorted, 90, 10)).toBeCloseTo(2 / 11, 12)
  })

  it('is at most alpha as often as alpha on new scores of the same law', () => {
    const tail = fitTail({ method: 'conformal', alpha: 0.05, block: 1 }, draw(2000, exponential))
    const fresh = draw(20_000, exponential)
    const share = fresh.filter(score => tail.pValue(score) <= 0.05).length / fresh.length
    expect(share).toBeGreaterThan(0.035)
    expect(share).toBeLessThan(0.065)
  })
})

describe('peaks over threshold', () => {
  it('finds the law of an exponential tail and its far quantiles', () => {
    const tail = fitPareto(draw(200_000, exponential).sort())!
    expect(Math.abs(tail.gamma)).toBeLessThan(0.08)
    expect(tail.sigma).toBeCloseTo(1, 1)
    expect(levelOf(tail, 1e-4)).toBeGreaterThan(8.6)
    expect(levelOf(tail, 1e-4)).toBeLessThan(9.9)
  })

  it('finds the end of a bounded law', () => {
    const tail = fitPareto(draw(100_000, u => u).sort())!
    expect(tail.gamma).toBeLessThan(-0.85)
    expect(levelOf(tail, 1e-6)).toBeLessThan(1.002)
    expect(beyond(tail, 1.1)).toBe(0)
  })

  it('gives the chance that its own level is passed', () => {
    const tail = fitPareto(draw(5000, u => (1 - u) ** -0.2).sort())!
    for (const q of [0.01, 1e-3, 1e-5]) expect(beyond(tail, levelOf(tail, q))).toBeCloseTo(q, 10)
  })

  it('says nothing when there are too few excesses or they do not vary', () => {
    expect(fitPareto(draw(300, exponential).sort())).toBeUndefined()
    expect(fitPareto(new Float64Array(5000).fill(1))).toBeUndefined()
  })
})

describe('threshold', () => {
  const scores = draw(5000, exponential)
  const rate = (method: 'quantile' | 'conformal' | 'pot', block: number, alpha = 0.01) => {
    const { threshold } = fitTail({ method, alpha, block }, scores)
    return scores.filter(score => score > threshold).length / scores.length
  }

  it('lets the named share of calibration rows pass', () => {
    expect(rate('quantile', 1)).toBeCloseTo(0.01, 3)
    expect(rate('pot', 1)).toBeCloseTo(0.01, 2)
  })

  it('is stricter when rows that follow one another say the same', () => {
    expect(rate('conformal', 1)).toBeGreaterThan(0.009)
    expect(rate('conformal', 40)).toBeLessThan(0.004)
  })

  it('goes beyond all calibration scores for a share that they can not show', () => {
    const { threshold } = fitTail({ method: 'pot', alpha: 1e-6, block: 1 }, scores)
    expect(threshold).toBeGreaterThan(Math.max(...scores))
  })

  it('never gives a larger p-value to a larger score', () => {
    const { pValue } = fitTail({ method: 'pot', alpha: 0.01, block: 20 }, scores)
    let before = 1
    for (let score = 0; score < 20; score += 0.01) {
      const p = pValue(score)
      expect(p).toBeLessThanOrEqual(before)
      expect(p).toBeGreaterThan(0)
      before = p
    }
  })
})

describe('persistence', () => {
  it('asks for m of the newest n rows', () => {
    const two = rowPersistence({ need: 2, of: 3 })
    const passed = [1, 0, 1, 0, 0, 1, 1, 0, 0]
    expect(passed.map(one => Number(two.take(one === 1)))).toEqual([0, 0, 1, 0, 0, 0, 1, 1, 0])
  })

  it('keeps what it counted over snapshot and restore', () => {
    const first = rowPersistence({ need: 2, of: 2 })
    first.take(true)
    const out = stateWriter()
    first.save(out)
    const second = rowPersistence({ need: 2, of: 2 })
    second.load(stateReader(out.bytes()))
    expect(second.take(true)).toBe(true)
  })
})
