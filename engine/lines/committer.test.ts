import { expect, test, vi } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { LiquidusError } from '../core/errors.ts'
import type { OutputEvent } from '../flow.ts'
import type { KeptBlob, Recovered, Store } from '../store/port.ts'
import { type CommitterParts, lineCommitter } from './committer.ts'
import { logRetention } from './log-retention.ts'
import { patience } from './patience.ts'
import { lineTroubles } from './troubles.ts'

const RECOVERED: Recovered = {
  ...{ fence: 1, log_start: 1, log_end: 9, commit: undefined, published: 0 },
  ...{ producers: new Map(), outbox_end: 0, quarantined_count: 0 },
}

/** A store each of whose calls fails once before it works. */
function flakyStore() {
  const failed = new Set<string>()
  const kept = new Map<number, Uint8Array>()
  const commits: number[] = []
  const once = (name: string): void => {
    if (failed.has(name)) return
    failed.add(name)
    throw new LiquidusError('STORE_UNAVAILABLE', { store: 'a', problem: 'away' }, { retry: true })
  }
  const store: Partial<Store> = {
    async kept(_line, wanted = () => true) {
      once('kept')
      return new Map([...kept].filter(([number]) => wanted(number)))
    },
    async keep(_line, _fence, blobs: readonly KeptBlob[]) {
      once('keep')
      for (const { number, bytes } of blobs) kept.set(number, bytes)
    },
    async commit(_line, { position }) {
      once('commit')
      commits.push(position)
      failed.clear() // what follows a commit meets a store that is away once more
    },
  }
  return { store: store as Store, kept, commits }
}

test('a store that is away for a moment delays a commit and all that belongs to it', async () => {
  const { store, kept, commits } = flakyStore()
  const committer = lineCommitter({
    ...{ key: 'a/b', store, recovered: RECOVERED, fresh: false, clock: systemClock },
    patient: patience(
      () => false,
      () => {},
    ),
    troubles: lineTroubles(systemClock),
    log_entries_max: 100,
    retention: logRetention(
      { entries_max: 100, bytes_max: () => Infinity, age_ms_max: Infinity },
      9,
      systemClock.elapsed_ms(),
    ),
    needed_after: () => 0,
    onCommit: () => {},
    onFailure: () => {},
  })
  const state = new Uint8Array(5)
  const checkpoint = { number: 3, bytes: new Uint8Array(4) }
  await committer.commit({
    ...{ position: 90, ticks: 1, events: [], due_bytes: 0, arrived: true, state },
    kept: { blobs: [checkpoint], numbers: [3] },
  })
  await committer.idle()
  expect(commits).toEqual([90])
  expect(kept.get(3)).toBe(checkpoint.bytes)
  expect(committer.stored()).toEqual({ state, position: 90 })
  // So far on, a whole state is kept besides, from which the log can be run again, and its need.
  expect(kept.size).toBe(3)
})

/** A store whose commits end when the test says so. */
function slowStore() {
  const commits: {
    position: number
    offsets: readonly number[]
    end: (error?: Error) => void
  }[] = []
  const store: { -readonly [K in keyof Store]?: Store[K] } = {
    kept: async () => new Map(),
    commit: (_line, { position, events }) =>
      new Promise((resolve, reject) => {
        const offsets = events.map(({ offset }) => offset)
        commits.push({ position, offsets, end: error => (error ? reject(error) : resolve()) })
      }),
    keep: async () => {},
  }
  return { store: store as { -readonly [K in keyof Store]: Store[K] }, commits }
}

const anEvent = { channel: 'anomaly', id: 'a', body: {} } as OutputEvent

