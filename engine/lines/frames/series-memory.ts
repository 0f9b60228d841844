import { type LineFrame, Quality } from '../../flow.ts'
import type { HappenedReading, OpenTick } from './open-tick.ts'
import { KIND_EVENT, type SeriesPlan, type TagPlan } from './series-plan.ts'

/** A frame that its builder may write; readers get it as LineFrame. */
export type WritableFrame = { -readonly [K in keyof LineFrame]: LineFrame[K] }

/** What a frame builder knows of each series between ticks. */
export interface SeriesMemory {
  readonly held: Float64Array // [series], SI
  readonly held_ms: Float64Array // [series], its source time
  readonly quality: Uint8Array // [series], of the held value
  readonly lastTick: Float64Array // [series], last tick with a reading
  /** 1 where the next tick waits for the series. */
  readonly expected: Uint8Array // [series]
  expectedCount: number
}

/** Of this module alone: the compiler reads what is exported or imported anew in every turn. */
const MISSING: number = Quality.missing

const NOTHING: readonly never[] = []

export function seriesMemory(seriesCount: number): SeriesMemory {
  return {
    held: new Float64Array(seriesCount).fill(Number.NaN),
    held_ms: new Float64Array(seriesCount).fill(Number.NaN),
    quality: new Uint8Array(seriesCount).fill(Quality.missing),
    lastTick: new Float64Array(seriesCount).fill(Number.NaN),
    expected: new Uint8Array(seriesCount),
    expectedCount: 0,
  }
}

/** Takes over what came in for a tick; true when the set of expected series changed. */
export function foldTick(memory: SeriesMemory, plan: SeriesPlan, taken: OpenTick): boolean {
  let changed = false
  for (const tag of plan.tags) if (foldTag(memory, tag, taken)) changed = true
  return changed
}

function foldTag(memory: SeriesMemory, tag: TagPlan, taken: OpenTick): boolean {
  const { held, held_ms, quality, lastTick, expected } = memory
  const { reported, sum, count, last, last_ms } = taken
  const { from, to, inTickMean, holdsTick, silent_ticks } = tag
  const { tick } = taken
  let joined = 0
  let changed = false
  for (let s = from; s < to; s++) {
    if (reported[s] === 1) {
      lastTick[s] = tick
      held[s] = inTickMean && count[s]! > 0 ? sum[s]! / count[s]! : last[s]!
      held_ms[s] = last_ms[s]!
      quality[s] = taken.quality[s]!
    }
    const joins = holdsTick && tick - lastTick[s]! < silent_ticks ? 1 : 0
    if (joins === expected[s]) continue
    expected[s] = joins
    joined += joins === 1 ? 1 : -1
    changed = true
  }
  memory.expectedCount += joined
  return changed
}

/** Without any reading the tick's series still grow silent; true when the expected set changed. */
export function dropSilent(memory: SeriesMemory, plan: SeriesPlan, tick: number): boolean {
  const { expected, lastTick } = memory
  const { silent_ticks } = plan
  const before = memory.expectedCount
  if (before === 0) return false
  for (let s = 0; s < expected.length; s++) {
    if (expected[s] === 1 && !(tick - lastTick[s]! < silent_ticks[s]!)) {
      expected[s] = 0
      memory.expectedCount -= 1
    }
  }
  return memory.expectedCount !== before
}

/** Writes all series of the frame whose `time_ms` is set; `taken` is what came in for its tick. */
export function writeFrame(
  frame: WritableFrame,
  memory: SeriesMemory,
  plan: SeriesPlan,
  cells: number,
  tick_ms: number,
  taken: OpenTick | undefined,
): void {
  for (const tag of plan.tags) {
    if (tag.kind === KIND_EVENT) writeEvents(frame, tag, taken)
    else writeHeld(frame, memory, tag, tick_ms)
  }
  frame.events = NOTHING
  frame.samples = NOTHING
  if (!taken) return
  if (taken.events.length > 0) {
    frame.events = taken.events.sort(inOrder).map(one => placed(one, cells))
  }
  if (taken.samples.length > 0) {
    frame.samples = taken.samples.sort(inOrder).map(one => {
      const { tagIndex, cell, value, time_ms } = placed(one, cells)
      return { tagIndex, cell, value, taken_ms: time_ms }
    })
  }
}

function writeHeld(frame: WritableFrame, memory: SeriesMemory, tag: TagPlan, tick_ms: number) {
  const { values, quality, age_ms, time_ms } = frame
  const { held, held_ms } = memory
  const known_ms = tag.hold_ms + tick_ms
  for (let s = tag.from; s < tag.to; s++) {
    let age = time_ms - held_ms[s]!
    if (age < 0) age = 0
    age_ms[s] = age
    if (age <= known_ms) {
      values[s] = held[s]!
      quality[s] = memory.quality[s]!
    } else {
      values[s] = Number.NaN
      quality[s] = MISSING
    }
  }
}

function writeEvents(frame: WritableFrame, { from, to }: TagPlan, taken: OpenTick | undefined) {
  frame.quality.fill(Quality.good, from, to)
  frame.age_ms.fill(0, from, to)
  if (taken) frame.values.set(taken.sum.subarray(from, to), from)
  else frame.values.fill(0, from, to)
}

/** By time, series and value: not by who sent first. */
const inOrder = (a: HappenedReading, b: HappenedReading): number =>
  a.time_ms - b.time_ms || a.series - b.series || a.value - b.value

const placed = (reading: HappenedReading, cells: number) => ({
  tagIndex: Math.floor(reading.series / cells),
  cell: reading.series % cells,
  value: reading.value,
  time_ms: reading.time_ms,
})
