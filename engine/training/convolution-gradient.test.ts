import * as tf from '@tensorflow/tfjs-core'
import '@tensorflow/tfjs-layers' // brings the gradients
import { afterAll, expect, it } from 'vitest'
import { startTensorflow, switchBackend } from '../anomaly/tensorflow/backend.ts'
import { addConvolutionGradient } from './convolution-gradient.ts'

afterAll(() => switchBackend('wasm'))

it.each([
  [1, 'same', 3],
  [2, 'same', 4],
  [2, 'same', 3],
  [1, 'valid', 2],
  [3, 'valid', 3],
] as const)(
  'gives what the plain backend gives: stride %i, padding %s, kernel %i',
  async (...how) => {
    const [stride, padding, size] = how
    await startTensorflow()
    addConvolutionGradient()
    const gradient = () =>
      tf.tidy(() => {
        const x = tf.randomNormal<tf.Rank.R3>([5, 11, 4], 0, 1, 'float32', 3)
        const kernel = tf.randomNormal<tf.Rank.R3>([size, 4, 6], 0, 1, 'float32', 4)
        const loss = (weights: tf.Tensor) => {
          const made = tf.conv1d(x, weights as tf.Tensor3D, stride, padding)
          return tf.sum(tf.mul(made, tf.sin(made))) as tf.Scalar
        }
        return tf.grad(loss)(kernel).dataSync()
      })
    const [quick, plain] = [
      await switchBackend('wasm').then(gradient),
      await switchBackend('cpu').then(gradient),
    ]
    expect(quick.length).toBe(size * 4 * 6)
    quick.forEach((value, i) => {
      expect(Math.abs(value - plain[i]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(plain[i]!)))
    })
  },
)
