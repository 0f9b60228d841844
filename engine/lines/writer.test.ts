import { expect, it } from 'vitest'
import { manualClock } from '../core/clock.ts'
import type { Recovered, Store } from '../store/port.ts'
import { entryQueue } from './entry-queue.ts'
import { lineTroubles } from './troubles.ts'
import { lineWriter } from './writer.ts'

const recovered: Recovered = {
  ...{ fence: 1, log_end: 0, log_start: 1, commit: undefined, published: 0 },
  ...{ producers: new Map(), outbox_end: 0, quarantined_count: 0 },
}

/** A writer whose threads are as late as the test says. */
function writerAt(lag: { ms: number }) {
  const clock = manualClock()
  const troubles = lineTroubles(clock)
  const queue = entryQueue({ line: 'l', taken: 0, log_end: 0, read: async () => [] })
  let position = 0
  const store = { name: 'test', append: async () => ++position } as unknown as Store
  const writer = lineWriter({
    ...{ key: 't/l', store, recovered, clock, queue, troubles, log_entries_max: 1000 },
    lag_ms: () => lag.ms,
  })
  return { writer, troubles, queue }
}

it('gives less credit the later the event loops are, and never none', () => {
  const lag = { ms: 0 }
  const { writer } = writerAt(lag)
  const whole = writer.credit_bytes()
  lag.ms = 100
  expect(writer.credit_bytes()).toBe(whole)
  lag.ms = 550
  expect(writer.credit_bytes()).toBe(whole / 2)
  lag.ms = 1000
  const least = writer.credit_bytes()
  expect(least).toBeGreaterThan(0)
  expect(least).toBeLessThan(whole / 50)
  lag.ms = 60_000
  expect(writer.credit_bytes()).toBe(least)
})

it('gives less credit by what is not folded, until that is committed, and the least in trouble', async () => {
  const { writer, troubles, queue } = writerAt({ ms: 0 })
  const whole = writer.credit_bytes()
  await writer.append({ kind: 'version', versions: { text: 'x'.repeat(100_000) } })
  const behind = writer.credit_bytes()
  expect(whole - behind).toBeGreaterThan(100_000)
  await queue.next()
  expect(writer.credit_bytes()).toBe(behind)
  queue.next().catch(() => {})
  expect(writer.credit_bytes()).toBe(whole)
  troubles.wait('the store is away')
  expect(writer.credit_bytes()).toBeLessThan(whole / 50)
})
