import type { Stateful } from './state.ts'

/** What one look says of a condition. */
export const Verdict = { absent: -1, unknown: 0, present: 1 } as const
export type Verdict = (typeof Verdict)[keyof typeof Verdict]

/** Change of a condition after one look. */
export type Edge = 'began' | 'ended' | ''

/**
 * Asks for a condition to hold most of `need_s` before it begins and to be gone most of
 * `clear_s` before it ends: time present counts up, time absent counts down.
 */
export interface Persistence extends Stateful {
  look(cell: number, verdict: Verdict, dt_s: number): Edge
  standing(cell: number): boolean
}

/** Persistence of one condition in each cell. */
export function persistence(cells: number, need_s: number, clear_s: number): Persistence {
  const held_s = new Float64Array(cells)
  const standing = new Uint8Array(cells)
  return {
    look(cell, verdict, dt_s) {
      const held = Math.max(0, held_s[cell]! + verdict * dt_s)
      if (standing[cell] === 0) {
        held_s[cell] = held
        if (held < need_s) return ''
        standing[cell] = 1
        held_s[cell] = clear_s
        return 'began'
      }
      held_s[cell] = Math.min(clear_s, held)
      if (held > 0) return ''
      standing[cell] = 0
      held_s[cell] = 0
      return 'ended'
    },
    standing: cell => standing[cell] === 1,
    save(out) {
      out.array(held_s)
      out.array(standing)
    },
    load(from) {
      from.array(held_s)
      from.array(standing)
    },
  }
}
