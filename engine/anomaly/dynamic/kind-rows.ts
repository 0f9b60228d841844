import type { Stateful } from '../state.ts'
import { BLOCK_CELLS } from './kind-models.ts'
import type { KindPlan } from './kind-plan.ts'

/** The newest rows of all assets, each signal in its own centre and spread. */
export interface KindRows extends Stateful {
  /** Takes a tick; `quiet`: assets that may be learnt from. */
  tick(observed: Float64Array, masked: Uint8Array, quiet: Uint8Array): void // [channel][cell]
  /** 1: something of the asset came in this tick. */
  readonly came: Uint8Array // [cell]
  /** True once the scales of the asset are believed. */
  ready(cell: number): boolean
  /** True where the last `2 lags` rows of the asset were quiet ones in believed scales. */
  teaches(cell: number): boolean
  /** The newest `rows` rows of an asset, newest first. */
  window(cell: number, rows: number, into: Float64Array): void // [row][channel]
  /** Where the row `lag` before the newest lies in `values`. */
  at(lag: number): number
  readonly values: Float32Array // [slot][channel][cell]
  restart(cell: number): void
}

/** Values before a spread is used. */
const EARLY = 30
/** A value counts as at most so many deviations out where it is learnt. */
const LEARN_MOST = 4
/** Values are cut here: one broken sensor is no better evidence than this. */
const VALUE_MOST = 10
/** A signal that moves in fewer of its ticks than this is a state, which moves with nothing. */
const MOVES_LEAST = 0.2
const MOVES_SHARE = 0.01

/** Nothing has been seen yet. */
export function kindRows(plan: KindPlan): KindRows {
  const { cells, channels, lags, scale_count, scale_min } = plan
  const size = channels * cells
  const centre = new Float64Array(size) // [channel][cell]
  const variance = new Float32Array(size)
  const last = new Float32Array(size)
  const moves = new Float32Array(size) // share of ticks with another value
  const counts = new Uint16Array(size)
  const learnt = new Uint16Array(cells) // quiet rows, up to those that a scale needs
  const streak = new Uint8Array(cells) // quiet rows in a row, up to those that teach
  const slots = 2 * lags
  // The last block of assets may read past the last of them.
  const windows = new Float32Array(slots * size + BLOCK_CELLS)
  const slot = new Uint8Array(1) // of the newest row
  const came = new Uint8Array(cells)
  const arrays = [centre, variance, last, moves, windows, slot, streak]
  const wholes = [counts, learnt]

  const at = (lag: number): number => ((slot[0]! + slots - lag) % slots) * size

  const scales: Scales = { centre, variance, last, moves, counts, scale_count }

  return {
    came,
    tick(observed, masked, quiet) {
      const from = slot[0]! * size
      slot[0] = (slot[0]! + 1) % slots
      came.fill(0)
      takeAll(scales, { observed, masked, quiet }, windows, from, slot[0] * size, came)
      for (let cell = 0; cell < cells; cell++) {
        if (quiet[cell] === 0 || came[cell] === 0) streak[cell] = 0
        else if (learnt[cell]! < scale_min) learnt[cell]!++
        else if (streak[cell]! < slots) streak[cell]!++
      }
    },
    ready: cell => learnt[cell]! >= scale_min,
    teaches: cell => streak[cell]! >= slots,
    window(cell, rows, into) {
      for (let lag = 0, k = 0; lag < rows; lag++) {
        for (let c = 0, i = at(lag) + cell; c < channels; c++, i += cells) into[k++] = windows[i]!
      }
    },
    at,
    values: windows,
    restart(cell) {
      learnt[cell] = streak[cell] = 0
      for (let i = cell; i < size; i += cells) counts[i] = 0
    },
    save(out) {
      for (const array of arrays) out.array(array)
      for (const array of wholes) out.array(bytesOf(array))
    },
    load(from) {
      for (const array of arrays) from.array(array)
      for (const array of wholes) from.array(bytesOf(array))
    },
  }
}

interface Scales {
  readonly centre: Float64Array // [channel][cell]
  readonly variance: Float32Array
  readonly last: Float32Array
  readonly moves: Float32Array
  readonly counts: Uint16Array
  readonly scale_count: number
}

interface Tick {
  readonly observed: Float64Array // [channel][cell]
  readonly masked: Uint8Array // [cell]
  readonly quiet: Uint8Array // [cell]
}

/**
 * Writes the row of a tick into its slot. Functions over arrays: an engine has many lines, and the
 * methods of many objects stay calls.
 */
function takeAll(
  scales: Scales,
  { observed, masked, quiet }: Tick,
  windows: Float32Array, // [slot][channel][cell]
  from: number,
  to: number,
  came: Uint8Array, // [cell]
): void {
  const cells = came.length
  const size = scales.counts.length
  for (let first = 0; first < size; first += cells) {
    for (let cell = 0; cell < cells; cell++) {
      const i = first + cell
      const value = observed[i]!
      // What is not known keeps its last value: missing is not an anomaly.
      if (Number.isNaN(value) || masked[cell] === 1) windows[to + i] = windows[from + i]!
      else {
        came[cell] = 1
        windows[to + i] = takeOne(scales, i, value, quiet[cell] === 1)
      }
    }
  }
}

/** Takes one value; gives it in standard deviations. */
function takeOne(scales: Scales, i: number, value: number, learns: boolean): number {
  const { centre, variance, last, moves, counts } = scales
  const spread_2 = variance[i]!
  const difference = value - centre[i]!
  const isKnown = counts[i]! >= EARLY && spread_2 > 0
  const spread = isKnown ? Math.sqrt(spread_2) : Number.POSITIVE_INFINITY
  const score = isKnown && moves[i]! >= MOVES_LEAST ? difference / spread : 0
  if (learns) learnOne(scales, i, value, difference, LEARN_MOST * spread)
  last[i] = value
  return score > VALUE_MOST ? VALUE_MOST : score < -VALUE_MOST ? -VALUE_MOST : score
}

/** What lies further out than `far` is learnt as if it were there. */
function learnOne(
  { centre, variance, last, moves, counts, scale_count }: Scales,
  i: number,
  value: number,
  difference: number,
  far: number,
): void {
  const count = counts[i]!
  const share = 1 / (1 + count)
  const d = difference > far ? far : difference < -far ? -far : difference
  centre[i]! += share * d
  variance[i] = count === 0 ? 0 : (1 - share) * (variance[i]! + share * d * d)
  const moved = Math.fround(value) === last[i]! ? 0 : 1
  moves[i]! += (share > MOVES_SHARE ? share : MOVES_SHARE) * (moved - moves[i]!)
  if (count < scale_count) counts[i] = count + 1
}

const bytesOf = (array: Uint16Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
