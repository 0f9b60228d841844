import { dueOf, type LineSchedule } from './schedule.ts'

/** Knows for each tick of a line when the last reading it needs was due. */
export interface CommitTally {
  /** Ticks up to this one are folded; tells of each that is new its second and due time. */
  committed(tick: number, onTick: (second: number, due_ms: number) => void): void
  done(): boolean
  /** Ticks heard of, and those expected. */
  count(): number
  readonly expected: number
}

/**
 * Expects one tick per second of the load; `first_tick` is the tick of its first second, counted
 * from what is learnt from on.
 */
export function commitTally(
  line: LineSchedule,
  first_tick: number,
  seconds_s: number,
): CommitTally {
  const last = line.assets.length - 1
  let next = 0
  return {
    committed(tick, onTick) {
      for (; next < seconds_s && first_tick + next <= tick; next++) {
        onTick(next, dueOf(line, next * line.assets.length + last))
      }
    },
    done: () => next === seconds_s,
    count: () => next,
    expected: seconds_s,
  }
}
