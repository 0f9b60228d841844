import * as tf from '@tensorflow/tfjs-core'
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers'
import { LiquidusError, problemOf } from '../../core/errors.ts'
import { startTensorflow } from './backend.ts'
import type { CellScorer } from './cell-scorer.ts'
import { schemaProblem } from './input-schema.ts'
import type { ModelRecord, StoredModel } from './model-record.ts'

/** A scaled feature further out than this is held here, so that one cannot drown the others. */
export const FEATURE_MAX = 10
/** Rows of the check that the quick form of a network gives what the network gives. */
const PROBE_ROWS = 3
const PROBE_DIFFERENCE_MAX = 1e-4

/** Loads an autoencoder of the registry; throws MODEL_INVALID when it can not score here. */
export async function loadCellScorer(stored: StoredModel): Promise<CellScorer> {
  const { record } = stored
  const refuse = (problem: string) =>
    new LiquidusError('MODEL_INVALID', { model: `${record.name}/${record.version}`, problem })
  const wrong = schemaProblem(record) || scalerProblem(record)
  if (wrong !== '') throw refuse(wrong)
  await startTensorflow()
  let network: LayersModel
  try {
    network = await loadNetwork(stored)
  } catch (error) {
    throw refuse(problemOf(error))
  }
  const shape = shapeProblem(network, record.features.length)
  if (shape !== '') throw refuse(shape)
  const run = runnerOf(network)
  const probe = Float32Array.from({ length: PROBE_ROWS * record.features.length }, (_, i) =>
    Math.sin(i),
  )
  const quick = run(probe, PROBE_ROWS)
  const whole = predict(network, probe, PROBE_ROWS)
  for (let i = 0; i < whole.length; i++) {
    const difference = Math.abs(quick[i]! - whole[i]!)
    if (!(difference <= PROBE_DIFFERENCE_MAX)) throw refuse('gives no finite answer to a probe')
  }
  return scorerOf(run, record, stored.promoted)
}

function scalerProblem({ features, centre, scale, threshold }: ModelRecord): string {
  const width = features.length
  if (centre.length !== width || scale.length !== width) {
    return `has a scaler for ${centre.length} and ${scale.length} features, needs ${width}`
  }
  const finite = centre.every(Number.isFinite) && scale.every(one => one > 0 && one < Infinity)
  if (!finite) return 'has a scaler with a value that is not finite or a scale that is not positive'
  return threshold > 0 && threshold < Infinity ? '' : `has the threshold ${threshold}`
}

/** Why a network does not fit a row of features, or ''. */
export function shapeProblem(network: LayersModel, width: number): string {
  if (network.inputs.length !== 1 || network.outputs.length !== 1) {
    return `has ${network.inputs.length} inputs and ${network.outputs.length} outputs, needs one each`
  }
  const takes = network.inputs[0]!.shape.slice(1)
  const gives = network.outputs[0]!.shape.slice(1)
  if (takes.join() !== `${width}`) {
    return `takes ${takes.join(' x ')} values, its record names ${width} features`
  }
  return gives.join() === `${width}` ? '' : `gives ${gives.join(' x ')} values back, needs ${width}`
}

async function loadNetwork({ model, weights }: StoredModel): Promise<LayersModel> {
  const { topology, weightSpecs } = model as { topology: object; weightSpecs: [] }
  const weightData = weights.slice().buffer
  const artifacts = { modelTopology: topology, weightSpecs, weightData }
  return loadLayersModel({ load: async () => artifacts })
}

/** Scores with a network that is in memory; also what training calibrates with. */
export function networkScorer(
  network: LayersModel,
  record: ScorerRecord,
  promoted: boolean,
): CellScorer {
  return scorerOf(runnerOf(network), record, promoted)
}

type ScorerRecord = Pick<
  ModelRecord,
  'name' | 'version' | 'features' | 'centre' | 'scale' | 'threshold'
>
/** Rows of scaled features in, as many rows rebuilt out. */
type Runner = (input: Float32Array, rows: number) => Float32Array

