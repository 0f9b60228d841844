import type { AnomalyStage, LineFrame, TwinFrame } from '../flow.ts'
import type { FrameBuilder } from './frames/builder.ts'

type Latest = { readonly frame: LineFrame; readonly twin: TwinFrame }

/** Frames and findings as others see them: a rewind, which waits for its log, does not show. */
export function shownLine(builder: FrameBuilder, anomaly: AnomalyStage) {
  let latest: Latest | undefined
  let frozen: FrameBuilder | undefined
  let found: Pick<AnomalyStage, 'scores' | 'sensorFaults'> = anomaly
  let ended: Promise<void> | undefined
  let end = () => {}
  const now = (): FrameBuilder => frozen ?? builder
  const shown: FrameBuilder = {
    ...builder,
    get counters() {
      return now().counters
    },
    next_tick: () => now().next_tick(),
    newest_tick: () => now().newest_tick(),
    newest_ms: () => now().newest_ms(),
  }
  return {
    builder: shown,
    anomaly: {
      ...anomaly,
      scores: () => found.scores(),
      sensorFaults: () => found.sensorFaults(),
    } satisfies AnomalyStage,
    /** Resolves when the rewind that runs is over; undefined while none does. */
    rewinding: () => ended,
    /** A copy of the last tick while a rewind runs. */
    latest: () => latest,
    freeze(last: Latest | undefined): void {
      ended = new Promise(resolve => {
        end = resolve
      })
      const [scores, faults] = structuredClone([anomaly.scores(), anomaly.sensorFaults()] as const)
      found = { scores: () => scores, sensorFaults: () => faults }
      latest = last && structuredClone(last)
      const counters = structuredClone(builder.counters)
      const [next, newest, newest_ms] = [
        builder.next_tick(),
        builder.newest_tick(),
        builder.newest_ms(),
      ]
      frozen = {
        ...builder,
        counters,
        next_tick: () => next,
        newest_tick: () => newest,
        newest_ms: () => newest_ms,
      }
    },
    thaw(): void {
      latest = undefined
      frozen = undefined
      found = anomaly
      ended = undefined
      end()
    },
  }
}
