import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock } from '../core/clock.ts'
import { LiquidusError } from '../core/errors.ts'
import { encodeEntry } from '../core/log-entry.ts'
import type { BatchEntry, LogEntry, ProducerState, QuarantineRow } from '../flow.ts'
import type { AppendProducer, LineKey, Recovered, Store } from '../store/port.ts'
import type { EntryQueue } from './entry-queue.ts'
import type { LogRetention } from './log-retention.ts'
import type { LineTroubles } from './troubles.ts'

/** Bytes that all producers of a line may have unacknowledged while the line keeps up. */
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
  readonly retention?: LogRetention
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
  rejected_count(): number
}

export function lineWriter(parts: LineWriterParts): LineWriter {
  const { key, store, recovered, clock, queue, troubles } = parts
  const { fence } = recovered
  const producers = new Map<string, ProducerState>(recovered.producers)
  let rejected_count = recovered.quarantined_count

  const noteRefusal = (error: unknown): boolean => {
    if (!troubles.refuse(error)) return false
    if (error instanceof LiquidusError && error.code === 'STORE_FENCED') queue.fail(error)
    return true
  }

  const write = async (
    entry: LogEntry,
    from?: AppendProducer,
    quarantined: readonly QuarantineRow[] = [],
  ): Promise<number> => {
    const behind = queue.behind_entries()
    if (behind >= parts.log_entries_max) {
      const problem = `line ${key} is ${behind} log entries behind`
      throw new LiquidusError('STORE_FULL', { store: store.name, problem }, { retry: true })
    }
    const bytes = encodeEntry(entry)
    try {
      const at = await store.append(key, fence, bytes, from, quarantined)
      troubles.accept()
      if (at > 0) {
        parts.retention?.note(at, bytes.length, clock.now_ms())
        queue.offer(at, bytes)
      }
      return at
    } catch (error) {
      // Whether the entry is in the log is not known: only the store can tell what comes next.
      if (noteRefusal(error) && from) producers.delete(from.producer)
      throw error
    }
  }

  return {
    async append(entry) {
      await write(entry)
    },
    async appendBatch(entry, quarantined) {
      const { producer, epoch, sequence } = entry
      const at = await write(entry, { producer, epoch, sequence }, quarantined)
      if (at === 0) return
      rejected_count += quarantined.length
      const known = producers.get(producer)
      if (known && known.committed_sequence >= sequence) return
      producers.set(producer, {
        epoch: Math.max(epoch, known?.epoch ?? 0),
        committed_sequence: sequence,
      })
    },
    async openProducer(producer) {
      // What the welcome tells of the line's time must include what its log already holds.
      const give_up_ms = clock.elapsed_ms() + CATCH_UP_MS
      const waits = () => queue.behind_entries() > 0 && troubles.problem() === ''
      while (waits() && clock.elapsed_ms() < give_up_ms) await sleep(10)
      const opened = await store.openProducer(key, fence, producer).catch((error: unknown) => {
        noteRefusal(error)
        throw error
      })
      producers.set(producer, opened)
      return opened
    },
    producer: producer => producers.get(producer) ?? { epoch: 0, committed_sequence: 0 },
    credit_bytes() {
      if (troubles.problem() !== '') return CREDIT_MIN_BYTES
      const room_bytes = CREDIT_MAX_BYTES - queue.behind_bytes()
      return Math.round(Math.max(CREDIT_MIN_BYTES, room_bytes * calmOf(parts.lag_ms())))
    },
    rejected_count: () => rejected_count,
  }
}

/** Share of the credit that is left at this lag: all of it while the lag is normal. */
function calmOf(lag_ms: number): number {
  return Math.min(1, Math.max(0, (LAG_MAX_MS - lag_ms) / (LAG_MAX_MS - LAG_NORMAL_MS)))
}
