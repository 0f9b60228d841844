import { addActivation, recurrentActivation } from './activations.ts'
import type { OnnxGraph } from './graph.ts'
import { notKnown, type SourceLayer, type SourceValue, valuesOf } from './network.ts'

/** A layer in its place: where its inputs lie in the graph, and their shapes. */
export interface Placed {
  readonly graph: OnnxGraph
  readonly layer: SourceLayer
  readonly inputs: readonly string[]
  readonly from: readonly SourceValue[]
  readonly to: SourceValue
}
type Writer = (placed: Placed) => string

const same: Writer = ({ inputs }) => inputs[0]!
const elementwise =
  (operator: string): Writer =>
  ({ graph, inputs }) =>
    inputs.reduce((sum, next) => graph.node(operator, [sum, next]))

const WRITERS: Readonly<Record<string, Writer>> = {
  ...{ Dense: dense, Conv1D: convolution, BatchNormalization: batchNormalization, LSTM: lstm },
  // What only training sees changes nothing when a network scores.
  ...{ Dropout: same, SpatialDropout1D: same, GaussianNoise: same, GaussianDropout: same },
  ...{ ActivityRegularization: same, AlphaDropout: same },
  ...{ Add: elementwise('Add'), Multiply: elementwise('Mul') },
  ...{ Maximum: elementwise('Max'), Minimum: elementwise('Min') },
  Activation: ({ graph, layer, inputs }) =>
    addActivation(graph, layer, layer.getConfig().activation, inputs[0]!),
  ReLU({ graph, layer, inputs }) {
    if (layer.getConfig().maxValue != null) throw notKnown(layer, 'maxValue is not known')
    return graph.node('Relu', [inputs[0]!])
  },
  LeakyReLU: ({ graph, layer, inputs }) =>
    graph.node('LeakyRelu', [inputs[0]!], { floats: { alpha: layer.getConfig().alpha } }),
  ELU: ({ graph, layer, inputs }) =>
    graph.node('Elu', [inputs[0]!], { floats: { alpha: layer.getConfig().alpha } }),
  Concatenate: ({ graph, layer, inputs }) =>
    graph.node('Concat', inputs, { ints: { axis: layer.getConfig().axis } }),
  ...{ Flatten: reshape, Reshape: reshape },
  Permute: ({ graph, layer, inputs }) =>
    graph.node('Transpose', [inputs[0]!], { ints: { perm: [0, ...layer.getConfig().dims] } }),
  RepeatVector({ graph, layer, inputs }) {
    const apart = graph.node('Unsqueeze', [inputs[0]!, graph.integers([1])])
    return graph.node('Tile', [apart, graph.integers([1, layer.getConfig().n, 1])])
  },
  ...{ MaxPooling1D: pooling('MaxPool'), AveragePooling1D: pooling('AveragePool') },
  ...{ GlobalMaxPooling1D: overTime('ReduceMax'), GlobalAveragePooling1D: overTime('ReduceMean') },
}

/** Kinds of layers that an export knows. */
export const EXPORTED_LAYERS = ['InputLayer', ...Object.keys(WRITERS)].sort()

/** Adds one layer and gives the name of its result; an unknown one is refused by name. */
export function addLayer(placed: Placed): string {
  const kind = placed.layer.getClassName()
  const writer = Object.hasOwn(WRITERS, kind) ? WRITERS[kind] : undefined
  if (!writer) throw notKnown(placed.layer, 'this kind of layer is not known to the exporter')
  return writer(placed)
}

/** Kernels lie [input][unit] in both formats. */
function dense({ graph, layer, inputs, from }: Placed): string {
  const [kernel, bias] = layer.getWeights()
  const w = graph.floats(kernel!.shape, valuesOf(kernel!))
  const b = bias ? [graph.floats(bias.shape, valuesOf(bias))] : []
  const activate = (value: string) =>
    addActivation(graph, layer, layer.getConfig().activation, value)
  if (from[0]!.shape.length === 2) return activate(graph.node('Gemm', [inputs[0]!, w, ...b]))
  const product = graph.node('MatMul', [inputs[0]!, w])
  return activate(bias ? graph.node('Add', [product, b[0]!]) : product)
}

const TO_CHANNELS_FIRST = { ints: { perm: [0, 2, 1] } }

/** Values lie [time][channel] there and [channel][time] here; kernels are turned over too. */
function convolution({ graph, layer, inputs, from }: Placed): string {
  const config = layer.getConfig()
  if (config.dataFormat === 'channelsFirst') throw notKnown(layer, 'wants channelsFirst data')
  const [kernel, bias] = layer.getWeights()
  const [span, channels, filters] = kernel!.shape as [number, number, number]
  const given = valuesOf(kernel!)
  const turned = new Float32Array(given.length) // [filter][channel][time]
  for (let t = 0; t < span; t++) {
    for (let c = 0; c < channels; c++) {
      for (let f = 0; f < filters; f++) {
        turned[(f * channels + c) * span + t] = given[(t * channels + c) * filters + f]!
      }
    }
  }
  const stride = first(config.strides)
  const dilation = first(config.dilationRate ?? 1)
  const reach = (span - 1) * dilation + 1
  const ints = {
    ...{ kernel_shape: [span], strides: [stride], dilations: [dilation] },
    pads: padding(layer, config.padding, from[0]!.shape[1] ?? null, reach, stride),
  }
  const weights = [graph.floats([filters, channels, span], turned)]
  if (bias) weights.push(graph.floats(bias.shape, valuesOf(bias)))
  const across = graph.node('Transpose', [inputs[0]!], TO_CHANNELS_FIRST)
  const made = graph.node('Conv', [across, ...weights], { ints })
  const value = graph.node('Transpose', [made], TO_CHANNELS_FIRST)
  return addActivation(graph, layer, config.activation, value)
}

