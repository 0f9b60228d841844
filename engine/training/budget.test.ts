import { describe, expect, it } from 'vitest'
import type { AlarmRecord, Anomaly, StoredEvent } from '../flow.ts'
import { falseEventBudget, poissonTail } from './budget.ts'

const HOUR_MS = 3600_000
const anomaly = (hour: number, cell: string, model = 'potline-cells/2'): StoredEvent => ({
  offset: 0,
  event: {
    ...{ channel: 'anomaly', id: '' },
    body: {
      ...{ kind: 'unusual-pattern', cell, detector: `autoencoder ${model}` },
      time_ms: hour * HOUR_MS,
    } as Anomaly,
  },
})
const alarm = (hour: number, cell: string): StoredEvent => ({
  offset: 0,
  event: {
    ...{ channel: 'alarm', id: '' },
    body: { kind: 'noisy-cell', cell, raised_ms: hour * HOUR_MS, revision: 1 } as AlarmRecord,
  },
})

describe('the false-event budget', () => {
  it('is breached by more events in a day than it explains, an hour after the last', () => {
    const budget = falseEventBudget(300, 1)
    for (let hour = 1; hour <= 5; hour++) {
      expect(budget.take([anomaly(hour, `c${hour}`)], hour * HOUR_MS)).toBeUndefined()
    }
    expect(budget.take([anomaly(6, 'c6')], 6 * HOUR_MS)).toBeUndefined()
    expect(budget.take([], 7 * HOUR_MS)).toEqual({
      ...{ model: 'potline-cells/2', events: 6, budget: 1, time_ms: 7 * HOUR_MS },
    })
  })

  it('does not count what another alarm of the cell confirms, before or after', () => {
    const budget = falseEventBudget(300, 1)
    for (let hour = 1; hour <= 20; hour++) {
      const cell = `c${hour}`
      const after = hour + (hour % 2 === 0 ? 0.5 : -0.5)
      const events = [anomaly(hour, cell), alarm(after, cell)]
      expect(budget.take(events, hour * HOUR_MS)).toBeUndefined()
    }
    expect(budget.take([], 30 * HOUR_MS)).toBeUndefined()
  })

  it('counts a day and one model, and grows with the cells', () => {
    const slow = falseEventBudget(300, 1)
    for (let hour = 0; hour < 200; hour += 12) {
      expect(slow.take([anomaly(hour, 'c1')], hour * HOUR_MS)).toBeUndefined()
    }
    const two = falseEventBudget(300, 1)
    for (let i = 0; i < 8; i++) {
      expect(two.take([anomaly(1, `c${i}`, `m/${i % 2}`)], HOUR_MS)).toBeUndefined()
    }
    expect(two.take([], 3 * HOUR_MS)).toBeUndefined()
    const small = falseEventBudget(40, 1)
    const events = [1, 2, 3].map(i => anomaly(1, `c${i}`))
    expect(small.take(events, 3 * HOUR_MS)).toMatchObject({ events: 3 })
  })

  it('gives the same breaches however the events are cut', () => {
    const events = Array.from({ length: 40 }, (_, i) => anomaly(i / 4, `c${i}`))
    const times = (cut: number) => {
      const budget = falseEventBudget(300, 1)
      for (let i = 0; i < events.length; i += cut) {
        const chunk = events.slice(i, i + cut)
        const breach = budget.take(chunk, ((i + chunk.length - 1) / 4) * HOUR_MS)
        if (breach) return breach.time_ms
      }
      return 0
    }
    expect(times(1)).toBeGreaterThan(0)
    expect(times(8)).toBe(times(1))
  })

  it('judges each event an hour after it, however late the events are taken', () => {
    // Each is confirmed within minutes; much later other alarms of the same cells follow.
    const events: StoredEvent[] = []
    for (let i = 0; i < 6; i++) {
      events.push(anomaly(1000 + i / 10, `c${i}`), alarm(1000 + i / 10 + 1 / 6, `c${i}`))
    }
    for (let i = 0; i < 6; i++) events.push(alarm(1005, `c${i}`))
    const hourOf = ({ event }: StoredEvent) =>
      ('raised_ms' in event.body ? event.body.raised_ms : (event.body as Anomaly).time_ms) / HOUR_MS
    events.sort((a, b) => hourOf(a) - hourOf(b))
    const live = falseEventBudget(40, 1)
    for (const one of events) expect(live.take([one], hourOf(one) * HOUR_MS)).toBeUndefined()
    expect(live.take([], 1008 * HOUR_MS)).toBeUndefined()
    for (let cut = 0; cut <= events.length; cut++) {
      const again = falseEventBudget(40, 1)
      expect(again.restore(events.slice(0, cut), 0)).toBeUndefined()
      expect(again.take(events.slice(cut), 1008 * HOUR_MS)).toBeUndefined()
    }
  })

  it('counts after a restart as before it, wherever that falls', () => {
    const events: StoredEvent[] = []
    for (let i = 0; i < 8; i++) {
      events.push(anomaly(i, `c${i}`))
      if (i % 3 === 0) events.push(alarm(i + 0.5, `c${i}`))
    }
    const whole = falseEventBudget(40, 1)
    const wanted = whole.take(events, 9 * HOUR_MS)
    expect(wanted).toMatchObject({ events: 3, time_ms: 5 * HOUR_MS })
    for (let cut = 0; cut <= 6; cut++) {
      const again = falseEventBudget(40, 1)
      expect(again.restore(events.slice(0, cut), 0)).toBeUndefined()
      expect(again.take(events.slice(cut), 9 * HOUR_MS)).toEqual(wanted)
    }
  })

  it('counts nothing restored from before the last move, and nothing once it forgets', () => {
    const events = [1, 2, 3, 4].map(hour => anomaly(hour, `c${hour}`))
    const moved = falseEventBudget(40, 1)
    expect(moved.restore(events, 2 * HOUR_MS)).toBeUndefined()
    expect(moved.take([], 6 * HOUR_MS)).toBeUndefined()
    expect(moved.take([anomaly(7, 'c7')], 8 * HOUR_MS)).toMatchObject({ events: 3 })
    const fresh = falseEventBudget(40, 1)
    fresh.take(events, 4 * HOUR_MS)
    fresh.forget()
    expect(fresh.take(events.slice(0, 2), 9 * HOUR_MS)).toBeUndefined()
  })

  it('knows the tail of a Poisson count', () => {
    expect(poissonTail(1, 0)).toBe(1)
    expect(poissonTail(1, 1)).toBeCloseTo(1 - Math.exp(-1), 12)
    expect(poissonTail(1, 6)).toBeCloseTo(0.000594, 6)
  })
})
