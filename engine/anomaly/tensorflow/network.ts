import * as tf from '@tensorflow/tfjs-core'
import { type LayersModel, loadLayersModel } from '@tensorflow/tfjs-layers'
import type { Runner } from './cell-scorer.ts'
import type { StoredModel } from './model-record.ts'
import { type NetworkShape, sizeOf } from './window.ts'

/** The network of a registry's version. */
export async function loadNetwork({
  model,
  weights,
}: Pick<StoredModel, 'model' | 'weights'>): Promise<LayersModel> {
  const { topology, weightSpecs } = model as { topology: object; weightSpecs: WeightSpec[] }
  const problem = sizeProblem(weightSpecs, weights.length)
  if (problem !== '') throw new Error(problem)
  // A copy of exactly these bytes: a slice of a Buffer would share its memory.
  const weightData = new Uint8Array(weights).buffer
  const artifacts = { modelTopology: topology, weightSpecs, weightData }
  return loadLayersModel({ load: async () => artifacts })
}

/** Rows of the probe, and pieces of it that have to give the bits of the whole. */
const PROBE_ROWS = 11
const PROBE_PIECES = [1, 4]
/** The quick form of a network differs from the network by this at most. */
const PROBE_DIFFERENCE_MAX = 1e-4

type WeightSpec = tf.io.WeightsManifestEntry

/** Why bytes are not those of plain 32-bit weights, or ''; of packed ones TensorFlow.js judges. */
function sizeProblem(specs: readonly WeightSpec[], bytes: number): string {
  if (specs.some(one => one.dtype !== 'float32' || one.quantization)) return ''
  const values = specs.map(({ shape }) => shape.reduce((product, size) => product * size, 1))
  const needed = 4 * values.reduce((sum, count) => sum + count, 0)
  return needed === bytes ? '' : `has ${bytes} bytes of weights, its layers need ${needed}`
}

/** Why a network does not fit the rows or windows of its record, or ''. */
export function shapeProblem(network: LayersModel, { input, output }: NetworkShape): string {
  if (network.inputs.length !== 1 || network.outputs.length !== 1) {
    return `has ${network.inputs.length} inputs and ${network.outputs.length} outputs, needs one each`
  }
  const takes = sizesText(network.inputs[0]!.shape.slice(1))
  const gives = sizesText(network.outputs[0]!.shape.slice(1))
  if (takes !== sizesText(input)) {
    const isWindow = network.inputs[0]!.shape.length === 3
    const named =
      input.length > 1
        ? `a window of ${input[0]} rows of ${input[1]} features`
        : `${input[0]} features${isWindow ? ' and no window' : ''}`
    return `takes ${takes} values, its record names ${named}`
  }
  return gives === sizesText(output) ? '' : `gives ${gives} values back, needs ${sizesText(output)}`
}

const sizesText = (sizes: readonly (number | null)[]): string =>
  sizes.map(size => size ?? 'any').join(' x ')

/** Why a network can not score cells, judged by a few rows, or ''. */
export function probeProblem(quick: Runner, whole: Runner, shape: NetworkShape): string {
  const [width, gives] = [sizeOf(shape.input), sizeOf(shape.output)]
  const probe = Float32Array.from({ length: PROBE_ROWS * width }, (_, i) => Math.sin(i))
  const given = quick(probe, PROBE_ROWS).slice()
  const wanted = whole(probe, PROBE_ROWS)
  // Written so that NaN is a problem.
  if (!wanted.every((value, i) => Math.abs(given[i]! - value) <= PROBE_DIFFERENCE_MAX)) {
    return 'gives no finite answer to a probe'
  }
  for (const rows of PROBE_PIECES) {
    for (let row = 0; row + rows <= PROBE_ROWS; row += rows) {
      const some = quick(probe.subarray(row * width, (row + rows) * width), rows)
      if (some.some((value, i) => value !== given[row * gives + i])) {
        return 'gives answers for a row that depend on the rows beside it'
      }
    }
  }
  return ''
}

/** A plain stack of dense layers is run as products; any other network as it is. */
export function tensorflowRunner(network: LayersModel): Runner {
  const dense = denseLayers(network)
  if (!dense) return wholeRunner(network)
  return (input, rows) => runDense(dense, input, rows)
}

/** Any network, layer by layer. */
export function wholeRunner(network: LayersModel): Runner {
  const sizes = network.inputs[0]!.shape.slice(1) as number[]
  return (input, rows) => predictRows(network, input, rows, sizes)
}

interface DenseLayer {
  readonly kernel: tf.Tensor2D
  readonly bias: tf.Tensor1D
  readonly tanh: boolean
}

/** The network as plain products: a quarter of the time of going through the layers. */
function denseLayers(network: LayersModel): readonly DenseLayer[] | undefined {
  const stack: DenseLayer[] = []
  const isFlat = network.inputs[0]!.shape.length === 2
  if (network.getClassName() !== 'Sequential' || !isFlat) return undefined
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
