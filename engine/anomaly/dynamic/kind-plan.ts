/** How the models of a line's assets are kept; counts are ticks where nothing else is said. */
export interface KindPlan {
  readonly cells: number
  readonly channels: number
  readonly lags: number
  readonly ticks_per_day: number
  /** Values that a signal's own centre and spread remember, and needs before they are used. */
  readonly scale_count: number
  readonly scale_min: number
  /** Assets that teach at a time. */
  readonly desks: number
  /** Rows of each of them behind the first model, which is of all assets alike. */
  readonly shared_rows: number
  /** Rows behind the model of one asset, and ticks from one to the next. */
  readonly own_rows: number
  readonly row_every: number
  /** The same once the asset has a model, which is renewed. */
  readonly renew_every: number
  /** Values that an asset's own level of the statistic remembers, and needs before it is used. */
  readonly level_count: number
  readonly level_min: number
  /** The largest value of an asset in so many of its rows is one sample. */
  readonly block: number
  /** How long an asset is left alone after an alarm. */
  readonly guard_count: number
}

/** Kind of the findings; it rests on what was measured, no twin stands behind it. */
export const DYNAMICS_KIND = 'unusual-dynamics'
/** Signals at most; lines with more go without. */
const CHANNELS_MAX = 64
const LAGS_MAX = 3
/** Numbers in the models of all assets; lines with more look back fewer rows. */
const MODEL_NUMBERS_MAX = 1 << 14
/** Numbers in the moments of all that teach. */
const TEACHING_NUMBERS_MAX = 1 << 15
const DESKS_MAX = 64
/** Ticks between two rows of an asset that is renewed, where all sit at desks at once. */
const RENEWED_EVERY = 18
const DAY_MS = 86_400_000

/** Whether assets with so many signals can have models. */
export function hasKindModel(channels: number): boolean {
  return channels > 0 && channels <= CHANNELS_MAX
}

/** Numbers in one triangle of a square of so many rows. */
export const triangle = (n: number): number => (n * (n + 1)) / 2

/** The plan of a line. */
export function kindPlan(cells: number, channels: number, tick_ms: number): KindPlan {
  let lags = Math.max(1, Math.min(LAGS_MAX, Math.floor(CHANNELS_MAX / channels)))
  while (lags > 1 && cells * triangle(lags * channels) > MODEL_NUMBERS_MAX) lags--
  const room = Math.floor(TEACHING_NUMBERS_MAX / triangle(2 * lags * channels))
  const desks = Math.max(1, Math.min(cells, DESKS_MAX, room))
  return {
    ...{ cells, channels, lags, ticks_per_day: DAY_MS / tick_ms },
    ...{ scale_count: 3600, scale_min: 60 },
    ...{ desks, shared_rows: 100, own_rows: 300, row_every: 2 },
    renew_every: Math.max(2, Math.ceil((RENEWED_EVERY * desks) / cells)),
    ...{ level_count: 3600, level_min: 60, block: 20, guard_count: 60 },
  }
}
