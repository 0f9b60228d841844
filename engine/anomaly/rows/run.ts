/** Consecutive rows of one recording; NaN where a value is not known. */
export interface Run {
  readonly values: Float64Array // [row][channel]
  readonly count: number
  readonly width: number
}

/** Rows `from` up to, but without, `to` of a run; they share its memory. */
export function runSlice(run: Run, from: number, to: number): Run {
  const last = Math.min(to, run.count)
  const values = run.values.subarray(from * run.width, last * run.width)
  return { values, count: Math.max(0, last - from), width: run.width }
}

/** Row of a run; shares its memory. */
export function rowOf(run: Run, row: number): Float64Array {
  return run.values.subarray(row * run.width, (row + 1) * run.width)
}
