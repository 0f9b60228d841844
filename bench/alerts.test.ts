import { describe, expect, it } from 'vitest'
import type { AlarmRecord, Anomaly, OutputEvent } from '#engine/flow.ts'
import { alertTally } from './alerts.ts'
import { commitTally } from './commits.ts'
import { dueOf, type LoadPlan, scheduleOf, tagName } from './schedule.ts'

const plan: LoadPlan = { rate_per_s: 60, seconds_s: 12, warmup_s: 1, alerts: 9, lines: 2, seed: 3 }
const START_MS = 1_700_000_000_000
const schedule = scheduleOf(plan)
const line = schedule.lines[0]!
const crossing = line.crossings[0]!
const due_ms = dueOf(line, crossing.second * line.assets.length + crossing.asset)
const place = { cell: line.assets[crossing.asset]!, tag: tagName(crossing.tag), kind: 'limit-high' }

const anomaly = (change: Partial<Anomaly> = {}): OutputEvent => {
  const body = { ...place, time_ms: START_MS + due_ms, ...change } as Anomaly
  return { channel: 'anomaly', id: 'a', body }
}
const alarm = (change: Partial<AlarmRecord> = {}): OutputEvent => {
  const body = { ...place, raised_ms: START_MS + due_ms, ...change } as AlarmRecord
  return { channel: 'alarm', id: 'b', body }
}

describe('matching alerts to crossings', () => {
  it('takes the first event of a crossing, be it the anomaly or the alarm, and no second', () => {
    for (const [first, second] of [
      [anomaly(), alarm()],
      [alarm(), anomaly()],
    ] as const) {
      const tally = alertTally(schedule, START_MS)
      expect(tally.missing()).toHaveLength(plan.alerts)
      expect(tally.seen(line.name, first)).toBe(due_ms)
      expect(tally.seen(line.name, second)).toBeUndefined()
      expect([tally.injected, tally.arrived(), tally.unexpected()]).toEqual([plan.alerts, 1, 0])
      expect(tally.missing()).toHaveLength(plan.alerts - 1)
    }
  })

  it('does not take an event of another asset, tag, line or time, and counts it', () => {
    const tally = alertTally(schedule, START_MS)
    expect(tally.seen(line.name, anomaly({ cell: 'unit-999' }))).toBeUndefined()
    expect(tally.seen(line.name, anomaly({ tag: 'tag_99' }))).toBeUndefined()
    expect(tally.seen('bench-9', anomaly())).toBeUndefined()
    expect(tally.seen(line.name, anomaly({ time_ms: START_MS + due_ms + 1 }))).toBeUndefined()
    expect(tally.seen(line.name, alarm({ raised_ms: START_MS }))).toBeUndefined()
    expect([tally.arrived(), tally.unexpected()]).toEqual([0, 5])
  })

  it('leaves events of other kinds alone', () => {
    const tally = alertTally(schedule, START_MS)
    expect(tally.seen(line.name, anomaly({ kind: 'deviation' }))).toBeUndefined()
    expect([tally.arrived(), tally.unexpected()]).toEqual([0, 0])
  })
})

describe('matching commits to ticks', () => {
  const told = (ticks: readonly number[]) => {
    const tally = commitTally(line, 500, 3)
    const seen: [number, number][] = []
    for (const tick of ticks) tally.committed(tick, (...one) => seen.push(one))
    return { seen, done: tally.done() }
  }
  const last_ms = line.phase_ms.at(-1)!

  it('gives for each tick when its last reading was due, also when a commit closed several', () => {
    const all = [
      [0, last_ms],
      [1, 1000 + last_ms],
      [2, 2000 + last_ms],
    ]
    expect(told([500, 501, 502])).toEqual({ seen: all, done: true })
    expect(told([502])).toEqual({ seen: all, done: true })
    expect(told([499, 500, 500])).toEqual({ seen: all.slice(0, 1), done: false })
  })

  it('expects no tick after the load', () => {
    expect(told([502, 503]).seen).toHaveLength(3)
  })
})
