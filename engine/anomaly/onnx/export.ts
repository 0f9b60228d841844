import { INPUT_NAME, OUTPUT_NAME } from './ends.ts'
import { onnxGraph } from './graph.ts'
import { addLayer } from './layers.ts'
import { notKnown, type SourceNetwork, type SourceValue } from './network.ts'

/**
 * A TensorFlow.js network of one input and one output as the bytes of an ONNX file, rows left
 * free; throws and names the layer when it holds one that the format is not written for.
 */
export function exportOnnx(
  network: SourceNetwork,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const [input, output] = [network.inputs[0], network.outputs[0]]
  if (!input || !output || network.inputs.length + network.outputs.length !== 2) {
    throw new Error('a network to export has one input and one output')
  }
  const graph = onnxGraph()
  const written = new Map<number, string>([[input.id, INPUT_NAME]])
  const write = (value: SourceValue): string => {
    const known = written.get(value.id)
    if (known !== undefined) return known
    const { sourceLayer: layer, nodeIndex } = value
    const from = layer.inboundNodes[nodeIndex]?.inputTensors ?? []
    if (from.length === 0) throw notKnown(layer, 'has no input')
    const name = addLayer({ graph, layer, inputs: from.map(write), from, to: value })
    written.set(value.id, name)
    return name
  }
  const result = write(output)
  return graph.encode({
    name: network.name,
    input: { name: INPUT_NAME, dims: [null, ...input.shape.slice(1)] },
    output: { name: OUTPUT_NAME, dims: [null, ...output.shape.slice(1)] },
    ...{ result, metadata },
  })
}
