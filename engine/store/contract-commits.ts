import { expect, test } from 'vitest'
import {
  type ContractStore,
  eventAt,
  eventsFrom,
  LINE,
  NO_LIMIT,
  sameBytes,
} from './contract-data.ts'
import { storeLimits } from './limits.ts'
import { patternBytes } from './pattern.ts'

/** Commits and the outbox. */
export function describeCommits({ store, reopen, positions }: ContractStore): void {
  const state = patternBytes(9, 65536)

  test('a commit keeps state, position and events, through a restart as well', async () => {
    const { fence } = await store().acquire(LINE)
    for (let i = 0; i < 3; i++) await store().append(LINE, fence, patternBytes(i, 10))
    await store().commit(LINE, { fence, position: 1, state: patternBytes(1, 5), events: [] })
    await store().commit(LINE, { fence, position: 3, state, events: eventsFrom(1, 2) })
    await reopen()
    const found = await store().acquire(LINE)
    expect(found).toMatchObject({ log_end: 3, outbox_end: 2, commit: { position: 3 } })
    expect(sameBytes(found.commit?.state, state)).toBe(true)
    expect(await store().events(LINE, 0, 10)).toEqual(eventsFrom(1, 2))
  })

  test('an engine whose line was taken over writes nothing any more', async () => {
    const old = await store().acquire(LINE)
    await store().append(LINE, old.fence, patternBytes(1, 10))
    const next = await store().acquire(LINE)
    expect(next.fence).toBe(old.fence + 1)
    const { fence } = old
    const refusals = [
      store().append(LINE, fence, patternBytes(2, 10)),
      store().openProducer(LINE, fence, 'p'),
      store().commit(LINE, { fence, position: 1, state, events: eventsFrom(1, 1) }),
    ]
    for (const one of await Promise.allSettled(refusals)) {
      expect(one).toMatchObject({
        status: 'rejected',
        reason: { code: 'STORE_FENCED', values: { fence: next.fence } },
      })
    }
    const found = await store().acquire(LINE)
    expect(found).toMatchObject({ log_end: 1, outbox_end: 0, commit: undefined })
    expect(found.producers.size).toBe(0)
    expect(await store().events(LINE, 0, 10)).toEqual([])
  })

  test('a commit made again, because its answer was lost, changes nothing', async () => {
    const { fence } = await store().acquire(LINE)
    await store().append(LINE, fence, patternBytes(1, 10))
    const commit = { fence, position: 1, state, events: eventsFrom(1, 2) }
    await store().commit(LINE, commit)
    await store().commit(LINE, commit)
    expect(await store().acquire(LINE)).toMatchObject({ commit: { position: 1 }, outbox_end: 2 })
    expect(await store().events(LINE, 0, 10)).toEqual(eventsFrom(1, 2))
  })

  test('events alone become true, and the state stays at its own position', async () => {
    const { fence } = await store().acquire(LINE)
    for (let i = 0; i < 4; i++) await store().append(LINE, fence, patternBytes(i, 10))
    await store().commit(LINE, { fence, position: 1, state, events: eventsFrom(1, 1) })
    const alone = { fence, position: 3, state: undefined, events: eventsFrom(2, 2) }
    await store().commit(LINE, alone)
    await store().commit(LINE, alone)
    await reopen()
    const found = await store().acquire(LINE)
    expect(found).toMatchObject({ published: 3, outbox_end: 3, commit: { position: 1 } })
    expect(sameBytes(found.commit?.state, state)).toBe(true)
    expect(await store().events(LINE, 0, 10)).toEqual(eventsFrom(1, 3))
    const back = { fence: found.fence, position: 2, state, events: [] }
    await expect(store().commit(LINE, back)).rejects.toThrow(/should hold/)
    await store().trimLog(LINE, 4)
    expect((await store().acquire(LINE)).log_start).toBe(2)
    const { fence: now } = await store().acquire(LINE)
    await store().commit(LINE, { fence: now, position: 4, state, events: eventsFrom(4, 1) })
    expect(await store().look(LINE)).toMatchObject({ published: 4, commit: { position: 4 } })
  })

  test('who looks at a line sees what its engine sees and does not take it over', async () => {
    const { fence } = await store().acquire(LINE)
    await store().append(LINE, fence, patternBytes(1, 10))
    await store().commit(LINE, { fence, position: 1, state, events: eventsFrom(1, 1) })
    const seen = await store().look(LINE)
    expect(seen).toMatchObject({ fence, log_end: 1, outbox_end: 1, commit: { position: 1 } })
    expect(await store().append(LINE, fence, patternBytes(2, 10))).toBe(2)
    await expect(store().look('no key')).rejects.toMatchObject({ code: 'USAGE' })
  })

  test('a commit that makes no sense is a bug and leaves nothing', async () => {
    const { fence } = await store().acquire(LINE)
    await store().append(LINE, fence, patternBytes(1, 10))
    await store().append(LINE, fence, patternBytes(1, 10))
    const good = { fence, position: 2, state, events: eventsFrom(1, 2) }
    await store().commit(LINE, good)
    const other = patternBytes(8, 100)
    const bad = [
      { ...good, state: other, events: [], position: 3 },
      { ...good, state: other, events: [], position: 1 },
      { ...good, state: other, events: eventsFrom(4, 1) },
      { ...good, state: other, events: eventsFrom(2, 1) },
      { ...good, state: other, events: [eventAt(3), eventAt(5)] },
    ]
    for (const commit of bad) {
      await expect(store().commit(LINE, commit)).rejects.toThrow(/should hold/)
    }
    const found = await store().acquire(LINE)
    expect(sameBytes(found.commit?.state, state)).toBe(true)
    expect(found).toMatchObject({ commit: { position: 2 }, outbox_end: 2 })
    expect(await store().events(LINE, 0, 10)).toEqual(eventsFrom(1, 2))
  })

  test('the outbox is read in pages, oldest first, and appends go on beside it', async () => {
    const { fence } = await store().acquire(LINE)
    await store().commit(LINE, { fence, position: 0, state, events: eventsFrom(1, 12) })
    await store().append(LINE, fence, patternBytes(1, 1))
    await store().commit(LINE, { fence, position: 1, state, events: eventsFrom(13, 1) })
    const offsets = async (after: number, count: number) =>
      (await store().events(LINE, after, count)).map(({ offset }) => offset)
    expect(await offsets(0, 3)).toEqual([1, 2, 3])
    expect(await offsets(8, 3)).toEqual([9, 10, 11])
    expect(await offsets(11, 30)).toEqual([12, 13])
    expect(await offsets(13, 3)).toEqual([])
    expect(await offsets(0, 0)).toEqual([])
    expect(await positions(1)).toEqual([1])
  })
}

