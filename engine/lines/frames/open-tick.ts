import { assert } from '../../core/assert.ts'
import { Quality, type ReadingBatch } from '../../flow.ts'
import { KIND_SIGNAL } from './series-plan.ts'

/** What has come in for one tick that is not closed yet. Pooled: `reset` makes it new. */
export interface OpenTick {
  tick: number
  readonly sum: Float64Array // [series]
  readonly count: Float64Array // [series], good readings
  readonly last: Float64Array // [series]
  readonly last_ms: Float64Array // [series]
  readonly quality: Uint8Array // [series], of the last reading
  readonly reported: Uint8Array // [series], 1 once anything came, bad or good
  reported_expected: number
  events: HappenedReading[]
  samples: HappenedReading[]
}

export interface HappenedReading {
  readonly series: number
  readonly time_ms: number
  readonly value: number
}

/** Of this module alone: the compiler reads what is exported or imported anew in every turn. */
const BAD: number = Quality.bad
const SIGNAL: number = KIND_SIGNAL

export function openTick(seriesCount: number): OpenTick {
  return {
    tick: 0,
    sum: new Float64Array(seriesCount),
    count: new Float64Array(seriesCount),
    last: new Float64Array(seriesCount),
    last_ms: new Float64Array(seriesCount),
    quality: new Uint8Array(seriesCount),
    reported: new Uint8Array(seriesCount),
    reported_expected: 0,
    events: [],
    samples: [],
  }
}

export function resetTick(open: OpenTick, tick: number): void {
  open.tick = tick
  open.sum.fill(0)
  open.count.fill(0)
  open.last.fill(Number.NaN)
  open.last_ms.fill(Number.NaN)
  open.quality.fill(0)
  open.reported.fill(0)
  open.reported_expected = 0
  open.events = []
  open.samples = []
}

/**
 * Adds signals of the tick, row after row, up to the first that is no signal; gives that row. A
 * function of no line, so that all lines share its code.
 */
export function putSignals(
  taken: OpenTick,
  expected: Uint8Array, // [series]
  kind: Uint8Array, // [series]
  { series, times_ms, values, quality }: ReadingBatch,
  from: number,
  to: number,
): number {
  let row = from
  for (; row < to; row++) {
    const s = series[row]!
    assert(s < kind.length, 'a batch holds series of its line')
    if (kind[s] !== SIGNAL) break
    putReading(taken, expected, s, times_ms[row]!, values[row]!, quality[row]!)
  }
  return row
}

/** Adds a signal or sample to its tick; the newest reading of a series is its last value. */
export function putReading(
  taken: OpenTick,
  expected: Uint8Array, // [series]
  series: number,
  time_ms: number,
  value: number,
  quality: number,
): void {
  const good = quality !== BAD && !Number.isNaN(value)
  if (good) {
    taken.sum[series]! += value
    taken.count[series]! += 1
  }
  if (taken.reported[series] === 0) {
    taken.reported[series] = 1
    taken.reported_expected += expected[series]!
  } else if (time_ms < taken.last_ms[series]!) {
    return
  }
  taken.last[series] = good ? value : Number.NaN
  taken.last_ms[series] = time_ms
  taken.quality[series] = good ? quality : BAD
}
