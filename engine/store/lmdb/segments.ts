import type { ProducerState } from '../../flow.ts'
import { storeLimits } from '../limits.ts'
import type { LineKey } from '../port.ts'
import type { PlaceTable } from './data-file.ts'
import { addProducers, readProducer } from './producers.ts'
import { runOf } from './runs.ts'
import { type Holding, look, type Segment, setHolding, trimHolding } from './segment.ts'
import { type LineRecord, mainBytes, readLine, type Tables } from './tables.ts'

/** Where a line's sequences end that appends write. */
export type Ends = Pick<LineRecord, 'log_end' | 'quarantine_end' | 'producer_count'>

/** The log in segments: the newest takes what is appended, all are read. */
export interface LogSegments {
  /** Oldest first; never empty. */
  readonly all: readonly Segment[]
  current(): Segment
  /** Makes a new segment the current one. */
  add(segment: Segment): void
  drop(segment: Segment): void
  /** Takes over what a transaction of the current segment made durable. */
  stored(touched: ReadonlyMap<LineKey, Holding>): void
  /** The line's log now starts here, durably. */
  trimmed(line: LineKey, start: number): void
  /** First position of the line's log that is kept. */
  startOf(line: LineKey): number
  /** Ends of the line, as stored. */
  ends(line: LineKey): Ends
  /** The entry's bytes; undefined where the position is not in the log. */
  entry(line: LineKey, position: number): Uint8Array | undefined
  quarantineRow(line: LineKey, id: number): Uint8Array | undefined
  producer(line: LineKey, producer: string): ProducerState
  producers(line: LineKey): Map<string, ProducerState>
  /** Bytes of the log's files that hold data. */
  logUsed(): number
  /** Bytes of all files that hold data, the main one included. */
  used(): number
}

/** The first of the quarantine rows that are kept when the last is `end`. */
export const firstRowKept = (end: number): number =>
  Math.max(1, end - storeLimits.quarantineRows + 1)

/** The segments that were opened; `starts` is asked once for each line. */
export function logSegments(tables: Tables, opened: readonly Segment[]): LogSegments {
  const all = [...opened]
  const starts = new Map<LineKey, number>()
  const startOf = (line: LineKey): number => {
    let start = starts.get(line)
    if (start === undefined) {
      start = readLine(tables, line).log_start
      starts.set(line, start)
    }
    return start
  }

  /** What `find` gives of the newest segment in which it finds something. */
  const newest = <T>(find: (segment: Segment) => T | undefined): T | undefined => {
    for (let i = all.length - 1; i >= 0; i--) {
      const found = find(all[i]!)
      if (found !== undefined) return found
    }
    return undefined
  }
  const tableWith = (
    line: LineKey,
    which: 'log' | 'quarantine',
    has: (holding: Holding) => boolean,
  ): PlaceTable | undefined =>
    newest(segment => {
      const holding = segment.held.get(line)
      return holding && has(holding) ? segment[which] : undefined
    })

  const logUsed = () => all.slice(0, -1).reduce((sum, { used }) => sum + used, look(all.at(-1)!))

  return {
    all,
    current: () => all.at(-1)!,
    add(segment) {
      look(all.at(-1)!)
      all.push(segment)
    },
    drop(segment) {
      all.splice(all.indexOf(segment), 1)
    },
    stored(touched) {
      for (const [line, holding] of touched) setHolding(all.at(-1)!, line, holding, startOf(line))
    },
    trimmed(line, start) {
      const before = startOf(line)
      if (start <= before) return
      for (const segment of all) trimHolding(segment, line, before, start)
      starts.set(line, start)
    },
    startOf,
    ends: line => newest(segment => segment.held.get(line)) ?? readLine(tables, line),
    entry(line, position) {
      const table = tableWith(line, 'log', ({ runs }) => runOf(runs, position) !== undefined)
      return (table ?? tables.oldLog).getBinary([line, position])
    },
    quarantineRow(line, id) {
      const table = tableWith(
        line,
        'quarantine',
        held => held.quarantine_first <= id && id <= held.quarantine_end,
      )
      return (table ?? tables.quarantine).getBinary([line, id])
    },
    producer(line, producer) {
      const found = newest(segment => readProducer(segment.producers, line, producer))
      return (
        found ??
        readProducer(tables.producers, line, producer) ?? { epoch: 0, committed_sequence: 0 }
      )
    },
    producers(line) {
      const found = new Map<string, ProducerState>()
      addProducers(tables.producers, line, found)
      for (const segment of all) {
        if (segment.held.has(line)) addProducers(segment.producers, line, found)
      }
      return found
    },
    logUsed,
    used: () => mainBytes(tables) + logUsed(),
  }
}
