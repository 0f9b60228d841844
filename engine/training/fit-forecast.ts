import { type ForecastModel, forecastInto } from '../anomaly/forecast/model.ts'
import { inverseRoot } from '../anomaly/rows/linear.ts'
import { type Run, rowOf } from '../anomaly/rows/run.ts'
import { fitScaler, rowWindow, type WindowShape } from '../anomaly/rows/window.ts'
import { LiquidusError } from '../core/errors.ts'
import { fitForecaster } from './forecaster.ts'

/** How a forecaster is fitted. */
export interface ForecastPlan {
  /** Rows it sees before the newest one. */
  readonly lags: number
  readonly hidden: number
  readonly epochs: number
  /** Spread of the noise added to standardised inputs while learning. */
  readonly noise: number
  /** Share of the weights lost every epoch. */
  readonly decay: number
  /** Variance added to each channel's error. */
  readonly ridge: number
}

/** Fits a forecaster and the spread of its errors on runs of normal running. */
export async function fitForecast(
  plan: ForecastPlan,
  runs: readonly Run[],
  seed: number,
): Promise<ForecastModel> {
  const width = runs[0]!.width
  const shape = { ...fitScaler(runs), lags: plan.lags + 1, stride: 1, share: 1 }
  const { windows, count } = stackedWindows(runs, shape)
  if (count < 2) {
    const problem = `needs runs of more than ${plan.lags + 1} rows`
    throw new LiquidusError('MODEL_INVALID', { model: 'forecaster', problem })
  }
  const size = shape.lags * width
  const inputs = size - width
  const pasts = new Float32Array(count * inputs)
  const targets = new Float32Array(count * width)
  for (let i = 0; i < count; i++) {
    targets.set(windows.subarray(i * size, i * size + width), i * width)
    pasts.set(windows.subarray(i * size + width, (i + 1) * size), i * inputs)
  }
  const { hidden, epochs, noise, decay, ridge } = plan
  const options = { inputs, width, hidden, epochs, noise, decay, seed }
  const weights = await fitForecaster({ windows: pasts, targets, ...options })
  const covariance = new Float64Array(width * width)
  const inner = new Float64Array(hidden)
  const told = new Float64Array(width)
  for (let i = 0; i < count; i++) {
    const stack = windows.subarray(i * size, (i + 1) * size)
    forecastInto(weights, stack, inner, told)
    for (let a = 0; a < width; a++) {
      for (let b = 0; b < width; b++) {
        const cross = (stack[a]! - told[a]!) * (stack[b]! - told[b]!)
        covariance[a * width + b]! += cross / count
      }
    }
  }
  return { shape, weights, root: inverseRoot(covariance, width, ridge) }
}

function stackedWindows(runs: readonly Run[], shape: WindowShape) {
  const window = rowWindow(shape)
  const size = window.stack.length
  const windows = new Float64Array(runs.reduce((sum, run) => sum + run.count, 0) * size)
  let count = 0
  for (const run of runs) {
    window.reset()
    for (let row = 0; row < run.count; row++) {
      if (!window.take(rowOf(run, row), false)) continue
      windows.set(window.stack, count * size)
      count++
    }
  }
  return { windows: windows.subarray(0, count * size), count }
}
