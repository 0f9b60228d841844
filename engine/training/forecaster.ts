import type { ForecasterWeights } from '../anomaly/forecast/model.ts'
import { startTensorflow } from '../anomaly/tensorflow/backend.ts'
import { seededRandom } from '../core/random.ts'
import { fitNetwork } from './fit-network.ts'
import { forecastNetwork } from './networks.ts'

/** Windows of standardised rows, and how a network learns to tell the newest from the others. */
export interface ForecasterFit {
  readonly windows: Float32Array // [window][input]
  readonly targets: Float32Array // [window][width]
  readonly inputs: number
  readonly width: number
  readonly hidden: number
  readonly epochs: number
  readonly seed: number
  /** Spread of the noise added to the inputs while learning. */
  readonly noise: number
  /** Weight decay of every step. */
  readonly decay: number
}

const BATCH = 128

/** Fits a forecaster; the same windows and seed give the same weights on one machine. */
export async function fitForecaster(fit: ForecasterFit): Promise<ForecasterWeights> {
  await startTensorflow()
  const { inputs, width, hidden, seed, epochs, noise, decay } = fit
  const network = forecastNetwork({ past: [inputs], width, hidden, seed })
  const random = seededRandom(seed).fork('forecaster')
  const count = fit.targets.length / width
  const examples = (chosen: Uint32Array) => {
    const x = new Float32Array(chosen.length * inputs)
    const y = new Float32Array(chosen.length * width)
    chosen.forEach((row, i) => {
      x.set(fit.windows.subarray(row * inputs, (row + 1) * inputs), i * inputs)
      y.set(fit.targets.subarray(row * width, (row + 1) * width), i * width)
    })
    return { x, y }
  }
  await fitNetwork({ network, random, examples, count, batch: BATCH, epochs, noise, decay })
  const values = network.getWeights().map(weight => Float32Array.from(weight.dataSync()))
  network.dispose()
  const [hiddenKernel, hiddenBias, outKernel, outBias, linear] = values
  return {
    ...{ hiddenKernel: hiddenKernel!, hiddenBias: hiddenBias!, outKernel: outKernel! },
    ...{ outBias: outBias!, linear: linear! },
  }
}
