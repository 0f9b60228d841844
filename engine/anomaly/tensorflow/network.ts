import * as tf from '@tensorflow/tfjs-core'
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers'
import type { Runner } from './cell-scorer.ts'
import type { StoredModel } from './model-record.ts'

/** The network of a registry's version. */
export async function loadNetwork({
  model,
  weights,
}: Pick<StoredModel, 'model' | 'weights'>): Promise<LayersModel> {
  const { topology, weightSpecs } = model as { topology: object; weightSpecs: [] }
  // A copy of exactly these bytes: a slice of a Buffer would share its memory.
  const weightData = new Uint8Array(weights).buffer
  const artifacts = { modelTopology: topology, weightSpecs, weightData }
  return loadLayersModel({ load: async () => artifacts })
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

/** A plain stack of dense layers is run as products; any other network as it is. */
export function tensorflowRunner(network: LayersModel): Runner {
  const dense = denseLayers(network)
  if (!dense) return (input, rows) => predictRows(network, input, rows)
  return (input, rows) => runDense(dense, input, rows)
}

interface DenseLayer {
  readonly kernel: tf.Tensor2D
  readonly bias: tf.Tensor1D
  readonly tanh: boolean
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

/** The network's own answer, layer by layer; `sizes` are those of a row, else a flat one. */
export function predictRows(
  network: LayersModel,
  input: Float32Array,
  rows: number,
  sizes: readonly number[] = [input.length / rows],
): Float32Array {
  return tf.tidy(() => {
    const answer = network.predict(tf.tensor(input, [rows, ...sizes])) as tf.Tensor
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
