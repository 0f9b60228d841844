import * as tf from '@tensorflow/tfjs-core'
import { initializers, type LayersModel, layers, sequential } from '@tensorflow/tfjs-layers'
import { startTensorflow } from '../anomaly/tensorflow/backend.ts'
import { seededRandom } from '../core/random.ts'

/** Rows of scaled features and how to learn them. */
export interface AutoencoderFit {
  readonly rows: Float32Array // [row][feature]
  readonly width: number
  /** Units of the dense layers; the last must be `width`. */
  readonly layers: readonly number[]
  readonly seed: number
  readonly epochs: number
  readonly onProgress?: (epoch: number, loss: number) => void
}

export interface TrainedNetwork {
  readonly network: LayersModel
  readonly model: { readonly topology: unknown; readonly weightSpecs: unknown }
  readonly weights: Uint8Array
  readonly loss: readonly number[] // [epoch]
}

const BATCH = 256
const LEARNING_RATE = 3e-3

/** Fits a dense autoencoder; the same rows and seed give the same weights. */
export async function fitAutoencoder(fit: AutoencoderFit): Promise<TrainedNetwork> {
  await startTensorflow()
  const network = build(fit)
  network.compile({ optimizer: tf.train.adam(LEARNING_RATE), loss: 'meanSquaredError' })
  const random = seededRandom(fit.seed).fork('shuffle')
  const count = fit.rows.length / fit.width
  const order = Uint32Array.from({ length: count }, (_, i) => i)
  const loss: number[] = []
  for (let epoch = 0; epoch < fit.epochs; epoch++) {
    for (let i = count - 1; i > 0; i--) {
      const j = random.integer(i + 1)
      const kept = order[i]!
      order[i] = order[j]!
      order[j] = kept
    }
    const mean = await runEpoch(network, fit, order)
    loss.push(mean)
    fit.onProgress?.(epoch + 1, mean)
  }
  return { network, loss, ...(await exportNetwork(network)) }
}

function build(fit: AutoencoderFit): LayersModel {
  const stack = fit.layers.map((units, i) =>
    layers.dense({
      name: `dense_${i + 1}`,
      units,
      ...(i === 0 ? { inputShape: [fit.width] } : {}),
      ...(i < fit.layers.length - 1 ? { activation: 'tanh' as const } : {}),
      kernelInitializer: initializers.glorotUniform({ seed: fit.seed + i }),
    }),
  )
  return sequential({ name: 'autoencoder', layers: stack })
}

async function runEpoch(network: LayersModel, fit: AutoencoderFit, order: Uint32Array) {
  const { rows, width } = fit
  let sum = 0
  let batches = 0
  for (let from = 0; from < order.length; from += BATCH) {
    const size = Math.min(BATCH, order.length - from)
    const batch = new Float32Array(size * width)
    for (let k = 0; k < size; k++) {
      const row = order[from + k]! * width
      batch.set(rows.subarray(row, row + width), k * width)
    }
    const x = tf.tensor2d(batch, [size, width])
    sum += (await network.trainOnBatch(x, x)) as number
    batches++
    x.dispose()
  }
  return sum / Math.max(1, batches)
}

async function exportNetwork(network: LayersModel) {
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
