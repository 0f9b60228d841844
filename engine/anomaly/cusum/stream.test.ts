import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { checkDetector } from '../contract.ts'
import { CUSUM_MOST, type CusumStream, cusumStream } from './stream.ts'

/** Adds a row of one cell; gives its largest sum. */
function take(cusum: CusumStream, cell: number, cells: number, row: readonly number[]): number {
  const rows = new Float64Array(row.length * cells)
  row.forEach((value, c) => {
    rows[c * cells + cell] = value
  })
  const has = new Uint8Array(cells)
  has[cell] = 1
  cusum.tick(rows, has)
  return cusum.most[cell]!
}
const NOTHING = [Number.NaN, Number.NaN]

/** Mean number of white values until a sum of either side passes `level`. */
function runLength(level: number, shift: number, runs: number): number {
  const random = seededRandom(11)
  let values = 0
  for (let run = 0; run < runs; run++) {
    const cusum = cusumStream(1, 1)
    do values++
    while (take(cusum, 0, 1, [random.normal() + shift]) < level)
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
    for (let i = 0; i < 20; i++) take(cusum, 0, 2, [Number.NaN, -1])
    expect(cusum.sum(1, 0)).toBeCloseTo(-10)
    expect(take(cusum, 0, 2, NOTHING)).toBeCloseTo(10)
    expect(take(cusum, 1, 2, NOTHING)).toBe(0)
    cusum.restart(0)
    expect(take(cusum, 0, 2, NOTHING)).toBe(0)
  })

  it('stop at a bound, so that a cell recovers', () => {
    const cusum = cusumStream(1, 1)
    for (let i = 0; i < 1000; i++) take(cusum, 0, 1, [10])
    expect(take(cusum, 0, 1, [Number.NaN])).toBe(CUSUM_MOST)
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
        const before = Math.abs(cusum.sum(0, 0))
        if (take(cusum, 0, 1, [value]) >= 5 && before < 5) begun++
      },
      scores: () => [Math.abs(cusum.sum(0, 0)) / CUSUM_MOST],
      begun: () => begun,
    }
  },
  normal: Array.from({ length: 200 }, () => random.normal()),
  missing: Array.from({ length: 20 }, () => Number.NaN),
})
