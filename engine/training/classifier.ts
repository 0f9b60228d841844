import * as tf from '@tensorflow/tfjs-core'
import { initializers, type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers'
import type { CombinerWeights } from '../anomaly/combine/model.ts'
import { startTensorflow } from '../anomaly/tensorflow/backend.ts'
import { seededRandom } from '../core/random.ts'

/** Rows of scaled inputs, each with 0 (normal) or 1 (fault). */
export interface ClassifierFit {
  readonly rows: Float32Array // [row][input]
  readonly labels: Float32Array // [row]
  readonly hidden: number
  readonly epochs: number
  readonly seed: number
}

const BATCH = 256
const LEARNING_RATE = 3e-3

/** Fits a network that tells 1 from 0; the same rows and seed give the same weights. */
export async function fitClassifier(fit: ClassifierFit): Promise<CombinerWeights> {
  await startTensorflow()
  const count = fit.labels.length
  const inputs = fit.rows.length / count
  const network = build(inputs, fit)
  const optimizer = tf.train.adam(LEARNING_RATE)
  network.compile({ optimizer, loss: 'binaryCrossentropy' })
  const random = seededRandom(fit.seed).fork('classifier')
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  for (let epoch = 0; epoch < fit.epochs; epoch++) {
    for (let i = count - 1; i > 0; i--) {
      const j = random.integer(i + 1)
      const kept = order[i]!
      order[i] = order[j]!
      order[j] = kept
    }
    for (let from = 0; from < count; from += BATCH) {
      await step(network, fit, inputs, order.subarray(from, from + BATCH))
    }
  }
  const values = network.getWeights().map(weight => Float32Array.from(weight.dataSync()))
  network.dispose()
  optimizer.dispose()
  const [hiddenKernel, hiddenBias, outKernel, outBias] = values
  return {
    ...{ hiddenKernel: hiddenKernel!, hiddenBias: hiddenBias! },
    ...{ outKernel: outKernel!, outBias: outBias! },
  }
}

function build(inputs: number, { hidden, seed }: ClassifierFit): LayersModel {
  const glorot = (offset: number) => initializers.glorotUniform({ seed: seed * 10 + offset })
  return sequential({
    layers: [
      layers.dense({
        ...{ units: hidden, inputShape: [inputs], activation: 'tanh' },
        kernelInitializer: glorot(1),
      }),
      layers.dense({ units: 1, activation: 'sigmoid', kernelInitializer: glorot(2) }),
    ],
  })
}

async function step(
  network: LayersModel,
  { rows, labels }: ClassifierFit,
  inputs: number,
  chosen: Uint32Array,
): Promise<void> {
  const x = new Float32Array(chosen.length * inputs)
  chosen.forEach((row, i) => {
    x.set(rows.subarray(row * inputs, (row + 1) * inputs), i * inputs)
  })
  const given = tf.tensor2d(x, [chosen.length, inputs])
  const wanted = tf.tensor2d(
    Float32Array.from(chosen, row => labels[row]!),
    [chosen.length, 1],
  )
  await network.trainOnBatch(given, wanted)
  given.dispose()
  wanted.dispose()
}
