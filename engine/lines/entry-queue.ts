import { LiquidusError } from '../core/errors.ts'
import type { LogEntry } from '../flow.ts'
import type { LogRecord } from '../store/port.ts'

/** A log entry as the fold takes it. */
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
const CHUNK = { count_max: CHUNK_ENTRIES_MAX, bytes_max: CHUNK_BYTES_MAX }

export interface EntryQueue {
  /** Tells of an entry that is now durable. Entries come in order of position. */
  offer(position: number, bytes: Uint8Array): void
  /**
   * The next entries in order; waits for one, or for a nudge, when there may be none. Call again only after the last call resolved: that
   * call says that they are done with.
   */
  next(): Promise<readonly LogRecord[]>
  /** Goes back to hand out again what comes after `position`; a call that waits throws. */
  rewind(position: number): void
  /** Ends the wait for an entry, now or the next. */
  nudge(): void
  /** Looks in the log for entries that nobody told of, because the answer to an append was lost. */
  look(): Promise<void>
  /** Durable entries not yet done with. */
  behind_entries(): number
  /** Bytes of them; what was in the log before, or is handed out again, is not counted. */
  behind_bytes(): number
  /** True while entries are taken and not yet done with. */
  in_hand(): boolean
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
  const handed: LogRecord[] = []
  let head = 0
  let handedBytes = 0
  let taken = options.taken
  let done = taken
  let round = 0
  let end = options.log_end
  let told = end
  let counted = end // position up to which bytes are counted as taken
  let takenBytes = 0
  let inHandBytes = 0
  let offeredBytes = 0
  let looking: Promise<void> = Promise.resolve()
  let nextLook: Promise<void> | undefined
  let wake: (() => void) | undefined
  let failure: Error | undefined
  let nudged = false

  const takeHanded = (): LogRecord[] => {
    const chunk: LogRecord[] = []
    let bytes = 0
    while (head < handed.length && chunk.length < CHUNK_ENTRIES_MAX && bytes < CHUNK_BYTES_MAX) {
      const item = handed[head]!
      head += 1
      chunk.push(item)
      bytes += item.bytes.length
    }
    if (head > 256 || head === handed.length) {
      handed.splice(0, head)
      head = 0
    }
    handedBytes -= bytes
    return chunk
  }

  const readBack = async (): Promise<readonly LogRecord[]> => {
    const records = await options.read(taken + 1, CHUNK)
    if (records.length === 0) throw lost()
    return records
  }

  const lost = () => new LiquidusError('STORE_LOST', { line: options.line })

  const fail = (error: Error): void => {
    failure ??= error
    wake?.()
  }

  const dropTaken = (): void => {
    while (head < handed.length && handed[head]!.position <= taken) {
      handedBytes -= handed[head]!.bytes.length
      head += 1
    }
  }

  const count = (chunk: readonly LogRecord[]): void => {
    for (const { position, bytes } of chunk) {
      if (position <= counted || position > told) continue
      takenBytes += bytes.length
      inHandBytes += bytes.length
    }
    counted = Math.max(counted, taken)
    if (taken >= end) takenBytes = offeredBytes
  }

  const lookOnce = async (): Promise<void> => {
    for (;;) {
      const records = await options.read(end + 1, CHUNK)
      if (records.length === 0) return
      end = Math.max(end, records.at(-1)!.position)
      wake?.()
    }
  }

  const superseded = () => new QueueClosed('the entries are handed out again from before')

  return {
    offer(position, bytes) {
      const size_bytes = bytes.length
      // A place that was given before: the store forgot what stood there.
      if (position <= told) fail(lost())
      told = position
      end = Math.max(end, position)
      if (position > counted) offeredBytes += size_bytes
      const previous = handed.at(-1)?.position ?? taken
      const fits = handed.length - head < HANDED_MAX && handedBytes + size_bytes < HANDED_BYTES_MAX
      // A hand-over with a hole would be taken out of order; the log has what is skipped here.
      if (fits && position === Math.max(previous, taken) + 1) {
        handed.push({ position, bytes })
        handedBytes += size_bytes
      }
      wake?.()
    },
    async next() {
      const mine = round
      done = taken
      inHandBytes = 0
      while (end <= taken && !failure && mine === round && !nudged) {
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
      if (failure) throw failure
      if (mine !== round) throw superseded()
      nudged = false
      if (end <= taken) return []
      dropTaken()
      const fromMemory = head < handed.length && handed[head]!.position === taken + 1
      const chunk = fromMemory ? takeHanded() : await readBack()
      if (mine !== round) throw superseded()
      taken = chunk.at(-1)?.position ?? taken
      count(chunk)
      return chunk
    },
    rewind(position) {
      round += 1
      taken = position
      done = position
      inHandBytes = 0
      wake?.()
    },
    nudge() {
      nudged = true
      wake?.()
    },
    look() {
      // One that is under way may have read too early; all who come meanwhile share the next.
      nextLook ??= looking.then(() => {
        nextLook = undefined
        const found = lookOnce()
        looking = found.catch(() => {})
        return found
      })
      return nextLook
    },
    behind_entries: () => end - done,
    behind_bytes: () => (done === end ? 0 : Math.max(0, offeredBytes - takenBytes) + inHandBytes),
    in_hand: () => done !== taken,
    fail,
    close: () => fail(new QueueClosed('the line is closing')),
  }
}
