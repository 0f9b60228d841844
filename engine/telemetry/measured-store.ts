import type { Clock } from '../core/clock.ts'
import { type OperationLoad, operationBounds_s } from '../load.ts'
import type { Store } from '../store/port.ts'

/** A store that tells how long its answers took. */
export interface MeasuredStore extends Store {
  load(): readonly OperationLoad[]
}

interface Operation {
  count: number
  failed: number
  bytes: number
  sum_s: number
  readonly buckets: number[] // [bound + 1]
}

/** Wraps a store so that each append, commit and read is timed; nothing else changes. */
export function measuredStore(store: Store, clock: Clock): MeasuredStore {
  const operations = { append: operation(), commit: operation(), read: operation() }
  const timed = async <T>(on: Operation, bytes: (answer: T) => number, ask: () => Promise<T>) => {
    const started_ms = clock.elapsed_ms()
    try {
      const given = await ask()
      on.bytes += bytes(given)
      return given
    } catch (error) {
      on.failed++
      throw error
    } finally {
      note(on, (clock.elapsed_ms() - started_ms) / 1000)
    }
  }
  const measured: Partial<MeasuredStore> = {
    append: (line, fence, bytes, producer, quarantined) =>
      timed(
        operations.append,
        () => bytes.length,
        () => store.append(line, fence, bytes, producer, quarantined),
      ),
    commit: (line, commit) =>
      timed(
        operations.commit,
        () => commit.state?.length ?? 0,
        () => store.commit(line, commit),
      ),
    read: (line, from, limit) =>
      timed(
        operations.read,
        records => records.reduce((sum, { bytes }) => sum + bytes.length, 0),
        () => store.read(line, from, limit),
      ),
    load: () =>
      Object.entries(operations).map(([name, on]) => ({ name, ...on, buckets: [...on.buckets] })),
  }
  // What is not measured goes straight to the store, with the store as its own `this`.
  return new Proxy(store, {
    get(target, key) {
      if (Object.hasOwn(measured, key)) return measured[key as keyof MeasuredStore]
      const value = target[key as keyof Store] as unknown
      return typeof value === 'function' ? value.bind(target) : value
    },
  }) as MeasuredStore
}

function operation(): Operation {
  const buckets = new Array<number>(operationBounds_s.length + 1).fill(0)
  return { count: 0, failed: 0, bytes: 0, sum_s: 0, buckets }
}

function note(on: Operation, duration_s: number): void {
  on.count++
  on.sum_s += duration_s
  let bucket = 0
  while (bucket < operationBounds_s.length && duration_s > operationBounds_s[bucket]!) bucket++
  on.buckets[bucket]!++
}
