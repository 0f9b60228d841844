import { expect, it } from 'vitest'
import { titleOf } from './app.tsx'
import { freshnessOf } from './client.ts'
import { fixtureAlarm, fixtureLine } from './fixture.ts'
import { missedText } from './notices.tsx'
import { emptyState, type LineState } from './store.ts'

it('says since when a line was not seen, with the date where that is another day', () => {
  const since_ms = Date.UTC(2026, 0, 1, 12, 30, 15)
  const text = missedText('line-1', { why: 'too-many', since_ms }, since_ms)
  expect(text).toMatch(/^Line line-1, not seen here since \d\d:30:15: .*too many/)
  expect(missedText('line-1', { why: 'ahead', since_ms }, since_ms + 5 * 86_400_000)).toMatch(
    /since \d\d Jan 2026 \d\d:30:15: The engine lost/,
  )
  expect(missedText('line-1', { why: 'other-history', since_ms: 0 }, since_ms)).toMatch(
    /not seen here: The engine has another history/,
  )
})

it('tells in the title of the tab how many alarms wait, or that nothing is known', () => {
  const alarms = new Map([
    ['a', fixtureAlarm({ id: 'a' })],
    ['b', fixtureAlarm({ id: 'b', acknowledged: true })],
  ])
  const open = { ...emptyState, connection: 'open' } as const
  expect(titleOf(open)).toBe('Liquidus')
  expect(titleOf({ ...open, alarms })).toBe('(1) Liquidus')
  expect(titleOf({ ...open, alarms, connection: 'lost' })).toBe('No connection · Liquidus')
})

it('calls a slow line old by its own ticks, not by seconds', () => {
  const at = (tick_ms: number, age_ms: number) => {
    const line = { info: { ...fixtureLine, tick_ms }, arrived_ms: 1000 } as LineState
    return freshnessOf(line, 1000 + age_ms).freshness
  }
  expect([at(1000, 2000), at(1000, 5000), at(1000, 11_000)]).toEqual(['fresh', 'stale', 'old'])
  expect([at(30_000, 45_000), at(30_000, 61_000), at(30_000, 121_000)]).toEqual([
    'fresh',
    'stale',
    'old',
  ])
})
