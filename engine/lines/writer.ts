import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../core/clock.ts'
import { LiquidusError } from '../core/errors.ts'
import { encodeEntry } from '../core/log-entry.ts'
import type { BatchEntry, LogEntry, ProducerState, QuarantineRow } from '../flow.ts'
import type { AppendProducer, LineKey, Recovered, Store } from '../store/port.ts'
import type { EntryQueue } from './entry-queue.ts'
import type { LogRetention } from './log-retention.ts'
import type { LineTroubles } from './troubles.ts'

/**
 * Bytes that all producers of a line may have unacknowledged while the line keeps up. One that is
 * further behind than this takes nothing more until it is folded on.
 */
export const CREDIT_MAX_BYTES = 4 << 20
const CREDIT_MIN_BYTES = 64 << 10
/** Lag of the threads that is normal, and lag at which a producer is held to the least. */
const LAG_NORMAL_MS = 100
const LAG_MAX_MS = 1000
/** How long a producer's hello waits for the line to catch up with its log. */
const CATCH_UP_MS = 10_000

export interface LineWriterParts {
  readonly key: LineKey
  readonly store: Store
  readonly recovered: Recovered
  readonly clock: Clock
  readonly queue: EntryQueue
  readonly troubles: LineTroubles
  readonly log_entries_max: number
  readonly retention: LogRetention
  /** How late the event loops are that the line needs. */
  readonly lag_ms: () => number
}

/** Writes a line's log and knows what is durable of each producer. */
export interface LineWriter {
  /** Appends an entry of the engine itself; resolves when it is durable. */
  append(entry: LogEntry): Promise<void>
  appendBatch(entry: BatchEntry, quarantined: readonly QuarantineRow[]): Promise<void>
  openProducer(producer: string): Promise<ProducerState>
  producer(producer: string): ProducerState
  credit_bytes(): number
  /** True while producers must wait: what is written and not folded is as much as may be. */
  held(): boolean
  rejected_count(): number
}

export function lineWriter(parts: LineWriterParts): LineWriter {
  const { key, store, recovered, clock, queue, troubles, retention } = parts
  const { fence } = recovered
  const producers = new Map<string, ProducerState>(recovered.producers)
  let rejected_count = recovered.quarantined_count
  let writing_bytes = 0 // on their way to the store

  const refuseStopped = (): void => {
    if (!troubles.stopped()) return
    const problem = troubles.problem()
    throw new LiquidusError('LINE_STOPPED', { line: key, problem }, { retry: true })
  }

  /** The log cannot be trimmed of what is not folded: there must be an end to it. */
  const refuseFull = (): void => {
    const entries = queue.behind_entries()
    const bytes = queue.behind_bytes()
    const isOver = bytes >= retention.room_bytes()
    if (entries < parts.log_entries_max && !isOver) return
    const MiB = (bytes / 2 ** 20).toFixed(1)
    const what = isOver ? `${MiB} MiB, its share of log_bytes_max` : `${entries} log entries`
    const problem = `line ${key} is behind by ${what}`
    const error = new LiquidusError('STORE_FULL', { store: store.name, problem }, { retry: true })
    troubles.refuse(error)
    throw error
  }

  /** Notes a failed write; true where it may be in the log although it failed. */
  const noteRefusal = (error: unknown): boolean => {
    if (!troubles.refuse(error)) return false
    const isFenced = error instanceof LiquidusError && error.code === 'STORE_FENCED'
    if (isFenced) queue.fail(error)
    return !isFenced
  }

  /** Lets the fold have what is in the log and was never told of. */
  const findLost = (): void => {
    queue.look().catch(() => {}) // what it waits for is told; a line that ends needs it no more
  }

  const write = async (
    entry: LogEntry,
    from?: AppendProducer,
    quarantined: readonly QuarantineRow[] = [],
  ): Promise<number> => {
    refuseStopped()
    refuseFull()
    const bytes = encodeEntry(entry)
    writing_bytes += bytes.length
    try {
      const at = await store.append(key, fence, bytes, from, quarantined)
      troubles.accept()
      if (at > 0) {
        retention.note(at, bytes.length, clock.elapsed_ms())
        queue.offer(at, bytes)
      }
      return at
    } catch (error) {
      if (noteRefusal(error)) {
        // Only the store can tell what comes next: whoever asks opens the producer anew.
        const known = from && producers.get(from.producer)
        if (known) producers.set(from.producer, { ...known, epoch: 0 })
        findLost()
      }
      throw error
    } finally {
      writing_bytes -= bytes.length
    }
  }

  /** Of each producer one after the other, so that the newest hello has the newest epoch. */
  const opening = new Map<string, Promise<ProducerState>>()
  const openNow = async (producer: string, give_up_ms: number): Promise<ProducerState> => {
    // What the welcome tells of the line's time must include what its log already holds.
    const catchUp = async () => {
      const waits = () => queue.behind_entries() > 0 && troubles.problem() === ''
      while (waits() && clock.elapsed_ms() < give_up_ms) await sleep(10)
      refuseStopped()
    }
    await catchUp()
    const opened = await store.openProducer(key, fence, producer).catch((error: unknown) => {
      noteRefusal(error)
      throw error
    })
    const before = producers.get(producer)?.committed_sequence ?? 0
    producers.set(producer, opened)
    if (opened.committed_sequence > before) {
      await queue.look()
      await catchUp()
    }
    return opened
  }

  return {
    async append(entry) {
      await write(entry)
    },
    async appendBatch(entry, quarantined) {
      const { producer, epoch, sequence } = entry
      const at = await write(entry, { producer, epoch, sequence }, quarantined)
      const known = producers.get(producer)
      const isKnown = known !== undefined && known.committed_sequence >= sequence
      if (at === 0) {
        if (isKnown) return
        findLost() // the answer to an append before this one was lost
      }
      rejected_count += quarantined.length
      if (isKnown) return
      producers.set(producer, {
        epoch: Math.max(epoch, known?.epoch ?? 0),
        committed_sequence: sequence,
      })
    },
    async openProducer(producer) {
      const give_up_ms = clock.elapsed_ms() + CATCH_UP_MS
      const before = opening.get(producer)
      const opened = (async () => {
        await before?.catch(() => {}) // told to those who asked
        return openNow(producer, give_up_ms)
      })()
      opening.set(producer, opened)
      try {
        return await opened
      } finally {
        if (opening.get(producer) === opened) opening.delete(producer)
      }
    },
    producer: producer => producers.get(producer) ?? { epoch: 0, committed_sequence: 0 },
    credit_bytes() {
      if (troubles.problem() !== '') return CREDIT_MIN_BYTES
      const room_bytes = CREDIT_MAX_BYTES - queue.behind_bytes()
      return Math.round(Math.max(CREDIT_MIN_BYTES, room_bytes * calmOf(parts.lag_ms())))
    },
    held() {
      if (troubles.stopped()) return false // it refuses, and says why
      const most_bytes = Math.min(CREDIT_MAX_BYTES, retention.room_bytes() / 2)
      return queue.behind_bytes() + writing_bytes > most_bytes
    },
    rejected_count: () => rejected_count,
  }
}

/** Share of the credit that is left at this lag: all of it while the lag is normal. */
function calmOf(lag_ms: number): number {
  return Math.min(1, Math.max(0, (LAG_MAX_MS - lag_ms) / (LAG_MAX_MS - LAG_NORMAL_MS)))
}
