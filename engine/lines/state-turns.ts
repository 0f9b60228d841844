import type { Clock } from '../core/clock.ts'

/**
 * Lets lines store their large states one after another: each is megabytes for the disk, and when a
 * hundred come due together, each should be made when it can be written, and not wait in memory.
 */
export interface StateTurns {
  /** The turns of a line, which hears when one has come. */
  line(onTurn: () => void): StateTurn
}

export interface StateTurn {
  /** Waits for a turn to store about so many bytes, if it does not yet. */
  ask(size_bytes: number): void
  /** True once, when the turn has come: the state may be made now. */
  take(): boolean
  /** A state of so many bytes is made now, with its turn or, as a line's first, without one. */
  hold(size_bytes: number): void
  /** The state is stored, or will not be; nothing if no turn was asked for. */
  end(): void
}

/** States under way at once: one at least, and others while all are not larger than this. */
const BYTES_AT_ONCE = 4 << 20
/** A line that has not stored its state in this time no longer holds up the others. */
const TURN_MS_MAX = 30_000

interface Turn {
  readonly size_bytes: number
  readonly onTurn: () => void
  held_ms: number // NaN while it waits
  isTaken: boolean
}

export function stateTurns(clock: Pick<Clock, 'elapsed_ms'>): StateTurns {
  const waiting: Turn[] = [] // one of each line at most
  const held = new Set<Turn>()

  const isRoomFor = ({ size_bytes }: Turn, now_ms: number): boolean => {
    let under_way_bytes = 0
    for (const turn of held) {
      if (now_ms - turn.held_ms < TURN_MS_MAX) under_way_bytes += turn.size_bytes
    }
    return under_way_bytes === 0 || under_way_bytes + size_bytes <= BYTES_AT_ONCE
  }
  const goOn = (): void => {
    const now_ms = clock.elapsed_ms()
    for (let next = waiting[0]; next && isRoomFor(next, now_ms); next = waiting[0]) {
      waiting.shift()
      next.held_ms = now_ms
      held.add(next)
      next.onTurn()
    }
  }

  return {
    line(onTurn) {
      let turn: Turn | undefined
      return {
        ask(size_bytes) {
          if (!turn) {
            turn = { size_bytes, onTurn, held_ms: Number.NaN, isTaken: false }
            waiting.push(turn)
          }
          goOn()
        },
        take() {
          if (!turn || turn.isTaken || !held.has(turn)) return false
          turn.isTaken = true
          return true
        },
        hold(size_bytes) {
          if (turn && held.has(turn)) return
          if (turn) waiting.splice(waiting.indexOf(turn), 1)
          turn = { size_bytes, onTurn, held_ms: clock.elapsed_ms(), isTaken: true }
          held.add(turn)
        },
        end() {
          if (!turn) return
          if (!held.delete(turn)) waiting.splice(waiting.indexOf(turn), 1)
          turn = undefined
          goOn()
        },
      }
    },
  }
}
