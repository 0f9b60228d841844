import { openOnnx } from '../anomaly/onnx/session.ts'
import type { CellScorer, Runtime } from '../anomaly/tensorflow/cell-scorer.ts'
import type { ModelRecord, StoredModel } from '../anomaly/tensorflow/model-record.ts'
import { reconstructionScorer, requireFit } from '../anomaly/tensorflow/reconstruction.ts'
import { shapeOf } from '../anomaly/tensorflow/window.ts'
import type { ModelChecks } from './model-check.ts'

/** A version that can score here. */
export interface ReadyModel {
  readonly record: ModelRecord
  /** What computes it here: ONNX Runtime where it gives what TensorFlow.js gives. */
  readonly runtime: Runtime
  /** Loads it on a runtime; nothing happens where it is loaded, or has none such. */
  open(runtime: Runtime): Promise<void>
  /** What is loaded. */
  scorer(runtime: Runtime): CellScorer | undefined
}

/** How a version is made ready. */
export interface ReadyOptions {
  /** Rows of a plant on which the runtimes are compared. */
  readonly rows: () => Promise<Float32Array> // [row][feature]
  readonly warn: (text: string) => void
  /** With these, what a version needs is loaded when it is opened; else all of it at once. */
  readonly checks?: ModelChecks | undefined
}

/** Makes a version ready; throws MODEL_INVALID when it can not score here. */
export async function readyModel(stored: StoredModel, options: ReadyOptions): Promise<ReadyModel> {
  const { rows, warn, checks } = options
  requireFit(stored.record)
  if (!checks) return loadedModel(stored, options)
  const known = await checks.files.find(stored.sha256)
  if (known) return lazyModel(stored, known)
  const { file, warnings } = await checks.check({ stored, rows: await rows() })
  for (const text of warnings) warn(text)
  if (file) await checks.files.keep(stored.sha256, file)
  return lazyModel(stored, file)
}

async function loadedModel(stored: StoredModel, { rows, warn }: ReadyOptions): Promise<ReadyModel> {
  const { loadModel } = await import('../anomaly/tensorflow/scorer.ts')
  const scorers = await loadModel(stored, { rows: await rows(), warn })
  return {
    record: stored.record,
    runtime: scorers.onnx ? 'onnx' : 'tensorflow',
    async open() {},
    scorer: runtime => scorers[runtime],
  }
}

/** Loads TensorFlow.js, most of a start, for a log alone that names it. */
function lazyModel(stored: StoredModel, file: Uint8Array | undefined): ReadyModel {
  const { record, promoted } = stored
  const load: Readonly<Record<Runtime, () => Promise<CellScorer | undefined>>> = {
    async onnx() {
      if (!file) return undefined
      const { run } = await openOnnx(file, shapeOf(record))
      return reconstructionScorer('onnx', run, record, promoted)
    },
    async tensorflow() {
      const { loadTensorflowScorer } = await import('../anomaly/tensorflow/scorer.ts')
      return loadTensorflowScorer(stored)
    },
  }
  const scorers: { [R in Runtime]?: CellScorer | undefined } = {}
  const opening: { [R in Runtime]?: Promise<void> } = {}
  return {
    record,
    runtime: file ? 'onnx' : 'tensorflow',
    open(runtime) {
      opening[runtime] ??= load[runtime]().then(scorer => {
        scorers[runtime] = scorer
      })
      return opening[runtime]
    },
    scorer: runtime => scorers[runtime],
  }
}
