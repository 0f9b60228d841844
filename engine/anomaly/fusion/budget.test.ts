import { describe, expect, it } from 'vitest'
import { fusionRig, noise } from './fixture.ts'

describe('the event budget', () => {
  const EVENTS = 40
  it.each([
    { memory: 0, name: 'white' },
    { memory: 0.95, name: 'slow' },
  ])('is kept on $name noise', ({ memory }) => {
    const rig = fusionRig(2, 1, { events_per_line_day: EVENTS })
    const fill = noise(5, memory)
    const days = 1
    for (let i = 0; i < days * 86_400; i++) {
      fill(rig.residual)
      rig.tick()
    }
    const events = rig.found.filter(({ active }) => active).length
    expect(events).toBeGreaterThan(0.3 * EVENTS * days)
    expect(events).toBeLessThan(1.4 * EVENTS * days)
  })

  it('is the setting that is turned: more of it, more events', () => {
    const budget = { events_per_line_day: 5 }
    const rig = fusionRig(2, 1, budget)
    const fill = noise(6)
    const run = (ticks: number) => {
      const before = rig.found.length
      for (let i = 0; i < ticks; i++) {
        fill(rig.residual)
        rig.tick()
      }
      return rig.found.slice(before).filter(({ active }) => active).length
    }
    run(20_000)
    const few = run(60_000)
    budget.events_per_line_day = 100
    expect(run(60_000)).toBeGreaterThan(3 * few)
  })
})
