import * as tf from '@tensorflow/tfjs-core'
import { initializers, input, type LayersModel, layers, model } from '@tensorflow/tfjs-layers'
import type { ForecasterWeights } from '../anomaly/forecast/model.ts'
import { startTensorflow } from '../anomaly/tensorflow/backend.ts'
import { seededRandom } from '../core/random.ts'

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
const LEARNING_RATE = 3e-3

/** Fits a forecaster; the same windows and seed give the same weights on one machine. */
export async function fitForecaster(fit: ForecasterFit): Promise<ForecasterWeights> {
  await startTensorflow()
  const network = build(fit)
  const optimizer = tf.train.adam(LEARNING_RATE)
  network.compile({ optimizer, loss: 'meanSquaredError' })
  const random = seededRandom(fit.seed).fork('forecaster')
  const count = fit.targets.length / fit.width
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let epoch = 0; epoch < fit.epochs; epoch++) {
    for (let i = count - 1; i > 0; i--) {
      const j = random.integer(i + 1)
      const kept = order[i]!
      order[i] = order[j]!
      order[j] = kept
    }
    for (let from = 0; from < count; from += BATCH) {
      await step(network, fit, order.subarray(from, from + BATCH), random.normal)
    }
    shrink(network, 1 - fit.decay)
  }
  const values = network.getWeights().map(weight => Float32Array.from(weight.dataSync()))
  network.dispose()
  optimizer.dispose()
  const [hiddenKernel, hiddenBias, outKernel, outBias, linear] = values
  return {
    ...{ hiddenKernel: hiddenKernel!, hiddenBias: hiddenBias!, outKernel: outKernel! },
    ...{ outBias: outBias!, linear: linear! },
  }
}

function build({ inputs, width, hidden, seed }: ForecasterFit): LayersModel {
  const past = input({ shape: [inputs] })
  const glorot = (offset: number) => initializers.glorotUniform({ seed: seed * 10 + offset })
  const inner = layers
    .dense({ units: hidden, activation: 'tanh', kernelInitializer: glorot(1) })
    .apply(past)
  const curved = layers.dense({ units: width, kernelInitializer: 'zeros' }).apply(inner as never)
  const straight = layers
    .dense({ units: width, useBias: false, kernelInitializer: 'zeros' })
    .apply(past)
  const sum = layers.add().apply([curved as never, straight as never])
  return model({ inputs: past, outputs: sum as never })
}

async function step(
  network: LayersModel,
  fit: ForecasterFit,
  rows: Uint32Array,
  normal: () => number,
): Promise<void> {
  const { inputs, width } = fit
  const x = new Float32Array(rows.length * inputs)
  const y = new Float32Array(rows.length * width)
  rows.forEach((row, i) => {
    x.set(fit.windows.subarray(row * inputs, (row + 1) * inputs), i * inputs)
    y.set(fit.targets.subarray(row * width, (row + 1) * width), i * width)
  })
  for (let i = 0; i < x.length; i++) x[i]! += fit.noise * normal()
  const past = tf.tensor2d(x, [rows.length, inputs])
  const next = tf.tensor2d(y, [rows.length, width])
  await network.trainOnBatch(past, next)
  past.dispose()
  next.dispose()
}

function shrink(network: LayersModel, factor: number): void {
  if (factor === 1) return
  tf.tidy(() => network.setWeights(network.getWeights().map(weight => tf.mul(weight, factor))))
}
