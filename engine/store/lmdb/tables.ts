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
import type { Owner } from './owner.ts'
import type { ProducerTable } from './producers.ts'

/** The tables of the main file; keys sort by line, then by number. */
export interface Tables {
  readonly root: DataFile['root']
  readonly meta: Table<string>
  readonly definitions: Table<string>
  readonly lines: Table<string>
  /** States, and blobs beside them, in pieces: [line, piece] and [line, number, piece]. */
  readonly states: Table<(string | number)[]>
  readonly kept: Table<(string | number)[]>
  /** The same as data files of before hold them, whole. */
  readonly wholeStates: Table<string>
  readonly wholeKept: PlaceTable
  readonly outbox: PlaceTable
  /** What was in segments that are gone. */
  readonly producers: ProducerTable
  readonly quarantine: PlaceTable
  /** The log as data files of before have it; nothing is added. */
  readonly oldLog: PlaceTable
}

/** Where each sequence of a line starts and ends; `start` is end + 1 when it is empty. */
export interface LineRecord {
  fence: number
  log_start: number
  committed_position: number
  /** Position of the last commit, with or without a state. */
  published_position: number
  outbox_start: number
  outbox_end: number
  /** As the newest segment had them that is gone; a segment that knows the line knows better. */
  log_end: number
  quarantine_end: number
  producer_count: number
}

/** Opens the main file. */
export function openTables(directory: string, mapSize: number): Tables {
  const { root, table } = openDataFile(
    directory,
    `${directory}/liquidus.mdb`,
    mapSize,
    PAGE_BYTES.main,
  )
  return {
    root,
    meta: table('meta'),
    definitions: table('definitions'),
    lines: table('lines'),
    states: table('state-pieces'),
    kept: table('kept-pieces'),
    wholeStates: table('states'),
    wholeKept: table('kept'),
    outbox: table('outbox'),
    producers: table('producers'),
    quarantine: table('quarantine'),
    oldLog: table('log'),
  }
}

/** Who holds the directory, as stored in one of its files. */
export function readOwner({ meta }: { readonly meta: Table<string> }): Owner | undefined {
  const bytes = meta.getBinary('owner')
  return bytes && decodeJson<Owner>(bytes)
}

/** Numbers of the segments of the log, oldest first. */
export function readSegmentNumbers({ meta }: Tables): number[] {
  const bytes = meta.getBinary('log-segments')
  return bytes ? decodeJson<number[]>(bytes) : []
}

export function writeSegmentNumbers({ meta }: Tables, numbers: readonly number[]): void {
  meta.put('log-segments', Buffer.from(JSON.stringify(numbers)))
}

/** The line's record as stored, or the one of an empty line. */
export function readLine(tables: Tables, line: LineKey): LineRecord {
  const bytes = tables.lines.getBinary(line)
  if (bytes) return decodeJson<LineRecord>(bytes)
  return {
    fence: 0,
    log_start: 1,
    committed_position: 0,
    published_position: 0,
    outbox_start: 1,
    outbox_end: 0,
    log_end: 0,
    quarantine_end: 0,
    producer_count: 0,
  }
}

/** Stores the line's record, which has nothing that plain JSON loses. */
export function writeLine(tables: Tables, line: LineKey, record: LineRecord): void {
  tables.lines.put(line, Buffer.from(JSON.stringify(record)))
}

/** Bytes of the main file that hold data. */
export const mainBytes = (tables: Tables): number => usedBytes(Object.values(tables))
