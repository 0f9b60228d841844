import { tickAt } from '../core/tick-grid.ts'
import type { LineFrame, ReadingBatch } from '../flow.ts'
import { KIND_SAMPLE } from './frames/series-plan.ts'
import { tickSlices } from './frames/tick-slices.ts'
import { isWithinLag } from './refold.ts'
import type { RewindParts } from './rewind.ts'
import { emptyRows, pushRow, rowsBatch } from './rows.ts'
import type { Step } from './step.ts'

/** Takes readings as they arrive, and notes which past ticks they make wrong. */
export interface ReadingSorter {
  /**
   * Gives the steps of a batch, each after the one before went through all stages. `tracked` is
   * false where no log stands behind the readings, so that nothing can be rewound.
   */
  take(batch: ReadingBatch, tracked: boolean): Generator<Step, void>
  /** The readings last given changed what a tick that is still open would have found. */
  stirred(): void
}

export function readingSorter(parts: RewindParts): ReadingSorter {
  const { definition, plan, builder, late } = parts
  const hasSamples = definition.tags.some(({ kind }) => kind === 'sample')
  let isStirred = false

  function* takeSamples(samples: ReadingBatch, tracked: boolean): Generator<Step, void> {
    const tick = builder.sample_tick()
    if (Number.isNaN(tick)) return
    yield { at: 'readings', batch: samples, tick, events: [] }
    if (tracked) late.joined(samples, tick)
    builder.join(samples, tick)
  }

  /** Notes what the slice makes wrong; false where it is too old to count at all. */
  const note = (slice: ReadingBatch, tick: number, next: number): boolean => {
    const isLate = tick < next
    if (isLate && !isWithinLag(tick, definition, builder.newest_ms())) {
      late.addLate(slice.count)
      builder.counters.accepted += slice.count
      return false
    }
    const isMixed = late.isOutOfOrder(slice)
    if (isLate || isMixed) late.mark(tick, isLate ? slice.count : 0)
    return true
  }

  function* takeTick(slice: ReadingBatch, tracked: boolean): Generator<Step, void> {
    const tick = tickAt(definition, slice.times_ms[0]!)
    const next = builder.next_tick()
    if (tracked && !note(slice, tick, next)) return
    isStirred = false
    // What is further back says nothing of now; the rewind looks at it in its own tick.
    if (!(tick < next - 1)) yield { at: 'readings', batch: slice, tick, events: [] }
    if (tracked && isStirred && tick > next) late.mark(next, 0)
    yield* ticksOf(builder.batch(slice))
  }

  return {
    stirred() {
      isStirred = true
    },
    *take(batch, tracked) {
      for (const slice of tickSlices(batch, plan.rank, definition)) {
        const { samples, rest } = hasSamples
          ? split(slice, plan.kind)
          : { rest: slice, samples: undefined }
        if (samples) {
          builder.counters.accepted += samples.count
          yield* takeSamples(samples, tracked)
        }
        if (rest) yield* takeTick(rest, tracked)
      }
    },
  }
}

/** Closed ticks as steps. */
export function* ticksOf(frames: Iterable<LineFrame>): Generator<Step, void> {
  for (const frame of frames) yield { at: 'tick', frame, twin: undefined, events: [] }
}

/** Samples apart from the rest; most slices have none. */
function split(
  slice: ReadingBatch,
  kind: Uint8Array, // [series]
): { readonly samples?: ReadingBatch; readonly rest?: ReadingBatch } {
  const { count, series } = slice
  let samples = 0
  for (let row = 0; row < count; row++) if (kind[series[row]!] === KIND_SAMPLE) samples += 1
  if (samples === 0) return { rest: slice }
  if (samples === count) return { samples: slice }
  const [taken, left] = [emptyRows(), emptyRows()]
  for (let row = 0; row < count; row++) {
    pushRow(kind[series[row]!] === KIND_SAMPLE ? taken : left, slice, row)
  }
  const { producer, epoch, sequence, received_ms, mode } = slice
  const facts = { producer, epoch, sequence, received_ms, mode }
  return {
    samples: { ...rowsBatch(taken), ...facts },
    rest: { ...rowsBatch(left), ...facts },
  }
}
