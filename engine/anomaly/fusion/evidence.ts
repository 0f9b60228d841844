import { fitPareto, type TailRule } from '../rows/tail.ts'
import type { Stateful } from '../state.ts'

/** How surprising a value of a stream is against quiet running of the whole line. */
export interface StreamLaws extends Stateful {
  /** True once every stream has shown enough. */
  ready(): boolean
  readonly from: Float64Array // [stream], where the law begins
  readonly excess: Float64Array // [stream], mean of what lies above
  readonly samples: Float32Array // [stream][sample], a ring
  readonly counts: Float64Array // [stream]
  /** Fits the laws to the samples again. */
  refresh(): void
}

/** Newest quiet samples of each stream that its law rests on. */
export const SAMPLES_MAX = 1024
const SAMPLES_MIN = 128
const RULE: TailRule = { quantile: 0.9, gamma_least: 0, caution: 0 }

/**
 * Decades that a value is rarer than one quiet row in ten, as an exponential tail has it; 0 for
 * anything more common. That tails are heavier is the matter of the level: evidence never flattens.
 */
export function evidenceOf({ from, excess }: StreamLaws, stream: number, value: number): number {
  const above = value - from[stream]!
  return above > 0 ? above / (Math.LN10 * excess[stream]!) : 0
}

/** Takes a quiet value; far enough apart from the one before not to repeat it. */
export function takeSample({ samples, counts }: StreamLaws, stream: number, value: number): void {
  samples[stream * SAMPLES_MAX + (counts[stream]! % SAMPLES_MAX)] = value
  counts[stream]!++
}

/** Nothing is known of any stream. */
export function streamLaws(streams: number): StreamLaws {
  const samples = new Float32Array(streams * SAMPLES_MAX) // [stream][sample], a ring
  const counts = new Float64Array(streams)
  const from = new Float64Array(streams).fill(Number.NaN)
  const excess = new Float64Array(streams) // mean of what lies above
  const arrays = [samples, counts, from, excess]
  return {
    ...{ from, excess, samples, counts },
    ready() {
      for (let s = 0; s < streams; s++) if (Number.isNaN(from[s]!)) return false
      return true
    },
    refresh() {
      for (let s = 0; s < streams; s++) {
        const count = Math.min(SAMPLES_MAX, counts[s]!)
        if (count < SAMPLES_MIN) continue
        const at = s * SAMPLES_MAX
        const law = fitPareto(Float64Array.from(samples.subarray(at, at + count)).sort(), RULE)
        // Without a tail to speak of the law that was stays.
        if (!law) continue
        from[s] = law.from
        excess[s] = law.sigma / (1 - law.gamma)
      }
    },
    save(out) {
      for (const array of arrays) out.array(array)
    },
    load(source) {
      for (const array of arrays) source.array(array)
    },
  }
}
