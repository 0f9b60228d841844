/** Where an engine folds its lines: the part of the composition that starts before the rest. */
import { availableParallelism } from 'node:os'
import path from 'node:path'
import { Worker } from 'node:worker_threads'
import { CHECKED_FOLDER } from './anomaly/onnx/checked-files.ts'
import type { Config } from './config.ts'
import type { Clock } from './core/clock.ts'
import type { FoldPlaces } from './lines/seat.ts'
import { foldPool } from './lines/worker/pool.ts'
import type { FoldThreadData } from './lines/worker/protocol.ts'
import { trendBytesOf } from './outputs/trend.ts'
import type { ModelShelf } from './training/shelf.ts'
import { scoresModels } from './version.ts'

/** Worker threads that fold the lines; undefined where this thread is to do it. */
export function foldThreads(config: Config, say: (text: string) => void): FoldPlaces | undefined {
  const count = config.workers ?? availableParallelism()
  if (count === 0) return undefined
  const models = path.resolve(config.models)
  return foldPool({
    count,
    // A site of other lines alone never needs the models.
    warm: config.lines.length === 0 || config.lines.some(scoresModels),
    start: start =>
      new Worker(new URL('./fold-thread.ts', import.meta.url), {
        name: start.name,
        workerData: {
          ...{ start, models, checked: CHECKED_FOLDER },
          trend_bytes_max: trendBytesOf(config.lines.length),
        } satisfies FoldThreadData,
      }),
    say,
  })
}

/** Folds on this thread, which then loads what a fold thread does. */
export async function foldsHere(
  shelf: ModelShelf,
  config: Config,
  clock: Clock,
): Promise<FoldPlaces> {
  const [{ foldBuilder, foldParts }, { inlineFolds }] = await Promise.all([
    import('./folding.ts'),
    import('./lines/inline-seat.ts'),
  ])
  const trend_bytes_max = trendBytesOf(config.lines.length)
  return inlineFolds(foldParts(foldBuilder(shelf), trend_bytes_max), clock)
}
