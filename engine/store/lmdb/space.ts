import { LiquidusError } from '../../core/errors.ts'

/** The error for a limit that was reached. */
export function storeFull(problem: string): LiquidusError {
  return new LiquidusError('STORE_FULL', { store: 'lmdb', problem })
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
    take: size => take(size, (mapSize / 8) * 7),
    takeLast: size => take(size, mapSize),
  }
}
