import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { checkRowDetector } from '../rows/contract.ts'
import { fitRowsSlowly, type RowPlan } from '../rows/detector.ts'
import { tiedRun } from '../rows/fixture.ts'
import { rowOf } from '../rows/run.ts'
import { fitScaler } from '../rows/window.ts'
import {
  type ForecasterWeights,
  type ForecastModel,
  forecastFitted,
  forecastInto,
} from './model.ts'

const WIDTH = 3
const LAGS = 3
const HIDDEN = 4
const fit = [tiedRun(1, 400)]

/** A drawn forecaster; its linear part knows that the second signal is the first, a row late. */
function drawnModel(): ForecastModel {
  const random = seededRandom(1)
  const drawn = (length: number, size: number) =>
    Float32Array.from({ length }, () => size * random.normal())
  const inputs = (LAGS - 1) * WIDTH
  const linear = new Float32Array(inputs * WIDTH)
  linear[0 * WIDTH + 0] = 0.9
  linear[0 * WIDTH + 1] = 1
  const root = Float64Array.of(2, 0, 0, 0, 8, 0, 0, 0, 1)
  return {
    shape: { ...fitScaler(fit), lags: LAGS, stride: 1, share: 1 },
    weights: {
      ...{ hiddenKernel: drawn(inputs * HIDDEN, 0.2), hiddenBias: drawn(HIDDEN, 0.1) },
      ...{ outKernel: drawn(HIDDEN * WIDTH, 0.02), outBias: new Float32Array(WIDTH), linear },
    },
    root,
  }
}

const model = drawnModel()
for (const smooth of [1, 0.2]) {
  const plan: RowPlan = {
    ...{ name: 'E2', models: {} },
    streams: [{ model: 'network', statistic: 'E2', memory: 1, smooth }],
    threshold: { method: 'quantile', alpha: 0.01, block: 10 },
    persistence: { need: 1, of: 1 },
  }
  const { start } = await fitRowsSlowly(plan, fit, [tiedRun(2, 600)], async () => {
    return new Map([['network', forecastFitted(model)]])
  })
  const runs = { run: tiedRun(3, 200, 120), other: tiedRun(4, 80, 20) }
  checkRowDetector({ name: `that forecasts, errors smoothed by ${smooth}`, start, ...runs })
}

describe('a forecaster', () => {
  it('adds a tanh layer and a linear one, as one made by hand does', () => {
    const weights: ForecasterWeights = {
      ...{ hiddenKernel: Float32Array.of(0.5, -1), hiddenBias: Float32Array.of(0.25) },
      ...{ outKernel: Float32Array.of(2, 4), outBias: Float32Array.of(1, -1) },
      linear: Float32Array.of(1, 2, 3, 4), // [input][channel]
    }
    const out = new Float64Array(2)
    // The newest row stands first and is not looked at.
    forecastInto(weights, Float64Array.of(99, 99, 0.5, -0.25), new Float64Array(1), out)
    const active = Math.tanh(0.25 + 0.5 * 0.5 + 0.25)
    expect(out[0]).toBeCloseTo(1 + 0.5 * 1 - 0.25 * 3 + active * 2, 12)
    expect(out[1]).toBeCloseTo(-1 + 0.5 * 2 - 0.25 * 4 + active * 4, 12)
  })

  it('scores a broken tie by the error of the signal that left it', () => {
    const statistics = forecastFitted(model).start(1)
    const run = tiedRun(5, 300, 200)
    const error = new Float64Array(1)
    const sums = [0, 0]
    const blamed = new Float64Array(WIDTH)
    for (let row = 0; row < run.count; row++) {
      const isFull = statistics.take(rowOf(run, row), false, error)
      expect(isFull).toBe(row >= LAGS - 1)
      if (!isFull) continue
      sums[row < 200 ? 0 : 1]! += error[0]! / (row < 200 ? 200 - LAGS + 1 : 100)
      if (row >= 200) statistics.addShares(0, blamed)
    }
    expect(sums[1]).toBeGreaterThan(5 * sums[0]!)
    expect(blamed[1]).toBeGreaterThan(blamed[0]! + blamed[2]!)
  })
})
