import type { LayersModel } from '@tensorflow/tfjs-layers'
import { problemOf } from '../../core/errors.ts'
import type { SourceNetwork } from '../onnx/network.ts'
import type { openOnnx } from '../onnx/session.ts'
import { verifiedOnnx } from '../onnx/verified.ts'
import { startTensorflow } from './backend.ts'
import type { CellScorer } from './cell-scorer.ts'
import type { StoredModel } from './model-record.ts'
import {
  loadNetwork,
  probeProblem,
  shapeProblem,
  tensorflowRunner,
  wholeRunner,
} from './network.ts'
import {
  FEATURE_MAX,
  pastsOf,
  reconstructionScorer,
  refusedModel,
  requireFit,
  type ScorerRecord,
  scaledRows,
} from './reconstruction.ts'
import { shapeOf, spanOf } from './window.ts'

/** How a model is made ready; every part may be left out. */
export interface LoadOptions {
  /** Rows or windows of a plant on which the runtimes are compared, besides random ones. */
  readonly rows?: Float32Array // [row][time][feature]
  /** Hears why the quicker runtime does not compute the model. */
  readonly warn?: (text: string) => void
  readonly openOnnx?: typeof openOnnx
}

/** A model on each runtime that computes it. */
export interface LoadedModel {
  readonly tensorflow: CellScorer
  /** Absent where ONNX Runtime can not be had, or does not give what TensorFlow.js gives. */
  readonly onnx?: CellScorer
  /** The file that ONNX Runtime was given. */
  readonly file?: Uint8Array
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
    const { session, file } = await verifiedOnnx(
      {
        network: network as unknown as SourceNetwork,
        ...{ input: shapeOf(record).input, value_max: FEATURE_MAX },
        rows: comparedRows(record, options.rows ?? new Float32Array(0)),
        reference: wholeRunner(network),
      },
      options.openOnnx,
    )
    const onnx = reconstructionScorer('onnx', session.run, record, promoted)
    return { tensorflow, onnx, file }
  } catch (error) {
    const problem = `${record.name}/${record.version}: ${problemOf(error)}`
    options.warn?.(`no ONNX for ${problem}; TensorFlow.js scores, slower`)
    return { tensorflow }
  }
}

/** Rows of a plant as the network of a record takes them. */
function comparedRows(record: ScorerRecord, rows: Float32Array): Float32Array {
  const { features, inputs } = record
  const count = rows.length / (spanOf(inputs?.window) * features.length)
  return pastsOf(inputs?.window, features.length)(scaledRows(record, rows), count)
}

/** Loads an autoencoder on TensorFlow.js alone; throws MODEL_INVALID when it can not score here. */
export async function loadTensorflowScorer(stored: StoredModel): Promise<CellScorer> {
  return networkScorer(await checkedNetwork(stored), stored.record, stored.promoted)
}

/** The network of a version that fits the features of this engine. */
export async function checkedNetwork(stored: StoredModel): Promise<LayersModel> {
  const { record } = stored
  requireFit(record)
  await startTensorflow()
  let network: LayersModel
  try {
    network = await loadNetwork(stored)
  } catch (error) {
    throw refusedModel(record, problemOf(error))
  }
  const shape = shapeOf(record)
  const misfit = shapeProblem(network, shape)
  if (misfit !== '') throw refusedModel(record, misfit)
  const probed = probeProblem(tensorflowRunner(network), wholeRunner(network), shape)
  if (probed !== '') throw refusedModel(record, probed)
  return network
}

/** Scores with a network that is in memory; also what training calibrates with. */
export function networkScorer(
  network: LayersModel,
  record: ScorerRecord,
  promoted: boolean,
): CellScorer {
  return reconstructionScorer('tensorflow', tensorflowRunner(network), record, promoted)
}
