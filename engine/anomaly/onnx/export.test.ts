import * as tf from '@tensorflow/tfjs-core'
import {
  input,
  type LayersModel,
  layers,
  model,
  type SymbolicTensor,
  sequential,
} from '@tensorflow/tfjs-layers'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { startTensorflow } from '../tensorflow/backend.ts'
import { exportOnnx } from './export.ts'
import type { SourceNetwork } from './network.ts'
import { openOnnx, ROWS_MAX } from './session.ts'

beforeAll(async () => {
  await startTensorflow()
})

const random = seededRandom(7)

/** Weights that are all different, biases included. */
function shaken(network: LayersModel): LayersModel {
  for (const weight of network.weights) {
    const values = Float32Array.from(weight.read().dataSync(), () => 0.3 * random.normal())
    // Spreads are positive.
    const isSpread = weight.name.includes('variance')
    weight.write(
      tf.tensor(isSpread ? values.map(x => 0.5 + Math.abs(x)) : values, weight.shape as number[]),
    )
  }
  return network
}

const sizesOf = (shape: readonly (number | null)[]) => shape.slice(1) as number[]

/** Largest difference of the exported network to the network, on random rows. */
async function difference(network: LayersModel, rows: number): Promise<number> {
  const shapes = {
    input: sizesOf(network.inputs[0]!.shape),
    output: sizesOf(network.outputs[0]!.shape),
  }
  const width = shapes.input.reduce((product, size) => product * size, 1)
  const x = Float32Array.from({ length: rows * width }, () => 2 * random.normal())
  const session = await openOnnx(exportOnnx(network as unknown as SourceNetwork), shapes)
  const given = session.run(x, rows)
  const answer = network.predict(tf.tensor(x, [rows, ...shapes.input])) as tf.Tensor
  const wanted = answer.dataSync() as Float32Array
  expect(given.length).toBe(wanted.length)
  return wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - given[i]!)), 0)
}

const ACTIVATIONS = ['linear', 'relu', 'relu6', 'elu', 'selu', 'sigmoid', 'hardSigmoid'] as const
const MORE = ['softplus', 'softsign', 'tanh', 'softmax', 'swish', 'mish'] as const
const activation = fc.constantFrom(...ACTIVATIONS, ...MORE)
/** Recurrent layers start orthogonal, which the union package of TensorFlow.js alone can. */
const plain = { recurrentInitializer: 'glorotUniform' } as const
const size = fc.integer({ min: 1, max: 9 })