function slowCommitter(
  store: Store,
  needed_after: () => number,
  onFailure = (_: unknown) => {},
  others: Partial<CommitterParts> = {},
) {
  return lineCommitter({
    ...{ key: 'a/b', store, recovered: RECOVERED, fresh: false, clock: systemClock },
    patient: work => work(),
    troubles: lineTroubles(systemClock),
    log_entries_max: 100,
    retention: logRetention(
      { entries_max: 100, bytes_max: () => Infinity, age_ms_max: Infinity },
      9,
      systemClock.elapsed_ms(),
    ),
    ...{ needed_after, onCommit: () => {}, onFailure, ...others },
  })
}

const turn = () => new Promise(resolve => setImmediate(resolve))

const STEP = { ticks: 1, due_bytes: 0, arrived: true, state: undefined, kept: undefined }

test('a fold goes on while its commit is under way, and events of the next chunks follow in one', async () => {
  const { store, commits } = slowStore()
  const committer = slowCommitter(store, () => 0)
  expect(await committer.commit({ ...STEP, position: 1, events: [anEvent, anEvent] })).toEqual([
    { offset: 1, event: anEvent },
    { offset: 2, event: anEvent },
  ])
  const ends = () => [committer.outbox_taken(), committer.outbox_end(), committer.position()]
  expect(ends()).toEqual([2, 0, 0])
  expect(await committer.commit({ ...STEP, position: 2, events: [] })).toEqual([])
  for (const offset of [3, 4]) {
    const events = await committer.commit({ ...STEP, position: offset, events: [anEvent] })
    expect(events).toEqual([{ offset, event: anEvent }])
  }
  await committer.commit({ ...STEP, position: 5, events: [] })
  expect(commits.map(({ position }) => position)).toEqual([1])
  commits[0]!.end()
  await turn()
  expect(commits.map(({ position, offsets }) => [position, ...offsets])).toEqual([
    [1, 1, 2],
    [4, 3, 4],
  ])
  expect(ends()).toEqual([4, 2, 1])
  const idle = committer.idle()
  commits[1]!.end()
  await idle
  expect([...ends(), committer.published()]).toEqual([4, 4, 5, 4])
})

const shortRetention = () =>
  logRetention({ entries_max: 10, bytes_max: () => Infinity, age_ms_max: Infinity }, 9, 0)

const WHOLE = { ...STEP, state: new Uint8Array(5), kept: { blobs: [], numbers: [] } }

test('a second state, or more events than may wait, comes after all that is under way', async () => {
  for (const big of [WHOLE, { ...STEP, events: Array.from({ length: 999 }, () => anEvent) }]) {
    const { store, commits } = slowStore()
    const committer = slowCommitter(store, () => 0)
    await committer.commit({ ...STEP, position: 1, events: [anEvent] })
    await committer.commit({ ...STEP, position: 2, events: [anEvent] })
    await committer.commit({ ...WHOLE, position: 3, events: [anEvent] })
    let isTaken = false
    void committer.commit({ events: [], ...big, position: 4 }).then(() => {
      isTaken = true
    })
    for (const count of [1, 2, 3]) {
      await vi.waitFor(() => expect(commits.length).toBe(count))
      expect(isTaken).toBe(false)
      commits[count - 1]!.end()
    }
    await vi.waitFor(() => expect(commits.length).toBe(4))
    expect(isTaken).toBe(true)
    expect(commits.map(({ position }) => position)).toEqual([1, 2, 3, 4])
    commits[3]!.end()
    await committer.idle()
    expect(committer.position()).toBe(4)
  }
})

