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

  it('knows the tail of a Poisson count', () => {
    expect(poissonTail(1, 0)).toBe(1)
    expect(poissonTail(1, 1)).toBeCloseTo(1 - Math.exp(-1), 12)
    expect(poissonTail(1, 6)).toBeCloseTo(0.000594, 6)
  })
})
