/** The twin's own past estimates, to compare with samples that were taken hours ago. */

/** Time between two slots. */
export const RING_STEP_S = 1200
const RING_SLOTS = 110 // 36 h and a slot on either side

/** Quantities that are kept. */
export const ringRow = { bath_K: 0, alf3_wtpct: 1, alumina_wtpct: 2 } as const
const RING_ROWS = 3
/** Values are kept as whole numbers of a fine step over an offset: 0.01 K, 0.001 and 0.0005 wt%. */
const STEPS = [0.01, 0.001, 0.0005] as const
const OFFSETS = [1200, 0, 0] as const
const WHOLE_MAX = 32_767

/** A bounded history of all cells, one slot each twenty minutes. */
export interface SampleRing {
  readonly cells: number
  /** Event time of the slot; NaN where empty. */
  readonly times_s: Float64Array // [slot]
  readonly values: Int16Array // [slot][ringRow][cell], whole steps
}

/** An empty ring. */
export function createRing(cells: number): SampleRing {
  return {
    cells,
    times_s: new Float64Array(RING_SLOTS).fill(Number.NaN),
    values: new Int16Array(RING_SLOTS * RING_ROWS * cells),
  }
}

const slotOf = (number: number) => ((number % RING_SLOTS) + RING_SLOTS) % RING_SLOTS

/** True when the slot that `time_s` falls into has not been written yet. */
export function ringIsDue(ring: SampleRing, time_s: number): boolean {
  const number = Math.floor(time_s / RING_STEP_S)
  return ring.times_s[slotOf(number)] !== number * RING_STEP_S
}

/** Opens the slot of `time_s`; the caller then fills its values. */
export function openSlot(ring: SampleRing, time_s: number): number {
  const number = Math.floor(time_s / RING_STEP_S)
  const slot = slotOf(number)
  ring.times_s[slot] = number * RING_STEP_S
  return slot
}

/** Writes one value of an open slot. */
export function putRing(
  ring: SampleRing,
  slot: number,
  row: number,
  cell: number,
  value: number,
): void {
  ring.values[(slot * RING_ROWS + row) * ring.cells + cell] = whole(
    (value - OFFSETS[row]!) / STEPS[row]!,
  )
}

/** The estimate at an earlier time, interpolated; `now` where the ring does not reach it. */
export function pastEstimate(
  ring: SampleRing,
  row: number,
  cell: number,
  time_s: number,
  now: number,
): number {
  const number = Math.floor(time_s / RING_STEP_S)
  const before = valueAt(ring, number, row, cell)
  const after = valueAt(ring, number + 1, row, cell)
  if (Number.isNaN(before)) return Number.isNaN(after) ? now : after
  if (Number.isNaN(after)) return before
  const share = time_s / RING_STEP_S - number
  return before + share * (after - before)
}

/** Moves all kept estimates of a cell, since a sample showed that they were off. */
export function shiftRing(ring: SampleRing, row: number, cell: number, by: number): void {
  for (let slot = 0; slot < RING_SLOTS; slot++) {
    const at = (slot * RING_ROWS + row) * ring.cells + cell
    ring.values[at] = whole(ring.values[at]! + by / STEPS[row]!)
  }
}

function valueAt(ring: SampleRing, number: number, row: number, cell: number): number {
  const slot = slotOf(number)
  if (ring.times_s[slot] !== number * RING_STEP_S) return Number.NaN
  return OFFSETS[row]! + STEPS[row]! * ring.values[(slot * RING_ROWS + row) * ring.cells + cell]!
}

function whole(steps: number): number {
  return Math.max(-WHOLE_MAX, Math.min(WHOLE_MAX, Math.round(steps)))
}
