import type { LineFrame } from '../../flow.ts'

/** Slow gauges of a cell, such as its anode currents, as one row that is read when it is new. */
export interface GaugeRow {
  readonly count: number
  /** Values of the cell as last read, SI; NaN where nothing is known. Reused, copy to keep. */
  read(frame: LineFrame, cell: number): Float64Array
  /** True when most gauges of the cell were read since the tick before. */
  isNew(frame: LineFrame, cell: number): boolean
}

/** The gauges with these tags; `tick_ms` is how old a new reading may be. */
export function gaugeRow(tags: readonly number[], cells: number, tick_ms: number): GaugeRow {
  const row = new Float64Array(tags.length)
  return {
    count: tags.length,
    read(frame, cell) {
      for (let i = 0; i < tags.length; i++) row[i] = frame.values[tags[i]! * cells + cell]!
      return row
    },
    isNew(frame, cell) {
      let fresh = 0
      for (let i = 0; i < tags.length; i++) {
        const at = tags[i]! * cells + cell
        if (frame.age_ms[at]! <= tick_ms && Number.isFinite(frame.values[at]!)) fresh++
      }
      return tags.length > 0 && fresh * 2 > tags.length
    },
  }
}
