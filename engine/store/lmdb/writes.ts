import { assert } from '../../core/assert.ts'
import { LiquidusError } from '../../core/errors.ts'
import type { ProducerState, QuarantineRow } from '../../flow.ts'
import { encodeJson } from '../codec.ts'
import { checkLineKey, checkProducer, storeLimits } from '../limits.ts'
import type { AppendProducer, Commit, LineKey, Recovered, Store } from '../port.ts'
import { type GroupCommit, groupCommit } from './group-commit.ts'
import type { Owner } from './owner.ts'
import { getPieces, putPieces } from './pieces.ts'
import { storeFull, takesSpace } from './space.ts'
import {
  type LineRecord,
  readLine,
  readOwner,
  readProducer,
  readProducers,
  type Tables,
  writeLine,
  writeProducer,
} from './tables.ts'

/** A state up to this size is written with the next transaction, whatever else waits. */
const STATE_BYTES_NOW = 64 * 1024

/** Producers whose state is kept in memory; one more, and all are read again. */
const PRODUCERS_KNOWN_MAX = 20_000

/** What the writing calls of one store share. */
export interface Writing {
  readonly tables: Tables
  readonly group: GroupCommit
  readonly space: ReturnType<typeof takesSpace>
  /** The line's record in the running transaction; changes to it are stored at its end. */
  lineOf(line: LineKey): LineRecord
  /** Like readProducer and writeProducer, without reading again what this process wrote. */
  producerOf(line: LineKey, producer: string): ProducerState
  setProducer(line: LineKey, producer: string, state: ProducerState): void
  /** All producers of a line. */
  producersOf(line: LineKey): Map<string, ProducerState>
  /** The same, refused with STORE_FENCED where the fence is not the line's own. */
  fenced(line: LineKey, fence: number): LineRecord
}

/** Opens the way to write; every transaction first checks that the directory is still ours. */
export function startWriting(
  tables: Tables,
  owner: Owner,
  directory: string,
  mapSize: number,
): Writing {
  const touched = new Map<LineKey, LineRecord>() // of the running transaction only
  // What is stored, as this process wrote it: nobody else writes while the directory is ours.
  const lines = new Map<LineKey, LineRecord>()
  const producers = new Map<string, ProducerState>()
  const changed = new Map<string, { line: LineKey; producer: string }>() // in the transaction
  const group = groupCommit(async body => await tables.root.childTransaction(body), {
    begin() {
      touched.clear()
      changed.clear()
      const held = readOwner(tables)
      if (held?.token === owner.token) return
      throw new LiquidusError('STORE_LOCKED', { path: directory, pid: held?.pid ?? 0 })
    },
    end() {
      for (const [line, record] of touched) writeLine(tables, line, record)
      for (const [key, { line, producer }] of changed) {
        writeProducer(tables, line, producer, producers.get(key)!)
      }
      if (producers.size >= PRODUCERS_KNOWN_MAX) producers.clear()
    },
    undone() {
      lines.clear()
      producers.clear()
      changed.clear()
    },
  })
  const lineOf = (line: LineKey): LineRecord => {
    const known = touched.get(line)
    if (known) return known
    const record = lines.get(line) ?? readLine(tables, line)
    lines.set(line, record)
    touched.set(line, record)
    return record
  }
  return {
    tables,
    group,
    space: takesSpace(tables, mapSize),
    lineOf,
    producerOf: (line, producer) =>
      producers.get(`${line} ${producer}`) ?? readProducer(tables, line, producer),
    setProducer(line, producer, state) {
      const key = `${line} ${producer}`
      producers.set(key, state)
      changed.set(key, { line, producer })
    },
    producersOf(line) {
      const found = readProducers(tables, line)
      for (const [key, one] of changed) {
        if (one.line === line) found.set(one.producer, producers.get(key)!)
      }
      return found
    },
    fenced(line, fence) {
      const record = lineOf(line)
      if (record.fence === fence) return record
      throw new LiquidusError('STORE_FENCED', { line, fence: record.fence })
    },
  }
}

/** Lines, owners and producers. */
export function lineWrites({
  tables,
  group,
  space,
  lineOf,
  fenced,
  producerOf,
  setProducer,
  producersOf,
}: Writing): Pick<Store, 'define' | 'acquire' | 'look' | 'openProducer'> {
  const { definitions } = tables
  return {
    async define(line, definition) {
      checkLineKey(line)
      await group.run(definition.length, () => {
        const isNew = !definitions.doesExist(line)
        if (isNew && definitions.getKeysCount() >= storeLimits.lines) {
          throw storeFull(`it holds ${storeLimits.lines} lines; remove lines that are not used`)
        }
        space.take(definition.length)
        definitions.put(line, encodeJson(definition))
      })
    },

    async acquire(line) {
      checkLineKey(line)
      return group.run(0, () => {
        const record = lineOf(line)
        record.fence++
        return recover(tables, line, record, producersOf(line))
      })
    },

    async look(line) {
      checkLineKey(line)
      return recover(tables, line, readLine(tables, line), readProducers(tables, line))
    },

    async openProducer(line, fence, producer) {
      checkProducer(producer)
      return group.run(0, () => {
        const record = fenced(line, fence)
        const known = producerOf(line, producer)
        if (known.epoch === 0) {
          if (record.producer_count >= storeLimits.producersPerLine) {
            throw storeFull(
              `line ${line} has ${record.producer_count} producers; reuse their names`,
            )
          }
          space.take(storeLimits.producerBytes)
          record.producer_count++
        }
        const opened = { ...known, epoch: known.epoch + 1 }
        setProducer(line, producer, opened)
        return opened
      })
    },
  }
}

