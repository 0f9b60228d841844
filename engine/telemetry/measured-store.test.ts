import { expect, test } from 'vitest'
import { manualClock } from '../core/clock.ts'
import { operationBounds_s } from '../load.ts'
import type { Store } from '../store/port.ts'
import { measuredStore } from './measured-store.ts'

test('appends are timed and counted, failures too, and the rest passes through', async () => {
  const clock = manualClock()
  let answer: () => Promise<number> = async () => 7
  const store = {
    name: 'fake',
    append: () => {
      clock.advance(3)
      return answer()
    },
    async definitions() {
      return new Map([[(this as { name?: string }).name, '{}']])
    },
  } as unknown as Store
  const measured = measuredStore(store, clock)
  expect(measured.name).toBe('fake')
  expect(await measured.definitions()).toEqual(new Map([['fake', '{}']]))

  const slowly = async () => {
    const made = measured.append('t/l', 1, new Uint8Array(100))
    clock.advance(40)
    return made
  }
  expect(await slowly()).toBe(7)
  answer = () => Promise.reject(new Error('full'))
  await expect(measured.append('t/l', 1, new Uint8Array(50))).rejects.toThrow('full')

  const [append] = measured.load()
  expect(append).toMatchObject({ name: 'append', count: 2, failed: 1, bytes: 100 })
  expect(append!.sum_s).toBeCloseTo(0.043 + 0.003)
  const at = (bound_s: number) => append!.buckets[operationBounds_s.indexOf(bound_s)]
  expect(at(0.05)).toBe(1)
  expect(append!.buckets.reduce((sum, count) => sum + count)).toBe(2)
})
