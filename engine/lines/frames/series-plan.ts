import type { LineDefinition } from '../../flow.ts'

const KIND_SIGNAL = 0
export const KIND_EVENT = 1
export const KIND_SAMPLE = 2

const KINDS = { signal: KIND_SIGNAL, event: KIND_EVENT, sample: KIND_SAMPLE } as const

/** Periods without a reading after which a signal no longer holds a tick open. */
const SILENT_PERIODS = 3

/** What a line's definition says of each series, [series], for the frame builder's inner loops. */
export interface SeriesPlan {
  readonly kind: Uint8Array
  /** Order of readings at one instant. */
  readonly rank: Float64Array
  readonly inTickMean: Uint8Array
  /** Ticks without a reading after which the series no longer holds a tick open. */
  readonly silent_ticks: Float64Array
  readonly hold_ms: Float64Array
  /** 1 where a tick waits for the series. */
  readonly holdsTick: Uint8Array
}

export function seriesPlan(definition: LineDefinition): SeriesPlan {
  const cells = definition.cells.length
  const seriesCount = definition.tags.length * cells
  const { tick_ms } = definition
  const kind = new Uint8Array(seriesCount)
  const rank = new Float64Array(seriesCount)
  const inTickMean = new Uint8Array(seriesCount)
  const silent_ticks = new Float64Array(seriesCount).fill(Number.POSITIVE_INFINITY)
  const hold_ms = new Float64Array(seriesCount)
  const holdsTick = new Uint8Array(seriesCount)
  for (const [tagIndex, tag] of definition.tags.entries()) {
    const from = tagIndex * cells
    const to = from + cells
    kind.fill(KINDS[tag.kind], from, to)
    inTickMean.fill(tag.in_tick === 'mean' ? 1 : 0, from, to)
    hold_ms.fill(tag.hold_max_ms, from, to)
    // At one instant events come first: the last signal may close the tick.
    const later = tag.kind === 'signal' ? seriesCount : 0
    for (let series = from; series < to; series++) rank[series] = later + series
    if (tag.kind !== 'signal') continue
    silent_ticks.fill(SILENT_PERIODS * Math.max(1, tag.period_ms / tick_ms), from, to)
    holdsTick.fill(tag.period_ms <= tick_ms ? 1 : 0, from, to)
  }
  return { kind, rank, inTickMean, silent_ticks, hold_ms, holdsTick }
}
