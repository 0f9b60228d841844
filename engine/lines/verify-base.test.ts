import { expect, it } from 'vitest'
import { baseKeeper } from './verify-base.ts'

const whole = (size_bytes: number) => ({
  state: new Uint8Array(size_bytes),
  kept: { blobs: [], numbers: [] },
})
const facts = { position: 500, outbox_end: 0, needed_after: 0 }

it('keeps bases that take a quarter of the room of the log at most, all three together', () => {
  const room_bytes = 12 << 20
  const keeper = baseKeeper(1000, () => room_bytes)
  expect(keeper.make(facts, whole(900 << 10), 0)).toBeDefined()
  expect(keeper.make(facts, whole(1100 << 10), 0)).toBeUndefined()
})

it('keeps one after half of the entries of the log, and none while the last is being paid for', () => {
  const keeper = baseKeeper(1000, () => Number.POSITIVE_INFINITY)
  expect(keeper.isDue(499, 0)).toBe(false)
  expect(keeper.isDue(500, 0)).toBe(true)
  keeper.make(facts, whole(1 << 20), 0)
  expect(keeper.isDue(1000, 15_000)).toBe(false)
  expect(keeper.isDue(1000, 17_000)).toBe(true)
})
