import { statSync } from 'node:fs'
import { decodeJson } from '../codec.ts'
import type { LineKey } from '../port.ts'
import {
  type DataFile,
  openDataFile,
  PAGE_BYTES,
  type PlaceTable,
  type Table,
  usedBytes,
} from './data-file.ts'
import type { ProducerTable } from './producers.ts'
import { fromStart, type Run } from './runs.ts'

/** Where a line's sequences ended when the segment was last written, and what it has of them. */
export interface Holding {
  log_end: number
  producer_count: number
  /** Rows quarantine_first to quarantine_end are in this segment. */
  quarantine_first: number
  quarantine_end: number
  runs: Run[]
}

/**
 * A stretch of the log of all lines, in a data file of its own: it only grows, and goes as a whole
 * when nobody needs its entries. What an append changes besides is in it as well, so that one
 * transaction of one file makes all of it durable.
 */
export interface Segment {
  readonly number: number
  readonly root: DataFile['root']
  readonly meta: Table<string>
  readonly lines: Table<string>
  readonly producers: ProducerTable
  readonly log: PlaceTable
  readonly quarantine: PlaceTable
  /** What is stored in `lines`. */
  readonly held: Map<LineKey, Holding>
  /** Of all its entries, and of those that no line has trimmed. */
  bytes: number
  live: { entries: number; bytes: number }
  /** Bytes of the file that hold data, at the last look. */
  used: number
}

/** Virtual room beyond the entries: keys, tables, pages not filled, and one last transaction. */
const MAP_SLACK_BYTES = 256 * 1024 * 1024

/** Opens or creates a segment; `startOf` gives the first position that a line still keeps. */
export function openSegment(
  file: { readonly directory: string; readonly path: string; readonly number: number },
  bytes_max: number,
  startOf: (line: LineKey) => number,
): Segment {
  const { directory, path, number } = file
  // One that was begun when segments were larger still takes what comes before the next one.
  const size_bytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  const mapSize = Math.max(bytes_max * 2, size_bytes) + MAP_SLACK_BYTES
  const { root, table } = openDataFile(directory, path, mapSize, PAGE_BYTES.segment)
  const segment: Segment = {
    number,
    root,
    meta: table('meta'),
    lines: table('lines'),
    producers: table('producers'),
    log: table('log'),
    quarantine: table('quarantine'),
    held: new Map(),
    bytes: 0,
    live: { entries: 0, bytes: 0 },
    used: 0,
  }
  for (const { key, value } of segment.lines.getRange()) {
    setHolding(segment, key, decodeJson<Holding>(value), startOf(key))
  }
  look(segment)
  return segment
}

/** Takes over what is now stored of a line; `start` is the first position that it still keeps. */
export function setHolding(segment: Segment, line: LineKey, holding: Holding, start: number): void {
  const before = segment.held.get(line)?.runs ?? []
  segment.held.set(line, holding)
  segment.bytes += fromStart(holding.runs, 0).bytes - fromStart(before, 0).bytes
  addLive(segment, fromStart(holding.runs, start), fromStart(before, start))
}

/** The line keeps less than before. */
export function trimHolding(segment: Segment, line: LineKey, before: number, start: number): void {
  const runs = segment.held.get(line)?.runs
  if (runs) addLive(segment, fromStart(runs, start), fromStart(runs, before))
}

type Amount = Segment['live']

function addLive({ live }: Segment, now: Amount, before: Amount): void {
  live.entries += now.entries - before.entries
  live.bytes += now.bytes - before.bytes
}

/** Looks how much of the file holds data. */
export function look(segment: Segment): number {
  const { meta, lines, producers, log, quarantine } = segment
  segment.used = usedBytes([meta, lines, producers, log, quarantine])
  return segment.used
}
