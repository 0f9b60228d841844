import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { describeCommits, describeTrimming } from './contract-commits.ts'
import { type ContractStore, eventsFrom, LINE, NO_LIMIT, row, sameBytes } from './contract-data.ts'
import { describeKept } from './contract-kept.ts'
import { storeLimits } from './limits.ts'
import { patternBytes } from './pattern.ts'
import type { Store } from './port.ts'

/** A fresh, empty store of one test. */
export interface OpenedStore {
  readonly store: Store
  /** Closes the store and opens it again on what it left behind. */
  reopen(): Promise<Store>
  /** Closes whatever is open and removes all data. */
  destroy(): Promise<void>
}

/** Holds a store to the port: every sentence here is one that the engine relies on. */
export function describeStore(name: string, open: () => Promise<OpenedStore>): void {
  describe(name, () => {
    let opened: OpenedStore
    let store: Store
    beforeEach(async () => {
      opened = await open()
      store = opened.store
    })
    afterEach(() => opened.destroy())
    const reopen = async () => {
      store = await opened.reopen()
    }
    const positions = async (from: number, limit = NO_LIMIT) =>
      (await store.read(LINE, from, limit)).map(({ position }) => position)
    const use: ContractStore = { store: () => store, reopen, positions }
    describeLog(use)
    describeProducers(use)
    describeCommits(use)
    describeTrimming(use)
    describeKept(use)
    describeQuarantine(use)
    describeLines(use)
    describeUsage(use)
  })
}

function describeLog({ store, reopen, positions }: ContractStore): void {
  test('a line that nothing was written to is empty', async () => {
    expect(await store().acquire(LINE)).toEqual({
      fence: 1,
      log_end: 0,
      log_start: 1,
      commit: undefined,
      producers: new Map(),
      outbox_end: 0,
      published: 0,
      quarantined_count: 0,
    })
    expect(await positions(1)).toEqual([])
    expect(await store().events(LINE, 0, 10)).toEqual([])
    expect(await store().quarantine(LINE, 0, 10)).toEqual([])
  })

  test('500 appends at once get the positions of their call order and keep their bytes', async () => {
    const { fence } = await store().acquire(LINE)
    const entries = Array.from({ length: 500 }, (_, index) => patternBytes(index, 100 + index))
    const given = await Promise.all(entries.map(bytes => store().append(LINE, fence, bytes)))
    expect(given).toEqual(entries.map((_, index) => index + 1))
    const records = await store().read(LINE, 1, NO_LIMIT)
    expect(records.map(({ position }) => position)).toEqual(given)
    expect(records.every(({ bytes }, index) => sameBytes(bytes, entries[index]!))).toBe(true)
    await reopen()
    const again = await store().acquire(LINE)
    expect([again.log_start, again.log_end]).toEqual([1, 500])
    expect(await positions(1)).toEqual(given)
  })

  test('numbers order the log beyond every digit', async () => {
    const { fence } = await store().acquire(LINE)
    const bytes = patternBytes(1, 1)
    await Promise.all(Array.from({ length: 300 }, () => store().append(LINE, fence, bytes)))
    expect(await positions(8, { ...NO_LIMIT, count_max: 4 })).toEqual([8, 9, 10, 11])
    expect(await positions(254, { ...NO_LIMIT, count_max: 4 })).toEqual([254, 255, 256, 257])
    expect(await positions(300)).toEqual([300])
    expect(await positions(301)).toEqual([])
  })

  test('reading stops at either limit, and one entry always comes', async () => {
    const { fence } = await store().acquire(LINE)
    for (let i = 0; i < 5; i++) await store().append(LINE, fence, patternBytes(i, 1000))
    expect(await positions(2, { count_max: 2, bytes_max: 1e6 })).toEqual([2, 3])
    expect(await positions(1, { count_max: 10, bytes_max: 2999 })).toEqual([1, 2])
    expect(await positions(1, { count_max: 10, bytes_max: 3000 })).toEqual([1, 2, 3])
    expect(await positions(4, { count_max: 10, bytes_max: 10 })).toEqual([4])
  })

  test('entries may be empty, 1 MiB, or a window of larger memory', async () => {
    const { fence } = await store().acquire(LINE)
    const large = patternBytes(3, 2 ** 20)
    const window = large.subarray(1001, 2002)
    const written = [new Uint8Array(0), large, window, Buffer.from(large).subarray(5, 300)]
    for (const bytes of written) await store().append(LINE, fence, bytes)
    const records = await store().read(LINE, 1, NO_LIMIT)
    expect(records.map(({ bytes }) => bytes.byteLength)).toEqual([0, 2 ** 20, 1001, 295])
    expect(records.every(({ bytes }, index) => sameBytes(bytes, written[index]!))).toBe(true)
    expect(records.every(({ bytes }) => bytes instanceof Uint8Array)).toBe(true)
  })
}

