import { randomBytes } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { LiquidusError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import { decodeJson, encodeJson } from '../codec.ts'
import type { Store } from '../port.ts'
import { keptBlobs } from './kept.ts'
import { type LogWriting, logWrites, startLogWriting } from './log-writes.ts'
import { isRunning, type Owner, prepareDirectory, thisProcess } from './owner.ts'
import { lmdbReads } from './reads.ts'
import { openSegment, type Segment } from './segment.ts'
import { checkSegmentFiles, segmentFiles, segmentPath } from './segment-files.ts'
import { segmentTurnover } from './segment-turnover.ts'
import { logSegments } from './segments.ts'
import { diskRoom, spaceUsage, takesSpace } from './space.ts'
import {
  mainBytes,
  openTables,
  readLine,
  readOwner,
  readSegmentNumbers,
  type Tables,
  writeSegmentNumbers,
} from './tables.ts'
import { commitWrites, lineWrites, startWriting } from './writes.ts'

export interface LmdbStoreOptions {
  readonly directory: string
  /** Source of the store's epoch; without it, the operating system's. */
  readonly random?: Random
  /** Most bytes of data; appends are refused at 7/8 of it, commits and trims go on. */
  readonly mapSize?: number
  /** A segment of the log is full when its entries have so many bytes; a 16th of the map at most. */
  readonly segmentBytes?: number
}

const MAP_SIZE_DEFAULT = 16 * 1024 ** 3
const MAP_SIZE_MIN = 8 * 1024 ** 2
const SEGMENT_BYTES_DEFAULT = 256 * 1024 ** 2

/**
 * Opens or creates the embedded store in a directory. One process holds a directory at a time;
 * what a killed one left behind is taken over. Byte arrays handed in must not change until the
 * call resolves.
 */
export async function openLmdbStore(options: LmdbStoreOptions): Promise<Store> {
  const { directory } = options
  const mapSize = Math.max(options.mapSize ?? MAP_SIZE_DEFAULT, MAP_SIZE_MIN)
  prepareDirectory(directory)
  const place = realpathSync(directory)
  // lmdb shares one environment per process, so a second one must not even be opened.
  if (heldHere.has(place)) {
    throw new LiquidusError('STORE_LOCKED', { path: directory, pid: process.pid })
  }
  heldHere.add(place)
  try {
    return await openPrepared(options, mapSize, () => heldHere.delete(place))
  } catch (error) {
    heldHere.delete(place)
    throw error
  }
}

/** Directories that stores of this process have open. */
const heldHere = new Set<string>()

async function openPrepared(
  { directory, random, segmentBytes: wanted = SEGMENT_BYTES_DEFAULT }: LmdbStoreOptions,
  mapSize: number,
  release: () => void,
): Promise<Store> {
  diskRoom(directory, () => {})(0)
  // The map is larger than the data may grow, because freed pages leave holes.
  const tables = openTables(directory, mapSize * 2)
  const owner = thisProcess(randomText(undefined))
  const opened: Segment[] = []
  try {
    const epoch = takeDirectory(tables, owner, directory, () => randomText(random))
    const segmentBytes = Math.min(wanted, mapSize / 16)
    takeSegments(tables, owner, directory, segmentBytes, opened)
    return lmdbStore(tables, owner, opened, { directory, mapSize, segmentBytes, epoch, release })
  } catch (error) {
    for (const { root } of opened) await root.close()
    await tables.root.close()
    throw error
  }
}

/** The one place of this store where chance is drawn: names that two stores never share. */
function randomText(random: Random | undefined): string {
  if (!random) return randomBytes(16).toString('hex')
  return Array.from({ length: 16 }, () => random.integer(256).toString(16).padStart(2, '0')).join(
    '',
  )
}

/** Decides inside one transaction, so that of two engines that start at once only one wins. */
function takeDirectory(
  tables: Tables,
  owner: Owner,
  directory: string,
  newEpoch: () => string,
): string {
  const { root, meta } = tables
  return root.transactionSync(() => {
    const held = readOwner(tables)
    if (held && isRunning(held)) {
      throw new LiquidusError('STORE_LOCKED', { path: directory, pid: held.pid })
    }
    meta.put('owner', encodeJson(owner))
    const stored = meta.getBinary('epoch')
    if (stored) return decodeJson<string>(stored)
    const epoch = newEpoch()
    meta.put('epoch', encodeJson(epoch))
    return epoch
  })
}

/** Opens the log into `opened` and makes it ours: another owner's next write to it is refused. */
function takeSegments(
  tables: Tables,
  owner: Owner,
  directory: string,
  bytes_max: number,
  opened: Segment[],
): void {
  const numbers = readSegmentNumbers(tables)
  checkSegmentFiles(directory, numbers)
  const isNew = numbers.length === 0
  const startOf = (line: string) => readLine(tables, line).log_start
  for (const number of isNew ? [1] : numbers) {
    const path = segmentPath(directory, number)
    opened.push(openSegment({ directory, path, number }, bytes_max, startOf))
  }
  if (isNew) tables.root.transactionSync(() => writeSegmentNumbers(tables, [1]))
  // Whoever held the directory writes to the last, or has it at hand and writes to the one before.
  for (const segment of opened.slice(-2)) sign(segment, owner)
}

function sign({ root, meta }: Segment, owner: Owner): void {
  root.transactionSync(() => {
    meta.put('owner', encodeJson(owner))
  })
}

interface Place {
  readonly directory: string
  readonly mapSize: number
  readonly segmentBytes: number
  readonly epoch: string
  release(): void
}

function lmdbStore(
  tables: Tables,
  owner: Owner,
  opened: readonly Segment[],
  { directory, mapSize, segmentBytes, epoch, release }: Place,
): Store {
  const segments = logSegments(tables, opened)
  const space = takesSpace(segments.used, mapSize)
  const check = (file: Pick<Tables, 'meta'>) => {
    const held = readOwner(file)
    if (held?.token === owner.token) return
    throw new LiquidusError('STORE_LOCKED', { path: directory, pid: held?.pid ?? 0 })
  }
  const room = diskRoom(directory, () => void files.release())
  const writing = startWriting(tables, segments, space, size_bytes => {
    check(tables)
    room(size_bytes)
  })
  const files = segmentFiles(directory, async path => {
    const empty = openSegment({ directory, path, number: 0 }, segmentBytes, () => 1)
    try {
      sign(empty, owner)
    } finally {
      await empty.root.close()
    }
  })
  const turnover = segmentTurnover({
    tables,
    main: writing.group,
    segments,
    log: () => log,
    space,
    segmentBytes,
    lineOf: writing.lineOf,
    async create(number) {
      room(0)
      await files.create(number)
      return openSegment(
        { directory, path: segmentPath(directory, number), number },
        segmentBytes,
        segments.startOf,
      )
    },
    retire: files.retire,
  })
  const log: LogWriting = startLogWriting(
    segments,
    (segment, size_bytes) => {
      check(tables)
      check(segment)
      room(size_bytes)
    },
    turnover.roll,
  )
  let closing: Promise<void> | undefined
  const close = async () => {
    await log.group.close(() => {})
    await turnover.close()
    await writing.group.close(() => {
      tables.meta.remove('owner')
    })
    for (const { root } of segments.all) await root.close()
    await tables.root.close()
    release()
  }
  return {
    name: 'lmdb',
    epoch,
    ...lmdbReads(tables, segments),
    ...lineWrites(writing, log.group),
    ...logWrites(segments, log, space, writing.checkFence),
    ...commitWrites(writing, turnover.tidy),
    ...keptBlobs(writing),
    async usage() {
      if (closing) return undefined
      return spaceUsage(directory, mapSize, segments.logUsed(), mainBytes(tables))
    },
    close() {
      closing ??= close()
      return closing
    },
  }
}
