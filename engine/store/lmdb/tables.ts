import { type Database, open, type RootDatabase } from 'lmdb'
import type { ProducerState } from '../../flow.ts'
import { decodeJson } from '../codec.ts'
import type { LineKey } from '../port.ts'
import { checkDataFile, type Owner, unwritable } from './owner.ts'

type Place = [line: LineKey, number: number]
type Table<K extends string | [string, string] | Place | (string | number)[]> = Database<
  Uint8Array,
  K
>

/** The tables of the data file; keys sort by line, then by number. */
export interface Tables {
  readonly root: RootDatabase<Uint8Array, string>
  readonly meta: Table<string>
  readonly definitions: Table<string>
  readonly lines: Table<string>
  readonly producers: Table<[line: LineKey, producerHex: string]>
  /** States, and blobs beside them, in pieces: [line, piece] and [line, number, piece]. */
  readonly states: Table<(string | number)[]>
  readonly kept: Table<(string | number)[]>
  /** The same as data files of before hold them, whole. */
  readonly wholeStates: Table<string>
  readonly wholeKept: Table<Place>
  readonly log: Table<Place>
  readonly outbox: Table<Place>
  readonly quarantine: Table<Place>
}

/** Where each sequence of a line starts and ends; `start` is end + 1 when it is empty. */
export interface LineRecord {
  fence: number
  log_start: number
  log_end: number
  committed_position: number
  /** Position of the last commit, with or without a state. */
  published_position: number
  outbox_start: number
  outbox_end: number
  quarantine_start: number
  quarantine_end: number
  producer_count: number
}

/**
 * Page of a new data file; an older file keeps its own. A batch of 1000 readings takes three of these
 * and five of the usual 4096, and what a transaction costs grows with the pages that lie free.
 */
export const PAGE_BYTES = 8192

/** Opens the data file; every commit is on the disk before its promise resolves. */
export function openTables(directory: string, mapSize: number): Tables {
  const path = `${directory}/liquidus.mdb`
  checkDataFile(directory, path)
  try {
    const root = open<Uint8Array, string>({
      path,
      encoding: 'binary',
      mapSize,
      pageSize: PAGE_BYTES,
      maxDbs: 16,
      overlappingSync: false, // otherwise lmdb resolves a write before its flush
      // One transaction runs at a time; lmdb's own batches would fail, on a full disk, in a promise
      // that nobody holds, and end the process.
      eventTurnBatching: false,
    })
    const table = <K extends string | [string, string] | Place | (string | number)[]>(
      name: string,
    ): Table<K> => root.openDB<Uint8Array, K>({ name, encoding: 'binary' })
    return {
      root,
      meta: table('meta'),
      definitions: table('definitions'),
      lines: table('lines'),
      producers: table('producers'),
      states: table('state-pieces'),
      kept: table('kept-pieces'),
      wholeStates: table('states'),
      wholeKept: table('kept'),
      log: table('log'),
      outbox: table('outbox'),
      quarantine: table('quarantine'),
    }
  } catch (error) {
    throw unwritable(directory, error)
  }
}

/** Who holds the directory, as stored. */
export function readOwner({ meta }: Tables): Owner | undefined {
  const bytes = meta.getBinary('owner')
  return bytes && decodeJson<Owner>(bytes)
}

/** The line's record as stored, or the one of an empty line. */
export function readLine(tables: Tables, line: LineKey): LineRecord {
  const bytes = tables.lines.getBinary(line)
  if (bytes) return decodeJson<LineRecord>(bytes)
  return {
    fence: 0,
    log_start: 1,
    log_end: 0,
    committed_position: 0,
    published_position: 0,
    outbox_start: 1,
    outbox_end: 0,
    quarantine_start: 1,
    quarantine_end: 0,
    producer_count: 0,
  }
}

/** Stores the line's record, which has nothing that plain JSON loses. */
export function writeLine(tables: Tables, line: LineKey, record: LineRecord): void {
  tables.lines.put(line, Buffer.from(JSON.stringify(record)))
}

/** Hexadecimal, because a producer names itself and any character may be in a name. */
const producerKey = (line: LineKey, producer: string): [LineKey, string] => [
  line,
  Buffer.from(producer).toString('hex'),
]

export function readProducer(tables: Tables, line: LineKey, producer: string): ProducerState {
  const bytes = tables.producers.getBinary(producerKey(line, producer))
  return bytes ? decodeJson<ProducerState>(bytes) : { epoch: 0, committed_sequence: 0 }
}

export function writeProducer(
  tables: Tables,
  line: LineKey,
  producer: string,
  state: ProducerState,
): void {
  tables.producers.put(producerKey(line, producer), Buffer.from(JSON.stringify(state)))
}

/** All producers of a line. */
export function readProducers(tables: Tables, line: LineKey): Map<string, ProducerState> {
  const producers = new Map<string, ProducerState>()
  // "g" sorts after every hexadecimal digit.
  for (const key of tables.producers.getKeys({ start: [line, '0'], end: [line, 'g'] })) {
    const producer = Buffer.from(key[1], 'hex').toString('utf8')
    producers.set(producer, readProducer(tables, line, producer))
  }
  return producers
}

/** Bytes of the file that hold data; pages freed by trimming do not count. */
export function usedBytes(tables: Tables): number {
  let pages = 0
  let pageSize = PAGE_BYTES
  for (const table of Object.values(tables) as Tables['root'][]) {
    const stats = table.getStats() as Record<string, number>
    pageSize = stats.pageSize ?? pageSize
    pages += (stats.treeBranchPageCount ?? 0) + (stats.treeLeafPageCount ?? 0)
    pages += stats.overflowPages ?? 0
  }
  return pages * pageSize
}