function describeProducers({ store, reopen, positions }: ContractStore): void {
  const bytes = patternBytes(0, 10)

  test('a batch is in the log once, and a gap is refused', async () => {
    const { fence } = await store().acquire(LINE)
    const { epoch, committed_sequence } = await store().openProducer(LINE, fence, 'p')
    expect([epoch, committed_sequence]).toEqual([1, 0])
    const append = (sequence: number) =>
      store().append(LINE, fence, bytes, { producer: 'p', epoch, sequence })
    expect(await Promise.all([append(1), append(2), append(2), append(1), append(3)])).toEqual([
      1, 2, 0, 0, 3,
    ])
    await expect(append(5)).rejects.toMatchObject({
      code: 'SEQUENCE_GAP',
      values: { expected: 4, got: 5 },
    })
    expect(await positions(1)).toEqual([1, 2, 3])
    await reopen()
    const again = await store().acquire(LINE)
    expect(again.producers).toEqual(new Map([['p', { epoch: 1, committed_sequence: 3 }]]))
    const after = { producer: 'p', epoch, sequence: 3 }
    expect(await store().append(LINE, again.fence, bytes, after)).toBe(0)
  })

  test('a newer epoch fences the older one and goes on with its sequence', async () => {
    const { fence } = await store().acquire(LINE)
    await store().openProducer(LINE, fence, 'p')
    await store().append(LINE, fence, bytes, { producer: 'p', epoch: 1, sequence: 1 })
    expect(await store().openProducer(LINE, fence, 'p')).toEqual({
      epoch: 2,
      committed_sequence: 1,
    })
    const old = store().append(LINE, fence, bytes, { producer: 'p', epoch: 1, sequence: 2 })
    await expect(old).rejects.toMatchObject({ code: 'PRODUCER_FENCED', values: { current: 2 } })
    const next = { producer: 'p', epoch: 2, sequence: 2 }
    expect(await store().append(LINE, fence, bytes, next)).toBe(2)
    const unopened = store().append(LINE, fence, bytes, { ...next, producer: 'q' })
    await expect(unopened).rejects.toMatchObject({ code: 'PRODUCER_FENCED' })
    expect(await positions(1)).toEqual([1, 2])
  })

  test('producers are apart from one another, whatever their names', async () => {
    const { fence } = await store().acquire(LINE)
    const names = ['a', 'ab', 'a\0b', 'Übung/7 {x}', 'x'.repeat(storeLimits.producerBytes)]
    for (const producer of names) {
      await store().openProducer(LINE, fence, producer)
      await store().append(LINE, fence, bytes, { producer, epoch: 1, sequence: 1 })
    }
    const { producers } = await store().acquire(LINE)
    expect([...producers.keys()].sort()).toEqual([...names].sort())
    for (const state of producers.values()) {
      expect(state).toEqual({ epoch: 1, committed_sequence: 1 })
    }
    for (const producer of ['', 'x'.repeat(storeLimits.producerBytes + 1)]) {
      await expect(store().openProducer(LINE, fence, producer)).rejects.toMatchObject({
        code: 'USAGE',
      })
    }
  })

  test('appends that are refused do not disturb those called with them', async () => {
    const { fence } = await store().acquire(LINE)
    await store().openProducer(LINE, fence, 'p')
    const from = (sequence: number) => ({ producer: 'p', epoch: 1, sequence })
    const settled = await Promise.allSettled([
      store().append(LINE, fence, bytes, from(1)),
      store().append(LINE, fence, bytes, from(9), [row(1)]),
      store().append(LINE, fence - 1, bytes),
      store().append(LINE, fence, bytes, from(2)),
    ])
    expect(settled.map(({ status }) => status)).toEqual([
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ])
    expect(await positions(1)).toEqual([1, 2])
    expect(await store().quarantine(LINE, 0, 10)).toEqual([])
  })
}

