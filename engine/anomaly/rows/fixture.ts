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

/** Signals that a few slow hidden states drive; from `fault` on some of them leave the others. */
export function drivenRun(seed: number, count: number, width: number, fault = Infinity): Run {
  const mixing = seededRandom(1)
  const states = Math.max(1, Math.floor(width / 4))
  const mix = Float64Array.from({ length: width * states }, mixing.normal) // [channel][state]
  const random = seededRandom(seed)
  const hidden = new Float64Array(states)
  const values = new Float64Array(count * width)
  for (let row = 0; row < count; row++) {
    for (let k = 0; k < states; k++) hidden[k] = 0.8 * hidden[k]! + 0.6 * random.normal()
    for (let c = 0; c < width; c++) {
      let value = 0.5 * random.normal()
      for (let k = 0; k < states; k++) value += mix[c * states + k]! * hidden[k]!
      values[row * width + c] =
        row >= fault && c % 3 === 0 ? 8 * Math.sign(mix[c * states]!) - 2 * value : value
    }
  }
  return { values, count, width }
}
