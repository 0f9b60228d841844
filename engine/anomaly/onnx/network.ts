/** As much of a TensorFlow.js LayersModel as an export reads. */
export interface SourceNetwork {
  readonly name: string
  readonly inputs: readonly SourceValue[]
  readonly outputs: readonly SourceValue[]
}

/** A value between layers: which layer made it, at which of its uses. */
export interface SourceValue {
  readonly id: number
  readonly shape: readonly (number | null)[]
  readonly sourceLayer: SourceLayer
  readonly nodeIndex: number
}

export interface SourceLayer {
  readonly name: string
  readonly inboundNodes: readonly { readonly inputTensors: readonly SourceValue[] }[]
  getClassName(): string
  // biome-ignore lint/suspicious/noExplicitAny: the settings of a layer are as many as layers
  getConfig(): any
  getWeights(): readonly SourceWeight[]
}

export interface SourceWeight {
  readonly shape: readonly number[]
  dataSync(): ArrayLike<number>
}

/** Numbers of a weight, in a copy. */
export function valuesOf(weight: SourceWeight): Float32Array {
  return Float32Array.from(weight.dataSync())
}

/** What no exporter knows; its text names the layer and its kind. */
export function notKnown(layer: SourceLayer, what: string): Error {
  return new Error(`layer "${layer.name}" (${layer.getClassName()}): ${what}`)
}
