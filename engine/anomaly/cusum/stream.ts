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
        for (let cell = 0; cell < cells; cell++) {
          if (has[cell] === 0) continue
          const i = first + cell
          const value = rows[i]!
          if (!Number.isNaN(value)) {
            above[i] = bounded(above[i]! + value - CUSUM_SLACK)
            below[i] = bounded(below[i]! - value - CUSUM_SLACK)
          }
          const larger = Math.max(above[i]!, below[i]!)
          if (larger > most[cell]!) most[cell] = larger
        }
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

const bounded = (sum: number): number => (sum > 0 ? (sum < CUSUM_MOST ? sum : CUSUM_MOST) : 0)
