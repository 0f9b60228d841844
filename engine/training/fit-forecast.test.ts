import { describe, expect, it } from 'vitest'
import { forecastFitted, forecastInto } from '../anomaly/forecast/model.ts'
import { fitByFoldsSlowly, type RowPlan } from '../anomaly/rows/detector.ts'
import { tiedRun } from '../anomaly/rows/fixture.ts'
import { rowOf, runSlice } from '../anomaly/rows/run.ts'
import { rowWindow } from '../anomaly/rows/window.ts'
import { stateReader, stateWriter } from '../anomaly/state.ts'
import { fitForecast } from './fit-forecast.ts'

const plan = { lags: 2, hidden: 4, epochs: 60, noise: 0.05, decay: 0, ridge: 0.01 }
const rows: RowPlan = {
  name: 'network',
  models: {},
  streams: [{ model: 'network', statistic: 'E2', memory: 0.3 }],
  threshold: { method: 'quantile', alpha: 0.02, block: 10 },
  persistence: { need: 1, of: 1 },
}
const train = tiedRun(1, 300)
const detector = (seed: number) =>
  fitByFoldsSlowly(rows, train, 2, async runs => {
    return new Map([['network', forecastFitted(await fitForecast(plan, runs, seed))]])
  })

describe('forecaster', () => {
  it('adds a tanh layer and a linear one', () => {
    const weights = {
      hiddenKernel: Float32Array.of(0.5, -1, 2, 0.25), // [2 inputs][2 hidden]
      hiddenBias: Float32Array.of(0.5, 0),
      outKernel: Float32Array.of(3, -2), // [2 hidden][1]
      outBias: Float32Array.of(0.125),
      linear: Float32Array.of(1, 10),
    }
    const out = new Float64Array(1)
    forecastInto(weights, Float64Array.of(99, 2, 3), new Float64Array(2), out)
    const told = 0.125 + 2 + 30 + 3 * Math.tanh(0.5 + 1 + 6) - 2 * Math.tanh(-2 + 0.75)
    expect(out[0]).toBeCloseTo(told, 12)
  })

  it('learns what the rows before tell of the newest', async () => {
    const model = await fitForecast(plan, [train], 1)
    const fresh = tiedRun(2, 300)
    const window = rowWindow(model.shape)
    const out = new Float64Array(3)
    let error = 0
    let plain = 0
    for (let row = 0; row < fresh.count; row++) {
      if (!window.take(rowOf(fresh, row), false)) continue
      forecastInto(model.weights, window.stack, new Float64Array(plan.hidden), out)
      error += (window.stack[1]! - out[1]!) ** 2
      plain += window.stack[1]! ** 2
    }
    expect(error / plain).toBeLessThan(0.2)
  })

  it('gives the same weights for the same seed and others for another', async () => {
    const one = await fitForecast(plan, [train], 1)
    expect((await fitForecast(plan, [train], 1)).weights).toEqual(one.weights)
    expect((await fitForecast(plan, [train], 2)).weights).not.toEqual(one.weights)
  })

  it('refuses runs that are too short', async () => {
    await expect(fitForecast(plan, [runSlice(train, 0, 3)], 1)).rejects.toThrow('more than 3 rows')
  })

  it('finds a broken tie, and scores a prefix and after a restore bit for bit', async () => {
    const fitted = await detector(1)
    const run = tiedRun(3, 500, 300)
    const whole = fitted.start()
    const scores: number[] = []
    let alarms = 0
    let snapshot: Uint8Array = new Uint8Array(0)
    for (let row = 0; row < run.count; row++) {
      scores.push(whole.take(rowOf(run, row)))
      if (row >= 320) alarms += Number(whole.alarm())
      if (row !== 350) continue
      const out = stateWriter()
      whole.save(out)
      snapshot = out.bytes()
    }
    expect(alarms).toBeGreaterThan(150)
    expect(whole.causes(1)[0]).not.toBe(2)
    const prefix = fitted.start()
    for (let row = 0; row <= 320; row++) expect(prefix.take(rowOf(run, row))).toBe(scores[row])
    const restored = fitted.start()
    restored.load(stateReader(snapshot))
    for (let row = 351; row < 400; row++) expect(restored.take(rowOf(run, row))).toBe(scores[row])
  })
})
