import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { StoreUsage } from '../load.ts'
import { storeRoom } from './store-room.ts'

const GIB = 1024 ** 3
const USAGE = {
  ...{ used_bytes: 3 * GIB, used_bytes_max: 14 * GIB, log_bytes: 2 * GIB, state_bytes: GIB },
  ...{ disk_free_bytes: 60 * GIB, disk_bytes: 100 * GIB },
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

async function roomOf(usage: StoreUsage) {
  const room = storeRoom({ usage: async () => usage }, 8 * GIB)
  await vi.advanceTimersByTimeAsync(0)
  room.close()
  return room
}

test('a store with room has no problems and tells its size beside the limit of the log', async () => {
  const room = await roomOf(USAGE)
  expect(room.problems()).toEqual([])
  expect(room.load()).toEqual({ ...USAGE, log_bytes_max: 8 * GIB })
})

test('a store beyond seven eighths names itself and the cure', async () => {
  expect((await roomOf({ ...USAGE, used_bytes: 12.25 * GIB })).problems()).toEqual([])
  expect((await roomOf({ ...USAGE, used_bytes: 12.5 * GIB })).problems()).toEqual([
    'the store holds 12.5 of the 14.0 GiB that it takes: keep less of the log (log_bytes_max, log_age_max_h)',
  ])
})

test('a disk beyond seven eighths is told where the store may still outgrow it', async () => {
  const full = { ...USAGE, disk_free_bytes: 10 * GIB }
  expect((await roomOf(full)).problems()).toEqual([
    'the disk of the store is nearly full, 10.0 of 100.0 GiB are free: make room on it',
  ])
  expect((await roomOf({ ...full, disk_free_bytes: 12.5 * GIB })).problems()).toEqual([])
  expect((await roomOf({ ...full, used_bytes: 5 * GIB })).problems()).toEqual([])
})

test('a store that says nothing of limits or of itself has no problems', async () => {
  expect((await roomOf({ used_bytes: 99 * GIB })).problems()).toEqual([])
  const room = storeRoom({})
  await vi.advanceTimersByTimeAsync(0)
  expect([room.load(), room.problems()]).toEqual([undefined, []])
  room.close()
})

test('it looks every few seconds, one look at a time, and forgets what an absent store said', async () => {
  const answers: ((usage: StoreUsage | Error) => void)[] = []
  const room = storeRoom({
    usage: () =>
      new Promise((resolve, reject) => {
        answers.push(one => (one instanceof Error ? reject(one) : resolve(one)))
      }),
  })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(answers.length).toBe(1)
  answers[0]!({ used_bytes: 1 })
  await vi.advanceTimersByTimeAsync(10_000)
  expect(room.load()).toEqual({ used_bytes: 1 })
  expect(answers.length).toBe(2)
  answers[1]!(new Error('away'))
  await vi.advanceTimersByTimeAsync(0)
  expect(room.load()).toBeUndefined()
  room.close()
  await vi.advanceTimersByTimeAsync(60_000)
  expect(answers.length).toBe(2)
})
