import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { checkRowDetector } from '../rows/contract.ts'
import { fitRowDetector, type RowPlan } from '../rows/detector.ts'
import { drivenRun } from '../rows/fixture.ts'
import { type Run, rowOf } from '../rows/run.ts'
import { linearStatistics } from '../rows/statistics.ts'
import { fitMewma } from './fit.ts'

const WIDTH = 4
const run = drivenRun(3, 200, WIDTH, 120)
const other = drivenRun(4, 80, WIDTH, 20)

for (const share of [0.2, 1]) {
  const plan: RowPlan = {
    ...{ name: 'mewma', models: { model: { kind: 'mewma', share, ridge: 0.01 } } },
    streams: [{ model: 'model', statistic: 'T2', memory: 1 }],
    threshold: { method: 'quantile', alpha: 0.01, block: 10 },
    persistence: { need: 1, of: 1 },
  }
  const { start } = fitRowDetector(plan, [drivenRun(1, 500, WIDTH)], [drivenRun(2, 500, WIDTH)])
  checkRowDetector({ name: `MEWMA, share ${share}`, start, run, other })
}

function noise(seed: number, count: number, shift = 0): Run {
  const random = seededRandom(seed)
  const values = Float64Array.from({ length: count * WIDTH }, () => shift + random.normal())
  return { values, count, width: WIDTH }
}

/** Mean of T2 over a run, by a fit on white noise. */
function meanT2(share: number, over: Run): number {
  const statistics = linearStatistics(
    fitMewma({ kind: 'mewma', share, ridge: 1e-6 }, [noise(1, 3000)]),
  )
  const value = new Float64Array(1)
  let sum = 0
  for (let row = 0; row < over.count; row++) {
    statistics.take(rowOf(over, row), false, value)
    sum += value[0]! / over.count
  }
  return sum
}

describe('running mean of all channels', () => {
  it('has a T2 of as many as there are channels, whatever its memory', () => {
    for (const share of [0.1, 0.5, 1]) {
      const T2 = meanT2(share, noise(2, 3000))
      expect(Math.abs(T2 - WIDTH)).toBeLessThan(0.15 * WIDTH)
    }
  })

  it('shows a small lasting shift of all channels the more the longer it remembers', () => {
    const shifted = noise(3, 2000, 0.5)
    const [short, middle, long] = [1, 0.3, 0.1].map(share => meanT2(share, shifted))
    expect(middle).toBeGreaterThan(1.5 * short!)
    expect(long).toBeGreaterThan(1.5 * middle!)
  })
})
