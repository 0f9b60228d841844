import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { checkDetector } from '../contract.ts'
import { chiSquareScore, nisStream } from './stream.ts'

const PLAN = { fast: 0.1, slow: 0.01 }

describe('normalised innovations squared', () => {
  // Upper quantiles of chi-square from tables, beside those of the normal law.
  it.each([
    { freedom: 3, quantile: 7.815, normal: 1.645 },
    { freedom: 3, quantile: 11.345, normal: 2.326 },
    { freedom: 10, quantile: 18.307, normal: 1.645 },
    { freedom: 10, quantile: 23.209, normal: 2.326 },
    { freedom: 100, quantile: 135.807, normal: 2.326 },
  ])('score $quantile of $freedom values as the normal law does', row => {
    expect(chiSquareScore(row.quantile / row.freedom, row.freedom)).toBeCloseTo(row.normal, 1)
  })

  it('cover white residuals at the stated share, over seconds and over minutes', () => {
    const random = seededRandom(5)
    const nis = nisStream(1, 3, PLAN)
    const residuals = new Float64Array(3)
    const passed = { fast: 0, slow: 0 }
    const count = 60_000
    for (let i = 0; i < count; i++) {
      for (let c = 0; c < 3; c++) residuals[c] = random.normal()
      nis.tick(residuals)
      if (nis.fastScore(0) > 1.645) passed.fast++
      if (nis.slowScore(0) > 1.645) passed.slow++
    }
    for (const share of [passed.fast / count, passed.slow / count]) {
      expect(share).toBeGreaterThan(0.03)
      expect(share).toBeLessThan(0.07)
    }
  })

  it('a running mean of white squares varies as its share says', () => {
    const random = seededRandom(6)
    const nis = nisStream(1, 1, PLAN)
    let sum = 0
    let square = 0
    const count = 200_000
    for (let i = 0; i < count; i++) {
      nis.tick(Float64Array.of(random.normal()))
      const power = nis.power(0, 0)
      sum += power
      square += power * power
    }
    const variance = square / count - (sum / count) ** 2
    const expected = (2 * PLAN.slow) / (2 - PLAN.slow)
    expect(Math.abs(variance / expected - 1)).toBeLessThan(0.1)
  })

  it('leaves what is not known out', () => {
    const nis = nisStream(2, 2, PLAN)
    for (let i = 0; i < 500; i++) nis.tick(Float64Array.of(3, Number.NaN, Number.NaN, Number.NaN))
    expect(nis.slowScore(0)).toBeGreaterThan(5)
    expect(nis.slowScore(1)).toBe(0)
    expect(nis.power(1, 0)).toBeNaN()
    nis.restart(0)
    expect(nis.power(0, 0)).toBeNaN()
  })
})

const random = seededRandom(2)
checkDetector<Float64Array>({
  name: 'nis',
  create() {
    const nis = nisStream(2, 2, PLAN)
    let begun = 0
    return {
      save: nis.save,
      load: nis.load,
      take(residuals) {
        const before = nis.slowScore(0)
        nis.tick(residuals)
        if (before < 4 && nis.slowScore(0) >= 4) begun++
      },
      scores: () =>
        [0, 1].map(cell => 1 / (1 + Math.exp(-nis.slowScore(cell) - nis.fastScore(cell)))),
      begun: () => begun,
    }
  },
  normal: Array.from({ length: 200 }, () =>
    Float64Array.from({ length: 4 }, () => random.normal()),
  ),
  missing: Array.from({ length: 20 }, () => new Float64Array(4).fill(Number.NaN)),
})
