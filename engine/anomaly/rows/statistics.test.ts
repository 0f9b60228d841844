import { describe, expect, it } from 'vitest'
import { checkRowDetector } from './contract.ts'
import { fitRowDetector, type RowPlan } from './detector.ts'
import { drivenRun, everyPlan } from './fixture.ts'
import { rowOf } from './run.ts'
import { fitModels } from './statistics.ts'
import type { StreamPlan } from './streams.ts'

const WIDTH = 5
const fit = [drivenRun(1, 500, WIDTH)]
const run = drivenRun(3, 160, WIDTH, 80)
const other = drivenRun(4, 80, WIDTH, 20)

const CVA: RowPlan['models'] = { model: { kind: 'cva', lags: 3, states: 4, ridge: 0.01 } }
const MEMORIES: readonly Omit<StreamPlan, 'model' | 'statistic'>[] = [
  { memory: 1 },
  { memory: 0.1, smooth: 0.2, level: { share: 0.003, alarm: 0.001 } },
]

for (const statistic of ['Tr2', 'Ts2']) {
  for (const memory of MEMORIES) {
    const plan: RowPlan = {
      ...{ name: 'cva', models: CVA, streams: [{ model: 'model', statistic, ...memory }] },
      threshold: { method: 'quantile', alpha: 0.01, block: 10 },
      persistence: { need: 1, of: 1 },
    }
    const { start } = fitRowDetector(plan, fit, [drivenRun(2, 500, WIDTH)])
    checkRowDetector({ name: `CVA ${statistic}, memory ${memory.memory}`, start, run, other })
  }
}

describe('statistics of fitted models', () => {
  it('share a value among the channels, whatever the model', () => {
    for (const [name, model] of fitModels(everyPlan.models, fit)) {
      const statistics = model.start(1)
      const values = new Float64Array(model.statistics.length)
      for (let row = 0; row < run.count; row++) statistics.take(rowOf(run, row), false, values)
      for (let s = 0; s < values.length; s++) {
        const shares = new Float64Array(WIDTH)
        statistics.addShares(s, shares)
        const sum = shares.reduce((total, share) => total + share, 0)
        expect([name, sum]).toEqual([name, expect.closeTo(1, 9)])
        expect(Math.min(...shares)).toBeGreaterThanOrEqual(0)
      }
    }
  })
})
