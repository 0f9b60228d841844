import type { Stateful } from '../state.ts'

/** The newest durations with their times, a fixed number of them. */
export interface Durations extends Stateful {
  add(time_ms: number, duration_ms: number): void
  /** The nearest-rank quantiles of those since a time; nulls where there are none. */
  quantiles(since_ms: number, ...shares: readonly number[]): readonly (number | null)[]
}

/** Keeps the newest `count_max` durations. */
export function durations(count_max: number): Durations {
  const times_ms = new Float64Array(count_max).fill(Number.NaN)
  const spans_ms = new Float64Array(count_max)
  const next = new Uint32Array(1)
  return {
    add(time_ms, duration_ms) {
      const at = next[0]!
      times_ms[at] = time_ms
      spans_ms[at] = duration_ms
      next[0] = (at + 1) % count_max
    },
    quantiles(since_ms, ...shares) {
      const kept = spans_ms.filter((_, i) => times_ms[i]! >= since_ms).sort()
      return shares.map(share => kept[Math.ceil(share * kept.length) - 1] ?? null)
    },
    save(out) {
      for (const array of [times_ms, spans_ms, next]) out.array(array)
    },
    load(from) {
      for (const array of [times_ms, spans_ms, next]) from.array(array)
    },
  }
}
