import { LiquidusError } from '../core/errors.ts'
import type {
  BatchEntry,
  Identity,
  Intake,
  LineDefinition,
  LineIntake,
  ProducerState,
  QuarantineRow,
} from '../flow.ts'

/** A line of a memory intake, open to look at. */
export interface MemoryLine extends LineIntake {
  readonly entries: BatchEntry[]
  readonly quarantined: QuarantineRow[]
  /** Appends that wait, now and at most. */
  readonly waiting: { now: number; most: number; bytes: number; bytes_most: number }
}

/** An intake without durability, for tests and for measuring the door alone. */
export interface MemoryIntake extends Intake {
  line(name: string): MemoryLine
}

/** How a memory intake behaves. */
export interface MemoryIntakeOptions {
  readonly tenant: string
  readonly definitions: readonly LineDefinition[]
  /** Resolves when an append becomes durable; default at once. */
  readonly flushed?: (entry: BatchEntry) => Promise<void>
  readonly credit_bytes?: () => number
  /** Whether producers must wait; default never. */
  readonly held?: () => boolean
  /** Keep the entries; default true. */
  readonly keep?: boolean
  readonly mayCreate?: (identity: Identity) => boolean
}

/** Builds a memory intake with the given lines. */
export function memoryIntake(options: MemoryIntakeOptions): MemoryIntake {
  const lines = new Map<string, MemoryLine>()
  for (const definition of options.definitions) {
    lines.set(definition.line, memoryLine(definition, options))
  }
  return {
    find: (tenant, line) => (tenant === options.tenant ? lines.get(line) : undefined),
    lineNames: tenant => (tenant === options.tenant ? [...lines.keys()] : []),
    async create(identity, definition) {
      if (!(options.mayCreate?.(identity) ?? true)) {
        const { subject, role } = identity
        throw new LiquidusError('NOT_ALLOWED', { subject, role, action: 'create lines' })
      }
      const line = memoryLine(definition, options)
      lines.set(definition.line, line)
      return line
    },
    line: name => lines.get(name)!,
  }
}

function memoryLine(definition: LineDefinition, options: MemoryIntakeOptions): MemoryLine {
  const producers = new Map<string, { epoch: number; taken: number; committed_sequence: number }>()
  const entries: BatchEntry[] = []
  const quarantined: QuarantineRow[] = []
  const waiting = { now: 0, most: 0, bytes: 0, bytes_most: 0 }
  const { line } = definition
  const stateOf = (producer: string): ProducerState =>
    producers.get(producer) ?? { epoch: 0, committed_sequence: 0 }
  return {
    definition,
    entries,
    quarantined,
    waiting,
    async openProducer(producer) {
      const { epoch, committed_sequence } = stateOf(producer)
      producers.set(producer, { epoch: epoch + 1, taken: committed_sequence, committed_sequence })
      return { epoch: epoch + 1, committed_sequence }
    },
    producer: stateOf,
    async append(entry, rows) {
      const { producer, epoch, sequence } = entry
      const state = producers.get(producer)!
      const current = state.epoch
      if (epoch < current) {
        throw new LiquidusError('PRODUCER_FENCED', { producer, line, epoch, current })
      }
      if (sequence <= state.taken) return
      const expected = state.taken + 1
      if (sequence > expected) {
        throw new LiquidusError('SEQUENCE_GAP', { producer, line, expected, got: sequence })
      }
      state.taken = sequence
      waiting.now++
      waiting.bytes += entry.wire.length
      waiting.most = Math.max(waiting.most, waiting.now)
      waiting.bytes_most = Math.max(waiting.bytes_most, waiting.bytes)
      if (options.flushed) await options.flushed(entry)
      waiting.now--
      waiting.bytes -= entry.wire.length
      state.committed_sequence = Math.max(state.committed_sequence, sequence)
      if (options.keep ?? true) entries.push(entry)
      quarantined.push(...rows)
    },
    credit_bytes: () => options.credit_bytes?.() ?? 4 * 1024 * 1024,
    held: () => options.held?.() ?? false,
    newest_event_ms: () => Number.NaN,
  }
}
