import { type OperationLoad, operationBounds_s } from '../load.ts'

/** One kind of work over a time. */
export interface OperationRates {
  readonly name: string
  readonly per_s: number
  readonly bytes_per_s: number
  readonly failed: number
  /** NaN where nothing was done. */
  readonly p50_ms: number
  readonly p99_ms: number
}

/** What happened between two looks at the same operations. */
export function operationRates(
  now: readonly OperationLoad[],
  before: readonly OperationLoad[],
  window_s: number,
): readonly OperationRates[] {
  return now.map(load => {
    const old = before.find(({ name }) => name === load.name)
    const buckets = load.buckets.map((count, i) => count - (old?.buckets[i] ?? 0))
    const per_s = (count: number) => (window_s > 0 ? count / window_s : 0)
    return {
      name: load.name,
      per_s: per_s(load.count - (old?.count ?? 0)),
      bytes_per_s: per_s(load.bytes - (old?.bytes ?? 0)),
      failed: load.failed,
      p50_ms: 1000 * quantile_s(buckets, 0.5),
      p99_ms: 1000 * quantile_s(buckets, 0.99),
    }
  })
}

/** The value below which a share of the calls lies, as fine as the buckets are; NaN for none. */
export function quantile_s(buckets: readonly number[], share: number): number {
  const wanted = share * buckets.reduce((sum, count) => sum + count, 0)
  if (wanted === 0) return Number.NaN
  let below = 0
  for (const [i, count] of buckets.entries()) {
    if (below + count < wanted) {
      below += count
      continue
    }
    const low_s = i === 0 ? 0 : operationBounds_s[i - 1]!
    const high_s = operationBounds_s[i] ?? low_s
    return low_s + ((high_s - low_s) * (wanted - below)) / count
  }
  return operationBounds_s.at(-1)!
}
