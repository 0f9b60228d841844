import type { Stateful } from '../state.ts'

/** Sensor faults by dense series index. */
export type Faults = ReadonlyMap<number, string>

const EFFECT_V = 6
/** A beam move hides the voltage for seconds; what hides it longer is work at the cell. */
const SHORT_S = 30
const QUIET_MAX_S = 1e6

/** Keeps how long each cell has been left alone. */
export interface QuietTime extends Stateful {
  /** Takes one tick; returns false when the voltage says nothing of the process now. */
  look(cell: number, hidden: boolean, voltage_V: number, dt_s: number): boolean
  /** Seconds since the last work, anode effect or loss of the voltage. */
  since_s(cell: number): number
}

/** Quiet time of the cells of a line. */
export function quietTime(cells: number): QuietTime {
  const quiet_s = new Float64Array(cells)
  const hidden_s = new Float64Array(cells)
  return {
    look(cell, hidden, voltage_V, dt_s) {
      const usable = !hidden && voltage_V < EFFECT_V
      hidden_s[cell] = usable ? 0 : Math.min(QUIET_MAX_S, hidden_s[cell]! + dt_s)
      if (hidden_s[cell]! > SHORT_S || voltage_V >= EFFECT_V) quiet_s[cell] = 0
      else quiet_s[cell] = Math.min(QUIET_MAX_S, quiet_s[cell]! + dt_s)
      return usable
    },
    since_s: cell => quiet_s[cell]!,
    save(out) {
      out.array(quiet_s)
      out.array(hidden_s)
    },
    load(from) {
      from.array(quiet_s)
      from.array(hidden_s)
    },
  }
}
