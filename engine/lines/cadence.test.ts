import { expect, it } from 'vitest'
import { manualClock } from '../core/clock.ts'
import { SMALL_STATE_BYTES, stateCadence } from './cadence.ts'

const LARGE = 1 << 20

/** A cadence that has just stored a state of this size, at position 100. */
function cadenceOf(size_bytes: number) {
  const clock = manualClock()
  const cadence = stateCadence(clock, 0, 0)
  cadence.stored(100, size_bytes)
  return { clock, cadence }
}

it('stores a small state with every tick, and after many entries without one', () => {
  const { cadence } = cadenceOf(SMALL_STATE_BYTES)
  expect(cadence.due(101, 1)).toBe(true)
  expect(cadence.due(1099, 0)).toBe(false)
  expect(cadence.due(1100, 0)).toBe(true)
})

it('stores a large state once the log it stands for is worth it', () => {
  const { cadence } = cadenceOf(LARGE)
  cadence.folded(LARGE, 0)
  expect(cadence.due(110, 5)).toBe(false)
  cadence.folded(LARGE, 0)
  expect(cadence.due(111, 1)).toBe(true)
  cadence.stored(111, LARGE)
  expect(cadence.due(112, 1)).toBe(false)
})

it('stores it sooner where a restart would take long, or its age is long', () => {
  const slow = cadenceOf(LARGE).cadence
  slow.folded(10, 199)
  expect(slow.due(101, 1)).toBe(false)
  slow.folded(10, 1)
  expect(slow.due(102, 1)).toBe(true)

  const { clock, cadence } = cadenceOf(LARGE)
  clock.advance(9999)
  expect(cadence.due(101, 1)).toBe(false)
  clock.advance(1)
  expect(cadence.due(101, 0)).toBe(false)
  expect(cadence.due(101, 1)).toBe(true)
  expect(cadenceOf(LARGE).cadence.due(10_100, 0)).toBe(true)
})

it('knows the state that it begins with', () => {
  const clock = manualClock()
  const cadence = stateCadence(clock, 100, 0, LARGE)
  expect([cadence.due(101, 1), cadence.size_bytes()]).toEqual([true, LARGE])
})

it('stores the first state with the first tick, and none of what was published before', () => {
  const clock = manualClock()
  expect(stateCadence(clock, 0, 0).due(1, 1)).toBe(true)
  const again = stateCadence(clock, 0, 50)
  expect(again.due(49, 3)).toBe(false)
  expect(again.due(50, 1)).toBe(true)
})
