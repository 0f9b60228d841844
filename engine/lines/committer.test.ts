import { expect, test } from 'vitest'
import { systemClock } from '../core/clock.ts'
import { LiquidusError } from '../core/errors.ts'
import type { KeptBlob, Recovered, Store } from '../store/port.ts'
import { lineCommitter } from './committer.ts'
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
      systemClock.now_ms(),
    ),
    needed_after: () => 0,
    onCommit: () => {},
  })
  const state = new Uint8Array(5)
  const checkpoint = { number: 3, bytes: new Uint8Array(4) }
  await committer.commit({
    ...{ position: 90, ticks: 1, events: [], arrived: true, state },
    kept: { blobs: [checkpoint], numbers: [3] },
  })
  expect(commits).toEqual([90])
  expect(kept.get(3)).toBe(checkpoint.bytes)
  expect(committer.stored()).toEqual({ state, position: 90 })
  // So far on, a whole state is kept besides, from which the log can be run again.
  expect(kept.size).toBe(2)
})