test('a state follows the commit under way with what the log must keep for it, and events follow the state', async () => {
  const { store, commits } = slowStore()
  const trims: number[] = []
  store.trimLog = async (_line, position) => void trims.push(position)
  let needed_after = 0
  const retention = shortRetention()
  const committer = slowCommitter(store, () => needed_after, undefined, { retention })
  retention.note(500, 1, 0)
  await committer.commit({ ...WHOLE, position: 1, events: [] })
  needed_after = 120
  await committer.commit({ ...WHOLE, position: 200, events: [anEvent] })
  needed_after = 300 // the fold is further on than any stored state
  for (const position of [201, 202]) {
    await committer.commit({ ...STEP, position, events: [anEvent] })
  }
  await committer.commit({ ...STEP, position: 203, events: [] })
  for (const count of [1, 2, 3]) {
    await vi.waitFor(() => expect(commits.length).toBe(count))
    commits[count - 1]!.end()
  }
  await committer.idle()
  expect(commits.map(({ position, offsets }) => [position, ...offsets])).toEqual([
    [1],
    [200, 1],
    [202, 2, 3],
  ])
  expect([committer.position(), committer.stored().position]).toEqual([203, 200])
  await committer.trim()
  expect(trims.at(-1)).toBe(120)
})

test('commits go on while old entries are dropped', async () => {
  const { store, commits } = slowStore()
  let end = () => {}
  store.trimLog = () => new Promise(resolve => (end = resolve))
  let elapsed_ms = 0
  const clock = { ...systemClock, elapsed_ms: () => elapsed_ms }
  const retention = shortRetention()
  const committer = slowCommitter(store, () => 1000, undefined, { clock, retention })
  retention.note(100, 1, elapsed_ms)
  for (const position of [100, 101, 102]) {
    elapsed_ms += 40_000
    await committer.commit({ ...WHOLE, position, events: [] })
    await vi.waitFor(() => expect(commits.at(-1)?.position).toBe(position))
    commits.at(-1)!.end()
    await committer.written()
    expect(committer.position()).toBe(position)
  }
  let isIdle = false
  const idle = committer.idle().then(() => {
    isIdle = true
  })
  await turn()
  expect(isIdle).toBe(false)
  end()
  await idle
})

test('a commit that is refused for good is told, and nothing comes after it', async () => {
  const { store, commits } = slowStore()
  const failures: unknown[] = []
  const committer = slowCommitter(
    store,
    () => 0,
    error => failures.push(error),
  )
  const made = { ticks: 1, due_bytes: 0, arrived: true, state: undefined, kept: undefined }
  await committer.commit({ ...made, position: 1, events: [anEvent] })
  commits[0]!.end(new Error('fenced'))
  await committer.idle()
  expect(failures).toEqual([new Error('fenced')])
  await expect(committer.commit({ ...made, position: 2, events: [] })).rejects.toThrow('fenced')
  expect(committer.position()).toBe(0)
})

test('what is kept to run the log again outlives a restart; checkpoints go with the last state that names them', async () => {
  const BASE = 2 ** 40 + 50
  const kept = new Set([3, BASE])
  const store: Partial<Store> = {
    kept: async (_line, wanted = () => true) =>
      new Map([...kept].filter(wanted).map(number => [number, new Uint8Array(1)])),
    async keep(_line, _fence, blobs, numbers) {
      for (const { number } of blobs) kept.add(number)
      for (const number of kept) if (!numbers.includes(number)) kept.delete(number)
    },
    commit: async () => {},
  }
  const committer = slowCommitter(store as Store, () => 0)
  const commit = async (position: number, made: readonly number[], numbers: readonly number[]) => {
    const blobs = made.map(number => ({ number, bytes: new Uint8Array(1) }))
    const state = new Uint8Array(2)
    const step = { ticks: 1, due_bytes: 0, arrived: true, events: [], position, state }
    await committer.commit({ ...step, kept: { blobs, numbers } })
    await committer.idle()
    return [...kept].sort((a, b) => a - b)
  }
  expect(await commit(60, [], [3])).toEqual([3, BASE])
  expect(await commit(61, [4], [3, 4])).toEqual([3, 4, BASE])
  expect(await commit(62, [5], [4, 5])).toEqual([4, 5, BASE])
  // Another base is due half a log after the last.
  expect(await commit(100, [], [5])).toEqual([5, BASE, 2 ** 40 + 100, 2 ** 41 + 100])
})
