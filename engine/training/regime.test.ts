import { describe, expect, it } from 'vitest'
import { regimeWatch } from './regime.ts'

const HOUR_MS = 3600_000
const NONE: ReadonlySet<number> = new Set()
const events = (count: number, dispersion: number) =>
  Array.from({ length: count }, (_, i) => ({ time_ms: (10 + i) * HOUR_MS, cell: i, dispersion }))

function watch(count: number, dispersion: number, drift_h = 9) {
  const regime = regimeWatch()
  regime.drifted(drift_h * HOUR_MS)
  for (const event of events(count, dispersion)) regime.event(event)
  return regime
}

describe('the watch for another regime', () => {
  it('asks for a new model after drift and three events of all signals, once a day', () => {
    const regime = watch(3, 0.8)
    expect(regime.look(12.5 * HOUR_MS, NONE)).toBeUndefined()
    expect(regime.look(13 * HOUR_MS, NONE)).toBeCloseTo(0.8)
    expect(regime.look(14 * HOUR_MS, NONE)).toBeUndefined()
  })

  it('says nothing of events that one signal makes, or without drift', () => {
    expect(watch(9, 0.3).look(20 * HOUR_MS, NONE)).toBeUndefined()
    expect(watch(3, 0.8, -20).look(13 * HOUR_MS, NONE)).toBeUndefined()
    expect(watch(2, 0.8).look(13 * HOUR_MS, NONE)).toBeUndefined()
  })

  it('takes an event for a fault when its cell has an alarm', () => {
    const regime = watch(3, 0.8)
    expect(regime.look(10.5 * HOUR_MS, new Set([0]))).toBeUndefined()
    expect(regime.look(14 * HOUR_MS, NONE)).toBeUndefined()
  })

  it('forgets what is a day old', () => {
    expect(watch(3, 0.8).look(36 * HOUR_MS, NONE)).toBeUndefined()
  })
})
