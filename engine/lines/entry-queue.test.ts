import { describe, expect, it } from 'vitest'
import { encodeEntry } from '../core/log-entry.ts'
import type { CloseEntry } from '../flow.ts'
import { entryQueue, QueueClosed } from './entry-queue.ts'

const entryOf = (tick: number): CloseEntry => ({ kind: 'close', tick, reason: 'grace' })

function queueOver(log: CloseEntry[], taken = 0) {
  let reads = 0
  const queue = entryQueue({
    line: 'l',
    taken,
    log_end: log.length,
    read: async (from, limit) => {
      reads += 1
      return log
        .slice(from - 1, from - 1 + limit.count_max)
        .map((entry, i) => ({ position: from + i, bytes: encodeEntry(entry) }))
    },
  })
  const offered = () => log.length
  const offer = (tick: number) => {
    log.push(entryOf(tick))
    queue.offer(log.length, encodeEntry(log.at(-1)!))
  }
  return { queue, offer, offered, reads: () => reads }
}

/** Takes all there is, and says with a last call, which then waits, that it is done with. */
async function drain({ queue, offered }: ReturnType<typeof queueOver>) {
  const positions: number[] = []
  while ((positions.at(-1) ?? 0) < offered()) {
    for (const item of await queue.next()) positions.push(item.position)
  }
  const waiting = queue.next()
  waiting.catch(() => {})
  return { positions, waiting }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
const ENTRY_BYTES = encodeEntry(entryOf(0)).length

describe('entryQueue', () => {
  it('hands entries over in order without reading the log', async () => {
    const line = queueOver([])
    for (let i = 0; i < 200; i++) line.offer(i)
    expect((await drain(line)).positions).toEqual(upTo(200))
    expect(line.reads()).toBe(0)
  })

  it('reads back what was there before and what did not fit, each entry once', async () => {
    const line = queueOver(Array.from({ length: 100 }, (_, i) => entryOf(i)))
    for (let i = 100; i < 5000; i++) line.offer(i)
    expect((await drain(line)).positions).toEqual(upTo(5000))
    expect(line.reads()).toBeGreaterThan(0)
    expect(line.queue.behind_bytes()).toBe(0)
  })

  it('counts entries as behind until the one who took them comes back', async () => {
    const { queue, offer } = queueOver([])
    for (let i = 0; i < 3; i++) offer(0)
    expect(await queue.next()).toHaveLength(3)
    expect(queue.behind_entries()).toBe(3)
    expect(queue.behind_bytes()).toBe(3 * ENTRY_BYTES)
    expect(queue.in_hand()).toBe(true)
    queue.next().catch(() => {})
    expect(queue.behind_entries()).toBe(0)
    expect(queue.behind_bytes()).toBe(0)
    expect(queue.in_hand()).toBe(false)
  })

  it('hands out again what comes after a position, and ends a call that waited', async () => {
    const line = queueOver([])
    for (let i = 0; i < 5; i++) line.offer(0)
    const { waiting } = await drain(line)
    line.queue.rewind(2)
    await expect(waiting).rejects.toBeInstanceOf(QueueClosed)
    expect(line.queue.behind_entries()).toBe(3)
    line.offer(0)
    expect((await drain(line)).positions).toEqual([3, 4, 5, 6])
    expect(line.queue.behind_bytes()).toBe(0)
  })

  it('waits for an entry and wakes when one comes', async () => {
    const { queue, offer } = queueOver([])
    const next = queue.next()
    offer(1)
    expect((await next).map(item => item.position)).toEqual([1])
  })

  it('comes back with nothing when it is nudged, and with entries where there are some', async () => {
    const { queue, offer } = queueOver([])
    const next = queue.next()
    queue.nudge()
    expect(await next).toEqual([])
    expect(queue.in_hand()).toBe(false)
    queue.nudge()
    offer(1)
    expect((await queue.next()).map(item => item.position)).toEqual([1])
    const waiting = queue.next()
    offer(2)
    expect((await waiting).map(item => item.position)).toEqual([2])
  })

  it('ends a waiting reader when it is closed', async () => {
    const { queue } = queueOver([])
    const next = queue.next()
    queue.close()
    await expect(next).rejects.toBeInstanceOf(QueueClosed)
  })

  it('counts the bytes that came while it still reads what was there before', async () => {
    const line = queueOver(Array.from({ length: 100 }, (_, i) => entryOf(i)))
    for (let i = 0; i < 10; i++) line.offer(0)
    await line.queue.next()
    expect(line.queue.behind_bytes()).toBe(10 * ENTRY_BYTES)
    await drain(line)
    expect(line.queue.behind_bytes()).toBe(0)
  })

  it('stops where the store lost entries, instead of waiting for them for ever', async () => {
    const forgetful = queueOver([])
    for (let i = 0; i < 3; i++) forgetful.offer(i)
    const { waiting } = await drain(forgetful)
    forgetful.queue.offer(2, encodeEntry(entryOf(9)))
    await expect(waiting).rejects.toMatchObject({ code: 'STORE_LOST' })
    const shortened = entryQueue({ line: 'l', taken: 0, log_end: 5, read: async () => [] })
    await expect(shortened.next()).rejects.toMatchObject({ code: 'STORE_LOST' })
  })

  it('finds what is in the log and nobody told of, and takes it when it is told later', async () => {
    const log: CloseEntry[] = []
    const line = queueOver(log)
    line.offer(0)
    const { waiting } = await drain(line)
    log.push(entryOf(1), entryOf(2))
    expect(line.queue.behind_entries()).toBe(0)
    await line.queue.look()
    expect(line.queue.behind_entries()).toBe(2)
    expect((await waiting).map(item => item.position)).toEqual([2, 3])
    const next = line.queue.next()
    line.queue.offer(3, encodeEntry(entryOf(2))) // its answer was late
    line.offer(3)
    expect((await next).map(item => item.position)).toEqual([4])
    line.queue.next().catch(() => {})
    expect(line.queue.behind_entries()).toBe(0)
    expect(line.queue.behind_bytes()).toBe(0)
  })

  it('looks again for those who ask while it looks', async () => {
    let log_end = 0
    let answer: () => void = () => {}
    const queue = entryQueue({
      ...{ line: 'l', taken: 0, log_end: 0 },
      async read(from) {
        const records = from > log_end ? [] : [{ position: from, bytes: new Uint8Array(1) }]
        await new Promise<void>(resolve => {
          answer = resolve
        })
        return records
      },
    })
    const before = queue.look()
    await new Promise(setImmediate)
    log_end = 1 // after the first look has read
    const [after, shared] = [queue.look(), queue.look()]
    expect(shared).toBe(after)
    answer()
    await before
    expect(queue.behind_entries()).toBe(0)
    const asked = setInterval(() => answer(), 1)
    await after
    clearInterval(asked)
    expect(queue.behind_entries()).toBe(1)
  })
})
