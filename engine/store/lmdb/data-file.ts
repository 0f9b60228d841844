import { existsSync, linkSync, rmSync, writeFileSync } from 'node:fs'
import { type Database, open, type RootDatabase } from 'lmdb'
import { checkDataFile, unwritable } from './owner.ts'

type Key = string | [string, string] | [line: string, number: number] | (string | number)[]
/** A named tree of one data file. */
export type Table<K extends Key> = Database<Uint8Array, K>
/** Bytes by line and number. */
export type PlaceTable = Table<[line: string, number: number]>

/** One file of LMDB, with the tables in it. */
export interface DataFile {
  readonly root: RootDatabase<Uint8Array, string>
  table<K extends Key>(name: string): Table<K>
}

/** Page of a new data file; an older file keeps its own. */
export const PAGE_BYTES = {
  /** Large values take few of them, and what a transaction costs grows with those that lie free. */
  main: 8192,
  /** None lie free here, and a small append writes less. */
  segment: 4096,
} as const

/** More than LMDB needs for the readers that it has room for. */
const LOCK_BYTES = 16 * 1024

/**
 * LMDB makes its lock file without blocks and maps it; the process would end (SIGBUS) at the first
 * look at a page for which a full disk has no room. Here that is an error before anything is opened.
 */
function allocateLock(path: string): void {
  const lock = `${path}-lock`
  if (existsSync(lock)) return
  const whole = `${lock}-${process.pid}`
  try {
    writeFileSync(whole, new Uint8Array(LOCK_BYTES))
    linkAside(whole, lock)
  } finally {
    rmSync(whole, { force: true })
  }
}

/** The lock may be in use by now, and must not change; where files have one name only, LMDB makes it. */
function linkAside(whole: string, lock: string): void {
  try {
    linkSync(whole, lock)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EEXIST' && code !== 'EPERM' && code !== 'ENOTSUP') throw error
  }
}

/** Opens or creates a data file; every commit is on the disk before its promise resolves. */
export function openDataFile(
  directory: string,
  path: string,
  mapSize: number,
  pageSize: number,
): DataFile {
  checkDataFile(directory, path)
  try {
    allocateLock(path)
    const root = open<Uint8Array, string>({
      path,
      encoding: 'binary',
      mapSize,
      pageSize,
      maxDbs: 16,
      overlappingSync: false, // otherwise lmdb resolves a write before its flush
      // One transaction runs at a time; lmdb's own batches would fail, on a full disk, in a promise
      // that nobody holds, and end the process.
      eventTurnBatching: false,
    })
    return { root, table: name => root.openDB({ name, encoding: 'binary' }) }
  } catch (error) {
    throw unwritable(directory, error)
  }
}

/** Bytes of the tables' file that hold data; pages freed by removals do not count. */
export function usedBytes(tables: Iterable<Pick<Table<Key>, 'getStats'>>): number {
  let pages = 0
  let pageSize: number = PAGE_BYTES.main
  for (const table of tables) {
    const stats = table.getStats() as Record<string, number>
    pageSize = stats.pageSize ?? pageSize
    pages += (stats.treeBranchPageCount ?? 0) + (stats.treeLeafPageCount ?? 0)
    pages += stats.overflowPages ?? 0
  }
  return pages * pageSize
}
