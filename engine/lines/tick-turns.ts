import type { Clock } from '../core/clock.ts'

/**
 * Runs closed ticks one after another, and between them whatever else the thread has to do: the
 * readings of other lines, whose checks must not wait behind the scoring of a hundred lines.
 */
export type TickTurns = (work: () => void) => void

/** Ticks that are done in this time have one turn together, so that models score them in one call. */
const TURN_MS = 2

/** Nothing waits; `later` runs once all that is ready now had its turn. */
export function tickTurns(
  clock: Pick<Clock, 'elapsed_ms'>,
  later: (work: () => void) => void = setImmediate,
): TickTurns {
  const waiting: (() => void)[] = [] // one of each line at most
  let isComing = false
  const turn = (): void => {
    const end_ms = clock.elapsed_ms() + TURN_MS
    do waiting.shift()?.()
    while (waiting.length > 0 && clock.elapsed_ms() < end_ms)
    isComing = waiting.length > 0
    if (isComing) later(turn)
  }
  return work => {
    waiting.push(work)
    if (isComing) return
    isComing = true
    later(turn)
  }
}
