import { expect, it } from 'vitest'
import { manualClock } from '../core/clock.ts'
import type { ProducerState } from '../flow.ts'
import type { Recovered, Store } from '../store/port.ts'
import { entryQueue } from './entry-queue.ts'
import { logRetention } from './log-retention.ts'
import { lineTroubles } from './troubles.ts'
import { CREDIT_MAX_BYTES, lineWriter } from './writer.ts'

const recovered: Recovered = {
  ...{ fence: 1, log_end: 0, log_start: 1, commit: undefined, published: 0 },
  ...{ producers: new Map(), outbox_end: 0, quarantined_count: 0 },
}

/** A writer whose threads are as late as the test says, and whose log has so much room. */
function writerAt(lag: { ms: number }, room_bytes = Number.POSITIVE_INFINITY) {
  const clock = manualClock()
  const troubles = lineTroubles(clock)
  const queue = entryQueue({ line: 'l', taken: 0, log_end: 0, read: async () => [] })
  const limits = { entries_max: 1000, bytes_max: () => room_bytes, age_ms_max: 1e9 }
  const retention = logRetention(limits, 0, 0)
  let position = 0
  const opens: {
    producer: string
    end: (state: ProducerState) => void
    fail: (error: Error) => void
  }[] = []
  const store = {
    name: 'test',
    append: async () => ++position,
    openProducer: (_line: string, _fence: number, producer: string) =>
      new Promise<ProducerState>((end, fail) => {
        opens.push({ producer, end, fail })
      }),
  } as unknown as Store
  const writer = lineWriter({
    ...{ key: 't/l', store, recovered, clock, queue, troubles, retention, log_entries_max: 1000 },
    lag_ms: () => lag.ms,
  })
  return { writer, troubles, queue, opens }
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

const entryOf = (size_bytes: number) =>
  ({ kind: 'version', versions: { text: 'x'.repeat(size_bytes) } }) as const

/** Says that all that was handed out is folded. */
const foldAll = async ({ queue }: ReturnType<typeof writerAt>) => {
  while (queue.behind_entries() > 0) {
    if (!queue.in_hand()) await queue.next()
    else queue.next().catch(() => {})
  }
}

it('holds producers while the line is further behind than their credit', async () => {
  const around = writerAt({ ms: 0 })
  const { writer } = around
  await writer.append(entryOf(CREDIT_MAX_BYTES - 1000))
  expect(writer.held()).toBe(false)
  const more = writer.append(entryOf(1000))
  expect(writer.held()).toBe(true) // what is on its way to the log counts
  await more
  expect(writer.held()).toBe(true)
  await foldAll(around)
  expect(writer.held()).toBe(false)
})

it('refuses a line its log when what is not folded takes the whole share, and holds before', async () => {
  const around = writerAt({ ms: 0 }, 100_000)
  const { writer, troubles } = around
  await writer.append(entryOf(60_000))
  expect(writer.held()).toBe(true)
  await writer.append(entryOf(60_000))
  const refused = {
    code: 'STORE_FULL',
    retry: true,
    message: expect.stringMatching('its share of'),
  }
  await expect(writer.append(entryOf(1))).rejects.toMatchObject(refused)
  expect(troubles.problem()).toMatch('t/l is behind by 0.1 MiB')
  await foldAll(around)
  await writer.append(entryOf(1))
  expect(troubles.problem()).toBe('')
})

it('refuses all that comes to a line that stopped, with the reason, and holds nobody', async () => {
  const { writer, troubles } = writerAt({ ms: 0 })
  await writer.append(entryOf(2 * CREDIT_MAX_BYTES))
  troubles.stop('the line stopped: no such state')
  const refused = {
    ...{ code: 'LINE_STOPPED', retry: true },
    message: expect.stringMatching('stopped: no such state'),
  }
  await expect(writer.append(entryOf(1))).rejects.toMatchObject(refused)
  await expect(writer.openProducer('p')).rejects.toMatchObject(refused)
  expect(writer.held()).toBe(false)
})

it('opens a producer once at a time, so that its newest hello has the newest epoch', async () => {
  const { writer, opens } = writerAt({ ms: 0 })
  const both = [writer.openProducer('p'), writer.openProducer('p')]
  const other = writer.openProducer('q')
  await new Promise(setImmediate)
  expect(opens.map(({ producer }) => producer)).toEqual(['p', 'q'])
  opens[1]!.end({ epoch: 1, committed_sequence: 0 })
  expect((await other).epoch).toBe(1)
  opens[0]!.fail(new Error('away'))
  await expect(both[0]).rejects.toThrow('away')
  await new Promise(setImmediate)
  opens[2]!.end({ epoch: 7, committed_sequence: 0 })
  expect((await both[1]!).epoch).toBe(7)
  expect(writer.producer('p').epoch).toBe(7)
})
