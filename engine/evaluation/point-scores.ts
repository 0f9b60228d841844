/** Rows by what was said of them and what they were. */
export interface Confusion {
  readonly true_alarms: number
  readonly false_alarms: number
  readonly misses: number
  readonly true_quiet: number
}

/** Counts alarms against labels, both 0 or 1. */
export function confusionOf(alarms: Uint8Array, labels: Uint8Array): Confusion {
  let true_alarms = 0
  let false_alarms = 0
  let misses = 0
  for (let row = 0; row < alarms.length; row++) {
    if (labels[row] === 1) {
      if (alarms[row] === 1) true_alarms++
      else misses++
    } else if (alarms[row] === 1) false_alarms++
  }
  const true_quiet = alarms.length - true_alarms - false_alarms - misses
  return { true_alarms, false_alarms, misses, true_quiet }
}

/** Sum of the counts of several files. */
export function pooled(parts: readonly Confusion[]): Confusion {
  const sum = (key: keyof Confusion) => parts.reduce((total, part) => total + part[key], 0)
  return {
    ...{ true_alarms: sum('true_alarms'), false_alarms: sum('false_alarms') },
    ...{ misses: sum('misses'), true_quiet: sum('true_quiet') },
  }
}

/** F1 (0..1), false-alarm rate and missed-alarm rate in percent; no point adjustment. */
export function pointScores(c: Confusion): { f1: number; far_pct: number; mar_pct: number } {
  const ratio = (part: number, whole: number) => (whole === 0 ? 0 : part / whole)
  return {
    f1: ratio(c.true_alarms, c.true_alarms + (c.misses + c.false_alarms) / 2),
    far_pct: 100 * ratio(c.false_alarms, c.false_alarms + c.true_quiet),
    mar_pct: 100 * ratio(c.misses, c.misses + c.true_alarms),
  }
}

/** Chance that an anomalous row scores more than a normal one; ties count half. */
export function areaUnderCurve(scores: Float64Array, labels: Uint8Array): number {
  const order = Array.from(scores, (_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
  let ranks = 0
  let positives = 0
  for (let at = 0; at < order.length; ) {
    let end = at
    while (end < order.length && scores[order[end]!] === scores[order[at]!]) end++
    for (let i = at; i < end; i++) {
      if (labels[order[i]!] !== 1) continue
      ranks += (at + end - 1) / 2 + 1
      positives++
    }
    at = end
  }
  const negatives = order.length - positives
  if (positives === 0 || negatives === 0) return Number.NaN
  return (ranks - (positives * (positives + 1)) / 2) / (positives * negatives)
}
