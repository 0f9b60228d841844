import type { LineFrame, TwinFrame } from '../flow.ts'
import type { FrameBuilder } from './frames/builder.ts'

type Latest = { readonly frame: LineFrame; readonly twin: TwinFrame }

/** The frame builder as others see it: a rewind, which waits for its log, does not show. */
export function shownBuilder(builder: FrameBuilder) {
  let latest: Latest | undefined
  let frozen: FrameBuilder | undefined
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
    /** A copy of the last tick while a rewind runs. */
    latest: () => latest,
    freeze(last: Latest | undefined): void {
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
    },
  }
}
