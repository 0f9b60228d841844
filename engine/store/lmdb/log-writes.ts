import { LiquidusError } from '../../core/errors.ts'
import type { ProducerState, QuarantineRow } from '../../flow.ts'
import { encodeJson } from '../codec.ts'
import { checkProducer, storeLimits } from '../limits.ts'
import type { AppendProducer, LineKey, Store } from '../port.ts'
import { type GroupCommit, groupCommit, type Transact } from './group-commit.ts'
import { writeProducer } from './producers.ts'
import { addToRuns } from './runs.ts'
import type { Holding, Segment } from './segment.ts'
import type { LogSegments } from './segments.ts'
import { type Space, storeFull } from './space.ts'

/** Producers whose state is kept in memory; one more, and all are read again. */
const PRODUCERS_KNOWN_MAX = 20_000

/** What the calls share that write to the newest segment. */
export interface LogWriting {
  readonly group: GroupCommit
  /** The line's part of the segment in the running transaction; it is stored at its end. */
  touch(line: LineKey): Holding
  /** The producer's state, and a change to it in the running transaction. */
  producerOf(line: LineKey, producer: string): ProducerState
  setProducer(line: LineKey, producer: string, state: ProducerState): void
  /** Adds an entry to the segment, as one of the line's. */
  put(line: LineKey, position: number, bytes: Uint8Array): void
}

/** Opens the way to append; `check` throws where the directory is no longer ours or full. */
export function startLogWriting(
  segments: LogSegments,
  check: (segment: Segment, size_bytes: number) => void,
  /** Called before each transaction: a moment to begin a new segment. */
  between: () => void,
): LogWriting {
  const touched = new Map<LineKey, Holding>() // by the running transaction
  const changed = new Map<string, { line: LineKey; producer: string }>() // by it
  // As stored, and as the running transaction leaves it: nobody else writes here.
  const producers = new Map<string, ProducerState>()
  const transact: Transact = async body => {
    between()
    return await segments.current().root.childTransaction(body)
  }
  const group = groupCommit(transact, {
    begin(size_bytes) {
      touched.clear()
      changed.clear()
      check(segments.current(), size_bytes)
    },
    end() {
      const { lines, producers: table } = segments.current()
      for (const [line, holding] of touched) lines.put(line, encodeJson(holding))
      for (const [key, { line, producer }] of changed) {
        writeProducer(table, line, producer, producers.get(key)!)
      }
      if (producers.size >= PRODUCERS_KNOWN_MAX) producers.clear()
    },
    done() {
      segments.stored(touched)
    },
    undone() {
      producers.clear()
    },
  })
  const touch = (line: LineKey): Holding => {
    const known = touched.get(line)
    if (known) return known
    const held = segments.current().held.get(line)
    const holding = held
      ? { ...held, runs: held.runs.map(run => ({ ...run })) }
      : newHolding(segments, line)
    touched.set(line, holding)
    return holding
  }
  return {
    group,
    touch,
    producerOf: (line, producer) =>
      producers.get(`${line} ${producer}`) ?? segments.producer(line, producer),
    setProducer(line, producer, state) {
      const key = `${line} ${producer}`
      producers.set(key, state)
      changed.set(key, { line, producer })
      touch(line)
    },
    put(line, position, bytes) {
      segments.current().log.put([line, position], bytes)
      addToRuns(touch(line).runs, position, bytes.byteLength)
    },
  }
}

function newHolding(segments: LogSegments, line: LineKey): Holding {
  const { log_end, quarantine_end, producer_count } = segments.ends(line)
  const quarantine_first = quarantine_end + 1
  return { log_end, producer_count, quarantine_first, quarantine_end, runs: [] }
}

/** The calls of producers; `fenced` throws where another engine has taken the line. */
export function logWrites(
  segments: LogSegments,
  { group, touch, producerOf, setProducer, put }: LogWriting,
  space: Space,
  fenced: (line: LineKey, fence: number) => void,
): Pick<Store, 'append' | 'openProducer'> {
  return {
    async openProducer(line, fence, producer) {
      checkProducer(producer)
      return group.run(0, () => {
        fenced(line, fence)
        const known = producerOf(line, producer)
        if (known.epoch === 0) {
          const { producer_count } = touch(line)
          if (producer_count >= storeLimits.producersPerLine) {
            throw storeFull(`line ${line} has ${producer_count} producers; reuse their names`)
          }
          space.take(storeLimits.producerBytes)
          touch(line).producer_count++
        }
        const opened = { ...known, epoch: known.epoch + 1 }
        setProducer(line, producer, opened)
        return opened
      })
    },

    async append(line, fence, bytes, producer, quarantined = []) {
      if (producer) checkProducer(producer.producer)
      const size = bytes.byteLength + quarantined.length * 256
      return group.run(size, () => {
        fenced(line, fence)
        if (producer && isDuplicate(line, producer, producerOf(line, producer.producer))) return 0
        space.take(size)
        const held = touch(line)
        const position = ++held.log_end
        put(line, position, bytes)
        if (producer) {
          const { epoch, sequence } = producer
          setProducer(line, producer.producer, { epoch, committed_sequence: sequence })
        }
        addQuarantine(segments.current(), line, held, quarantined)
        return position
      })
    },
  }
}

function addQuarantine(
  { quarantine }: Segment,
  line: LineKey,
  held: Holding,
  rows: readonly QuarantineRow[],
): void {
  for (const row of rows) quarantine.put([line, ++held.quarantine_end], encodeJson(row))
  while (held.quarantine_end - held.quarantine_first >= storeLimits.quarantineRows) {
    quarantine.remove([line, held.quarantine_first++])
  }
}

/** True where the batch is in the log already; throws where it is fenced or leaves a gap. */
function isDuplicate(line: LineKey, from: AppendProducer, known: ProducerState): boolean {
  const { producer, epoch, sequence } = from
  if (known.epoch !== epoch) {
    throw new LiquidusError('PRODUCER_FENCED', { producer, line, epoch, current: known.epoch })
  }
  if (sequence <= known.committed_sequence) return true
  const expected = known.committed_sequence + 1
  if (sequence === expected) return false
  throw new LiquidusError('SEQUENCE_GAP', { producer, line, expected, got: sequence })
}
