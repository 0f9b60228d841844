import type { Stateful } from '../state.ts'
import { type LineModel, type LineModelPlan, lineModel } from './line-model.ts'

/** Residual and state T2 of every cell by the line's one model, each a running mean of its log. */
export interface CvaStream extends Stateful {
  readonly model: LineModel
  /** Takes one standardised row; true when the statistics of the cell are known. */
  take(cell: number, row: Float64Array, quiet: boolean): boolean
  residualLog(cell: number): number
  stateLog(cell: number): number
  /** Copies the window of the cell, newest row first. */
  window(cell: number, into: Float64Array): void
  restart(cell: number): void
}

/** Share of the newest row in the running means of the logarithms. */
const LOG_SHARE = 0.1

/** Nothing is learnt yet. */
export function cvaStream(plan: LineModelPlan): CvaStream {
  const { cells, channels, lags } = plan
  const n = lags * channels
  const model = lineModel(plan)
  const windows = new Float32Array(cells * n) // [cell][lag, newest first][channel]
  const filled = new Uint8Array(cells)
  const residual = new Float32Array(cells).fill(Number.NaN)
  const state = new Float32Array(cells).fill(Number.NaN)
  const arrays = [windows, filled, residual, state]
  const remember = (logs: Float32Array, cell: number, t2: number, variates: number) => {
    // Of few variates the logarithm alone would vary most where all is well.
    const log = Math.log(t2 / variates + 1)
    const before = logs[cell]!
    logs[cell] = Number.isNaN(before) ? log : before + LOG_SHARE * (log - before)
  }
  return {
    model,
    take(cell, row, quiet) {
      model.learn(cell, row, quiet)
      const from = cell * n
      windows.copyWithin(from + channels, from, from + n - channels)
      for (let c = 0; c < channels; c++) windows[from + c] = row[c]!
      if (filled[cell]! < lags) filled[cell]!++
      if (filled[cell]! < lags || !model.fitted()) return false
      const states = model.states()
      const own = sumOfSquares(model.weights, 0, states, windows, from, n)
      remember(state, cell, own, states)
      const rest = sumOfSquares(model.weights, states, n, windows, from, n)
      remember(residual, cell, rest, n - states)
      return true
    },
    residualLog: cell => residual[cell]!,
    stateLog: cell => state[cell]!,
    window(cell, into) {
      for (let i = 0; i < n; i++) into[i] = windows[cell * n + i]!
    },
    restart(cell) {
      filled[cell] = 0
      residual[cell] = state[cell] = Number.NaN
    },
    save(out) {
      model.save(out)
      for (const array of arrays) out.array(array)
    },
    load(from) {
      model.load(from)
      for (const array of arrays) from.array(array)
    },
  }
}

function sumOfSquares(
  weights: Float64Array,
  first: number,
  last: number,
  windows: Float32Array,
  from: number,
  n: number,
): number {
  let total = 0
  for (let k = first; k < last; k++) {
    let even = 0
    let odd = 0
    let i = 0
    const row = k * n
    for (; i + 1 < n; i += 2) {
      even += weights[row + i]! * windows[from + i]!
      odd += weights[row + i + 1]! * windows[from + i + 1]!
    }
    if (i < n) even += weights[row + i]! * windows[from + i]!
    const sum = even + odd
    total += sum * sum
  }
  return total
}
