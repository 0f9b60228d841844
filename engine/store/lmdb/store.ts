import { randomBytes } from 'node:crypto'
import { realpathSync } from 'node:fs'
import { LiquidusError } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import { decodeJson, encodeJson } from '../codec.ts'
import type { Store } from '../port.ts'
import { keptBlobs } from './kept.ts'
import { isRunning, type Owner, prepareDirectory, thisProcess } from './owner.ts'
import { lmdbReads } from './reads.ts'
import { openTables, readOwner, type Tables } from './tables.ts'
import { commitWrites, lineWrites, logWrites, startWriting } from './writes.ts'

export interface LmdbStoreOptions {
  readonly directory: string
  /** Source of the store's epoch; without it, the operating system's. */
  readonly random?: Random
  /** Most bytes of data; appends are refused at 7/8 of it, commits and trims go on. */
  readonly mapSize?: number
}

const MAP_SIZE_DEFAULT = 16 * 1024 ** 3
const MAP_SIZE_MIN = 8 * 1024 ** 2

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
  { directory, random }: LmdbStoreOptions,
  mapSize: number,
  release: () => void,
): Promise<Store> {
  // The map is larger than the data may grow, because freed pages leave holes.
  const tables = openTables(directory, mapSize * 2)
  const owner = thisProcess(randomText(undefined))
  try {
    const epoch = takeDirectory(tables, owner, directory, () => randomText(random))
    return lmdbStore(tables, owner, { directory, mapSize, epoch, release })
  } catch (error) {
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

function lmdbStore(
  tables: Tables,
  owner: Owner,
  place: { directory: string; mapSize: number; epoch: string; release(): void },
): Store {
  const writing = startWriting(tables, owner, place.directory, place.mapSize)
  let closing: Promise<void> | undefined
  const close = async () => {
    await writing.group.close(() => {
      tables.meta.remove('owner')
    })
    await tables.root.close()
    place.release()
  }
  return {
    name: 'lmdb',
    epoch: place.epoch,
    ...lmdbReads(tables),
    ...lineWrites(writing),
    ...logWrites(writing),
    ...commitWrites(writing),
    ...keptBlobs(writing),
    close() {
      closing ??= close()
      return closing
    },
  }
}
