import { expect, it } from 'vitest'
import type { Store } from '../store/port.ts'
import { baseKeeper, keptBeside, unfitBaseText } from './verify-base.ts'

const whole = (size_bytes: number) => ({
  state: new Uint8Array(size_bytes),
  kept: { blobs: [], numbers: [] },
})
const facts = { position: 500, outbox_end: 0, needed_after: 0 }

const room_bytes = 3 << 20
const positionsOf = (keeper: ReturnType<typeof baseKeeper>) =>
  [...keptAmong(keeper)].map(number => number - 2 ** 40)
const keptAmong = (keeper: ReturnType<typeof baseKeeper>) =>
  keeper.numbers().filter(number => number < 2 ** 41)

it('keeps one base where three eighths of the room of the log hold it, and three where they do', () => {
  const keeper = baseKeeper(1000, () => 8 << 20)
  const make = (position: number, KiB: number) =>
    keeper.make({ ...facts, position }, whole(KiB << 10), 0)
  make(500, 3000)
  expect(positionsOf(keeper)).toEqual([500])
  make(1000, 500)
  expect(positionsOf(keeper)).toEqual([1000])
  for (const position of [1500, 2000, 2500]) make(position, 500)
  expect(positionsOf(keeper)).toEqual([1500, 2000, 2500])
  make(3000, 2500)
  expect(positionsOf(keeper)).toEqual([2500, 3000])
})

it('says what room a base would take that is too large, and keeps those there are', () => {
  const keeper = baseKeeper(1000, () => 8 << 20)
  keeper.make(facts, whole(10), 0)
  const { blobs, unfit } = keeper.make({ ...facts, position: 1000 }, whole(room_bytes), 0)
  expect([blobs, positionsOf(keeper)]).toEqual([[], [500]])
  expect(unfit?.size_bytes).toBeGreaterThan(room_bytes)
  expect(unfitBaseText(unfit!)).toMatch(/takes 3.1 MB, more than its room of 3.1 MB; raise log_byt/)
})

it('keeps one after half of the entries of the log, and none while the last is being paid for', () => {
  const keeper = baseKeeper(1000, () => Number.POSITIVE_INFINITY)
  expect(keeper.isDue(499, 0, 0)).toBe(false)
  expect(keeper.isDue(500, 0, 0)).toBe(true)
  keeper.make(facts, whole(1 << 20), 0)
  expect(keeper.isDue(1000, 15_000, 0)).toBe(false)
  expect(keeper.isDue(1000, 17_000, 0)).toBe(true)
})

it('keeps them closer where bytes or age let less of the log stay than entries would', () => {
  const keeper = baseKeeper(500_000, () => Number.POSITIVE_INFINITY)
  expect(keeper.isDue(2000, 0, 0)).toBe(false)
  expect(keeper.isDue(2000, 0, 1000)).toBe(true)
  keeper.make({ ...facts, position: 2000 }, whole(10), 0)
  expect([keeper.isDue(2499, 1e9, 1400), keeper.isDue(2600, 1e9, 1400)]).toEqual([false, true])
  // One that is behind what may go keeps them as far apart as ever.
  expect(keeper.isDue(2600, 1e9, 4000)).toBe(false)
})

it('holds what the oldest base needs whose own place stays, over a restart as well', async () => {
  const keeper = baseKeeper(1000, () => Number.POSITIVE_INFINITY)
  expect(keeper.needed_after(400)).toBe(Number.POSITIVE_INFINITY)
  const blobs = new Map<number, Uint8Array>()
  for (const position of [500, 1000, 1500, 2000]) {
    const made = keeper.make({ ...facts, position, needed_after: position - 40 }, whole(10), 0)
    for (const { number, bytes } of made.blobs) blobs.set(number, bytes)
  }
  const store: Partial<Store> = {
    kept: async (_, wanted = () => true) =>
      new Map([...blobs].filter(([number]) => keeper.numbers().includes(number) && wanted(number))),
  }
  const again = baseKeeper(1000, () => Number.POSITIVE_INFINITY)
  again.found(await keptBeside(store as Store, 'a/b'))
  for (const one of [keeper, again]) {
    // Three are kept: that at 500 went.
    const held = [400, 999, 1000, 1999, 2000].map(expired => one.needed_after(expired))
    expect(held).toEqual([960, 960, 1460, 1960, Number.POSITIVE_INFINITY])
    expect([one.isDue(2499, 1e9, 0), one.isDue(2500, 1e9, 0)]).toEqual([false, true])
  }
  expect(again.numbers()).toEqual(keeper.numbers())
})
