import { describe, expect, it } from 'vitest'
import { checkRowDetector } from '../rows/contract.ts'
import { fitRowDetector, type RowPlan } from '../rows/detector.ts'
import { drivenRun } from '../rows/fixture.ts'
import { rowOf } from '../rows/run.ts'
import { linearStatistics } from '../rows/statistics.ts'
import { fitPca, type PcaPlan } from './fit.ts'

const WIDTH = 6
const fit = [drivenRun(1, 500, WIDTH)]
const run = drivenRun(3, 200, WIDTH, 120)
const other = drivenRun(4, 80, WIDTH, 20)

const PLANS: Readonly<Record<string, PcaPlan>> = {
  PCA: { kind: 'pca', lags: 1, components: 2 },
  DPCA: { kind: 'pca', lags: 3, stride: 2, components: 0.8 },
  'PCA that follows drift': {
    ...{ kind: 'pca', lags: 1, components: 2 },
    adapt: { share: 0.01, alarm: 0 },
  },
}

for (const [name, model] of Object.entries(PLANS)) {
  for (const statistic of ['T2', 'Q']) {
    const plan: RowPlan = {
      ...{ name, models: { model }, streams: [{ model: 'model', statistic, memory: 1 }] },
      threshold: { method: 'quantile', alpha: 0.01, block: 10 },
      persistence: { need: 1, of: 1 },
    }
    const { start } = fitRowDetector(plan, fit, [drivenRun(2, 500, WIDTH)])
    checkRowDetector({ name: `${name}, ${statistic}`, start, run, other })
  }
}

/** Mean of each statistic over the rows that were fitted. */
function meansOf(plan: PcaPlan): Float64Array {
  const statistics = linearStatistics(fitPca(plan, fit))
  const [values, sums] = [new Float64Array(2), new Float64Array(2)]
  for (let row = 0; row < fit[0]!.count; row++) {
    statistics.take(rowOf(fit[0]!, row), false, values)
    for (const s of [0, 1]) sums[s]! += values[s]! / fit[0]!.count
  }
  return sums
}

describe('principal components', () => {
  it('share the variance: T2 counts the components, Q holds what they leave', () => {
    const model = fitPca({ kind: 'pca', lags: 1, components: 2, ridge: 0 }, fit)
    expect(model.statistics.map(({ count }) => count)).toEqual([2, WIDTH - 2])
    const [T2, Q] = meansOf({ kind: 'pca', lags: 1, components: 2, ridge: 0 })
    expect(T2).toBeCloseTo(2, 9)
    const [, more] = meansOf({ kind: 'pca', lags: 1, components: 1, ridge: 0 })
    expect(Q).toBeLessThan(more!)
    const [whitened, nothing] = meansOf({ kind: 'pca', lags: 1, components: WIDTH, ridge: 0 })
    expect(whitened).toBeCloseTo(WIDTH, 9)
    expect(nothing).toBe(0)
  })

  it('are as many as hold the share of variance that is asked for', () => {
    const kept = (components: number) =>
      fitPca({ kind: 'pca', lags: 1, components }, fit).statistics[0]!.count
    expect(kept(0.5)).toBeLessThan(kept(0.95))
    expect(kept(1)).toBe(1)
    expect(kept(100)).toBe(WIDTH)
  })
})
