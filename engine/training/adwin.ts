import type { Stateful } from '../anomaly/state.ts'

/** Watches the mean of a stream of numbers of about -1..1 and notices when it changes. */
export interface Adwin extends Stateful {
  /** True when the mean changed with this value; what is older than the change is forgotten. */
  take(value: number): boolean
  mean(): number
  count(): number
}

interface Bucket {
  sum: number
  /** Sum of squared differences from the bucket's own mean. */
  spread: number
}

/** Buckets of one size; one more and the two oldest merge. */
const BUCKETS_MAX = 5
/** Values between two looks. */
const LOOK_EVERY = 16
/** A part of the window is compared when it has this many values. */
const PART_MIN = 10
/** Numbers of the state before its buckets. */
const HEAD = 4

/** ADWIN (Bifet and Gavalda, 2007) with exponential buckets; `delta` is the false alarm chance. */
export function adwin(delta = 0.002): Adwin {
  // [row][bucket]: row k holds buckets of 2^k values, newest first
  const rows: Bucket[][] = []
  let count = 0
  let sum = 0
  let spread = 0
  let taken = 0

  const compress = () => {
    for (let k = 0; k < rows.length && rows[k]!.length > BUCKETS_MAX; k++) {
      const older = rows[k]!.pop()!
      const newer = rows[k]!.pop()!
      rows[k + 1] ??= []
      rows[k + 1]!.unshift(merged(newer, older, 2 ** k, 2 ** k))
    }
  }
  const dropOldest = () => {
    const k = rows.length - 1
    const oldest = rows[k]!.pop()!
    const size = 2 ** k
    if (rows[k]!.length === 0) rows.pop()
    const rest = count - size
    const gap = rest > 0 ? oldest.sum / size - (sum - oldest.sum) / rest : 0
    spread = Math.max(0, spread - oldest.spread - (gap * gap * size * rest) / Math.max(1, count))
    count = rest
    sum -= oldest.sum
  }
  const hasCut = (): boolean => {
    let oldCount = 0
    let oldSum = 0
    const evidence = Math.log((2 * Math.log(count)) / delta)
    const variance = spread / count
    for (let k = rows.length - 1; k >= 0; k--) {
      for (let i = rows[k]!.length - 1; i >= 0; i--) {
        oldCount += 2 ** k
        oldSum += rows[k]![i]!.sum
        const newCount = count - oldCount
        if (newCount < PART_MIN) return false
        if (oldCount < PART_MIN) continue
        const inverse = 1 / oldCount + 1 / newCount
        const bound = Math.sqrt(2 * inverse * variance * evidence) + (2 / 3) * inverse * evidence
        if (Math.abs(oldSum / oldCount - (sum - oldSum) / newCount) > bound) return true
      }
    }
    return false
  }
  return {
    take(value) {
      rows[0] ??= []
      const gap = count > 0 ? value - sum / count : 0
      spread += (gap * gap * count) / (count + 1)
      count += 1
      sum += value
      rows[0].unshift({ sum: value, spread: 0 })
      compress()
      taken += 1
      if (taken % LOOK_EVERY !== 0 || count < 2 * PART_MIN) return false
      let changed = false
      while (count >= 2 * PART_MIN && hasCut()) {
        dropOldest()
        changed = true
      }
      return changed
    },
    mean: () => (count > 0 ? sum / count : Number.NaN),
    count: () => count,
    save(out) {
      out.text(rows.map(row => row.length).join(' '))
      const buckets = rows.flat().flatMap(bucket => [bucket.sum, bucket.spread])
      out.array(Float64Array.from([count, sum, spread, taken, ...buckets]))
    },
    load(from) {
      const sizes = from.text().split(' ').filter(Boolean).map(Number)
      const all = new Float64Array(HEAD + 2 * sizes.reduce((total, size) => total + size, 0))
      from.array(all)
      ;[count, sum, spread, taken] = all as unknown as [number, number, number, number]
      let at = HEAD
      rows.length = 0
      for (const size of sizes) {
        rows.push(Array.from({ length: size }, () => ({ sum: all[at++]!, spread: all[at++]! })))
      }
    },
  }
}

function merged(a: Bucket, b: Bucket, sizeA: number, sizeB: number): Bucket {
  const gap = a.sum / sizeA - b.sum / sizeB
  const between = (gap * gap * sizeA * sizeB) / (sizeA + sizeB)
  return { sum: a.sum + b.sum, spread: a.spread + b.spread + between }
}
