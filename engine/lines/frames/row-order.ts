import type { ReadingBatch } from '../../flow.ts'

/**
 * Row order by time, then rank of the series, then value and quality, so that the order of rows
 * within a batch does not matter; undefined when the rows already are in that order, each series
 * once a time. The next call overwrites the result.
 */
export function orderByTime(
  batch: ReadingBatch,
  rank: Uint32Array, // [series]
): Uint32Array | undefined {
  const { times_ms, series, count } = batch
  let row = 1
  while (row < count) {
    const step_ms = times_ms[row]! - times_ms[row - 1]!
    if (step_ms < 0 || (step_ms === 0 && rank[series[row]!]! <= rank[series[row - 1]!]!)) break
    row++
  }
  if (row >= count) return undefined
  reserve(count)
  const few = count <= FEW_ROWS
  if (few) for (let i = 0; i < count; i++) order[i] = i
  const sorted = few ? 'nearly' : sortByNumbers(batch, rank)
  if (sorted === 'wholly') return order.subarray(0, count)
  if (sorted === 'no' || !insertionSort(batch, rank)) mergeSort(batch, rank)
  return order.subarray(0, count)
}

const FEW_ROWS = 24
const DIGIT_BITS = 8
const DIGITS = 1 << DIGIT_BITS

/** What all calls use: the order, the order that a pass reads, and the rows' keys. */
let order = new Uint32Array(1024)
let before = new Uint32Array(1024)
let keys = new Uint32Array(1024)
const places = new Uint32Array(DIGITS)

function reserve(count: number): void {
  if (count <= order.length) return
  const size = 2 ** Math.ceil(Math.log2(count))
  order = new Uint32Array(size)
  before = new Uint32Array(size)
  keys = new Uint32Array(size)
}

/** How far a radix sort came: nearly, where readings of one series and time may still be swapped. */
type Sorted = 'wholly' | 'nearly' | 'no'

/** Radix sort by rank, then by time; not where times are too far apart for it or no whole ms. */
function sortByNumbers({ times_ms, series, count }: ReadingBatch, rank: Uint32Array): Sorted {
  let first_ms = times_ms[0]!
  let last_ms = first_ms
  for (let i = 1; i < count; i++) {
    const time_ms = times_ms[i]!
    if (time_ms < first_ms) first_ms = time_ms
    else if (time_ms > last_ms) last_ms = time_ms
  }
  const span_ms = last_ms - first_ms
  if (span_ms > 0xffffffff) return 'no'
  let highest = 0
  for (let i = 0; i < count; i++) {
    const key = rank[series[i]!]!
    keys[i] = key
    if (key > highest) highest = key
  }
  if (span_ms === 0 && fitsBeside(highest, count)) return sortPacked(count, highest)
  for (let i = 0; i < count; i++) order[i] = i
  sortByKeys(count, highest)
  if (span_ms === 0) return 'nearly'
  for (let i = 0; i < count; i++) {
    const after_ms = times_ms[i]! - first_ms
    keys[i] = after_ms
    if (keys[i] !== after_ms) return 'no'
  }
  sortByKeys(count, span_ms)
  return 'nearly'
}

const bitsOf = (highest: number): number => 32 - Math.clz32(highest)

/** True where a rank and a row fit into one key. */
const fitsBeside = (highest: number, count: number): boolean =>
  bitsOf(highest) + bitsOf(count - 1) <= 32

/** Sorts rows of one time, rank and row in one key: the passes then read keys one after another. */
function sortPacked(count: number, highest: number): Sorted {
  const row_bits = bitsOf(count - 1)
  for (let i = 0; i < count; i++) keys[i] = (keys[i]! << row_bits) | i
  const end = row_bits + bitsOf(highest)
  for (let shift = row_bits; shift < end; shift += DIGIT_BITS) {
    sortDigit(keys, before, count, shift)
    const sorted = before
    before = keys
    keys = sorted
  }
  const row_mask = 2 ** row_bits - 1
  let last = -1
  let repeats = false
  for (let i = 0; i < count; i++) {
    const key = keys[i]!
    const now = key >>> row_bits
    if (now === last) repeats = true
    last = now
    order[i] = key & row_mask
  }
  return repeats ? 'nearly' : 'wholly'
}

