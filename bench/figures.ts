import { type AlertTally, alertTally } from './alerts.ts'
import { type CommitTally, commitTally } from './commits.ts'
import { latencyHistogram } from './histogram.ts'
import { dueOf, type Schedule } from './schedule.ts'

/** The three latencies, each from the time a reading was due, not from when it was sent. */
export class Figures {
  alerts: AlertTally
  readonly #schedule: Schedule
  readonly #ack = latencyHistogram()
  readonly #commit = latencyHistogram()
  readonly #alert = latencyHistogram()
  #commits = new Map<string, CommitTally>()
  #start_ms = Number.NaN

  constructor(schedule: Schedule) {
    this.#schedule = schedule
    this.alerts = alertTally(schedule, 0)
  }

  begin(start_ms: number): void {
    const { lines, plan } = this.#schedule
    const seconds_s = plan.warmup_s + plan.seconds_s
    this.#start_ms = start_ms
    this.alerts = alertTally(this.#schedule, start_ms)
    this.#commits = new Map(
      lines.map(line => [line.name, commitTally(line, start_ms / 1000, seconds_s)]),
    )
  }

  acknowledged(line: number, group: number, count: number, at_ms: number): void {
    const schedule = this.#schedule.lines[line]!
    const second = Math.floor(group / schedule.assets.length)
    if (second < this.#schedule.plan.warmup_s) return
    this.#ack.add(at_ms - this.#start_ms - dueOf(schedule, group), count)
  }

  event(line: string, event: Parameters<AlertTally['seen']>[1], at_ms: number): void {
    const due_ms = this.alerts.seen(line, event)
    if (due_ms !== undefined) this.#alert.add(at_ms - this.#start_ms - due_ms)
  }

  committed(line: string, tick: number, at_ms: number): void {
    this.#commits.get(line)?.committed(tick, (second, due_ms) => {
      if (second >= this.#schedule.plan.warmup_s) {
        this.#commit.add(at_ms - this.#start_ms - due_ms)
      }
    })
  }

  committedAll(): boolean {
    return [...this.#commits.values()].every(tally => tally.done())
  }

  complete(): boolean {
    return this.alerts.missing().length === 0 && this.committedAll()
  }

  report() {
    const { plan } = this.#schedule
    return {
      ...this.#ack.percentiles('ack'),
      ...this.#commit.percentiles('commit'),
      alerts_injected: this.alerts.injected,
      alerts: this.alerts.arrived(),
      ...this.#alert.percentiles('alert'),
      ticks: this.#commit.count(),
      readings_per_s: Math.round(this.#ack.count() / plan.seconds_s),
      rate: plan.rate_per_s,
      seconds: plan.seconds_s,
      warmup_s: plan.warmup_s,
      lines: plan.lines,
      seed: plan.seed,
    }
  }
}