/** What trimming drops, and what it never does. */
export function describeTrimming({ store, reopen, positions }: ContractStore): void {
  test('the log is trimmed up to the committed position and never past it', async () => {
    const { fence } = await store().acquire(LINE)
    const bytes = patternBytes(1, 8)
    const count = storeLimits.trimStep * 2 + 5
    await Promise.all(Array.from({ length: count }, () => store().append(LINE, fence, bytes)))
    await store().trimLog(LINE, 10)
    expect((await store().acquire(LINE)).log_start).toBe(1)
    const { fence: now } = await store().acquire(LINE)
    await store().commit(LINE, { fence: now, position: count - 1, state: bytes, events: [] })
    await store().trimLog(LINE, 3)
    expect(await positions(1, { ...NO_LIMIT, count_max: 2 })).toEqual([4, 5])
    await store().trimLog(LINE, 2)
    await store().trimLog(LINE, count + 100)
    expect(await positions(1)).toEqual([count])
    await reopen()
    const found = await store().acquire(LINE)
    expect([found.log_start, found.log_end]).toEqual([count, count])
    expect(await store().append(LINE, found.fence, bytes)).toBe(count + 1)
  })

  test('a log trimmed to its end goes on where it was', async () => {
    const { fence } = await store().acquire(LINE)
    for (let i = 0; i < 3; i++) await store().append(LINE, fence, patternBytes(i, 8))
    await store().commit(LINE, { fence, position: 3, state: patternBytes(1, 8), events: [] })
    await store().trimLog(LINE, 3)
    await reopen()
    const found = await store().acquire(LINE)
    expect([found.log_start, found.log_end]).toEqual([4, 3])
    expect(await positions(1)).toEqual([])
    expect(await store().append(LINE, found.fence, patternBytes(4, 8))).toBe(4)
    expect(await positions(1)).toEqual([4])
  })

  test('events are dropped up to an offset, and offsets go on', async () => {
    const { fence } = await store().acquire(LINE)
    const state = patternBytes(1, 8)
    await store().commit(LINE, { fence, position: 0, state, events: eventsFrom(1, 5) })
    await store().trimEvents(LINE, 3)
    expect(await store().events(LINE, 0, 10)).toEqual(eventsFrom(4, 2))
    await store().trimEvents(LINE, 99)
    expect(await store().events(LINE, 0, 10)).toEqual([])
    await reopen()
    const found = await store().acquire(LINE)
    expect(found.outbox_end).toBe(5)
    const events = eventsFrom(6, 1)
    await store().commit(LINE, { fence: found.fence, position: 0, state, events })
    expect(await store().events(LINE, 0, 10)).toEqual(events)
  })
}
