import type { Clock } from '../core/clock.ts'
import { tickAt } from '../core/tick-grid.ts'
import type { CloseEntry, LineDefinition } from '../flow.ts'
import type { FoldStand } from './seat.ts'

/** Arrival time that a tick waits for stragglers once readings of the next tick came. */
const GRACE_MS = 200
/** A line without any arrival for this long has its ticks closed as time passes ... */
const SILENT_AFTER_MS = 3000
/** ... until it has been silent for this long; then its time stands still. */
const SILENT_GIVE_UP_MS = 600_000

export interface ArrivalCloser {
  /** Call after readings of the line were folded, and only then: closes are no arrival. */
  arrived(): void
  close(): void
}

/**
 * Decides by arrival time when a tick of a `wall` line must close although readings are missing.
 * The decision goes to the log, so that a replay closes the tick the same way.
 */
export function arrivalCloser(
  definition: LineDefinition,
  stand: () => Pick<FoldStand, 'next_tick' | 'newest_tick' | 'newest_ms'>,
  clock: Clock,
  log: (entry: CloseEntry) => void,
): ArrivalCloser {
  if (definition.clock !== 'wall') return { arrived() {}, close() {} }
  let grace: NodeJS.Timeout | undefined
  let lastArrival_ms = clock.elapsed_ms()
  let closedSilent = Number.NEGATIVE_INFINITY

  const onGrace = () => {
    grace = undefined
    const { next_tick, newest_tick } = stand()
    if (newest_tick > next_tick) log({ kind: 'close', tick: newest_tick - 1, reason: 'grace' })
  }
  const watch = setInterval(() => {
    const quiet_ms = clock.elapsed_ms() - lastArrival_ms
    if (quiet_ms < SILENT_AFTER_MS || quiet_ms > SILENT_GIVE_UP_MS) return
    const { next_tick, newest_ms } = stand()
    // The wall clock may jump; ticks closed ahead of time would make a line deaf until they come.
    const now_ms = newest_ms + quiet_ms
    // The tick that holds this moment is not over yet.
    const tick = tickAt(definition, now_ms - SILENT_AFTER_MS) - 1
    if (!(next_tick <= tick) || tick <= closedSilent) return
    closedSilent = tick
    log({ kind: 'close', tick, reason: 'silent' })
  }, 1000)
  watch.unref()

  return {
    arrived() {
      lastArrival_ms = clock.elapsed_ms()
      const { next_tick, newest_tick } = stand()
      if (!grace && newest_tick > next_tick) {
        grace = setTimeout(onGrace, GRACE_MS)
        grace.unref()
      }
    },
    close() {
      clearInterval(watch)
      clearTimeout(grace)
    },
  }
}
