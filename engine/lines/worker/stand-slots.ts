import { loadStages } from '../../load.ts'
import type { FoldStand } from '../seat.ts'

const CLOSE_REASONS = ['complete', 'watermark', 'grace', 'silent'] as const
const NUMBERS = [
  ...(['tick', 'time_ms', 'next_tick', 'newest_tick', 'newest_ms'] as const),
  ...(['revision', 'needed_after'] as const),
] as const
const COUNTERS = ['accepted', 'late'] as const

/** What a stand says in words, which rarely changes. */
export type StandWords = Pick<FoldStand, 'clock_problems' | 'versions'>

/**
 * Where a fold stands and the time its stages took, in memory that two threads see: a message for
 * each chunk of the log need not carry it. The fold writes before it tells of a chunk, and the other
 * side reads before it sends the next.
 */
export interface StandSlots {
  readonly memory: SharedArrayBuffer
  /** Sums of the stages, as in StageTimes. */
  readonly times: Float64Array
  write(stand: FoldStand): void
  read(words: StandWords): FoldStand
}

/** Slots over memory that the other thread handed over, or over new memory. */
export function standSlots(shared?: SharedArrayBuffer): StandSlots {
  const count = NUMBERS.length + COUNTERS.length + CLOSE_REASONS.length
  const sums = 2 * loadStages.length
  const memory = shared ?? new SharedArrayBuffer(8 * (count + sums))
  const numbers = new Float64Array(memory, 0, count)
  return {
    memory,
    times: new Float64Array(memory, 8 * count, sums),
    write(stand) {
      let at = 0
      for (const name of NUMBERS) numbers[at++] = stand[name]
      for (const name of COUNTERS) numbers[at++] = stand.counters[name]
      for (const reason of CLOSE_REASONS) numbers[at++] = stand.counters.closed[reason]
    },
    read(words) {
      const [tick, time_ms, next_tick, newest_tick, newest_ms, revision, needed_after] = numbers
      const [accepted, late, complete, watermark, grace, silent] = numbers.subarray(NUMBERS.length)
      const closed = {
        ...{ complete: complete!, watermark: watermark!, grace: grace!, silent: silent! },
      }
      return {
        ...{ tick: tick!, time_ms: time_ms!, next_tick: next_tick!, newest_tick: newest_tick! },
        ...{ newest_ms: newest_ms!, revision: revision!, needed_after: needed_after! },
        counters: { accepted: accepted!, late: late!, closed },
        ...words,
      }
    },
  }
}
