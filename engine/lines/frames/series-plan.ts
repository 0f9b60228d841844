import type { LineDefinition, TagDefinition } from '../../flow.ts'

export const KIND_SIGNAL = 0
export const KIND_EVENT = 1
export const KIND_SAMPLE = 2

const KINDS = { signal: KIND_SIGNAL, event: KIND_EVENT, sample: KIND_SAMPLE } as const

/** Periods without a reading after which a signal no longer holds a tick open. */
const SILENT_PERIODS = 3

/** What all series of one tag have in common: those from `from` up to `to`. */
export interface TagPlan {
  readonly from: number
  readonly to: number
  readonly kind: number
  readonly inTickMean: boolean
  readonly silent_ticks: number
  readonly hold_ms: number
  readonly holdsTick: boolean
}

/** What a line's definition says of its series, for the frame builder's inner loops. */
export interface SeriesPlan {
  readonly tags: readonly TagPlan[]
  readonly kind: Uint8Array // [series]
  /** Order of readings at one instant. */
  readonly rank: Uint32Array // [series]
  /** Ticks without a reading after which the series no longer holds a tick open. */
  readonly silent_ticks: Float64Array // [series]
  /** 1 where a tick waits for the series. */
  readonly holdsTick: Uint8Array // [series]
}

export function seriesPlan(definition: LineDefinition): SeriesPlan {
  const cells = definition.cells.length
  const seriesCount = definition.tags.length * cells
  const kind = new Uint8Array(seriesCount)
  const rank = new Uint32Array(seriesCount)
  const silent_ticks = new Float64Array(seriesCount)
  const holdsTick = new Uint8Array(seriesCount)
  const tags = definition.tags.map((tag, index) =>
    planOf(tag, index * cells, (index + 1) * cells, definition.tick_ms),
  )
  for (const tag of tags) {
    const { from, to } = tag
    kind.fill(tag.kind, from, to)
    silent_ticks.fill(tag.silent_ticks, from, to)
    holdsTick.fill(tag.holdsTick ? 1 : 0, from, to)
    // At one instant events come first: the last signal may close the tick.
    const later = tag.kind === KIND_SIGNAL ? seriesCount : 0
    for (let series = from; series < to; series++) rank[series] = later + series
  }
  return { tags, kind, rank, silent_ticks, holdsTick }
}

function planOf(tag: TagDefinition, from: number, to: number, tick_ms: number): TagPlan {
  const signal = tag.kind === 'signal'
  const silent_ticks = SILENT_PERIODS * Math.max(1, tag.period_ms / tick_ms)
  return {
    from,
    to,
    kind: KINDS[tag.kind],
    inTickMean: tag.in_tick === 'mean',
    silent_ticks: signal ? silent_ticks : Number.POSITIVE_INFINITY,
    hold_ms: tag.hold_max_ms,
    holdsTick: signal && tag.period_ms <= tick_ms,
  }
}