function scorerOf(run: Runner, record: ScorerRecord, promoted: boolean): CellScorer {
  const width = record.features.length
  const centre = Float32Array.from(record.centre)
  const scale = Float32Array.from(record.scale)
  let scaled = new Float32Array(0) // [cell][feature]
  return {
    version: `${record.name}/${record.version}`,
    features: record.features,
    threshold: record.threshold,
    promoted,
    score(features, cells, out, parts) {
      if (scaled.length !== cells * width) scaled = new Float32Array(cells * width)
      scaleFeatures(features, centre, scale, scaled)
      const rebuilt = run(scaled, cells)
      for (let cell = 0; cell < cells; cell++) {
        out[cell] = rowError(features, scaled, rebuilt, cell * width, width, parts)
      }
    },
  }
}

interface DenseLayer {
  readonly kernel: tf.Tensor2D
  readonly bias: tf.Tensor1D
  readonly tanh: boolean
}

/** A plain stack of dense layers is run as products; any other network as it is. */
function runnerOf(network: LayersModel): Runner {
  const dense = denseLayers(network)
  if (!dense) return (input, rows) => predict(network, input, rows)
  return (input, rows) => runDense(dense, input, rows)
}

/** The network as plain products: a quarter of the time of going through the layers. */
function denseLayers(network: LayersModel): readonly DenseLayer[] | undefined {
  const stack: DenseLayer[] = []
  if (network.getClassName() !== 'Sequential') return undefined
  for (const layer of network.layers) {
    const { activation } = layer.getConfig()
    const known = activation === 'tanh' || activation === 'linear'
    const [kernel, bias] = layer.getWeights() as [tf.Tensor2D?, tf.Tensor1D?]
    if (layer.getClassName() !== 'Dense' || !known || !kernel || !bias) return undefined
    stack.push({ kernel, bias, tanh: activation === 'tanh' })
  }
  return stack
}

function predict(network: LayersModel, input: Float32Array, rows: number): Float32Array {
  return tf.tidy(() => {
    const answer = network.predict(tf.tensor2d(input, [rows, input.length / rows])) as tf.Tensor
    return answer.dataSync() as Float32Array
  })
}

function runDense(layers: readonly DenseLayer[], input: Float32Array, rows: number): Float32Array {
  return tf.tidy(() => {
    let x: tf.Tensor2D = tf.tensor2d(input, [rows, input.length / rows])
    for (const { kernel, bias, tanh } of layers) {
      const sum = tf.fused.matMul({ a: x, b: kernel, bias, activation: 'linear' }) as tf.Tensor2D
      x = tanh ? tf.tanh(sum) : sum
    }
    return x.dataSync() as Float32Array
  })
}

/** A feature that is not known takes its centre, which is zero once scaled. */
export function scaleFeatures(
  features: Float32Array,
  centre: Float32Array,
  scale: Float32Array,
  into: Float32Array,
): void {
  const width = centre.length
  for (let i = 0; i < into.length; i++) {
    const f = i % width
    const z = (features[i]! - centre[f]!) / scale[f]!
    into[i] = z > FEATURE_MAX ? FEATURE_MAX : z < -FEATURE_MAX ? -FEATURE_MAX : z || 0
  }
}

/** Mean squared error over the features that are known; 0 when none is. */
function rowError(
  features: Float32Array,
  scaled: Float32Array,
  rebuilt: Float32Array,
  from: number,
  width: number,
  parts: Float64Array | undefined,
): number {
  let sum = 0
  let known = 0
  for (let i = from; i < from + width; i++) {
    const error = Number.isNaN(features[i]!) ? 0 : scaled[i]! - rebuilt[i]!
    if (!Number.isNaN(features[i]!)) known++
    sum += error * error
    if (parts) parts[i] = error * error
  }
  if (parts && sum > 0) for (let i = from; i < from + width; i++) parts[i]! /= sum
  return known === 0 ? 0 : sum / known
}
