import type { LineDefinition } from '../../flow.ts'
import type { NisPlan } from '../nis/stream.ts'

/** How the streams of a line are kept and when they are believed; all times are event time. */
export interface FusionPlan {
  /** Ticks behind one row; the cells take turns within them. */
  readonly every: number
  readonly lags: number
  readonly nis: NisPlan
  /** Quiet ticks that a cell's own scale remembers, and needs before it is used. */
  readonly scale_ticks: number
  readonly scale_min: number
  /** The same for the streams, in rows. */
  readonly stream_rows: number
  readonly stream_min: number
  /** Rows of all teaching cells before the shared model is fitted. */
  readonly model_rows_min: number
  /** Rows between two samples of a cell for the laws of the streams. */
  readonly sample_every: number
  /** Ticks of a block: what stands out within one is one event. */
  readonly block_ticks: number
  readonly blocks_min: number
  readonly blocks_per_day: number
  /** How long a cell is left alone after an alarm or work, and after what took seconds. */
  readonly guard_s: number
  readonly guard_short_s: number
  readonly clear_s: number
  /** An event is false when no alarm of its cell stands within this time. */
  readonly confirm_s: number
  /** A cell that stands out for so long without an alarm is learnt anew. */
  readonly renew_s: number
}

/** Kind of the findings of the fused score. */
export const FUSED_KIND = 'unusual-running'
/** Cells of the line that an event budget is quoted for. */
export const BUDGET_CELLS = 300
/** False events per day of such a line when nobody says otherwise. */
export const EVENTS_PER_LINE_DAY = 1
/** Numbers in the shared model's past at most; a line with more channels goes without it. */
export const STACK_MAX = 64
/** Multiplications by the shared model in one tick at most; larger lines take turns. */
const MODEL_COST_MAX = 500_000
const SAMPLES_A_BLOCK = 11
const LAGS = { potline: 3, other: 2 } as const
const DAY_S = 86_400

/** The plan of a line; `channels` are those that each cell has. */
export function fusionPlan(definition: LineDefinition, channels: number): FusionPlan {
  const potline = definition.kind === 'potline'
  const dt_s = definition.tick_ms / 1000
  const cells = definition.cells.length
  const lags = lagsWithin(channels, potline ? LAGS.potline : LAGS.other)
  const stack = lags * channels
  const cost = Math.ceil((cells * stack * stack) / MODEL_COST_MAX)
  const ticks = (seconds: number) => Math.max(1, Math.round(seconds / dt_s))
  const every = Math.max(cost, potline ? ticks(10) : 1)
  const block_ticks = potline ? ticks(300) : 60 * every
  const rows_a_block = block_ticks / every
  const row_s = every * dt_s
  const shared = {
    ...{ every, lags, block_ticks, blocks_per_day: DAY_S / (block_ticks * dt_s) },
    sample_every: Math.max(10, Math.ceil((cells * rows_a_block) / SAMPLES_A_BLOCK)),
    blocks_min: 48,
  }
  if (potline) {
    const rows = (seconds: number) => ticks(seconds) / every
    const teachers = Math.min(cells, 64)
    return {
      ...shared,
      nis: { fast: 1 / ticks(10), slow: 1 / ticks(150) },
      ...{ scale_ticks: ticks(DAY_S), scale_min: ticks(1800) },
      ...{ stream_rows: rows(DAY_S), stream_min: rows(3600) },
      model_rows_min: rows(5400) * teachers * 0.8,
      ...{ guard_s: 600, guard_short_s: 60, clear_s: 600, confirm_s: 3600, renew_s: 4 * 3600 },
    }
  }
  return {
    ...shared,
    nis: { fast: 0.1, slow: 0.02 },
    ...{ scale_ticks: 21_600 * every, scale_min: 200 * every },
    ...{ stream_rows: 7200, stream_min: 120 },
    model_rows_min: Math.max(300, 16 * stack),
    ...{ guard_s: 60 * row_s, guard_short_s: 20 * row_s, clear_s: 60 * row_s },
    ...{ confirm_s: 300 * row_s, renew_s: 3600 * row_s },
  }
}

function lagsWithin(channels: number, most: number): number {
  if (channels === 0) return 0
  return Math.min(most, Math.floor(STACK_MAX / channels))
}

/** False events a day that a line may have: a potline by its cells, any other line as a whole. */
export function lineBudget(definition: LineDefinition, events_per_line_day: number): number {
  if (definition.kind !== 'potline') return events_per_line_day
  return (events_per_line_day * definition.cells.length) / BUDGET_CELLS
}
