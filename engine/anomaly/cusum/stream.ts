import type { Stateful } from '../state.ts'

/** Two-sided cumulative sums of every channel of every cell: small shifts that last. */
export interface CusumStream extends Stateful {
  /** Adds one row value of unit variance; NaN changes nothing. */
  take(channel: number, cell: number, value: number): void
  /** The largest sum of the cell, either side. */
  value(cell: number): number
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
  return {
    take(channel, cell, value) {
      if (Number.isNaN(value)) return
      const i = channel * cells + cell
      above[i] = Math.min(CUSUM_MOST, Math.max(0, above[i]! + value - CUSUM_SLACK))
      below[i] = Math.min(CUSUM_MOST, Math.max(0, below[i]! - value - CUSUM_SLACK))
    },
    value(cell) {
      let most = 0
      for (let i = cell; i < above.length; i += cells) {
        most = Math.max(most, above[i]!, below[i]!)
      }
      return most
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
