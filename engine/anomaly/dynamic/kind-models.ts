import type { Stateful } from '../state.ts'
import { fitTriangle, packed } from './kind-fit.ts'
import { type KindPlan, triangle } from './kind-plan.ts'
import type { KindRows } from './kind-rows.ts'

/** Assets whose weights lie beside one another and are multiplied at once. */
export const BLOCK_CELLS = 4
/** Of this module alone: the compiler reads what is exported or imported anew in every turn. */
const LANES: number = BLOCK_CELLS

/**
 * A small model of each asset. A few assets teach at a time: what they show together is the first
 * model of all, and then each gets its own, in turn, for as long as the line runs.
 */
export interface KindModels extends Stateful {
  fitted(): boolean
  /** Lets the assets teach whose turn it is; `renewed` is told of assets with a new model. */
  tick(rows: KindRows, renewed: (cell: number) => void): void
  /** Residual T2 per variate of the block of assets from `cell` on. */
  squares(cell: number, rows: KindRows, into: Float64Array): void // [BLOCK_CELLS]
  /** The weights of one asset. */
  weights(cell: number): Float64Array // [row][n]
}

/** Ticks between two fits, each of which takes a few milliseconds at most. */
const FIT_EVERY = 4
/** An asset that teaches no row for so many turns gives its place to the next. */
const IDLE_MOST = 600

/** Places in the numbers that are kept. */
const At = { ticks: 0, fitted: 1, next: 2 } as const

