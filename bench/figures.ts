import { type AlertTally, alertTally } from './alerts.ts'
import { type CommitTally, commitTally } from './commits.ts'
import { latencyHistogram } from './histogram.ts'
import type { Schedule } from './schedule.ts'

/** Commits and alerts of a load of generic lines, each from the time a reading was due. */
export class Figures {
  alerts: AlertTally
  readonly #schedule: Schedule
  readonly #commit = latencyHistogram()
  readonly #alert = latencyHistogram()
  #commits = new Map<string, CommitTally>()
  #start_ms = Number.NaN

  constructor(schedule: Schedule) {
    this.#schedule = schedule
    this.alerts = alertTally(schedule, 0)
  }

  /** Event time of due time 0; what is told before `start` counts, but is not timed. */
  expect(event_start_ms: number): void {
    const { lines, plan } = this.#schedule
    const { learn_s = 0, warmup_s, seconds_s } = plan
    const first_tick = event_start_ms / 1000 - learn_s
    const all_s = learn_s + warmup_s + seconds_s
    this.alerts = alertTally(this.#schedule, event_start_ms)
    this.#commits = new Map(lines.map(line => [line.name, commitTally(line, first_tick, all_s)]))
  }

  /** Wall time of due time 0. */
  start(start_ms: number): void {
    this.#start_ms = start_ms
  }

  event(line: string, event: Parameters<AlertTally['seen']>[1], at_ms: number): void {
    const due_ms = this.alerts.seen(line, event)
    if (due_ms !== undefined) this.#alert.add(at_ms - this.#start_ms - due_ms)
  }

  committed(line: string, tick: number, at_ms: number): void {
    const { learn_s = 0, warmup_s } = this.#schedule.plan
    this.#commits.get(line)?.committed(tick, (second, due_ms) => {
      if (second >= learn_s + warmup_s) this.#commit.add(at_ms - this.#start_ms - due_ms)
    })
  }

  committedAll(): boolean {
    return [...this.#commits.values()].every(tally => tally.done())
  }

  complete(): boolean {
    return this.alerts.missing().length === 0 && this.committedAll()
  }

  /** Ticks of the measured time that were committed, and those expected. */
  frames(): { readonly committed: number; readonly expected: number } {
    const { plan, lines } = this.#schedule
    return { committed: this.#commit.count(), expected: lines.length * plan.seconds_s }
  }

  report() {
    return {
      ...this.#commit.percentiles('commit'),
      alerts_injected: this.alerts.injected,
      alerts: this.alerts.arrived(),
      ...this.#alert.percentiles('alert'),
      ticks: this.#commit.count(),
    }
  }
}