/** What is added before and after, as TensorFlow counts it: the odd one comes after. */
function padding(
  layer: SourceLayer,
  kind: unknown,
  length: number | null,
  reach: number,
  stride: number,
): readonly number[] {
  if (kind === 'valid') return [0, 0]
  if (kind !== 'same') throw notKnown(layer, `padding "${String(kind)}" is not known`)
  if (length === null && stride > 1) throw notKnown(layer, 'needs a fixed length for its stride')
  const rest = length === null ? 1 : ((length - 1) % stride) + 1
  const all = Math.max(0, reach - rest)
  return [Math.floor(all / 2), Math.ceil(all / 2)]
}

const first = (value: number | readonly number[]) => (typeof value === 'number' ? value : value[0]!)

function pooling(operator: string): Writer {
  return ({ graph, layer, inputs, from }) => {
    const config = layer.getConfig()
    const size = first(config.poolSize)
    const stride = first(config.strides ?? size)
    const pads = padding(layer, config.padding, from[0]!.shape[1] ?? null, size, stride)
    const across = graph.node('Transpose', [inputs[0]!], TO_CHANNELS_FIRST)
    const ints = { kernel_shape: [size], strides: [stride], pads }
    return graph.node('Transpose', [graph.node(operator, [across], { ints })], TO_CHANNELS_FIRST)
  }
}

function overTime(operator: string): Writer {
  return ({ graph, inputs }) =>
    graph.node(operator, [inputs[0]!], { ints: { axes: [1], keepdims: 0 } })
}

/** Trained means and spreads become one factor and one addend for each channel. */
function batchNormalization({ graph, layer, inputs, from }: Placed): string {
  const { axis, epsilon, scale, center } = layer.getConfig()
  const rank = from[0]!.shape.length
  if (axis !== -1 && axis !== rank - 1) throw notKnown(layer, `axis ${axis} is not the last`)
  const weights = layer.getWeights().map(valuesOf)
  const gamma = scale ? weights.shift() : undefined
  const beta = center ? weights.shift() : undefined
  const [mean, variance] = weights as [Float32Array, Float32Array]
  const factor = variance.map((spread, i) => (gamma?.[i] ?? 1) / Math.sqrt(spread + epsilon))
  const addend = mean.map((middle, i) => (beta?.[i] ?? 0) - middle * factor[i]!)
  const scaled = graph.node('Mul', [inputs[0]!, graph.floats([factor.length], factor)])
  return graph.node('Add', [scaled, graph.floats([addend.length], addend)])
}

/** To the shape that the layer gives; only the rows of a batch stay free. */
function reshape({ graph, layer, inputs, to }: Placed): string {
  const sizes = to.shape.slice(1)
  if (sizes.includes(null)) throw notKnown(layer, 'needs fixed sizes')
  return graph.node('Reshape', [inputs[0]!, graph.integers([-1, ...(sizes as number[])])])
}

/** Gates lie input, forget, cell, output there and input, output, forget, cell here. */
const GATES = [0, 3, 1, 2]

function lstm({ graph, layer, inputs }: Placed): string {
  const config = layer.getConfig()
  if (config.stateful || config.goBackwards || config.returnState) {
    throw notKnown(layer, 'stateful, goBackwards and returnState are not known')
  }
  const [kernel, recurrent, bias] = layer.getWeights()
  const units = recurrent!.shape[0]!
  const gated = (weight: NonNullable<typeof kernel>, rows: number) => {
    const given = valuesOf(weight) // [row][gate][unit]
    const turned = new Float32Array(given.length) // [gate][unit][row]
    for (let row = 0; row < rows; row++) {
      GATES.forEach((gate, g) => {
        for (let u = 0; u < units; u++) {
          turned[(g * units + u) * rows + row] = given[(row * 4 + gate) * units + u]!
        }
      })
    }
    return turned
  }
  const width = kernel!.shape[0]!
  const both = new Float32Array(8 * units)
  if (bias) both.set(gated(bias, 1))
  const gate = recurrentActivation(layer, config.recurrentActivation)
  const inner = recurrentActivation(layer, config.activation)
  const attributes = {
    ints: { hidden_size: units },
    texts: { activations: [gate, inner, inner] },
  }
  const sequence = graph.node('Transpose', [inputs[0]!], { ints: { perm: [1, 0, 2] } })
  const weights = [
    graph.floats([1, 4 * units, width], gated(kernel!, width)),
    graph.floats([1, 4 * units, units], gated(recurrent!, units)),
    graph.floats([1, 8 * units], both),
  ]
  const all = graph.node('LSTM', [sequence, ...weights], attributes) // [time][1][row][unit]
  const rows = graph.node('Transpose', [graph.node('Squeeze', [all, graph.integers([1])])], {
    ints: { perm: [1, 0, 2] },
  })
  if (config.returnSequences) return rows
  const last = [graph.integers([-1]), graph.integers([2 ** 31 - 1]), graph.integers([1])]
  return graph.node('Squeeze', [graph.node('Slice', [rows, ...last]), graph.integers([1])])
}
