import { LiquidusError, problemOf } from '../../core/errors.ts'
import { exportOnnx } from '../onnx/export.ts'
import type { SourceNetwork } from '../onnx/network.ts'
import type { StoredModel } from './model-record.ts'
import { FEATURE_MAX } from './reconstruction.ts'
import { checkedNetwork } from './scorer.ts'

/**
 * A version's network as an ONNX file, with what is needed to feed it in its metadata; throws
 * MODEL_INVALID and names the layer when the exporter does not know one.
 */
export async function exportModel(stored: StoredModel): Promise<Uint8Array> {
  const { record } = stored
  const network = await checkedNetwork(stored)
  try {
    return exportOnnx(network as unknown as SourceNetwork, {
      model: `${record.name}/${record.version}`,
      weights_sha256: record.weights_sha256,
      features: JSON.stringify(record.features),
      centre: JSON.stringify(record.centre),
      scale: JSON.stringify(record.scale),
      ...(record.inputs?.window && { window: JSON.stringify(record.inputs.window) }),
      input: `(feature - centre) / scale, held to ${FEATURE_MAX} on either side`,
      threshold: String(record.threshold),
      score: 'mean of (input - output) squared',
    })
  } catch (error) {
    const model = `${record.name}/${record.version}`
    throw new LiquidusError('MODEL_INVALID', { model, problem: problemOf(error) })
  } finally {
    network.dispose()
  }
}
