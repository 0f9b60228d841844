import {
  bytesOf,
  copyInto,
  jsonBytes,
  packSections,
  parseJsonBytes,
  unpackSections,
} from '../core/sections.ts'
import { spreadOf } from '../core/spread.ts'
import type { LineDefinition, ReadingBatch } from '../flow.ts'
import type { CheckpointRing, NumberedCheckpoint } from './checkpoints.ts'
import { CHECKPOINT_EVERY_MS } from './checkpoints.ts'

/** Readings that rewinds may fold again, for each reading that came. */
export const REFOLD_SHARE = 3
/** The same for each second of event time, so that a large line is not taken down. */
export const REFOLD_READINGS_PER_S = 50_000
/** Readings that one rewind may fold again; also what may be saved up for it. */
export const REFOLD_READINGS_MAX = 2_000_000
/** Samples that are remembered with the tick they joined. */
const JOINED_MAX = 4096

/** A sample, and the tick in which it became known. */
export interface Joined {
  readonly tick: number
  readonly series: number
  readonly time_ms: number
  readonly value: number
  readonly quality: number
}

/** Which past ticks of a line are not what they should be, and what a rewind may cost. */
export interface Lateness {
  /** Notes a slice of one tick; true where it is out of order for one of its series. */
  isOutOfOrder(slice: ReadingBatch): boolean
  /** The tick's result is wrong; `count` readings came too late for it. */
  mark(tick: number, count: number): void
  /** Remembers samples that joined a tick. */
  joined(slice: ReadingBatch, tick: number): void
  joins(): readonly Joined[]
  /** True when anything waits for a rewind. */
  isWaiting(): boolean
  /** Lets credit grow; true once each `CHECKPOINT_EVERY_MS` of event time. */
  passed(time_ms: number, accepted: number): boolean
  /** Where to go back to, if it can be afforded now; what never can is given up. */
  target(
    ring: CheckpointRing,
    accepted: number,
  ): { from: NumberedCheckpoint; tick: number } | undefined
  /** Gives up what waits; their readings are late for good. */
  giveUp(): void
  /** A rewind put everything in its place. */
  settled(cost: number): void
  /** Forgets samples that no rewind can reach any more. */
  forget(before_tick: number): void
  /** Readings that are not in the live state, for good. */
  late(): number
  addLate(count: number): void
  /** Rewinds so far. */
  revision(): number
  snapshot(): Uint8Array
  restore(bytes: Uint8Array): void
}

interface Scalars {
  pending: [tick: number, count: number][]
  joins: Joined[]
  credit: number
  grid: number
  accepted: number
  line_ms: number
  late: number
  revision: number
}

export function lateness(definition: LineDefinition): Lateness {
  const count = definition.tags.length * definition.cells.length
  const { tenant, line, tick_offset_ms = 0 } = definition
  const offset_ms = CHECKPOINT_EVERY_MS * spreadOf(`${tenant}/${line}`) - tick_offset_ms
  const seen_ms = new Float64Array(count).fill(Number.NEGATIVE_INFINITY) // [series]
  const pending = new Map<number, number>() // tick -> readings
  let joins: Joined[] = []
  let credit = REFOLD_READINGS_MAX
  let grid = 0
  let acceptedBefore = 0
  let line_ms = 0
  let late = 0
  let revision = 0

  const giveUpTick = (tick: number): void => {
    late += pending.get(tick) ?? 0
    pending.delete(tick)
  }
  const giveUp = (): void => {
    for (const tick of [...pending.keys()]) giveUpTick(tick)
  }

  return {
    isOutOfOrder: slice => notesDisorder(seen_ms, slice),
    mark(tick, readings) {
      pending.set(tick, (pending.get(tick) ?? 0) + readings)
    },
    joined({ count: rows, series, times_ms, values, quality }, tick) {
      for (let row = 0; row < rows; row++) {
        joins.push({
          tick,
          series: series[row]!,
          time_ms: times_ms[row]!,
          value: values[row]!,
          quality: quality[row]!,
        })
      }
      if (joins.length > JOINED_MAX) joins = joins.slice(-JOINED_MAX)
    },
    joins: () => joins,
    isWaiting: () => pending.size > 0,
    passed(time_ms, accepted) {
      const came = Math.max(0, accepted - acceptedBefore)
      const dt_s = line_ms > 0 ? Math.max(0, time_ms - line_ms) / 1000 : 0
      const earned = Math.min(REFOLD_SHARE * came, REFOLD_READINGS_PER_S * dt_s)
      credit = Math.min(REFOLD_READINGS_MAX, credit + earned)
      acceptedBefore = accepted
      line_ms = time_ms
      const now = Math.floor((time_ms + offset_ms) / CHECKPOINT_EVERY_MS)
      const isNext = now !== grid
      grid = now
      return isNext
    },
    target(ring, accepted) {
      for (;;) {
        if (pending.size === 0) return undefined
        const tick = Math.min(...pending.keys())
        const from = ring.before(tick)
        const cost = from ? accepted - from.accepted : Number.POSITIVE_INFINITY
        if (from && cost <= credit) return { from, tick }
        if (cost <= REFOLD_READINGS_MAX) return undefined
        giveUpTick(tick)
      }
    },
    giveUp,
    settled(cost) {
      credit -= cost
      pending.clear()
      revision += 1
    },
    forget(before_tick) {
      if (joins.some(({ tick }) => tick < before_tick)) {
        joins = joins.filter(({ tick }) => tick >= before_tick)
      }
    },
    late: () => late,
    addLate(readings) {
      late += readings
    },
    revision: () => revision,
    snapshot() {
      const scalars: Scalars = {
        ...{ pending: [...pending], joins, credit, grid },
        ...{ accepted: acceptedBefore, line_ms, late, revision },
      }
      return packSections([
        ['scalars', jsonBytes(scalars)],
        ['seen_ms', bytesOf(seen_ms)],
      ])
    },
    restore(bytes) {
      const parts = unpackSections(bytes)
      const scalars = parseJsonBytes<Scalars>(parts.get('scalars')!)
      copyInto(seen_ms, parts.get('seen_ms'), 'seen_ms')
      pending.clear()
      for (const [tick, readings] of scalars.pending) pending.set(tick, readings)
      joins = scalars.joins
      credit = scalars.credit
      grid = scalars.grid
      acceptedBefore = scalars.accepted
      line_ms = scalars.line_ms
      late = scalars.late
      revision = scalars.revision
    },
  }
}

/** Notes the newest time of each series; a function of no line, so that all lines share its code. */
function notesDisorder(
  seen_ms: Float64Array, // [series]
  { count, series, times_ms }: ReadingBatch,
): boolean {
  let found = false
  for (let row = 0; row < count; row++) {
    const s = series[row]!
    const time_ms = times_ms[row]!
    if (time_ms > seen_ms[s]!) seen_ms[s] = time_ms
    // Two readings of one instant stand side by side in a slice, in the order of their values.
    else if (!(row > 0 && series[row - 1] === s && times_ms[row - 1] === time_ms)) found = true
  }
  return found
}
