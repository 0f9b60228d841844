import fc from 'fast-check'
import { expect, it } from 'vitest'
import { tickEndingAt, tickStart_ms } from '../core/tick-grid.ts'
import type { LogEntry } from '../flow.ts'
import { loggedBatch, tinyLine, tinySecond } from './fixture-line.ts'
import { runEntries } from './rewind-fixture.ts'

const FIRST_S = 1_700_000_000

/** Seconds of the tiny line, some above the limit and some late, all moved by so much. */
function movedEntries(late: readonly number[], moved_ms: number): LogEntry[] {
  const seconds = Array.from({ length: 70 }, (_, i) => i)
  const at = (second: number) => second + (late.includes(second) ? 4.5 : 0)
  return seconds
    .sort((a, b) => at(a) - at(b))
    .map((second, i) => {
      const value = (ref: number) => (second % 9 === 4 && ref === 1 ? 150 : 5 + ref)
      const columns = tinySecond(FIRST_S + second, value)
      return loggedBatch(i + 1, { ...columns, times_ms: columns.times_ms.map(t => t + moved_ms) })
    })
}

/** What was found, with all times of day moved back. */
function movedBack(found: unknown, moved_ms: number): unknown {
  const back = (time_ms: string) => String(Number(time_ms) - moved_ms)
  return JSON.parse(JSON.stringify(found).replace(/\b17\d{11}\b/g, back))
}

it('finds the same in readings that are moved together with the ticks', async () => {
  // Early enough that a rewind is due before the readings end.
  const late = fc.uniqueArray(fc.integer({ min: 10, max: 45 }), { maxLength: 4 })
  const offset = fc.integer({ min: 1, max: 999 })
  await fc.assert(
    fc.asyncProperty(late, offset, async (seconds, tick_offset_ms) => {
      const there = await runEntries(tinyLine, movedEntries(seconds, 0))
      const entries = movedEntries(seconds, tick_offset_ms)
      const here = await runEntries({ ...tinyLine, tick_offset_ms }, entries)
      expect(there.events.length).toBeGreaterThan(8)
      expect(movedBack(here.events, tick_offset_ms)).toEqual(movedBack(there.events, 0))
      expect([here.rewinds, here.late]).toEqual([there.rewinds, there.late])
      expect(here.state).not.toBe(there.state)
      if (seconds.length > 0) expect(here.rewinds).toBeGreaterThan(0)
    }),
    { numRuns: 12 },
  )
})

it('divides time without a gap or an overlap', () => {
  const grid = { tick_ms: 1000, tick_offset_ms: 370 }
  expect(tickStart_ms(grid, 5)).toBe(5370)
  expect(tickEndingAt(grid, 5370)).toBe(4)
})
