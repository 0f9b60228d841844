import type { ModelRecord, TagReference } from '../anomaly/tensorflow/model-record.ts'
import { binOf, stabilityOf } from './stability.ts'
import { coarsestStep, isMultiple, STEPS } from './tag-spread.ts'

/** Values of a tag that a day needs to be judged, and counts at most. */
const DAY_VALUES_MIN = 200
const DAY_VALUES_MAX = 20_000

/** A tag's values of one day as counts, so that the day is small in the state. */
export interface DayCounts {
  readonly tag: string
  full(): boolean
  add(value: number): void
  /** How far the day's spread is from the reference; undefined: too few values, no reference. */
  stability(): number | undefined
  /** Finest step seen and the one that was learnt; undefined where nothing can be said. */
  resolution(): { readonly now: number; readonly learnt: number } | undefined
  clear(): void
  /** All counts, to be stored as they are. */
  readonly counts: Float64Array
}

const HEAD = 2 // values, those of them that are not 0
const EMPTY: Omit<TagReference, 'tag'> = { edges: [], shares: [] }

/** Counts of a tag's values against what a model learnt from. */
export function dayCounts(tag: string, record: ModelRecord): DayCounts {
  const reference = record.training.reference?.find(one => one.tag === tag) ?? EMPTY
  const learnt = record.inputs?.tags.find(one => one.tag === tag)?.resolution ?? 0
  const bins = reference.shares.length
  const counts = new Float64Array(HEAD + STEPS.length + bins)
  const multiples = counts.subarray(HEAD, HEAD + STEPS.length)
  const inBin = counts.subarray(HEAD + STEPS.length)
  return {
    tag,
    counts,
    full: () => counts[0]! >= DAY_VALUES_MAX,
    add(value) {
      counts[0]! += 1
      if (bins > 0) inBin[binOf(reference.edges, value)]! += 1
      if (value === 0) return
      counts[1]! += 1
      for (let s = 0; s < STEPS.length; s++) if (isMultiple(value, STEPS[s]!)) multiples[s]! += 1
    },
    stability() {
      if (counts[0]! < DAY_VALUES_MIN || bins === 0) return undefined
      return stabilityOf(
        reference.shares,
        Array.from(inBin, count => count / counts[0]!),
      )
    },
    resolution() {
      if (counts[0]! < DAY_VALUES_MIN) return undefined
      const now = coarsestStep(multiples, counts[1]!)
      return learnt > 0 && now > 0 ? { now, learnt } : undefined
    },
    clear() {
      counts.fill(0)
    },
  }
}
