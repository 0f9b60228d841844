import { jsonBytes, parseJsonBytes } from '../core/sections.ts'
import type { LineClock, ReadingBatch } from '../flow.ts'

/** A producer whose clock is off by more than this is named as a problem. */
export const SKEW_MAX_MS = 5000
/** Producers that are watched; the one heard of longest ago goes first. */
const PRODUCERS_MAX = 10_000
/** Batches in one look; the smallest delay among them is the clock's, the rest is waiting. */
const LOOK_BATCHES = 30
/** Problems that are named at once. */
const PROBLEMS_MAX = 20

/** Received time less newest source time of a producer, in the best case. */
export interface ClockSkew {
  readonly producer: string
  /** Above 0: the producer's clock is behind, or it sends late; below 0: it is ahead. */
  readonly skew_ms: number
}

/** Compares the clocks of producers with this machine's, for lines that run by the wall clock. */
export interface SkewWatch {
  /** Takes a batch that was accepted; old ones that a producer sends again say nothing. */
  take(batch: Pick<ReadingBatch, 'producer' | 'received_ms' | 'mode' | 'count' | 'times_ms'>): void
  /** Known after some batches of a producer; for the status of a line. */
  skews(): readonly ClockSkew[]
  /** What to tell people, one text per producer whose clock is off. */
  problems(): readonly string[]
  snapshot(): Uint8Array
  restore(bytes: Uint8Array): void
}

interface Watched {
  batches: number
  /** Smallest delay of the running look. */
  least_ms: number
  skew_ms: number
}

export function skewWatch(clock: LineClock): SkewWatch {
  const producers = new Map<string, Watched>() // least recently heard of first
  let told: readonly string[] | undefined // until a clock is judged again

  const skews = (): ClockSkew[] =>
    [...producers]
      .filter(([, { skew_ms }]) => !Number.isNaN(skew_ms))
      .map(([producer, { skew_ms }]) => ({ producer, skew_ms }))

  return {
    take({ producer, received_ms, mode, count, times_ms }) {
      if (clock !== 'wall' || mode === 'backfill' || count === 0) return
      let newest_ms = times_ms[0]!
      for (let row = 1; row < count; row++) {
        if (times_ms[row]! > newest_ms) newest_ms = times_ms[row]!
      }
      const known = producers.get(producer)
      const watched = known ?? {
        ...{ batches: 0, least_ms: Number.POSITIVE_INFINITY, skew_ms: Number.NaN },
      }
      producers.delete(producer)
      producers.set(producer, watched)
      if (producers.size > PRODUCERS_MAX) {
        const [first] = producers.keys()
        producers.delete(first!)
      }
      watched.batches += 1
      watched.least_ms = Math.min(watched.least_ms, received_ms - newest_ms)
      if (watched.batches < LOOK_BATCHES) return
      told = undefined
      watched.skew_ms = watched.least_ms
      watched.batches = 0
      watched.least_ms = Number.POSITIVE_INFINITY
    },
    skews,
    problems() {
      told ??= textsOf(skews())
      return told
    },
    snapshot: () => jsonBytes([...producers].map(rowOf)),
    restore(bytes) {
      told = undefined
      producers.clear()
      for (const [producer, batches, least_ms, skew_ms] of parseJsonBytes<Row[]>(bytes)) {
        producers.set(producer, {
          ...{ batches, least_ms: least_ms ?? Number.POSITIVE_INFINITY },
          skew_ms: skew_ms ?? Number.NaN,
        })
      }
    },
  }
}

/** A producer in a snapshot; null: nothing in the running look, and not judged yet. */
type Row = [producer: string, batches: number, least_ms: number | null, skew_ms: number | null]

function rowOf([producer, { batches, least_ms, skew_ms }]: [string, Watched]): Row {
  const finite = (value: number) => (Number.isFinite(value) ? value : null)
  return [producer, batches, finite(least_ms), finite(skew_ms)]
}

function textsOf(skews: readonly ClockSkew[]): readonly string[] {
  return skews
    .filter(({ skew_ms }) => Math.abs(skew_ms) > SKEW_MAX_MS)
    .slice(0, PROBLEMS_MAX)
    .map(({ producer, skew_ms }) => {
      const seconds = (Math.abs(skew_ms) / 1000).toFixed(1)
      return skew_ms < 0
        ? `the clock of producer ${producer} is ${seconds} s ahead: set it by NTP`
        : `readings of producer ${producer} are ${seconds} s old when they come: set its clock by NTP, or send sooner`
    })
}
