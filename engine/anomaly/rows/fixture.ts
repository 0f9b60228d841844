import { seededRandom } from '../../core/random.ts'
import type { RowPlan } from './detector.ts'
import type { Run } from './run.ts'

/** Three signals: two tied with a delay of one row, one alone; from `fault` on the tie is broken. */
export function tiedRun(seed: number, count: number, fault = Infinity): Run {
  const random = seededRandom(seed)
  const values = new Float64Array(count * 3)
  let flow = 0
  for (let row = 0; row < count; row++) {
    const before = flow
    flow = 0.9 * flow + 0.4 * random.normal()
    const tied = row >= fault ? -before : before
    values.set([flow, tied + 0.1 * random.normal(), random.normal()], row * 3)
  }
  return { values, count, width: 3 }
}

/** Every linear detector at once. */
export const everyPlan: RowPlan = {
  name: 'every',
  models: {
    cva: { kind: 'cva', lags: 2, states: 2, ridge: 0.01 },
    pca: { kind: 'pca', lags: 2, components: 3, adapt: { share: 0.01, alarm: 0 } },
    mewma: { kind: 'mewma', share: 0.2, ridge: 0.01 },
  },
  streams: [
    { model: 'cva', statistic: 'Tr2', memory: 0.2 },
    { model: 'cva', statistic: 'Tr2', smooth: 0.2, memory: 1 },
    { model: 'cva', statistic: 'Ts2', memory: 0.2, level: { share: 0.01, alarm: 0.001 } },
    { model: 'pca', statistic: 'T2', memory: 0.2 },
    { model: 'pca', statistic: 'Q', memory: 0.2 },
    { model: 'mewma', statistic: 'T2', memory: 1 },
  ],
  threshold: { method: 'quantile', alpha: 0.01, block: 10 },
  persistence: { need: 2, of: 3 },
}