/** One pass of `sortPacked`: equal digits keep their order. */
function sortDigit(from: Uint32Array, to: Uint32Array, count: number, shift: number): void {
  places.fill(0)
  for (let i = 0; i < count; i++) places[(from[i]! >>> shift) & (DIGITS - 1)]!++
  placeDigits()
  for (let i = 0; i < count; i++) {
    const key = from[i]!
    to[places[(key >>> shift) & (DIGITS - 1)]!++] = key
  }
}

/** Where each digit begins, from how often it is there. */
function placeDigits(): void {
  let place = 0
  for (let digit = 0; digit < DIGITS; digit++) {
    const rows = places[digit]!
    places[digit] = place
    place += rows
  }
}

/** Sorts `order` by `keys`, a digit at a time from the lowest; equal keys keep their order. */
function sortByKeys(count: number, highest: number): void {
  for (let shift = 0; shift < 32 && highest >>> shift > 0; shift += DIGIT_BITS) {
    places.fill(0)
    for (let i = 0; i < count; i++) places[(keys[i]! >>> shift) & (DIGITS - 1)]!++
    placeDigits()
    const from = order
    order = before
    before = from
    for (let i = 0; i < count; i++) {
      const row = from[i]!
      order[places[(keys[row]! >>> shift) & (DIGITS - 1)]!++] = row
    }
  }
}

/** Moves of the insertion sort for each row at most: many equal rows would take it for ever. */
const MOVES_PER_ROW = FEW_ROWS

/** Puts right what is out of place: after the radix sort only readings of one series and time. */
function insertionSort(batch: ReadingBatch, rank: Uint32Array): boolean {
  const { count } = batch
  let moves = MOVES_PER_ROW * count
  for (let i = 1; i < count; i++) {
    const row = order[i]!
    let at = i
    while (at > 0 && comesAfter(batch, rank, order[at - 1]!, row)) {
      order[at] = order[at - 1]!
      at--
    }
    order[at] = row
    moves -= i - at
    if (moves < 0) return false
  }
  return true
}

/** Merges runs of 1, 2, 4 ... rows: for what the other two cannot sort or not in good time. */
function mergeSort(batch: ReadingBatch, rank: Uint32Array): void {
  const { count } = batch
  for (let i = 0; i < count; i++) order[i] = i
  for (let width = 1; width < count; width *= 2) {
    for (let left = 0; left < count; left += 2 * width) {
      const middle = Math.min(left + width, count)
      merge(batch, rank, left, middle, Math.min(middle + width, count))
    }
    const merged = before
    before = order
    order = merged
  }
}

/** Merges two runs of `order` into the same places of `before`. */
function merge(
  batch: ReadingBatch,
  rank: Uint32Array,
  left: number,
  middle: number,
  end: number,
): void {
  let a = left
  let b = middle
  for (let i = left; i < end; i++) {
    const second = a >= middle || (b < end && comesAfter(batch, rank, order[a]!, order[b]!))
    before[i] = second ? order[b++]! : order[a++]!
  }
}

/** Equal rows keep their order; NaN values come first. */
function comesAfter(batch: ReadingBatch, rank: Uint32Array, a: number, b: number): boolean {
  const { times_ms, series, values, quality } = batch
  const step_ms = times_ms[a]! - times_ms[b]!
  if (step_ms !== 0) return step_ms > 0
  const ranks = rank[series[a]!]! - rank[series[b]!]!
  if (ranks !== 0) return ranks > 0
  const x = values[a]!
  const y = values[b]!
  if (x < y || x > y) return x > y
  if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(y)
  return quality[a]! > quality[b]!
}
