import { Worker } from 'node:worker_threads'
import type { CheckedFiles } from '../anomaly/onnx/checked-files.ts'
import type { StoredModel } from '../anomaly/tensorflow/model-record.ts'

/** A version to check, and rows of a plant on which its runtimes are compared. */
export interface CheckTask {
  readonly stored: StoredModel
  readonly rows: Float32Array // [row][feature]
}

/** What a check found; a version that can not score is an error instead. */
export interface CheckResult {
  /** Undefined: ONNX Runtime does not compute it, as the warnings say. */
  readonly file: Uint8Array | undefined
  readonly warnings: readonly string[]
}

/** How versions are checked that nobody has checked before. */
export interface ModelChecks {
  readonly files: CheckedFiles
  check(task: CheckTask): Promise<CheckResult>
}

/** Checks in this thread, which loads TensorFlow.js for it. */
export async function checkHere({ stored, rows }: CheckTask): Promise<CheckResult> {
  const { loadModel } = await import('../anomaly/tensorflow/scorer.ts')
  const warnings: string[] = []
  const { file } = await loadModel(stored, { rows, warn: text => warnings.push(text) })
  return { file, warnings }
}

/** Checks in a thread of its own, so that this one does not stand still meanwhile. */
export function checkElsewhere(
  task: CheckTask,
  execArgv: string[] = process.execArgv,
): Promise<CheckResult> {
  return new Promise((resolve, reject) => {
    const entry = new URL('./check-thread.ts', import.meta.url)
    const thread = new Worker(entry, { workerData: task, execArgv })
    thread.once('message', resolve)
    thread.once('error', reject)
    thread.once('exit', code => reject(new Error(`its check ended (exit ${code})`)))
  })
}
