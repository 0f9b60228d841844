import { type ModelWindow, spanOf, WINDOW_STEP_MS } from '../anomaly/tensorflow/window.ts'
import type { FeatureRows } from './collect.ts'

/** Windows over rows that were gathered: rows of one cell that follow each other without a gap. */
export interface RowWindows {
  readonly width: number
  /** Numbers of a window. */
  readonly size: number
  /** Newest rows of all windows whose rows all come from `from` on, oldest first. */
  ends(from?: number): Uint32Array
  /** The windows that end with these rows, behind one another. */
  gather(ends: Uint32Array): Float32Array // [window][time][feature]
}

/** The windows of a model over rows; without a window, each row by itself. */
export function rowWindows(
  { values, times_ms, cells, names }: Pick<FeatureRows, 'values' | 'times_ms' | 'cells' | 'names'>,
  window: ModelWindow | undefined,
): RowWindows {
  const width = names.length
  const span = spanOf(window)
  const before = span > 1 ? rowsBefore(times_ms, cells) : new Int32Array(0)
  /** The oldest row of the window that ends here; -1 where rows are missing. */
  const startOf = (end: number): number => {
    let row = end
    for (let k = 1; k < span && row >= 0; k++) row = before[row]!
    return row
  }
  return {
    width,
    size: span * width,
    ends(from = 0) {
      const all = Uint32Array.from({ length: times_ms.length - from }, (_, i) => from + i)
      return span === 1 ? all : all.filter(end => startOf(end) >= from)
    },
    gather(ends) {
      const out = new Float32Array(ends.length * span * width)
      ends.forEach((end, i) => {
        let row = end
        for (let k = span - 1; k >= 0; k--) {
          out.set(values.subarray(row * width, (row + 1) * width), (i * span + k) * width)
          if (k > 0) row = before[row]!
        }
      })
      return out
    },
  }
}

/** Of each row the one of its cell a step before; -1: it is missing. */
function rowsBefore(times_ms: Float64Array, cells: Uint16Array): Int32Array {
  const newest = new Map<number, number>()
  return Int32Array.from(times_ms, (time_ms, row) => {
    const cell = cells[row]!
    const last = newest.get(cell)
    newest.set(cell, row)
    if (last === undefined) return -1
    const gap_ms = time_ms - times_ms[last]!
    return gap_ms > 0.5 * WINDOW_STEP_MS && gap_ms < 1.5 * WINDOW_STEP_MS ? last : -1
  })
}
