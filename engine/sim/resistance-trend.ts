/** Level and slope of the pseudo-resistance over the last ten minutes of block means. */
export interface ResistanceTrend {
  /** Adds one second; true when a block is complete. */
  add(resistance_Ohm: number): boolean
  /** Moves the past by the known effect of a beam move. */
  shift(by_Ohm: number): void
  /** Forgets everything, after work at the cell. */
  restart(): void
  /** Least squares slope, Ohm/s; NaN until eight minutes are known. */
  slope(): number
  /** Mean of the last two minutes, Ohm; NaN until they are known. */
  level(): number
}

const BLOCKS = 60
const BLOCKS_FOR_SLOPE = 48
const BLOCKS_FOR_LEVEL = 12

/** An empty trend with blocks of `block_s` seconds. */
export function resistanceTrend(block_s: number): ResistanceTrend {
  const ring = new Float64Array(BLOCKS)
  let head = 0
  let count = 0
  let sum = 0
  let seconds = 0
  return {
    add(resistance_Ohm) {
      sum += resistance_Ohm
      seconds++
      if (seconds < block_s) return false
      ring[head] = sum / seconds
      head = (head + 1) % BLOCKS
      if (count < BLOCKS) count++
      sum = 0
      seconds = 0
      return true
    },
    shift(by_Ohm) {
      for (let i = 0; i < BLOCKS; i++) ring[i]! += by_Ohm
      sum += by_Ohm * seconds
    },
    restart() {
      head = 0
      count = 0
      sum = 0
      seconds = 0
    },
    slope() {
      if (count < BLOCKS_FOR_SLOPE) return Number.NaN
      const middle = (count - 1) / 2
      let up = 0
      for (let i = 0; i < count; i++) {
        up += (i - middle) * ring[(head - count + i + BLOCKS) % BLOCKS]!
      }
      return (12 * up) / (count * (count * count - 1)) / block_s
    },
    level() {
      if (count < BLOCKS_FOR_LEVEL) return Number.NaN
      let total = 0
      for (let i = 1; i <= BLOCKS_FOR_LEVEL; i++) total += ring[(head - i + BLOCKS) % BLOCKS]!
      return total / BLOCKS_FOR_LEVEL
    },
  }
}
