import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { OutputEvent } from '../flow.ts'
import { lineTelling } from './telling.ts'

const numbered = (offset: number): OutputEvent =>
  ({ channel: 'anomaly', id: `event ${offset}`, body: {} }) as OutputEvent

it('tells an event once, whether early, at the commit, or made a second time', () => {
  // A chunk: events of each of its steps, how many steps are told before a loss, and if one comes.
  const chunk = fc.record({
    steps: fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 5 }),
    lostAfter: fc.option(fc.nat(5), { nil: undefined }),
  })
  const property = fc.property(fc.array(chunk, { maxLength: 8 }), chunks => {
    let end = 7 // of the outbox
    const telling = lineTelling(() => end)
    const heard: string[] = []
    const hear = (events: readonly { offset: number; event: OutputEvent }[]) => {
      for (const { offset, event } of events) {
        expect(event.id).toBe(`event ${offset}`)
        heard.push(event.id)
      }
    }
    for (const { steps, lostAfter } of chunks) {
      const tell = (count: number) => {
        let next = end
        for (const step of steps.slice(0, count)) {
          hear(telling.early(Array.from({ length: step }, () => numbered(++next))))
        }
      }
      if (lostAfter !== undefined) {
        tell(lostAfter)
        telling.restart()
      }
      tell(steps.length)
      const total = steps.reduce((sum, step) => sum + step, 0)
      const stored = Array.from({ length: total }, (_, i) => end + 1 + i)
      end += total
      hear(telling.made(stored.map(offset => ({ offset, event: numbered(offset) }))))
      telling.stored(end)
      expect(telling.pending()).toEqual([])
    }
    expect(heard).toEqual(Array.from({ length: end - 7 }, (_, i) => `event ${8 + i}`))
  })
  fc.assert(property, { numRuns: 100 })
})
