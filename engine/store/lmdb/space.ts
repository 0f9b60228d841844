import { LiquidusError } from '../../core/errors.ts'
import { type Tables, usedBytes } from './tables.ts'

/** The error for a limit that was reached. */
export function storeFull(problem: string): LiquidusError {
  return new LiquidusError('STORE_FULL', { store: 'lmdb', problem })
}

/** Counts what is written between two looks at the file, and refuses what has no room. */
export function takesSpace(tables: Tables, mapSize: number) {
  const lookAfter = mapSize / 64
  let used = usedBytes(tables)
  let since = 0
  const take = (size: number, limit: number) => {
    since += size
    if (since > lookAfter || used + since > limit) {
      used = usedBytes(tables)
      since = size
    }
    if (used + size <= limit) return
    const MiB = (bytes: number) => Math.round(bytes / 1024 ** 2)
    throw storeFull(
      `${MiB(used)} of ${MiB(mapSize)} MiB hold data; shorten the log's retention or raise its size`,
    )
  }
  return {
    take: (size: number) => take(size, (mapSize / 8) * 7),
    takeLast: (size: number) => take(size, mapSize),
  }
}
