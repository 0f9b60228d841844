import { type TickGrid, tickAt, tickStart_ms } from '../core/tick-grid.ts'
/**
 * Reads a stretch of a line's log again and gives its readings in order of event time, one batch a
 * tick, however they arrived. Two passes: the first finds what is out of place, which is little; the
 * second streams, so that memory holds a few ticks and never the stretch.
 */
import type { CloseEntry, ReadingBatch } from '../flow.ts'
import { readingsIn } from './checkpoints.ts'
import type { LogItem } from './entry-queue.ts'
import { FIXED_LAG_MS } from './frames/builder.ts'
import { emptyRows, pushRow, type Rows, rowsBatch } from './rows.ts'

/** Ticks that the second pass holds open while it streams. */
const WINDOW_TICKS = 4
/** Readings out of place at most; with more, the line is not rewound. */
export const DISPLACED_MAX = 200_000

/** The stretch: entries after `after` up to `to`, readings of tick `floor` and later. */
export interface Stretch {
  readonly after: number
  readonly to: number
  readonly floor: number
  /** Newest event time of the log at `after`. */
  readonly newest_ms: number
  readonly accepted: number
  readonly log_readings: number
}

/** How the log is read again. */
export interface Source {
  readonly grid: TickGrid
  /** Series of manual samples: these join the tick in which they became known. */
  readonly isSample: Uint8Array // [series]
  /** All entries of the stretch, in order. */
  entries(stretch: Stretch): AsyncIterable<LogItem>
  /** Starts reading the stretch from its begin: the decoder must be as it was there. */
  rewindDecoder(): void
  decode(item: LogItem): ReadingBatch | undefined
  decoderState(): Uint8Array
}

/** From where a checkpoint at a tick boundary is folded on. */
export interface Mark {
  readonly tick: number
  readonly position: number
  readonly newest_ms: number
  readonly accepted: number
  readonly log_readings: number
  readonly decoder: Uint8Array
}

/** What the first pass found. */
export interface Survey {
  readonly displaced: ReadonlyMap<number, Rows>
  readonly closes: readonly CloseEntry[]
  readonly marks: readonly Mark[]
}

/** Ticks that may be open at once: what is on time must not count as too old. */
const OPEN_TICKS = 17

/** True where a reading of this tick is not too old for a line that stands at `newest_ms`. */
export function isWithinLag(tick: number, grid: TickGrid, newest_ms: number): boolean {
  const lag_ms = Math.max(FIXED_LAG_MS, OPEN_TICKS * grid.tick_ms)
  return !(newest_ms - tickStart_ms(grid, tick) > lag_ms)
}

/** History is kept in the log for recalculation; it never moves the live state. */
export function isLive({ count, mode }: ReadingBatch): boolean {
  return count > 0 && mode !== 'backfill'
}

/** Visits the readings of a batch that count, in the order of rows. */
function eachReading(
  source: Source,
  floor: number,
  newest_ms: number,
  batch: ReadingBatch,
  visit: (tick: number, row: number) => void,
): number {
  const { grid, isSample } = source
  const { times_ms, series, count } = batch
  let newest = newest_ms
  for (let row = 0; row < count; row++) {
    if (isSample[series[row]!] === 1) continue
    const time_ms = times_ms[row]!
    const tick = tickAt(grid, time_ms)
    if (!(newest >= time_ms)) newest = time_ms
    if (tick >= floor && isWithinLag(tick, grid, newest_ms)) visit(tick, row)
  }
  return newest
}

/** First pass: readings that come after the second pass has left their tick, and the boundaries. */
export async function surveyStretch(
  source: Source,
  stretch: Stretch,
  boundaries: readonly number[],
): Promise<Survey | undefined> {
  const displaced = new Map<number, Rows>()
  const closes: CloseEntry[] = []
  const marks: Mark[] = []
  let { newest_ms, accepted, log_readings } = stretch
  let newest = Number.NEGATIVE_INFINITY // tick
  let count = 0
  source.rewindDecoder()
  for await (const item of source.entries(stretch)) {
    if (item.entry.kind === 'close') closes.push(item.entry)
    const batch = source.decode(item)
    const before = log_readings
    log_readings += readingsIn(item, batch)
    if (!batch || !isLive(batch)) continue
    const left = newest - WINDOW_TICKS
    const before_ms = newest_ms
    newest_ms = eachReading(source, stretch.floor, newest_ms, batch, (tick, row) => {
      if (tick > newest) newest = tick
      if (tick > left) return
      let rows = displaced.get(tick)
      if (!rows) {
        rows = emptyRows()
        displaced.set(tick, rows)
      }
      pushRow(rows, batch, row)
      count += 1
    })
    if (count > DISPLACED_MAX) return undefined
    while (marks.length < boundaries.length && boundaries[marks.length]! <= newest) {
      const tick = boundaries[marks.length]!
      const position = item.position - 1
      const counted = { newest_ms: before_ms, accepted, log_readings: before }
      marks.push({ tick, position, ...counted, decoder: source.decoderState() })
    }
    accepted += batch.count
  }
  return { displaced, closes, marks }
}

/** Second pass: all readings of each tick at once, ticks ascending. */
export async function streamTicks(
  source: Source,
  stretch: Stretch,
  { displaced }: Survey,
  feed: (tick: number, batch: ReadingBatch) => void,
): Promise<void> {
  const open = new Map<number, Rows>([...displaced])
  let newest = Number.NEGATIVE_INFINITY
  let { newest_ms } = stretch
  const release = (through: number): void => {
    const due = [...open.keys()].filter(tick => tick <= through).sort((a, b) => a - b)
    for (const tick of due) {
      feed(tick, rowsBatch(open.get(tick)!))
      open.delete(tick)
    }
  }
  source.rewindDecoder()
  for await (const item of source.entries(stretch)) {
    const batch = source.decode(item)
    if (!batch || !isLive(batch)) continue
    const left = newest - WINDOW_TICKS
    newest_ms = eachReading(source, stretch.floor, newest_ms, batch, (tick, row) => {
      if (tick > newest) newest = tick
      if (tick <= left) return
      let rows = open.get(tick)
      if (!rows) {
        rows = emptyRows()
        open.set(tick, rows)
      }
      pushRow(rows, batch, row)
    })
    release(newest - WINDOW_TICKS)
  }
  release(Number.POSITIVE_INFINITY)
}
