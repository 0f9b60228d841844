import { LiquidusError } from '../core/errors.ts'
import { decodeEntry } from '../core/log-entry.ts'
import type { LogEntry } from '../flow.ts'
import type { LogRecord } from '../store/port.ts'

export interface LogItem {
  readonly position: number
  readonly entry: LogEntry
  readonly size_bytes: number
}

/** Entries handed over in memory at most; what does not fit is read back from the log. */
const HANDED_MAX = 2048
const HANDED_BYTES_MAX = 16 << 20
const CHUNK_ENTRIES_MAX = 64
const CHUNK_BYTES_MAX = 1 << 20

export interface EntryQueue {
  /** Tells of an entry that is now durable. Entries come in order of position. */
  offer(position: number, entry: LogEntry, size_bytes: number): void
  /** The next entries in order; waits for one. Call again only after the last call resolved. */
  next(): Promise<readonly LogItem[]>
  /** Durable entries not yet taken. */
  behind_entries(): number
  behind_bytes(): number
  /** Lets `next` throw from now on. */
  fail(error: Error): void
  close(): void
}

export class QueueClosed extends Error {
  override name = 'QueueClosed'
}

/**
 * Hands a line's log to its pipeline, from memory while it keeps up and from the store when it
 * does not, so that a burst costs no memory beyond the named limits.
 */
export function entryQueue(options: {
  readonly line: string
  readonly taken: number
  readonly log_end: number
  readonly read: (
    from: number,
    limit: { count_max: number; bytes_max: number },
  ) => Promise<readonly LogRecord[]>
}): EntryQueue {
  const handed: LogItem[] = []
  let head = 0
  let handedBytes = 0
  let taken = options.taken
  let end = options.log_end
  let takenBytes = 0
  let offeredBytes = 0
  let wake: (() => void) | undefined
  let failure: Error | undefined

  const takeHanded = (): LogItem[] => {
    const chunk: LogItem[] = []
    let bytes = 0
    while (head < handed.length && chunk.length < CHUNK_ENTRIES_MAX && bytes < CHUNK_BYTES_MAX) {
      const item = handed[head]!
      head += 1
      chunk.push(item)
      bytes += item.size_bytes
    }
    if (head > 256 || head === handed.length) {
      handed.splice(0, head)
      head = 0
    }
    handedBytes -= bytes
    return chunk
  }

  const readBack = async (): Promise<LogItem[]> => {
    const records = await options.read(taken + 1, {
      count_max: CHUNK_ENTRIES_MAX,
      bytes_max: CHUNK_BYTES_MAX,
    })
    if (records.length === 0) throw lost()
    return records.map(record => ({
      position: record.position,
      entry: decodeEntry(record.bytes),
      size_bytes: record.bytes.length,
    }))
  }

  const lost = () => new LiquidusError('STORE_LOST', { line: options.line })

  const fail = (error: Error): void => {
    failure ??= error
    wake?.()
  }

  const dropTaken = (): void => {
    while (head < handed.length && handed[head]!.position <= taken) {
      handedBytes -= handed[head]!.size_bytes
      head += 1
    }
  }

  return {
    offer(position, entry, size_bytes) {
      // A place that was given before: the store forgot what stood there.
      if (position <= end) fail(lost())
      end = Math.max(end, position)
      offeredBytes += size_bytes
      const previous = handed.at(-1)?.position ?? taken
      const fits = handed.length - head < HANDED_MAX && handedBytes + size_bytes < HANDED_BYTES_MAX
      // A hand-over with a hole would be taken out of order; the log has what is skipped here.
      if (fits && position === Math.max(previous, taken) + 1) {
        handed.push({ position, entry, size_bytes })
        handedBytes += size_bytes
      }
      wake?.()
    },
    async next() {
      while (end <= taken && !failure) {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      if (failure) throw failure
      dropTaken()
      const fromMemory = head < handed.length && handed[head]!.position === taken + 1
      const chunk = fromMemory ? takeHanded() : await readBack()
      taken = chunk.at(-1)?.position ?? taken
      for (const item of chunk) {
        if (item.position > options.log_end) takenBytes += item.size_bytes
      }
      if (taken >= end) takenBytes = offeredBytes
      return chunk
    },
    behind_entries: () => end - taken,
    behind_bytes: () => Math.max(0, offeredBytes - takenBytes),
    fail,
    close: () => fail(new QueueClosed('the line is closing')),
  }
}
