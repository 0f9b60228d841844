import { expect, test } from 'vitest'
import { type ContractStore, LINE, sameBytes } from './contract-data.ts'
import { patternBytes } from './pattern.ts'

/** Blobs beside the state. */
export function describeKept({ store, reopen }: ContractStore): void {
  const blob = (number: number, size = 1000) => ({ number, bytes: patternBytes(number, size) })

  test('blobs are kept by number through a restart, until they are not named any more', async () => {
    const { fence } = await store().acquire(LINE)
    expect(await store().kept(LINE)).toEqual(new Map())
    await store().keep(LINE, fence, [blob(1), blob(2), blob(30, 300_000)], [1, 2, 30])
    await store().keep(LINE, fence, [blob(4)], [2, 4, 30, 99])
    await reopen()
    const kept = await store().kept(LINE)
    expect([...kept.keys()].sort((a, b) => a - b)).toEqual([2, 4, 30])
    expect(sameBytes(kept.get(30), patternBytes(30, 300_000))).toBe(true)
    expect(sameBytes(kept.get(4), patternBytes(4, 1000))).toBe(true)
    const some = await store().kept(LINE, number => number > 3)
    expect([...some.keys()].sort((a, b) => a - b)).toEqual([4, 30])
    const { fence: now } = await store().acquire(LINE)
    await store().keep(LINE, now, [{ number: 2, bytes: patternBytes(7, 9) }], [2])
    expect(sameBytes((await store().kept(LINE)).get(2), patternBytes(7, 9))).toBe(true)
    expect((await store().kept(LINE)).size).toBe(1)
    expect(await store().kept('local/other')).toEqual(new Map())
  })

  test('an engine whose line was taken over keeps nothing any more', async () => {
    const { fence } = await store().acquire(LINE)
    await store().keep(LINE, fence, [blob(1)], [1])
    await store().acquire(LINE)
    await expect(store().keep(LINE, fence, [blob(2)], [2])).rejects.toMatchObject({
      code: 'STORE_FENCED',
    })
    expect([...(await store().kept(LINE)).keys()]).toEqual([1])
  })
}
