import type { FittedModel, RowStatistics } from '../rows/statistics.ts'
import { rowWindow, type WindowShape } from '../rows/window.ts'

/** Weights of a forecaster: a tanh layer beside a linear one, added up. */
export interface ForecasterWeights {
  readonly hiddenKernel: Float32Array // [input][hidden]
  readonly hiddenBias: Float32Array // [hidden]
  readonly outKernel: Float32Array // [hidden][width]
  readonly outBias: Float32Array // [width]
  readonly linear: Float32Array // [input][width]
}

/** A network that tells the newest row from those before, and how its errors spread. */
export interface ForecastModel {
  /** Its lags are those of the past and the newest row. */
  readonly shape: WindowShape
  readonly weights: ForecasterWeights
  /** Inverse root of the covariance of the errors. */
  readonly root: Float64Array // [channel][channel]
}

/** Scores as plain loops: a row's result can not depend on what else is scored with it. */
export function forecastFitted(model: ForecastModel): FittedModel {
  return { statistics: ['E2'], start: smooth => forecastStatistics(model, smooth) }
}

function forecastStatistics(
  { shape, weights, root }: ForecastModel,
  smooth: number,
): RowStatistics {
  const window = rowWindow(shape)
  const width = shape.centre.length
  const forecast = new Float64Array(width)
  const hidden = new Float64Array(weights.hiddenBias.length)
  const error = new Float64Array(width)
  const whitened = (i: number) => {
    let sum = 0
    for (let c = 0; c < width; c++) sum += root[i * width + c]! * error[c]!
    return sum
  }
  return {
    take(row, alarm, out) {
      if (!window.take(row, alarm)) return false
      forecastInto(weights, window.stack, hidden, forecast)
      let total = 0
      for (let c = 0; c < width; c++) {
        error[c]! += smooth * (window.stack[c]! - forecast[c]! - error[c]!)
      }
      for (let i = 0; i < width; i++) total += whitened(i) ** 2
      out[0] = total
      return true
    },
    addShares(_statistic, into) {
      const parts = new Float64Array(width)
      let total = 0
      for (let i = 0; i < width; i++) {
        const q = whitened(i)
        total += q * q
        for (let c = 0; c < width; c++) parts[c]! += q * root[i * width + c]! * error[c]!
      }
      if (total <= 0) return
      for (let c = 0; c < width; c++) into[c]! += Math.max(0, parts[c]!) / total
    },
    reset() {
      window.reset()
      error.fill(0)
    },
    save(out) {
      window.save(out)
      out.array(error)
    },
    load(from) {
      window.load(from)
      from.array(error)
    },
  }
}

/** The newest row as the rows before it, which follow it in the stack, make one expect. */
export function forecastInto(
  { hiddenKernel, hiddenBias, outKernel, outBias, linear }: ForecasterWeights,
  stack: Float64Array,
  hidden: Float64Array,
  out: Float64Array,
): void {
  const width = out.length
  const units = hidden.length
  hidden.set(hiddenBias)
  out.set(outBias)
  for (let i = width; i < stack.length; i++) {
    const x = stack[i]!
    const from = i - width
    for (let j = 0; j < units; j++) hidden[j]! += x * hiddenKernel[from * units + j]!
    for (let c = 0; c < width; c++) out[c]! += x * linear[from * width + c]!
  }
  for (let j = 0; j < units; j++) {
    const active = Math.tanh(hidden[j]!)
    for (let c = 0; c < width; c++) out[c]! += active * outKernel[j * width + c]!
  }
}
