import type { StoreLoad } from '../load.ts'
import type { Store } from '../store/port.ts'

/** Looks now and then how large the store is. */
export interface StoreRoom {
  /** As of the last look; undefined before the first, and where the store does not say. */
  load(): StoreLoad | undefined
  /** What will soon be full, as texts for people. */
  problems(): readonly string[]
  close(): void
}

const LOOK_EVERY_MS = 10_000
/** Beyond this share a store, or the disk that it is on, is nearly full. */
const FULL_SHARE = 7 / 8

/** Looks at once and every few seconds, and not again before the store has answered. */
export function storeRoom(store: Pick<Store, 'usage'>, log_bytes_max = Infinity): StoreRoom {
  const limit = Number.isFinite(log_bytes_max) ? { log_bytes_max } : {}
  let last: StoreLoad | undefined
  let isLooking = false
  const look = async (): Promise<void> => {
    if (isLooking) return
    isLooking = true
    try {
      const usage = await store.usage?.()
      last = usage && { ...usage, ...limit }
    } catch {
      last = undefined // a store that is away is told by its lines
    } finally {
      isLooking = false
    }
  }
  void look()
  const timer = setInterval(() => void look(), LOOK_EVERY_MS)
  timer.unref()
  return {
    load: () => last,
    problems: () => (last ? problemsOf(last) : []),
    close: () => clearInterval(timer),
  }
}

function problemsOf(load: StoreLoad): readonly string[] {
  const { used_bytes, used_bytes_max = Infinity } = load
  const { disk_free_bytes = Infinity, disk_bytes = Infinity } = load
  const problems: string[] = []
  if (used_bytes > FULL_SHARE * used_bytes_max) {
    const amount = `${GiB(used_bytes)} of the ${GiB(used_bytes_max)} GiB that it takes`
    problems.push(`the store holds ${amount}: keep less of the log (log_bytes_max, log_age_max_h)`)
  }
  // A large disk may have all the room that the store will ever take, and still be nearly full.
  const grows_bytes = Math.max(0, used_bytes_max - used_bytes)
  if (disk_free_bytes < (1 - FULL_SHARE) * disk_bytes && disk_free_bytes < grows_bytes) {
    const amount = `${GiB(disk_free_bytes)} of ${GiB(disk_bytes)} GiB are free`
    problems.push(`the disk of the store is nearly full, ${amount}: make room on it`)
  }
  return problems
}

const GiB = (bytes: number): string => (bytes / 1024 ** 3).toFixed(1)
