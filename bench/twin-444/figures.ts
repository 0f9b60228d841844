import type { OutputEvent } from '#engine/flow.ts'
import { latencyHistogram } from '../histogram.ts'
import { type TwinTally, twinTally } from './alerts.ts'
import { twinDue_ms } from './line.ts'
import { ALERT_CLASSES, type AlertClass, type TwinPlan } from './plan.ts'

/** Commits and alerts of TWIN-444, each from the time a reading was due. */
export class TwinFigures {
  readonly plan: TwinPlan
  #tally: TwinTally
  readonly #commit = latencyHistogram()
  readonly #alert = {
    reading: latencyHistogram(),
    filter: latencyHistogram(),
    model: latencyHistogram(),
  }
  /** Ticks that the alerts of a class took, in the order they came. */
  readonly #ticks: Record<AlertClass, number[]> = { reading: [], filter: [], model: [] }
  #start_ms = Number.NaN
  #first_tick = 0
  #next = 0
  #others = 0

  constructor(plan: TwinPlan) {
    this.plan = plan
    this.#tally = twinTally(plan, 0)
  }

  expect(event_start_ms: number): void {
    this.#tally = twinTally(this.plan, event_start_ms)
    this.#first_tick = event_start_ms / 1000
    this.#next = -this.plan.learn_s
  }

  start(start_ms: number): void {
    this.#start_ms = start_ms
  }

  event(event: OutputEvent, at_ms: number): void {
    const found = this.#tally.seen(event)
    if (!found) {
      this.#others++
      return
    }
    this.#alert[found.class].add(at_ms - this.#start_ms - found.due_ms)
    this.#ticks[found.class].push(found.ticks)
  }

  committed(tick: number, at_ms: number): void {
    const { warmup_s, seconds_s } = this.plan
    const last = Math.min(tick - this.#first_tick, warmup_s + seconds_s - 1)
    for (; this.#next <= last; this.#next++) {
      if (this.#next >= warmup_s) this.#commit.add(at_ms - this.#start_ms - twinDue_ms(this.#next))
    }
  }

  committedAll(): boolean {
    return this.#next === this.plan.warmup_s + this.plan.seconds_s
  }

  missing(): readonly string[] {
    return this.#tally.missing()
  }

  complete(): boolean {
    return this.committedAll() && this.missing().length === 0
  }

  frames(): { readonly committed: number; readonly expected: number } {
    return { committed: this.#commit.count(), expected: this.plan.seconds_s }
  }

  report(): Record<string, number | null> {
    const classes = ALERT_CLASSES.filter(name => this.plan.alerts[name] > 0)
    return {
      ...this.#commit.percentiles('twin_commit'),
      ...Object.fromEntries(
        classes.flatMap(name => [
          [`${name}_alerts_injected`, this.#tally.injected(name)],
          [`${name}_alerts`, this.#tally.arrived(name)],
          ...Object.entries(this.#alert[name].percentiles(`${name}_alert`)),
          [`${name}_alert_ticks_least`, leastOf(this.#ticks[name])],
          [`${name}_alert_ticks_most`, mostOf(this.#ticks[name])],
        ]),
      ),
      ...(this.plan.alerts.model > 0 ? { model_alerts_standing: this.#tally.standing() } : {}),
      twin_other_events: this.#others,
    }
  }
}

const leastOf = (ticks: readonly number[]) => (ticks.length > 0 ? Math.min(...ticks) : null)
const mostOf = (ticks: readonly number[]) => (ticks.length > 0 ? Math.max(...ticks) : null)
