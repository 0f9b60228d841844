import * as tf from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import type { Random } from '../core/random.ts'
import { addConvolutionGradient } from './convolution-gradient.ts'

/** What a network learns from, and how. */
export interface NetworkFit {
  readonly network: LayersModel
  /** Examples there are. */
  readonly count: number
  /** Inputs and wanted answers of some of them, one behind the other. */
  readonly examples: (chosen: Uint32Array) => { readonly x: Float32Array; readonly y: Float32Array }
  readonly epochs: number
  readonly batch: number
  /** Shuffles, and makes the noise. */
  readonly random: Random
  /** Spread of the noise added to the inputs while learning; undefined: none. */
  readonly noise?: number | undefined
  /** Share of the weights lost every epoch. */
  readonly decay?: number
  readonly onProgress?: ((epoch: number, loss: number) => void) | undefined
}

const LEARNING_RATE = 3e-3

/** Fits a network; equal examples, weights and randomness give equal weights on one machine. */
export async function fitNetwork(fit: NetworkFit): Promise<readonly number[]> {
  const { network, count, random, epochs, batch, decay = 0 } = fit
  addConvolutionGradient()
  const optimizer = tf.train.adam(LEARNING_RATE)
  network.compile({ optimizer, loss: 'meanSquaredError' })
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  const loss: number[] = []
  for (let epoch = 0; epoch < epochs; epoch++) {
    for (let i = count - 1; i > 0; i--) {
      const j = random.integer(i + 1)
      const kept = order[i]!
      order[i] = order[j]!
      order[j] = kept
    }
    let sum = 0
    for (let from = 0; from < count; from += batch) {
      sum += await step(fit, order.subarray(from, from + batch))
    }
    shrink(network, 1 - decay)
    loss.push(sum / Math.max(1, Math.ceil(count / batch)))
    fit.onProgress?.(epoch + 1, loss.at(-1)!)
  }
  optimizer.dispose()
  return loss
}

async function step(fit: NetworkFit, chosen: Uint32Array): Promise<number> {
  const { network, examples, noise, random } = fit
  const { x, y } = examples(chosen)
  const given = noise === undefined ? x : x.map(value => value + noise * random.normal())
  const sizes = (end: LayersModel['inputs'][number]) => [
    chosen.length,
    ...(end.shape.slice(1) as number[]),
  ]
  const past = tf.tensor(given, sizes(network.inputs[0]!))
  const wanted = tf.tensor(y, sizes(network.outputs[0]!))
  const loss = (await network.trainOnBatch(past, wanted)) as number
  past.dispose()
  wanted.dispose()
  return loss
}

function shrink(network: LayersModel, factor: number): void {
  if (factor === 1) return
  tf.tidy(() => network.setWeights(network.getWeights().map(weight => tf.mul(weight, factor))))
}

/** A network as the registry keeps it. */
export async function exportNetwork(network: LayersModel) {
  let weights = new Uint8Array(0)
  let model = { topology: {} as unknown, weightSpecs: [] as unknown }
  await network.save({
    async save(artifacts) {
      const { modelTopology, weightSpecs, weightData } = artifacts
      weights = new Uint8Array(weightData as ArrayBuffer)
      model = { topology: modelTopology, weightSpecs }
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } }
    },
  })
  return { weights, model }
}
