import type { OnnxGraph } from './graph.ts'
import { notKnown, type SourceLayer } from './network.ts'

const PLAIN: Readonly<Record<string, string>> = {
  ...{ relu: 'Relu', sigmoid: 'Sigmoid', tanh: 'Tanh', softplus: 'Softplus' },
  ...{ softsign: 'Softsign', elu: 'Elu', selu: 'Selu' },
}
/** Names differ between Keras (`hard_sigmoid`) and TensorFlow.js (`hardSigmoid`). */
const flat = (name: unknown) => String(name ?? 'linear').replaceAll('_', '')

/** Adds an activation; unknown ones are refused by name. */
export function addActivation(
  graph: OnnxGraph,
  layer: SourceLayer,
  name: unknown,
  value: string,
): string {
  const kind = flat(name)
  const plain = PLAIN[kind]
  if (plain) return graph.node(plain, [value])
  switch (kind) {
    case 'linear':
      return value
    case 'relu6':
      return graph.node('Clip', [value, scalar(graph, 0), scalar(graph, 6)])
    case 'hardSigmoid':
    case 'hardsigmoid':
      return graph.node('HardSigmoid', [value], { floats: { alpha: 0.2, beta: 0.5 } })
    case 'softmax':
      return graph.node('Softmax', [value], { ints: { axis: -1 } })
    case 'swish':
      return graph.node('Mul', [value, graph.node('Sigmoid', [value])])
    case 'mish':
      return graph.node('Mul', [value, graph.node('Tanh', [graph.node('Softplus', [value])])])
    default:
      throw notKnown(layer, `activation "${String(name)}" is not known to the exporter`)
  }
}

const RECURRENT: Readonly<Record<string, string>> = {
  ...{ tanh: 'Tanh', sigmoid: 'Sigmoid', relu: 'Relu', softsign: 'Softsign' },
  ...{ hardSigmoid: 'HardSigmoid', hardsigmoid: 'HardSigmoid' },
}

/** Name of an activation inside a recurrent operator. */
export function recurrentActivation(layer: SourceLayer, name: unknown): string {
  const known = RECURRENT[flat(name)]
  if (!known) throw notKnown(layer, `activation "${String(name)}" is not known to the exporter`)
  return known
}

function scalar(graph: OnnxGraph, value: number): string {
  return graph.floats([], Float32Array.of(value))
}
