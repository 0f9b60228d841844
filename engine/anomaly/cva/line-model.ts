import type { Statistic } from '../rows/linear.ts'
import type { Stateful } from '../state.ts'
import { canonicalVariates } from './fit.ts'

/** One canonical variate model that all cells of a line share, learnt from their quiet rows. */
export interface LineModel extends Stateful {
  fitted(): boolean
  /** The state variates come first in `weights`, the residual variates after them. */
  states(): number
  readonly weights: Float64Array // [variate][lag, newest first][channel]
  /** True where the next row may renew the weights. */
  isDue(): boolean
  /** Changes whenever the weights do. */
  fit(): number
  /** Lets a cell teach; only LEARNERS_MAX of them do. */
  learn(cell: number, row: Float64Array, quiet: boolean): void
  /** Residual and state T2 as the explanations take them. */
  statistics(): { readonly residual: Statistic; readonly state: Statistic }
}

/** What of a line the model sees. */
export interface LineModelPlan {
  readonly cells: number
  readonly channels: number
  readonly lags: number
  /** Rows of all teaching cells before the first fit. */
  readonly rows_min: number
}

/** Cells that teach the shared model; the others are like them. */
export const LEARNERS_MAX = 64
/** Multiplications that teaching may cost in a round of rows. */
const TEACHING_MAX = 50_000
/** A fit is renewed after so many times the rows of the first one; half of what was is kept. */
const RENEWED_AFTER = 12
const RIDGE = 0.01
/** A variate foretold by more than this squared correlation belongs to the state. */
const STATE_CORRELATION = 0.25
const STATES_MAX = 8

/** A model that has seen nothing. */
export function lineModel({ cells, channels, lags, rows_min }: LineModelPlan): LineModel {
  const n = lags * channels
  const every = Math.ceil(cells / LEARNERS_MAX)
  const learners = Math.ceil(cells / every)
  const turns = Math.max(1, Math.ceil((learners * 2 * n * n) / TEACHING_MAX))
  const windows = new Float32Array(learners * 2 * n) // [learner][lag, newest first][channel]
  const filled = new Uint8Array(learners)
  const turn = new Uint8Array(learners).map((_, i) => i % turns)
  const moments = new Float64Array(4 * n * n)
  const weights = new Float64Array(n * n)
  const numbers = Float64Array.of(0, rows_min, 0) // rows, rows at the next fit, states
  const arrays = [windows, filled, turn, moments, weights, numbers]

  const stack = new Float64Array(2 * n)
  const add = (from: number) => {
    for (let i = 0; i < stack.length; i++) stack[i] = windows[from + i]!
    addProducts(stack, moments)
    numbers[0]!++
  }

  let fits = 0
  const renew = () => {
    fits++
    const size = 2 * n
    const both = new Float64Array(size * size)
    for (let i = 0; i < size; i++) {
      for (let j = 0; j <= i; j++) {
        both[i * size + j] = both[j * size + i] = moments[i * size + j]! / numbers[0]!
      }
    }
    const { variates, correlations } = canonicalVariates(both, n, RIDGE)
    weights.set(variates)
    const foretold = correlations.filter(value => value > STATE_CORRELATION).length
    numbers[2] = Math.max(1, Math.min(STATES_MAX, n - 1, foretold))
    for (let i = 0; i < moments.length; i++) moments[i]! /= 2
    numbers[0]! /= 2
    numbers[1] = RENEWED_AFTER * rows_min
  }

  const statistic = (name: string, from: number, to: number): Statistic => ({
    ...{ name, count: to - from, weights: weights.subarray(from * n, to * n) },
  })
  return {
    weights,
    fitted: () => numbers[2]! > 0,
    states: () => numbers[2]!,
    fit: () => fits,
    isDue: () => numbers[0]! + 1 >= numbers[1]!,
    learn(cell, row, quiet) {
      if (cell % every !== 0) return
      const learner = cell / every
      if (!quiet) {
        filled[learner] = 0
        return
      }
      const from = learner * 2 * n
      windows.copyWithin(from + channels, from, from + 2 * n - channels)
      for (let c = 0; c < channels; c++) windows[from + c] = row[c]!
      filled[learner] = Math.min(2 * lags, filled[learner]! + 1)
      turn[learner] = (turn[learner]! + 1) % turns
      if (filled[learner]! < 2 * lags || turn[learner] !== 0) return
      add(from)
      if (numbers[0]! >= numbers[1]!) renew()
    },
    statistics: () => ({
      residual: statistic('Tr2', numbers[2]!, n),
      state: statistic('Ts2', 0, numbers[2]!),
    }),
    save(out) {
      for (const array of arrays) out.array(array)
    },
    load(from) {
      for (const array of arrays) from.array(array)
      fits++
    },
  }
}

/** Adds the products of a stack with itself, below the diagonal; all lines share the loop. */
function addProducts(stack: Float64Array, moments: Float64Array): void {
  const size = stack.length
  for (let i = 0, row = 0; i < size; i++, row += size) {
    const x = stack[i]!
    for (let j = 0; j <= i; j++) moments[row + j] = moments[row + j]! + x * stack[j]!
  }
}