function describeQuarantine({ store, reopen }: ContractStore): void {
  test('rejected rows are kept with the append that brought them, with every number', async () => {
    const { fence } = await store().acquire(LINE)
    const bytes = patternBytes(1, 8)
    await store().openProducer(LINE, fence, 'p')
    const from = { producer: 'p', epoch: 1, sequence: 1 }
    await store().append(LINE, fence, bytes, from, [row(1), row(2)])
    await store().append(LINE, fence, bytes, from, [row(1), row(2)])
    await store().append(LINE, fence, bytes, undefined, [row(3)])
    await reopen()
    expect((await store().acquire(LINE)).quarantined_count).toBe(3)
    const kept = await store().quarantine(LINE, 1, 10)
    expect(kept.map(({ id }) => id)).toEqual([2, 3])
    expect(kept[0]?.row).toEqual(row(2))
    expect(Object.is(kept[1]?.row.value, -0)).toBe(true)
    expect(await store().quarantine(LINE, 0, 1)).toEqual([{ id: 1, row: row(1) }])
  })

  test('of too many rejected rows the newest are kept, and all are counted', async () => {
    const { fence } = await store().acquire(LINE)
    const rows = Array.from({ length: 25_000 }, (_, index) => row(index))
    for (let i = 0; i < 4; i++) {
      await store().append(LINE, fence, patternBytes(1, 8), undefined, rows)
    }
    await store().append(LINE, fence, patternBytes(1, 8), undefined, rows.slice(0, 3))
    expect((await store().acquire(LINE)).quarantined_count).toBe(100_003)
    expect((await store().quarantine(LINE, 0, 1))[0]?.id).toBe(4)
    expect((await store().quarantine(LINE, 100_000, 10)).map(({ id }) => id)).toEqual([
      100_001, 100_002, 100_003,
    ])
  })
}

function describeUsage({ store, reopen }: ContractStore): void {
  test('what a store says of its size grows with what is appended, and outlives a restart', async () => {
    const before = await store().usage?.()
    if (!before) return
    const { fence } = await store().acquire(LINE)
    for (let i = 0; i < 8; i++) await store().append(LINE, fence, patternBytes(i, 2 ** 20))
    const grown = 7 * 2 ** 20
    const after = (await store().usage!())!
    expect(after.used_bytes - before.used_bytes).toBeGreaterThan(grown)
    const { log_bytes, state_bytes, disk_free_bytes = 0, disk_bytes = 1 } = after
    if (log_bytes !== undefined) {
      expect(log_bytes - before.log_bytes!).toBeGreaterThan(grown)
      expect(log_bytes + state_bytes!).toBe(after.used_bytes)
    }
    expect(after.used_bytes).toBeLessThan(after.used_bytes_max ?? Infinity)
    expect(disk_free_bytes).toBeLessThan(disk_bytes)
    await reopen()
    expect((await store().usage!())!.used_bytes - before.used_bytes).toBeGreaterThan(grown)
  })
}

function describeLines({ store, reopen, positions }: ContractStore): void {
  test('two lines know nothing of one another, however alike their names', async () => {
    const other = `${LINE}0`
    const { fence } = await store().acquire(LINE)
    await store().acquire(other)
    const { fence: otherFence } = await store().acquire(other)
    expect([fence, otherFence]).toEqual([1, 2])
    await store().append(LINE, fence, patternBytes(1, 8), undefined, [row(1)])
    await store().append(other, otherFence, patternBytes(2, 8))
    await store().append(other, otherFence, patternBytes(3, 8))
    await store().openProducer(other, otherFence, 'p')
    const state = patternBytes(1, 8)
    const events = eventsFrom(1, 1)
    await store().commit(other, { fence: otherFence, position: 2, state, events })
    expect(await positions(1)).toEqual([1])
    expect(await store().acquire(LINE)).toMatchObject({
      log_end: 1,
      commit: undefined,
      outbox_end: 0,
      quarantined_count: 1,
      producers: new Map(),
    })
    expect(await store().acquire(other)).toMatchObject({ log_end: 2, quarantined_count: 0 })
  })

  test('definitions are kept by line, and the newest counts', async () => {
    expect(await store().definitions()).toEqual(new Map())
    await store().define('a/x', '{"tick_ms":1000}')
    await store().define('a/y', '"ünï"')
    await store().define('a/x', '{"tick_ms":500}')
    await reopen()
    expect(await store().definitions()).toEqual(
      new Map([
        ['a/x', '{"tick_ms":500}'],
        ['a/y', '"ünï"'],
      ]),
    )
  })

  test('a key that is not tenant/line is refused', async () => {
    for (const line of ['line', 'a/b/c', 'A/b', 'a/{b}', '']) {
      await expect(store().acquire(line)).rejects.toMatchObject({ code: 'USAGE' })
      await expect(store().define(line, '{}')).rejects.toMatchObject({ code: 'USAGE' })
    }
  })

  test('the epoch stays while the data does, and a closed store refuses writes', async () => {
    const { epoch } = store()
    expect(epoch.length).toBeGreaterThan(8)
    await reopen()
    expect(store().epoch).toBe(epoch)
    const { fence } = await store().acquire(LINE)
    const last = store().append(LINE, fence, patternBytes(1, 8))
    expect(await last).toBe(1)
    await store().close()
    await expect(store().append(LINE, fence, patternBytes(1, 8))).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    await store().close()
  })
}
