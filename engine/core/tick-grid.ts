/** How a line divides event time: tick k is [k * tick_ms, (k + 1) * tick_ms), moved by the offset. */
export interface TickGrid {
  readonly tick_ms: number
  /** Moves all ticks of the line; 0 unless given, and shorter than a tick. */
  readonly tick_offset_ms?: number
}

/** Number of the tick that holds an event time. */
export function tickAt({ tick_ms, tick_offset_ms = 0 }: TickGrid, time_ms: number): number {
  return Math.floor((time_ms - tick_offset_ms) / tick_ms)
}

/** First moment of a tick; the end of the one before it. */
export function tickStart_ms({ tick_ms, tick_offset_ms = 0 }: TickGrid, tick: number): number {
  return tick * tick_ms + tick_offset_ms
}

/** Number of the tick that ends at this moment. */
export function tickEndingAt({ tick_ms, tick_offset_ms = 0 }: TickGrid, time_ms: number): number {
  return Math.round((time_ms - tick_offset_ms) / tick_ms) - 1
}

/** Whether the offset is a whole number of milliseconds, less than a tick. */
export function isTickOffset({ tick_ms, tick_offset_ms = 0 }: TickGrid): boolean {
  return Number.isInteger(tick_offset_ms) && tick_offset_ms >= 0 && tick_offset_ms < tick_ms
}
