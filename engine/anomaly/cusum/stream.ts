import type { Stateful } from '../state.ts'

/** Two-sided cumulative sums of every channel of every cell: small shifts that last. */
export interface CusumStream extends Stateful {
  /** Adds the rows of the cells that have one, of unit variance; NaN changes nothing. */
  tick(rows: Float64Array, has: Uint8Array): void // [channel][cell], [cell]
  /** The largest sum of a cell that had a row, either side. */
  readonly most: Float32Array // [cell]
  /** The larger sum of one channel, negative where it is the one below. */
  sum(channel: number, cell: number): number
  restart(cell: number): void
}

/** Half of the shift that is found soonest, in standard deviations. */
export const CUSUM_SLACK = 0.5
/** Sums stop here, so that a cell recovers soon after a long fault. */
export const CUSUM_MOST = 100

/** All sums are zero. */
export function cusumStream(cells: number, channels: number): CusumStream {
  const above = new Float32Array(channels * cells)
  const below = new Float32Array(channels * cells)
  const most = new Float32Array(cells)
  return {
    most,
    tick(rows, has) {
      most.fill(0)
      for (let first = 0; first < channels * cells; first += cells) {
        addChannel({ above, below, most }, first, rows, has)
      }
    },
    sum(channel, cell) {
      const i = channel * cells + cell
      return above[i]! >= below[i]! ? above[i]! : -below[i]!
    },
    restart(cell) {
      for (let i = cell; i < above.length; i += cells) above[i] = below[i] = 0
    },
    save(out) {
      out.array(above)
      out.array(below)
    },
    load(from) {
      from.array(above)
      from.array(below)
    },
  }
}

/** Of this module alone: the compiler reads what is exported or imported anew in every turn. */
const SLACK: number = CUSUM_SLACK
const MOST: number = CUSUM_MOST

interface Sums {
  readonly above: Float32Array // [channel][cell]
  readonly below: Float32Array // [channel][cell]
  readonly most: Float32Array // [cell]
}

/** Adds the rows of one channel; a function of arrays, which every line of an engine shares. */
function addChannel(
  { above, below, most }: Sums,
  first: number,
  rows: Float64Array, // [channel][cell]
  has: Uint8Array, // [cell]
): void {
  for (let cell = 0; cell < has.length; cell++) {
    if (has[cell] === 0) continue
    const i = first + cell
    const value = rows[i]!
    if (!Number.isNaN(value)) {
      above[i] = bounded(above[i]! + value - SLACK)
      below[i] = bounded(below[i]! - value - SLACK)
    }
    most[cell] = larger(larger(above[i]!, below[i]!), most[cell]!)
  }
}

/** 0 below 0 without a branch, which no processor can foretell for noise; exact, as halving is. */
function bounded(sum: number): number {
  const positive = 0.5 * (sum + Math.abs(sum))
  return positive < MOST ? positive : MOST
}

/** The larger of two float32 sums that are not negative, without a branch; exact once it is one. */
function larger(a: number, b: number): number {
  return 0.5 * (a + b + Math.abs(a - b))
}
