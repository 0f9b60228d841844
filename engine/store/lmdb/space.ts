import { statfsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { LiquidusError } from '../../core/errors.ts'
import type { StoreUsage } from '../../flow.ts'

/** The error for a limit that was reached. */
export function storeFull(problem: string): LiquidusError {
  return new LiquidusError('STORE_FULL', { store: 'lmdb', problem })
}

/** Bytes of data that leave room for appends; commits and trims go on beyond. */
const appendLimit = (mapSize: number): number => (mapSize / 8) * 7

/** What is used now, what may be, and what the disk has. */
export async function spaceUsage(
  directory: string,
  mapSize: number,
  log_bytes: number,
  state_bytes: number,
): Promise<StoreUsage> {
  const { bavail, blocks, bsize } = await statfs(directory)
  return {
    used_bytes: log_bytes + state_bytes,
    used_bytes_max: appendLimit(mapSize),
    ...{ log_bytes, state_bytes },
    disk_free_bytes: bavail * bsize,
    disk_bytes: blocks * bsize,
  }
}

/** Refuses what has no room. */
export interface Space {
  take(size: number): void
  /** What must go on when appends are refused already. */
  takeLast(size: number): void
}

/** Counts what is written between two looks at the files. */
export function takesSpace(usedBytes: () => number, mapSize: number): Space {
  const lookAfter = mapSize / 64
  let used = usedBytes()
  let since = 0
  const take = (size: number, limit: number) => {
    since += size
    if (since > lookAfter || used + since > limit) {
      used = usedBytes()
      since = size
    }
    if (used + size <= limit) return
    const MiB = (bytes: number) => Math.round(bytes / 1024 ** 2)
    throw storeFull(
      `${MiB(used)} of ${MiB(mapSize)} MiB hold data; shorten the log's retention or raise its size`,
    )
  }
  return {
    take: size => take(size, appendLimit(mapSize)),
    takeLast: size => take(size, mapSize),
  }
}

/** Pages that a transaction writes besides what it was given: parts of trees, lists of free pages. */
const TRANSACTION_PAGES_BYTES = 2 * 1024 * 1024

/**
 * Refuses a transaction that the disk may have no room for. LMDB must not find that out itself: its
 * binding then writes a message of more than 100 bytes into 100, and the process may end.
 */
export function diskRoom(
  directory: string,
  onShort: () => void,
  available_bytes = () => {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  },
): (size_bytes: number) => void {
  return size_bytes => {
    const free = available_bytes()
    if (free >= 2 * size_bytes + TRANSACTION_PAGES_BYTES) return
    onShort()
    const problem = `no space left on the disk of ${directory}: ${Math.floor(free / 1024)} KiB free`
    throw new LiquidusError('STORE_UNAVAILABLE', { store: 'lmdb', problem }, { retry: true })
  }
}
