import type { OutputEvent, StoredEvent } from '../flow.ts'
import { LINE_CELLS } from './gate.ts'

/** Other alarms of the cell this close in event time confirm an event of a model. */
const CONFIRM_MS = 3600_000
const DAY_MS = 86_400_000
/** Chance that a model within its budget shows so many events in a day. */
const CHANCE = 1e-3
/** Events that wait for their hour at most. */
const EVENTS_MAX = 10_000
const KIND = 'unusual-pattern'

/** A model that raised more false events in a day than its budget explains. */
export interface Breach {
  /** Registry name and version. */
  readonly model: string
  readonly events: number
  /** What the budget allows in a day of this line. */
  readonly budget: number
  /** Event time at which it was sure. */
  readonly time_ms: number
}

/** Counts the false events of the model that alarms, by event time alone. */
export interface FalseEventBudget {
  /** Takes events in the order of the outbox, and the line's event time after them. */
  take(events: readonly StoredEvent[], time_ms: number): Breach | undefined
  /**
   * Takes events from before a restart; those of a model up to `since_ms` count no more. Gives the
   * newest breach.
   */
  restore(events: readonly StoredEvent[], since_ms: number): Breach | undefined
  /** Another champion, or the same anew: what was before counts no more. */
  forget(): void
}

interface Pending {
  readonly cell: string
  readonly model: string
  readonly time_ms: number
}

/**
 * The budget of one line. An event of the model is false when no other alarm of its cell was
 * raised within an hour around it. Equal events give equal breaches, however they are cut.
 */
export function falseEventBudget(cells: number, events_per_line_day: number): FalseEventBudget {
  const confirmed = new Map<string, number>() // cell -> newest other alarm
  let pending: Pending[] = []
  let falseEvents: Pending[] = []
  const budget = (events_per_line_day * cells) / LINE_CELLS

  const note = (event: OutputEvent, since_ms: number) => {
    if (event.channel === 'alarm') {
      const { kind, cell, raised_ms, revision } = event.body
      if (revision !== 1 || kind === KIND) return
      confirmed.set(cell, Math.max(raised_ms, confirmed.get(cell) ?? 0))
    } else if (event.channel === 'anomaly' && event.body.kind === KIND) {
      const { cell, time_ms, detector } = event.body
      if (time_ms <= since_ms) return
      pending.push({ cell, time_ms, model: detector.replace(/^autoencoder /, '') })
      if (pending.length > EVENTS_MAX) pending.shift()
    }
  }

  /** Judges the events whose hour is over by then. */
  const judge = (time_ms: number): readonly Breach[] => {
    const due = pending.filter(one => one.time_ms + CONFIRM_MS <= time_ms)
    if (due.length === 0) return []
    pending = pending.filter(one => one.time_ms + CONFIRM_MS > time_ms)
    const breaches: Breach[] = []
    for (const one of due) {
      const other_ms = confirmed.get(one.cell) ?? Number.NEGATIVE_INFINITY
      if (Math.abs(other_ms - one.time_ms) <= CONFIRM_MS) continue
      falseEvents = falseEvents.filter(({ time_ms: at_ms }) => at_ms > one.time_ms - DAY_MS)
      falseEvents.push(one)
      const count = falseEvents.filter(({ model }) => model === one.model).length
      if (poissonTail(budget, count) >= CHANCE) continue
      const sure_ms = one.time_ms + CONFIRM_MS
      breaches.push({ model: one.model, events: count, budget, time_ms: sure_ms })
    }
    return breaches
  }

  // Only the newest other alarm of a cell is kept: what a later one would hide is judged first.
  const takeAll = (events: readonly StoredEvent[], since_ms: number): readonly Breach[] =>
    events.flatMap(({ event }) => {
      const breaches = judge(timeOf(event))
      note(event, since_ms)
      return breaches
    })

  return {
    take(events, time_ms) {
      const breaches = takeAll(events, Number.NEGATIVE_INFINITY)
      return [...breaches, ...judge(time_ms)][0]
    },
    restore: (events, since_ms) => takeAll(events, since_ms).at(-1),
    forget() {
      pending = []
      falseEvents = []
    },
  }
}

/** Event time that the line had reached when the event was told, where it says so. */
function timeOf({ channel, body }: OutputEvent): number {
  if (channel === 'anomaly') return body.time_ms
  return channel === 'alarm' ? body.raised_ms : Number.NEGATIVE_INFINITY
}

/** Chance of `count` or more where `mean` is expected. */
export function poissonTail(mean: number, count: number): number {
  let term = Math.exp(-mean)
  let below = 0
  for (let k = 0; k < count; k++) {
    below += term
    term *= mean / (k + 1)
  }
  return Math.max(0, 1 - below)
}
