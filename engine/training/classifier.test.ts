import * as tf from '@tensorflow/tfjs-core'
import { layers, sequential } from '@tensorflow/tfjs-layers'
import { describe, expect, it } from 'vitest'
import { logitOf } from '../anomaly/combine/model.ts'
import { startTensorflow } from '../anomaly/tensorflow/backend.ts'
import { seededRandom } from '../core/random.ts'
import { fitClassifier } from './classifier.ts'

const INPUTS = 4
const HIDDEN = 5
const COUNT = 400

/** Rows whose first two inputs together tell 1 from 0. */
function labelled() {
  const random = seededRandom(3)
  const rows = Float32Array.from({ length: COUNT * INPUTS }, () => 2 * random.normal())
  const labels = Float32Array.from({ length: COUNT }, (_, row) =>
    Number(rows[row * INPUTS]! + rows[row * INPUTS + 1]! > 0),
  )
  return { rows, labels }
}

describe('the combiner network as plain loops', () => {
  it('gives what TensorFlow.js predicts with the same weights', async () => {
    const { rows, labels } = labelled()
    const weights = await fitClassifier({ rows, labels, hidden: HIDDEN, epochs: 40, seed: 1 })
    await startTensorflow()
    const network = sequential({
      layers: [
        layers.dense({ units: HIDDEN, inputShape: [INPUTS], activation: 'tanh' }),
        layers.dense({ units: 1, activation: 'sigmoid' }),
      ],
    })
    network.setWeights([
      tf.tensor2d(weights.hiddenKernel, [INPUTS, HIDDEN]),
      tf.tensor1d(weights.hiddenBias),
      tf.tensor2d(weights.outKernel, [HIDDEN, 1]),
      tf.tensor1d(weights.outBias),
    ])
    const predicted = (network.predict(tf.tensor2d(rows, [COUNT, INPUTS])) as tf.Tensor).dataSync()
    const inputs = new Float64Array(INPUTS)
    const hidden = new Float64Array(HIDDEN)
    let right = 0
    for (let row = 0; row < COUNT; row++) {
      for (let i = 0; i < INPUTS; i++) inputs[i] = rows[row * INPUTS + i]!
      const odds = 1 / (1 + Math.exp(-logitOf(weights, inputs, hidden)))
      expect(Math.abs(odds - predicted[row]!)).toBeLessThan(1e-5)
      right += Number(odds > 0.5 === (labels[row] === 1))
    }
    expect(right / COUNT).toBeGreaterThan(0.8)
    network.dispose()
  })
})
