import type { Stateful } from '../state.ts'
import { BLOCK_CELLS, sharedBlockSquares } from './block.ts'
import { type LineModel, type LineModelPlan, lineModel } from './line-model.ts'

/** Residual and state T2 of every cell by the line's one model, each a running mean of its log. */
export interface CvaStream extends Stateful {
  readonly model: LineModel
  /** Takes one standardised row; true when `multiply` can tell the statistics of the cell. */
  take(cell: number, row: Float64Array, quiet: boolean): boolean
  /** Updates the statistics of at most BLOCK_CELLS cells by the model as it is now. */
  multiply(cells: Uint32Array, count: number): void
  residualLog(cell: number): number
  stateLog(cell: number): number
  /** Copies the window of the cell, newest row first. */
  window(cell: number, into: Float64Array): void
  restart(cell: number): void
}

/** Share of the newest row in the running means of the logarithms. */
const LOG_SHARE = 0.1

/** Of this module alone: the compiler reads what is exported or imported anew in every turn. */
const LANES: number = BLOCK_CELLS

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
  const block = sharedBlockSquares()
  const own = new Float64Array(BLOCK_CELLS)
  const rest = new Float64Array(BLOCK_CELLS)
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
      for (let i = from + n - 1; i >= from + channels; i--) windows[i] = windows[i - channels]!
      for (let c = 0; c < channels; c++) windows[from + c] = row[c]!
      if (filled[cell]! < lags) filled[cell]!++
      return filled[cell]! >= lags && model.fitted()
    },
    multiply(chosen, count) {
      const states = model.states()
      const { stacks } = block
      for (let k = 0; k < count; k++) {
        const from = chosen[k]! * n
        for (let i = 0, to = k; i < n; i++, to += LANES) stacks[to] = windows[from + i]!
      }
      block.weigh(model.weights, n, model.fit())
      block.squares(0, states, own)
      block.squares(states, n, rest)
      for (let k = 0; k < count; k++) {
        remember(state, chosen[k]!, own[k]!, states)
        remember(residual, chosen[k]!, rest[k]!, n - states)
      }
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
