import { expect, it } from 'vitest'
import { manualClock } from '../core/clock.ts'
import { restartBudget } from './restarts.ts'

it('waits longer each time and gives up a line that keeps ending its thread', () => {
  const clock = manualClock()
  const restarts = restartBudget(clock)
  expect([1, 2, 3, 4].map(() => restarts.next(true))).toEqual([200, 400, 800, 1600])
  expect(restarts.next(true)).toBeUndefined()
  expect(restarts.count()).toBe(4)
})

it('starts a line at once again and again that others bring down, and forgets with time', () => {
  const clock = manualClock()
  const restarts = restartBudget(clock)
  for (let i = 0; i < 20; i++) expect(restarts.next(false)).toBe(200)
  for (let i = 0; i < 20; i++) {
    clock.advance(200_000)
    expect(restarts.next(true)).toBeDefined()
  }
})
