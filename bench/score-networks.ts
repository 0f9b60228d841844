import type { Runner } from '#engine/anomaly/tensorflow/cell-scorer.ts'
import type { StoredModel } from '#engine/anomaly/tensorflow/model-record.ts'
import { seededRandom } from '#engine/core/random.ts'

/** A network to time: as TensorFlow.js stores it, and the same as plain loops. */
export interface TimedNetwork {
  readonly name: string
  readonly stored: Pick<StoredModel, 'model' | 'weights'>
  readonly input: readonly number[]
  readonly output: readonly number[]
  readonly loops: Runner
}

/** 24-16-8-16-24 with tanh, as in published comparisons of runtimes. */
export function denseNetwork(): TimedNetwork {
  const units = [16, 8, 16, 24]
  const layers = units.map((count, i) => ({
    class_name: 'Dense',
    config: {
      ...{ name: `dense_${i}`, units: count, use_bias: true },
      activation: i < units.length - 1 ? 'tanh' : 'linear',
      ...(i === 0 ? { batch_input_shape: [null, 24] } : {}),
    },
  }))
  const shapes = units.flatMap((count, i) => [[units[i - 1] ?? 24, count], [count]])
  const stored = storedOf(layers, shapes, 'dense')
  const loops = denseLoops(stored.weights, 24, units)
  return { name: 'dense 24-16-8-16-24', stored, input: [24], output: [24], loops }
}

const SPAN = 5
const LENGTH = 60
const CHANNELS = [8, 16, 8, 16, 8]

/** Four convolutions over windows of 60 rows of 8 channels. */
export function convolutionNetwork(): TimedNetwork {
  const filters = CHANNELS.slice(1)
  const layers = filters.map((count, i) => ({
    class_name: 'Conv1D',
    config: {
      ...{ name: `conv_${i}`, filters: count, kernel_size: [SPAN], strides: [1] },
      ...{ padding: 'same', use_bias: true, data_format: 'channels_last', dilation_rate: [1] },
      activation: i < filters.length - 1 ? 'relu' : 'linear',
      ...(i === 0 ? { batch_input_shape: [null, LENGTH, CHANNELS[0]] } : {}),
    },
  }))
  const shapes = filters.flatMap((count, i) => [[SPAN, CHANNELS[i]!, count], [count]])
  const stored = storedOf(layers, shapes, 'conv')
  const shape = [LENGTH, CHANNELS[0]!]
  const loops = convolutionLoops(stored.weights)
  return { name: 'Conv1D 60 x 8', stored, input: shape, output: shape, loops }
}

/** A stack of layers with random weights, in the format of a registry. */
function storedOf(layers: readonly object[], shapes: readonly number[][], name: string) {
  const random = seededRandom(6)
  const count = shapes.reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0)
  const values = Float32Array.from({ length: count }, () => 0.3 * random.normal())
  const weightSpecs = shapes.map((shape, i) => ({
    name: `${name}_${i >> 1}/${i % 2 === 0 ? 'kernel' : 'bias'}`,
    ...{ shape, dtype: 'float32' },
  }))
  const model_config = { class_name: 'Sequential', config: { name, layers } }
  return {
    model: { topology: { keras_version: '4', backend: 'tensor_flow', model_config }, weightSpecs },
    weights: new Uint8Array(values.buffer),
  }
}

/** A stack of dense layers, tanh between them, as loops over typed arrays. */
export function denseLoops(weights: Uint8Array, width: number, units: readonly number[]): Runner {
  const all = new Float32Array(weights.slice().buffer)
  let at = 0
  const layers = units.map((count, l) => {
    const inputs = units[l - 1] ?? width
    const kernel = all.subarray(at, at + inputs * count) // [input][unit]
    at += inputs * count
    const bias = all.subarray(at, at + count)
    at += count
    return { kernel, bias, out: new Float64Array(count), last: l === units.length - 1 }
  })
  const first = new Float64Array(width)
  const gives = units.at(-1)!
  let answers = new Float32Array(0)
  return (input, rows) => {
    if (answers.length !== rows * gives) answers = new Float32Array(rows * gives)
    for (let row = 0; row < rows; row++) {
      for (let f = 0; f < width; f++) first[f] = input[row * width + f]!
      let x: Float64Array = first
      for (const layer of layers) x = dense(layer, x)
      answers.set(x, row * gives)
    }
    return answers
  }
}

interface DenseLoop {
  readonly kernel: Float32Array // [input][unit]
  readonly bias: Float32Array
  readonly out: Float64Array
  readonly last: boolean
}

function dense({ kernel, bias, out, last }: DenseLoop, x: Float64Array): Float64Array {
  const units = out.length
  out.set(bias)
  for (let i = 0; i < x.length; i++) {
    const value = x[i]!
    for (let j = 0; j < units; j++) out[j]! += value * kernel[i * units + j]!
  }
  if (!last) for (let j = 0; j < units; j++) out[j] = Math.tanh(out[j]!)
  return out
}

function convolutionLoops(weights: Uint8Array): Runner {
  const all = new Float32Array(weights.slice().buffer)
  const buffers = CHANNELS.map(channels => new Float64Array(LENGTH * channels)) // [time][channel]
  const width = LENGTH * CHANNELS[0]!
  let answers = new Float32Array(0)
  return (input, rows) => {
    if (answers.length !== rows * width) answers = new Float32Array(rows * width)
    for (let row = 0; row < rows; row++) {
      buffers[0]!.set(input.subarray(row * width, (row + 1) * width))
      let at = 0
      for (let l = 1; l < CHANNELS.length; l++) {
        at = convolve(buffers[l - 1]!, buffers[l]!, l, all, at)
      }
      answers.set(buffers.at(-1)!, row * width)
    }
    return answers
  }
}

/** One layer, kernel [span][channel][filter]; gives the place behind its weights. */
function convolve(
  from: Float64Array,
  into: Float64Array,
  layer: number,
  weights: Float32Array,
  at: number,
): number {
  const channels = CHANNELS[layer - 1]!
  const filters = CHANNELS[layer]!
  const bias = at + SPAN * channels * filters
  const isLast = layer === CHANNELS.length - 1
  for (let t = 0; t < LENGTH; t++) {
    for (let f = 0; f < filters; f++) {
      let sum = weights[bias + f]!
      for (let s = Math.max(0, 2 - t); s < Math.min(SPAN, LENGTH + 2 - t); s++) {
        const place = (t + s - 2) * channels
        for (let c = 0; c < channels; c++) {
          sum += from[place + c]! * weights[at + (s * channels + c) * filters + f]!
        }
      }
      into[t * filters + f] = isLast || sum > 0 ? sum : 0
    }
  }
  return bias + filters
}
