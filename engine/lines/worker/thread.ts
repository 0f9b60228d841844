import type { Worker } from 'node:worker_threads'
import { problemOf } from '../../core/errors.ts'
import type { ThreadLoad } from '../../load.ts'
import { ThreadLost } from '../seat.ts'
import type { FromFolds, LineNumber, ToFolds } from './protocol.ts'

/** One thread of folds as the I/O thread sees it. */
export interface FoldThread {
  readonly name: string
  send(message: ToFolds, moved?: readonly ArrayBuffer[]): void
  /** Messages of one line go to `take`; `lost` hears once when the thread is gone. */
  attach(
    line: LineNumber,
    ends: {
      readonly take: (message: FromFolds) => void
      readonly lost: (error: ThreadLost) => void
    },
  ): void
  detach(line: LineNumber): void
  alive(): boolean
  load(): ThreadLoad
  close(): Promise<void>
}

/** Joins the lines of one thread; `folding` is the memory in which the thread says who is at work. */
export function foldThread(
  name: string,
  worker: Worker,
  folding: Int32Array,
  say: (text: string) => void,
): FoldThread {
  const lines = new Map<LineNumber, Parameters<FoldThread['attach']>[1]>()
  let gone: ((line: LineNumber) => ThreadLost) | undefined
  let reason = ''
  let load: ThreadLoad = {
    ...{ name, event_loop_lag_ms_p50: 0, event_loop_lag_ms_p99: 0 },
    ...{ heap_used_bytes: 0, gc_pause_s: 0, gc_count: 0 },
  }
  // An engine that cannot start ends without waiting for it.
  worker.unref()
  worker.on('message', (message: FromFolds) => {
    if (message.is === 'load') load = message.load
    else if (message.is === 'said') say(message.text)
    else lines.get(message.line)?.take(message)
  })
  worker.on('error', error => {
    reason = problemOf(error)
  })
  const exited = new Promise<void>(resolve => {
    worker.on('exit', code => {
      const culprit = Atomics.load(folding, 0)
      const problem = `its thread ${name} ended: ${reason || `exit ${code}`}`
      gone = line => new ThreadLost(problem, culprit < 0 || culprit === line)
      for (const [line, { lost }] of lines) lost(gone(line))
      lines.clear()
      resolve()
    })
  })
  return {
    name,
    send: (message, moved = []) => worker.postMessage(message, moved),
    attach(line, ends) {
      if (gone) ends.lost(gone(line))
      else lines.set(line, ends)
    },
    detach: line => lines.delete(line),
    alive: () => gone === undefined,
    load: () => load,
    async close() {
      lines.clear()
      worker.ref()
      await worker.terminate()
      await exited
    },
  }
}
