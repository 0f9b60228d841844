import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { checkDetector } from '../contract.ts'
import { CUSUM_MOST, cusumStream } from './stream.ts'

/** Mean number of white values until a sum of either side passes `level`. */
function runLength(level: number, shift: number, runs: number): number {
  const random = seededRandom(11)
  let values = 0
  for (let run = 0; run < runs; run++) {
    const cusum = cusumStream(1, 1)
    do {
      cusum.take(0, 0, random.normal() + shift)
      values++
    } while (cusum.value(0) < level)
  }
  return values / runs
}

describe('cumulative sums', () => {
  // Two-sided run lengths for a slack of 0.5: Montgomery, Statistical Quality Control, table 9.3.
  it.each([
    { level: 4, shift: 0, published: 168 },
    { level: 5, shift: 0, published: 465 },
    { level: 4, shift: 1, published: 8.38 },
    { level: 5, shift: 1, published: 10.4 },
    { level: 4, shift: 2, published: 3.34 },
  ])('have the published run length at level $level and shift $shift', row => {
    const runs = row.shift === 0 ? 2500 : 5000
    const found = runLength(row.level, row.shift, runs)
    expect(Math.abs(found / row.published - 1)).toBeLessThan(0.06)
  })

  it('say on which side a channel stays', () => {
    const cusum = cusumStream(2, 2)
    for (let i = 0; i < 20; i++) cusum.take(1, 0, -1)
    expect(cusum.sum(1, 0)).toBeCloseTo(-10)
    expect(cusum.value(0)).toBeCloseTo(10)
    expect(cusum.value(1)).toBe(0)
    cusum.restart(0)
    expect(cusum.value(0)).toBe(0)
  })

  it('stop at a bound, so that a cell recovers', () => {
    const cusum = cusumStream(1, 1)
    for (let i = 0; i < 1000; i++) cusum.take(0, 0, 10)
    expect(cusum.value(0)).toBe(CUSUM_MOST)
  })
})

const random = seededRandom(1)
checkDetector<number>({
  name: 'cusum',
  create() {
    const cusum = cusumStream(1, 1)
    let begun = 0
    return {
      save: cusum.save,
      load: cusum.load,
      take(value) {
        const before = cusum.value(0)
        cusum.take(0, 0, value)
        if (before < 5 && cusum.value(0) >= 5) begun++
      },
      scores: () => [cusum.value(0) / CUSUM_MOST],
      begun: () => begun,
    }
  },
  normal: Array.from({ length: 200 }, () => random.normal()),
  missing: Array.from({ length: 20 }, () => Number.NaN),
})
