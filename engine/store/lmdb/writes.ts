import { assert } from '../../core/assert.ts'
import { LiquidusError } from '../../core/errors.ts'
import { encodeJson } from '../codec.ts'
import { checkLineKey, storeLimits } from '../limits.ts'
import type { Commit, LineKey, Recovered, Store } from '../port.ts'
import { type GroupCommit, groupCommit } from './group-commit.ts'
import { getPieces, putPieces } from './pieces.ts'
import type { LogSegments } from './segments.ts'
import { type Space, storeFull } from './space.ts'
import { type LineRecord, readLine, type Tables, writeLine } from './tables.ts'

/** A state up to this size is written with the next transaction, whatever else waits. */
const STATE_BYTES_NOW = 64 * 1024

/** What the calls share that write to the main file. */
export interface Writing {
  readonly tables: Tables
  readonly group: GroupCommit
  readonly segments: LogSegments
  readonly space: Space
  /** The line's record in the running transaction; changes to it are stored at its end. */
  lineOf(line: LineKey): LineRecord
  /** The same, refused with STORE_FENCED where the fence is not the line's own. */
  fenced(line: LineKey, fence: number): LineRecord
  /** Refuses alike in a transaction of another file, which changes no record. */
  checkFence(line: LineKey, fence: number): void
}

/** Opens the way to write; `check` throws where the directory is no longer ours. */
export function startWriting(
  tables: Tables,
  segments: LogSegments,
  space: Space,
  check: (size_bytes: number) => void,
): Writing {
  const touched = new Map<LineKey, LineRecord>() // of the running transaction only
  // What is stored, as this process wrote it: nobody else writes while the directory is ours.
  const lines = new Map<LineKey, LineRecord>()
  const group = groupCommit(async body => await tables.root.childTransaction(body), {
    begin(size_bytes) {
      touched.clear()
      check(size_bytes)
    },
    end() {
      for (const [line, record] of touched) writeLine(tables, line, record)
    },
    undone() {
      lines.clear()
    },
  })
  const known = (line: LineKey): LineRecord => {
    let record = lines.get(line)
    if (!record) {
      record = readLine(tables, line)
      lines.set(line, record)
    }
    return record
  }
  const lineOf = (line: LineKey): LineRecord => {
    const record = known(line)
    touched.set(line, record)
    return record
  }
  const checkFence = (line: LineKey, fence: number) => {
    const held = known(line).fence
    if (held !== fence) throw new LiquidusError('STORE_FENCED', { line, fence: held })
  }
  return {
    tables,
    group,
    segments,
    space,
    lineOf,
    checkFence,
    fenced(line, fence) {
      checkFence(line, fence)
      return lineOf(line)
    },
  }
}

/** Definitions, and who may write a line. */
export function lineWrites(
  { tables, group, segments, space, lineOf }: Writing,
  log: GroupCommit,
): Pick<Store, 'define' | 'acquire' | 'look'> {
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
      await group.run(0, () => void lineOf(line).fence++)
      // Behind every append that was let through by the fence before.
      return log.run(0, () => recover(tables, segments, line))
    },

    async look(line) {
      checkLineKey(line)
      return recover(tables, segments, line)
    },
  }
}

/** State and outbox, which one commit makes true together, and where the log begins. */
export function commitWrites(
  { tables, group, segments, space, lineOf, fenced }: Writing,
  tidy: () => Promise<void>,
): Pick<Store, 'commit' | 'trimEvents' | 'trimLog'> {
  const { states, wholeStates, outbox, oldLog } = tables
  return {
    async commit(line, commit) {
      const { fence, position, state } = commit
      const size = state?.byteLength ?? 0
      const run = () => {
        const record = fenced(line, fence)
        if (isRepeated(tables, line, record, commit)) return
        checkCommit(line, record, commit, segments.ends(line).log_end)
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
      // A large state must not hold up the events of other lines.
      await group.run(size, run, size > STATE_BYTES_NOW ? 'later' : 'now')
    },

    async trimEvents(line, offset) {
      await inSteps(group, () => {
        const record = lineOf(line)
        const to = Math.min(offset, record.outbox_end)
        const stop = Math.min(to, record.outbox_start + storeLimits.trimStep - 1)
        while (record.outbox_start <= stop) outbox.remove([line, record.outbox_start++])
        return record.outbox_start <= to
      })
    },

    async trimLog(line, position) {
      let start = 0
      await inSteps(group, () => {
        const record = lineOf(line)
        start = Math.max(record.log_start, Math.min(position, record.committed_position) + 1)
        record.log_start = start
        const limit = storeLimits.trimStep
        const old = [...oldLog.getKeys({ start: [line, 0], end: [line, start], limit })]
        for (const key of old) oldLog.remove(key)
        return old.length === limit
      })
      segments.trimmed(line, start)
      await tidy()
    },
  }
}

/** What is stored of the line. */
function recover(tables: Tables, segments: LogSegments, line: LineKey): Recovered {
  const record = readLine(tables, line)
  const { log_end, quarantine_end } = segments.ends(line)
  const state = stateOf(tables, line)
  return {
    fence: record.fence,
    log_end,
    log_start: record.log_start,
    commit: state && { position: record.committed_position, state },
    published: record.published_position,
    producers: segments.producers(line),
    outbox_end: record.outbox_end,
    quarantined_count: quarantine_end,
  }
}

function stateOf({ states, wholeStates }: Tables, line: LineKey): Uint8Array | undefined {
  return getPieces(states, [line]) ?? wholeStates.getBinary(line)
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

function checkCommit(line: LineKey, record: LineRecord, commit: Commit, log_end: number): void {
  const { position, events } = commit
  assert(position <= log_end, `line ${line} commits what is in its log`)
  assert(position >= record.published_position, `line ${line} commits forward`)
  events.forEach(({ offset }, index) => {
    assert(offset === record.outbox_end + 1 + index, `line ${line} continues its outbox`)
  })
}

async function inSteps(group: GroupCommit, step: () => boolean): Promise<void> {
  while (await group.run(0, step, 'later'));
}