/** The log, and with it the quarantine. */
export function logWrites({
  tables,
  group,
  space,
  lineOf,
  fenced,
  producerOf,
  setProducer,
}: Writing): Pick<Store, 'append' | 'trimLog'> {
  const { log, quarantine } = tables
  const addQuarantine = (line: LineKey, record: LineRecord, rows: readonly QuarantineRow[]) => {
    for (const row of rows) quarantine.put([line, ++record.quarantine_end], encodeJson(row))
    while (record.quarantine_end - record.quarantine_start >= storeLimits.quarantineRows) {
      quarantine.remove([line, record.quarantine_start++])
    }
  }

  return {
    async append(line, fence, bytes, producer, quarantined = []) {
      if (producer) checkProducer(producer.producer)
      const size = bytes.byteLength + quarantined.length * 256
      return group.run(size, () => {
        const record = fenced(line, fence)
        if (producer && isDuplicate(line, producer, producerOf(line, producer.producer))) return 0
        space.take(size)
        const position = ++record.log_end
        log.put([line, position], bytes)
        if (producer) {
          const { epoch, sequence } = producer
          setProducer(line, producer.producer, { epoch, committed_sequence: sequence })
        }
        addQuarantine(line, record, quarantined)
        return position
      })
    },

    async trimLog(line, position) {
      await inSteps(() =>
        group.run(
          0,
          () => {
            const record = lineOf(line)
            const to = Math.min(position, record.committed_position)
            const stop = Math.min(to, record.log_start + storeLimits.trimStep - 1)
            while (record.log_start <= stop) log.remove([line, record.log_start++])
            return record.log_start <= to
          },
          'later',
        ),
      )
    },
  }
}

/** State and outbox, which one commit makes true together. */
export function commitWrites({
  tables,
  group,
  space,
  lineOf,
  fenced,
}: Writing): Pick<Store, 'commit' | 'trimEvents'> {
  const { states, wholeStates, outbox } = tables
  return {
    async commit(line, commit) {
      const { fence, position, state } = commit
      const size = state?.byteLength ?? 0
      const run = () => {
        const record = fenced(line, fence)
        if (isRepeated(tables, line, record, commit)) return
        checkCommit(line, record, commit)
        space.takeLast(size)
        record.published_position = position
        if (state) {
          record.committed_position = position
          putPieces(states, [line], state)
          if (wholeStates.doesExist(line)) wholeStates.remove(line)
        }
        for (const stored of commit.events) {
          outbox.put([line, stored.offset], encodeJson(stored.event))
        }
        record.outbox_end += commit.events.length
      }
      // A large state must not hold up the appends that producers wait for.
      await group.run(size, run, size > STATE_BYTES_NOW ? 'later' : 'now')
    },

    async trimEvents(line, offset) {
      await inSteps(() =>
        group.run(
          0,
          () => {
            const record = lineOf(line)
            const to = Math.min(offset, record.outbox_end)
            const stop = Math.min(to, record.outbox_start + storeLimits.trimStep - 1)
            while (record.outbox_start <= stop) outbox.remove([line, record.outbox_start++])
            return record.outbox_start <= to
          },
          'later',
        ),
      )
    },
  }
}

function recover(
  tables: Tables,
  line: LineKey,
  record: LineRecord,
  producers: Recovered['producers'],
): Recovered {
  const state = stateOf(tables, line)
  return {
    fence: record.fence,
    log_end: record.log_end,
    log_start: record.log_start,
    commit: state && { position: record.committed_position, state },
    published: record.published_position,
    producers,
    outbox_end: record.outbox_end,
    quarantined_count: record.quarantine_end,
  }
}

function stateOf({ states, wholeStates }: Tables, line: LineKey): Uint8Array | undefined {
  return getPieces(states, [line]) ?? wholeStates.getBinary(line)
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

/** True where the line's last commit is this one. */
function isRepeated(tables: Tables, line: LineKey, record: LineRecord, commit: Commit): boolean {
  const { position, events, state } = commit
  if (events.length === 0 || position !== record.published_position) return false
  if (events.at(-1)!.offset !== record.outbox_end) return false
  if (!state) return record.committed_position < position
  const stored = stateOf(tables, line)
  return stored !== undefined && Buffer.compare(stored, state) === 0
}

function checkCommit(line: LineKey, record: LineRecord, commit: Commit): void {
  const { position, events } = commit
  assert(position <= record.log_end, `line ${line} commits what is in its log`)
  assert(position >= record.published_position, `line ${line} commits forward`)
  events.forEach(({ offset }, index) => {
    assert(offset === record.outbox_end + 1 + index, `line ${line} continues its outbox`)
  })
}

async function inSteps(step: () => Promise<boolean>): Promise<void> {
  while (await step());
}
