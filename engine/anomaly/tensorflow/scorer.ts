import type { LayersModel } from '@tensorflow/tfjs-layers'
import { LiquidusError, problemOf } from '../../core/errors.ts'
import type { SourceNetwork } from '../onnx/network.ts'
import type { openOnnx } from '../onnx/session.ts'
import { verifiedOnnx } from '../onnx/verified.ts'
import { startTensorflow } from './backend.ts'
import type { CellScorer, Runtime } from './cell-scorer.ts'
import { schemaProblem } from './input-schema.ts'
import type { ModelRecord, StoredModel } from './model-record.ts'
import { loadNetwork, predictRows, type Runner, shapeProblem, tensorflowRunner } from './network.ts'

/** A scaled feature further out than this is held here, so that one cannot drown the others. */
export const FEATURE_MAX = 10
/** Rows of the check that the quick form of a network gives what the network gives. */
const PROBE_ROWS = 3
const PROBE_DIFFERENCE_MAX = 1e-4

/** How a model is made ready; every part may be left out. */
export interface LoadOptions {
  /** Rows of a plant on which the runtimes are compared, besides random ones. */
  readonly rows?: Float32Array // [row][feature]
  /** Hears why the quicker runtime does not compute the model. */
  readonly warn?: (text: string) => void
  readonly openOnnx?: typeof openOnnx
}

/** A model on each runtime that computes it. */
export interface LoadedModel {
  readonly tensorflow: CellScorer
  /** Absent where ONNX Runtime can not be had, or does not give what TensorFlow.js gives. */
  readonly onnx?: CellScorer
}

/** Loads an autoencoder of the registry; throws MODEL_INVALID when it can not score here. */
export async function loadCellScorer(
  stored: StoredModel,
  options: LoadOptions = {},
): Promise<CellScorer> {
  const { onnx, tensorflow } = await loadModel(stored, options)
  return onnx ?? tensorflow
}

/** Loads an autoencoder on every runtime; throws MODEL_INVALID when it can not score here. */
export async function loadModel(
  stored: StoredModel,
  options: LoadOptions = {},
): Promise<LoadedModel> {
  const { record, promoted } = stored
  const network = await checkedNetwork(stored)
  const tensorflow = networkScorer(network, record, promoted)
  try {
    const session = await verifiedOnnx(
      {
        network: network as unknown as SourceNetwork,
        ...{ width: record.features.length, value_max: FEATURE_MAX },
        rows: scaledRows(record, options.rows ?? new Float32Array(0)),
        reference: (input, rows) => predictRows(network, input, rows),
      },
      options.openOnnx,
    )
    return { tensorflow, onnx: scorerOf('onnx', session.run, record, promoted) }
  } catch (error) {
    const problem = `${record.name}/${record.version}: ${problemOf(error)}`
    options.warn?.(`no ONNX for ${problem}; TensorFlow.js scores, slower`)
    return { tensorflow }
  }
}

/** The network of a version that fits the features of this engine. */
export async function checkedNetwork(stored: StoredModel): Promise<LayersModel> {
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
  const width = record.features.length
  const shape = shapeProblem(network, width)
  if (shape !== '') throw refuse(shape)
  const probe = Float32Array.from({ length: PROBE_ROWS * width }, (_, i) => Math.sin(i))
  const quick = tensorflowRunner(network)(probe, PROBE_ROWS)
  const whole = predictRows(network, probe, PROBE_ROWS)
  for (let i = 0; i < whole.length; i++) {
    const difference = Math.abs(quick[i]! - whole[i]!)
    if (!(difference <= PROBE_DIFFERENCE_MAX)) throw refuse('gives no finite answer to a probe')
  }
  return network
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

/** Scores with a network that is in memory; also what training calibrates with. */
export function networkScorer(
  network: LayersModel,
  record: ScorerRecord,
  promoted: boolean,
): CellScorer {
  return scorerOf('tensorflow', tensorflowRunner(network), record, promoted)
}

type ScorerRecord = Pick<
  ModelRecord,
  'name' | 'version' | 'features' | 'centre' | 'scale' | 'threshold'
>

function scorerOf(
  runtime: Runtime,
  run: Runner,
  record: ScorerRecord,
  promoted: boolean,
): CellScorer {
  const width = record.features.length
  const centre = Float32Array.from(record.centre)
  const scale = Float32Array.from(record.scale)
  let scaled = new Float32Array(0) // [cell][feature]
  return {
    version: `${record.name}/${record.version}`,
    runtime,
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

function scaledRows({ centre, scale }: ModelRecord, rows: Float32Array): Float32Array {
  const scaled = new Float32Array(rows.length)
  scaleFeatures(rows, Float32Array.from(centre), Float32Array.from(scale), scaled)
  return scaled
}

/** A feature that is not known takes its centre, which is zero once scaled. */
export function scaleFeatures(
  features: Float32Array,
  centre: Float32Array,
  scale: Float32Array,
  into: Float32Array,
): void {
  const width = centre.length
  for (let from = 0; from < into.length; from += width) {
    for (let f = 0; f < width; f++) {
      const z = (features[from + f]! - centre[f]!) / scale[f]!
      into[from + f] = z > FEATURE_MAX ? FEATURE_MAX : z < -FEATURE_MAX ? -FEATURE_MAX : z || 0
    }
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
