/** What plants watch today: the slope of the measured voltage, taps and beam moves and all. */
export interface VoltageSlope {
  /** Takes one second. */
  add(cell: number, voltage_V: number): void
  /** Slope over the window, V/s; NaN until it is full. */
  slope_Vps(cell: number): number
}

const BLOCK_S = 10

/** Least squares slope of ten-second means over `window_s`, for each cell. */
export function voltageSlope(cells: number, window_s: number): VoltageSlope {
  const blocks = Math.round(window_s / BLOCK_S)
  const ring = new Float64Array(cells * blocks) // [cell][block]
  const filled = new Int32Array(cells)
  const sum = new Float64Array(cells)
  const count = new Int32Array(cells)
  const seconds = new Int32Array(cells)
  return {
    add(cell, voltage_V) {
      if (Number.isFinite(voltage_V)) {
        sum[cell]! += voltage_V
        count[cell]!++
      }
      seconds[cell]!++
      if (seconds[cell]! < BLOCK_S) return
      const mean = sum[cell]! / count[cell]!
      if (Number.isFinite(mean)) {
        ring[cell * blocks + (filled[cell]! % blocks)] = mean
        filled[cell]!++
      }
      sum[cell] = 0
      count[cell] = 0
      seconds[cell] = 0
    },
    slope_Vps(cell) {
      if (filled[cell]! < blocks) return Number.NaN
      const middle = (blocks - 1) / 2
      let up = 0
      for (let i = 0; i < blocks; i++) {
        up += (i - middle) * ring[cell * blocks + ((filled[cell]! + i) % blocks)]!
      }
      return (12 * up) / (blocks * (blocks * blocks - 1)) / BLOCK_S
    },
  }
}
