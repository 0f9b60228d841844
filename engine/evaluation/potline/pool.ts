import { Worker } from 'node:worker_threads'
import type { ScoredLine } from './events.ts'
import { drawFaults, FAULTED_LINE, QUIET_CELLS, quietHours } from './plan.ts'
import { truthOf } from './truth.ts'
import type { Watched } from './watch.ts'

/** One line to run. */
export interface LineJob {
  readonly seed: number
  readonly faulted: boolean
  readonly cells: number
  readonly hours: number
}

/** What a worker is started with. */
export interface WorkerStart {
  /** Folder of the model registry. */
  readonly models: string
}

/** Most threads at once. */
const WORKERS_MAX = 16

/** The line with faults of a seed. */
export const faultedJob = (seed: number): LineJob => ({ seed, faulted: true, ...FAULTED_LINE })
/** Days without faults of a seed. */
export const quietJob = (seed: number, days: number): LineJob => ({
  ...{ seed, faulted: false, cells: QUIET_CELLS, hours: quietHours(days) },
})

/** Runs the lines in threads of their own, in any order; the results are in the order given. */
export async function runJobs(
  jobs: readonly LineJob[],
  workers: number,
  start: WorkerStart,
  onDone: (job: LineJob, line: ScoredLine) => void,
): Promise<ScoredLine[]> {
  const results = new Array<ScoredLine>(jobs.length)
  let next = 0
  const runOne = async () => {
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: start })
    try {
      for (let at = next++; at < jobs.length; at = next++) {
        const job = jobs[at]!
        const watched = await ask(worker, job)
        const faults = job.faulted ? truthOf(drawFaults(job.seed)) : []
        results[at] = { ...watched, faults }
        onDone(job, results[at]!)
      }
    } finally {
      await worker.terminate()
    }
  }
  const count = Math.max(1, Math.min(WORKERS_MAX, workers, jobs.length))
  await Promise.all(Array.from({ length: count }, runOne))
  return results
}

function ask(worker: Worker, job: LineJob): Promise<Watched> {
  return new Promise((resolve, reject) => {
    const done = (finish: () => void) => {
      worker.off('message', onMessage)
      worker.off('error', onError)
      finish()
    }
    const onMessage = (watched: Watched) => done(() => resolve(watched))
    const onError = (error: Error) => done(() => reject(error))
    worker.on('message', onMessage)
    worker.on('error', onError)
    worker.postMessage(job)
  })
}
