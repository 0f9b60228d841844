import type { LineKey } from '../port.ts'
import type { GroupCommit } from './group-commit.ts'
import type { LogWriting } from './log-writes.ts'
import { addProducers, isNewer, readProducer, writeProducer } from './producers.ts'
import type { Segment } from './segment.ts'
import { firstRowKept, type LogSegments } from './segments.ts'
import type { Space } from './space.ts'
import { type LineRecord, type Tables, writeSegmentNumbers } from './tables.ts'

/** A segment whose entries are needed to less than this share is emptied into the newest one. */
const LIVE_SHARE_MIN = 1 / 4
/** Of what moves from a segment, in one transaction: bytes of entries, and other things. */
const CARRY_BYTES = 1024 * 1024
const FOLD_STEP = 500

export interface TurnoverParts {
  readonly tables: Tables
  readonly main: GroupCommit
  readonly segments: LogSegments
  readonly log: () => LogWriting
  readonly space: Space
  readonly segmentBytes: number
  /** The line's record in the running transaction of the main file. */
  readonly lineOf: (line: LineKey) => LineRecord
  /** Creates a segment; gives the file of one back that is closed and not listed. */
  readonly create: (number: number) => Promise<Segment>
  readonly retire: (number: number) => Promise<void>
}

/** Begins segments and lets them go. */
export interface Turnover {
  /** Between two transactions of the log: goes on to the next segment where the newest is full. */
  roll(): void
  /** Removes segments that no line needs, and then begins to empty those that few need. */
  tidy(): Promise<void>
  /** Ends what is under way. */
  close(): Promise<void>
}

export function segmentTurnover(parts: TurnoverParts): Turnover {
  const { tables, main, segments, segmentBytes } = parts
  let next: Segment | undefined // listed and open, for when the newest is full
  let preparing = false
  let closed = false
  let turns: Promise<void> = Promise.resolve()
  let carrying: Promise<void> | undefined

  const listed = () => segments.all.concat(next ?? []).map(({ number }) => number)

  /** A file is listed before anything is in it, and off the list before it is removed. */
  const prepare = async () => {
    const segment = await parts.create(segments.current().number + 1)
    try {
      await main.run(0, () => writeSegmentNumbers(tables, [...listed(), segment.number]))
      next = segment
    } catch (error) {
      await leave(segment)
      throw error
    }
  }

  const leave = async ({ root, number }: Segment) => {
    await root.close()
    await parts.retire(number)
  }

  const drop = async (segment: Segment) => {
    await foldIn(parts, segment)
    await main.run(0, () => {
      writeSegmentNumbers(
        tables,
        listed().filter(number => number !== segment.number),
      )
    })
    segments.drop(segment)
    await leave(segment)
  }

  const older = () => segments.all.slice(0, -1)
  const dropUnneeded = async () => {
    for (const segment of older()) {
      if (segment.live.entries === 0) await drop(segment)
    }
  }
  const carryFew = async () => {
    for (const segment of older()) {
      if (segment.live.bytes >= segment.bytes * LIVE_SHARE_MIN) continue
      if (await carry(parts, segment, () => closed)) await inTurn(() => drop(segment))
    }
  }
  /** One at a time, as each goes by the list of segments. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = turns.then(() => (closed ? undefined : work()))
    turns = done.catch(() => {})
    return done
  }

  return {
    roll() {
      const { bytes } = segments.current()
      if (next && bytes >= segmentBytes) {
        segments.add(next)
        next = undefined
      }
      if (next || preparing || closed || bytes < segmentBytes / 2) return
      preparing = true
      // Where it fails, the newest segment grows on, and the next transaction tries again.
      inTurn(prepare)
        .catch(() => {})
        .finally(() => {
          preparing = false
        })
    },
    async tidy() {
      await inTurn(dropUnneeded)
      // What fails, such as on a full disk, is left for the next time.
      carrying ??= carryFew()
        .catch(() => {})
        .finally(() => {
          carrying = undefined
        })
    },
    async close() {
      closed = true
      await carrying
      await turns
      await next?.root.close()
    },
  }
}

/** Copies what is still needed into the newest segment; false where it was ended early. */
async function carry(
  { log, segments, space }: TurnoverParts,
  from: Segment,
  ended: () => boolean,
): Promise<boolean> {
  for (const [line, { runs }] of from.held) {
    for (const { first, last } of runs) {
      let position = first
      while (position <= last) {
        if (ended()) return false
        position = await log().group.run(
          CARRY_BYTES,
          () => {
            space.takeLast(CARRY_BYTES)
            let bytes = 0
            let at = Math.max(position, segments.startOf(line))
            for (; at <= last && bytes < CARRY_BYTES; at++) {
              const entry = from.log.getBinary([line, at])
              if (!entry) continue
              log().put(line, at, entry)
              bytes += entry.byteLength
            }
            return at
          },
          'later',
        )
      }
    }
  }
  return true
}

/** Takes what the segment knows besides entries over into the main file, in steps. */
async function foldIn({ tables, main, lineOf }: TurnoverParts, from: Segment): Promise<void> {
  const steps = foldSteps(tables, from, lineOf)
  for (let left = true; left; ) {
    left = await main.run(
      0,
      () => {
        for (let i = 0; i < FOLD_STEP; i++) {
          const step = steps.next()
          if (step.done) return false
          step.value()
        }
        return true
      },
      'later',
    )
  }
}

function* foldSteps(
  tables: Tables,
  from: Segment,
  lineOf: (line: LineKey) => LineRecord,
): Generator<() => void> {
  for (const [line, held] of from.held) {
    yield () => {
      const record = lineOf(line)
      record.log_end = Math.max(record.log_end, held.log_end)
      record.quarantine_end = Math.max(record.quarantine_end, held.quarantine_end)
      record.producer_count = Math.max(record.producer_count, held.producer_count)
    }
    const found = new Map()
    addProducers(from.producers, line, found)
    for (const [producer, state] of found) {
      yield () => {
        const known = readProducer(tables.producers, line, producer)
        if (isNewer(state, known)) writeProducer(tables.producers, line, producer, state)
      }
    }
    const kept = firstRowKept(held.quarantine_end)
    for (let id = Math.max(held.quarantine_first, kept); id <= held.quarantine_end; id++) {
      yield () => void tables.quarantine.put([line, id], from.quarantine.getBinary([line, id])!)
    }
    const gone = [...tables.quarantine.getKeys({ start: [line, 0], end: [line, kept] })]
    for (const key of gone) yield () => void tables.quarantine.remove(key)
  }
}
