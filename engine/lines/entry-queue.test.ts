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
  const offer = (tick: number) => {
    log.push(entryOf(tick))
    queue.offer(log.length, log.at(-1)!, 100)
  }
  return { queue, offer, reads: () => reads }
}

async function drain(queue: ReturnType<typeof entryQueue>): Promise<number[]> {
  const positions: number[] = []
  while (queue.behind_entries() > 0) {
    for (const item of await queue.next()) positions.push(item.position)
  }
  return positions
}

describe('entryQueue', () => {
  it('hands entries over in order without reading the log', async () => {
    const { queue, offer, reads } = queueOver([])
    for (let i = 0; i < 200; i++) offer(i)
    expect(await drain(queue)).toEqual(Array.from({ length: 200 }, (_, i) => i + 1))
    expect(reads()).toBe(0)
  })

  it('reads back what was there before and what did not fit, each entry once', async () => {
    const { queue, offer, reads } = queueOver(Array.from({ length: 100 }, (_, i) => entryOf(i)))
    for (let i = 100; i < 5000; i++) offer(i)
    expect(await drain(queue)).toEqual(Array.from({ length: 5000 }, (_, i) => i + 1))
    expect(reads()).toBeGreaterThan(0)
    expect(queue.behind_bytes()).toBe(0)
  })

  it('waits for an entry and wakes when one comes', async () => {
    const { queue, offer } = queueOver([])
    const next = queue.next()
    offer(1)
    expect((await next).map(item => item.position)).toEqual([1])
  })

  it('ends a waiting reader when it is closed', async () => {
    const { queue } = queueOver([])
    const next = queue.next()
    queue.close()
    await expect(next).rejects.toBeInstanceOf(QueueClosed)
  })

  it('counts the bytes that came while it still reads what was there before', async () => {
    const { queue, offer } = queueOver(Array.from({ length: 100 }, (_, i) => entryOf(i)))
    for (let i = 0; i < 10; i++) offer(i)
    await queue.next()
    expect(queue.behind_bytes()).toBe(1000)
    await drain(queue)
    expect(queue.behind_bytes()).toBe(0)
  })

  it('stops where the store lost entries, instead of waiting for them for ever', async () => {
    const forgetful = queueOver([])
    for (let i = 0; i < 3; i++) forgetful.offer(i)
    await drain(forgetful.queue)
    forgetful.queue.offer(2, entryOf(9), 100)
    await expect(forgetful.queue.next()).rejects.toMatchObject({ code: 'STORE_LOST' })
    const shortened = entryQueue({ line: 'l', taken: 0, log_end: 5, read: async () => [] })
    await expect(shortened.next()).rejects.toMatchObject({ code: 'STORE_LOST' })
  })
})
