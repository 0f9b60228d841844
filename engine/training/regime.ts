import type { RegimeEvent } from '../anomaly/drift-part.ts'
import type { Stateful } from '../anomaly/state.ts'

/** Tells a changed regime from faults: many signals, more than once, with drift and no alarm. */
export interface RegimeWatch extends Stateful {
  event(event: RegimeEvent): void
  /** Something drifted. */
  drifted(time_ms: number): void
  /**
   * Mean dispersion of the events, when they ask for a new model; at most once a day. `alarmed`:
   * cells whose alarm is active, which makes their events faults.
   */
  look(time_ms: number, alarmed: ReadonlySet<number>): number | undefined
}

/** Events at or above this come from all signals. */
export const DISPERSION_HIGH = 0.5
/** So many within a day, beside drift, are no chance. */
export const REGIME_EVENTS_MIN = 3
const DAY_MS = 86_400_000
/** An alarm of the cell this close makes the event a fault. */
const CONFIRM_MS = 3600_000
const EVENTS_MAX = 200

/** Nothing has happened. */
export function regimeWatch(): RegimeWatch {
  let events: RegimeEvent[] = []
  let drift_ms = Number.NEGATIVE_INFINITY
  let told_ms = Number.NEGATIVE_INFINITY
  return {
    event(event) {
      if (event.dispersion < DISPERSION_HIGH) return
      events.push(event)
      if (events.length > EVENTS_MAX) events.shift()
    },
    drifted(time_ms) {
      drift_ms = time_ms
    },
    look(time_ms, alarmed) {
      events = events.filter(event => {
        const isFault = time_ms - event.time_ms < CONFIRM_MS && alarmed.has(event.cell)
        return !isFault && event.time_ms > time_ms - DAY_MS
      })
      if (time_ms - drift_ms > DAY_MS || time_ms - told_ms < DAY_MS) return undefined
      const sure = events.filter(event => time_ms - event.time_ms >= CONFIRM_MS)
      if (sure.length < REGIME_EVENTS_MIN) return undefined
      told_ms = time_ms
      return sure.reduce((sum, { dispersion }) => sum + dispersion, 0) / sure.length
    },
    save(out) {
      out.text(String(events.length))
      const numbers = events.flatMap(({ time_ms, cell, dispersion }) => [time_ms, cell, dispersion])
      out.array(Float64Array.from([drift_ms, told_ms, ...numbers]))
    },
    load(from) {
      const count = Number(from.text())
      const all = new Float64Array(2 + 3 * count)
      from.array(all)
      ;[drift_ms, told_ms] = all as unknown as [number, number]
      events = Array.from({ length: count }, (_, i) => {
        const [time_ms, cell, dispersion] = all.subarray(2 + 3 * i) as unknown as number[]
        return { time_ms: time_ms!, cell: cell!, dispersion: dispersion! }
      })
    },
  }
}