describe('an exported network', () => {
  it('gives what TensorFlow.js gives: dense stacks', async () => {
    const stack = fc.array(fc.record({ units: size, activation, useBias: fc.boolean() }), {
      ...{ minLength: 1, maxLength: 4 },
    })
    await fc.assert(
      fc.asyncProperty(size, stack, size, async (width, parts, rows) => {
        const built = parts.map((part, i) =>
          layers.dense({ ...part, ...(i === 0 ? { inputShape: [width] } : {}) }),
        )
        expect(await difference(shaken(sequential({ layers: built })), rows)).toBeLessThan(1e-5)
      }),
      { numRuns: 25, seed: 11 },
    )
  })

  it('gives what TensorFlow.js gives: convolutions over time', async () => {
    const part = fc.record({
      ...{ filters: size, kernelSize: fc.integer({ min: 1, max: 5 }), activation },
      padding: fc.constantFrom('same' as const, 'valid' as const),
      ...{ strides: fc.integer({ min: 1, max: 3 }), useBias: fc.boolean() },
    })
    await fc.assert(
      fc.asyncProperty(size, part, part, async (channels, first, two) => {
        // TensorFlow.js wasm gives zeros where a stride is longer than the kernel; cpu does not.
        const one = { ...first, strides: Math.min(first.strides, first.kernelSize) }
        const network = sequential({
          layers: [
            layers.conv1d({ ...one, inputShape: [30, channels] }),
            layers.batchNormalization({}),
            layers.conv1d({ ...two, strides: 1, dilationRate: two.strides, padding: 'same' }),
          ],
        })
        expect(await difference(shaken(network), 3)).toBeLessThan(1e-5)
      }),
      { numRuns: 15, seed: 12 },
    )
  })

  it('gives what TensorFlow.js gives: what else the exporter knows', async () => {
    const stacks = [
      [
        layers.conv1d({ filters: 6, kernelSize: 3, inputShape: [20, 4], padding: 'same' }),
        layers.leakyReLU({ alpha: 0.1 }),
        layers.maxPooling1d({ poolSize: 2, padding: 'same' }),
        layers.spatialDropout1d({ rate: 0.2 }),
        layers.averagePooling1d({ poolSize: 3, strides: 2 }),
        layers.flatten(),
        layers.dropout({ rate: 0.5 }),
        layers.dense({ units: 12 }),
        layers.reLU({}),
        layers.reshape({ targetShape: [3, 4] }),
        layers.permute({ dims: [2, 1] }),
        layers.dense({ units: 2, activation: 'tanh' }),
        layers.globalAveragePooling1d({}),
        layers.repeatVector({ n: 3 }),
        layers.activation({ activation: 'sigmoid' }),
        layers.globalMaxPooling1d({}),
      ],
      [
        layers.lstm({ ...plain, units: 5, inputShape: [12, 3], returnSequences: true }),
        layers.lstm({ ...plain, units: 4, recurrentActivation: 'sigmoid', useBias: false }),
        layers.elu({}),
      ],
    ]
    for (const stack of stacks) {
      expect(await difference(shaken(sequential({ layers: stack })), 5)).toBeLessThan(1e-5)
    }
  })

  it('gives what TensorFlow.js gives: paths that part and meet', async () => {
    const given = input({ shape: [6] })
    const shared = layers.dense({ units: 6, activation: 'tanh' })
    const one = shared.apply(given) as SymbolicTensor
    const two = shared.apply(one) as SymbolicTensor
    const sum = layers.add().apply([given, two]) as SymbolicTensor
    const product = layers.multiply().apply([sum, one]) as SymbolicTensor
    const all = layers.concatenate().apply([sum, product, two]) as SymbolicTensor
    expect(await difference(shaken(model({ inputs: given, outputs: all })), 4)).toBeLessThan(1e-5)
  })

  it('takes more rows than go through at once', async () => {
    const network = sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] })
    expect(await difference(shaken(network), 2 * ROWS_MAX + 5)).toBeLessThan(1e-5)
  })

  it('is refused by the name of the layer that the exporter does not know', () => {
    const gru = sequential({
      layers: [layers.gru({ ...plain, units: 2, inputShape: [4, 1], name: 'old' })],
    })
    expect(() => exportOnnx(gru as unknown as SourceNetwork)).toThrow('layer "old" (GRU)')
    const gelu = layers.dense({ units: 2, inputShape: [2], activation: 'gelu', name: 'new' })
    const dense = sequential({ layers: [gelu] })
    expect(() => exportOnnx(dense as unknown as SourceNetwork)).toThrow('activation "gelu"')
  })
})

describe('an ONNX file', () => {
  const shapes = { input: [3], output: [2] }
  const file = () => {
    const network = sequential({ layers: [layers.dense({ units: 2, inputShape: [3] })] })
    return exportOnnx(network as unknown as SourceNetwork, { model: 'a/1' })
  }

  it('names its operator set, its producer and what it is', () => {
    const text = Buffer.from(file()).toString('latin1')
    expect(text).toContain('liquidus')
    expect(text).toContain('a/1')
    expect(text).toContain('Gemm')
  })

  it('is refused when it is cut, changed or none', async () => {
    await expect(openOnnx(file().slice(0, 60), shapes)).rejects.toThrow('takes no such network')
    await expect(openOnnx(new Uint8Array(0), shapes)).rejects.toThrow('takes no such network')
    await expect(openOnnx(Buffer.from('no network'), shapes)).rejects.toThrow('ONNX Runtime')
    const other = Buffer.from(
      Buffer.from(file()).toString('latin1').replaceAll('Gemm', 'Gimm'),
      'latin1',
    )
    await expect(openOnnx(other, shapes)).rejects.toThrow('Gimm')
  })

  it('says so when it takes other rows', async () => {
    const session = await openOnnx(file(), { input: [4], output: [2] })
    expect(() => session.run(new Float32Array(4), 1)).toThrow('invalid dimensions')
  })
})