/** Models of assets that have seen nothing. */
export function kindModels(plan: KindPlan): KindModels {
  const { cells, channels, lags, desks, shared_rows, own_rows, row_every, renew_every } = plan
  const n = lags * channels
  const size = triangle(n)
  const blocks = Math.ceil(cells / BLOCK_CELLS)
  const factors = new Float32Array(blocks * size * BLOCK_CELLS) // [block][place][lane]
  const own = new Uint8Array(cells) // 1: the asset has a model of its own
  const taught = triangle(2 * n)
  const moments = new Float32Array(desks * taught) // [desk][packed lower triangle]
  const pupil = Uint32Array.from({ length: desks }, (_, d) => Math.floor((d * cells) / desks))
  const rowsOf = new Uint32Array(desks)
  const idle = new Uint32Array(desks)
  const numbers = new Float64Array(3)
  const arrays = [factors, own, moments, pupil, rowsOf, idle, numbers]
  const stack = new Float64Array(2 * n)
  const one = new Float64Array(size)
  const both = new Float64Array(4 * n * n)
  const x = new Float64Array(n * BLOCK_CELLS)

  const put = (cell: number): void => {
    const from = Math.floor(cell / BLOCK_CELLS) * size * BLOCK_CELLS + (cell % BLOCK_CELLS)
    for (let i = 0; i < size; i++) factors[from + i * LANES] = one[i]!
  }

  const teach = (desk: number, rows: KindRows): void => {
    const cell = pupil[desk]!
    if (rows.came[cell] === 0 || !rows.teaches(cell)) {
      idle[desk]!++
      return
    }
    idle[desk] = 0
    rows.window(cell, 2 * lags, stack)
    let to = desk * taught
    for (let i = 0; i < 2 * n; i++) {
      const value = stack[i]!
      for (let j = 0; j <= i; j++) moments[to++]! += value * stack[j]!
    }
    rowsOf[desk]!++
  }

  const everyOf = (desk: number): number => {
    if (numbers[At.fitted] === 0) return 1
    return own[pupil[desk]!] === 1 ? renew_every : row_every
  }

  const rowsTaught = (): number => rowsOf.reduce((sum, count) => sum + count, 0)

  /** Adds the moments of a desk to `both`, divided by `rows`. */
  const add = (desk: number, rows: number): void => {
    let from = desk * taught
    for (let i = 0; i < 2 * n; i++) {
      for (let j = 0; j <= i; j++) {
        const value = moments[from++]! / rows
        both[i * 2 * n + j]! += value
        if (j < i) both[j * 2 * n + i]! += value
      }
    }
  }

  const fitShared = (renewed: (cell: number) => void): void => {
    both.fill(0)
    const rows = rowsTaught()
    for (let desk = 0; desk < desks; desk++) add(desk, rows)
    if (!fitTriangle(both, lags, channels, one)) return
    numbers[At.fitted] = 1
    for (let cell = 0; cell < cells; cell++) {
      put(cell)
      renewed(cell)
    }
  }

  const fitOwn = (desk: number, renewed: (cell: number) => void): void => {
    const cell = pupil[desk]!
    both.fill(0)
    add(desk, rowsOf[desk]!)
    if (!fitTriangle(both, lags, channels, one)) return
    put(cell)
    own[cell] = 1
    renewed(cell)
  }

  /** The next asset sits down. */
  const change = (desk: number): void => {
    moments.fill(0, desk * taught, (desk + 1) * taught)
    rowsOf[desk] = idle[desk] = 0
    if (desks === cells) return
    do numbers[At.next] = (numbers[At.next]! + 1) % cells
    while (pupil.includes(numbers[At.next]!))
    pupil[desk] = numbers[At.next]!
  }

  /** At most one desk at a time: a fit is the dearest that a tick can hold. */
  const fitNext = (renewed: (cell: number) => void): void => {
    for (let desk = 0; desk < desks; desk++) {
      const isDone = rowsOf[desk]! >= own_rows
      if (!isDone && idle[desk]! < IDLE_MOST) continue
      if (isDone) fitOwn(desk, renewed)
      change(desk)
      return
    }
  }

  return {
    fitted: () => numbers[At.fitted] === 1,
    tick(rows, renewed) {
      const tick = ++numbers[At.ticks]!
      for (let desk = 0; desk < desks; desk++) {
        if ((tick + desk) % everyOf(desk) === 0) teach(desk, rows)
      }
      if (tick % FIT_EVERY !== 0) return
      if (numbers[At.fitted] === 1) fitNext(renewed)
      else if (rowsTaught() >= shared_rows * desks) fitShared(renewed)
    },
    squares(cell, rows, into) {
      let at = 0
      for (let lag = 0; lag < lags; lag++) {
        for (let c = 0, i = rows.at(lag) + cell; c < channels; c++, i += cells) {
          x[at++] = rows.values[i]!
          x[at++] = rows.values[i + 1]!
          x[at++] = rows.values[i + 2]!
          x[at++] = rows.values[i + 3]!
        }
      }
      triangleSquares(factors, (cell / BLOCK_CELLS) * size * BLOCK_CELLS, x, into)
    },
    weights(cell) {
      const from = Math.floor(cell / BLOCK_CELLS) * size * BLOCK_CELLS + (cell % BLOCK_CELLS)
      const out = new Float64Array(n * n)
      for (let k = 0; k < n; k++) {
        for (let i = k; i < n; i++) out[k * n + i] = factors[from + packed(k, i, n) * BLOCK_CELLS]!
      }
      return out
    },
    save(out) {
      for (const array of arrays) out.array(array)
    },
    load(from) {
      for (const array of arrays) from.array(array)
    },
  }
}

/** Sums of squares of a block of assets, each with its own triangle of weights. */
function triangleSquares(
  factors: Float32Array, // [place][BLOCK_CELLS] from `at` on
  at: number,
  x: Float64Array, // [n][BLOCK_CELLS]
  into: Float64Array,
): void {
  let s0 = 0
  let s1 = 0
  let s2 = 0
  let s3 = 0
  for (let from = 0; from < x.length; from += LANES) {
    let a0 = 0
    let a1 = 0
    let a2 = 0
    let a3 = 0
    for (let i = from; i < x.length; i += LANES) {
      a0 += factors[at]! * x[i]!
      a1 += factors[at + 1]! * x[i + 1]!
      a2 += factors[at + 2]! * x[i + 2]!
      a3 += factors[at + 3]! * x[i + 3]!
      at += LANES
    }
    s0 += a0 * a0
    s1 += a1 * a1
    s2 += a2 * a2
    s3 += a3 * a3
  }
  into[0] = s0
  into[1] = s1
  into[2] = s2
  into[3] = s3
}
