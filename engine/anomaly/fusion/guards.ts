import type { TwinFrame } from '../../flow.ts'
import type { Stateful } from '../state.ts'
import type { FusionPlan } from './plan.ts'

/** Which cells can be judged, and which have been left alone long enough to be learnt from. */
export interface Guards extends Stateful {
  readonly open: Uint8Array // [cell]
  readonly alone: Uint8Array // [cell]
  /** `frozen`: cells with an alarm. `forget` is called when a cell is alone again after it. */
  look(twin: TwinFrame, frozen: Uint8Array, forget: (cell: number) => void): void
}

/** A beam move hides a cell for seconds; what hides it longer is work. */
const SHORT_S = 30
const HELD_MOST_S = 1e6

/** No cell has been left alone yet. */
export function guards(cells: number, dt_s: number, plan: FusionPlan): Guards {
  const open = new Uint8Array(cells)
  const alone = new Uint8Array(cells)
  const held_s = new Float32Array(cells) // how long it has not been left alone
  const left_s = new Float32Array(cells).fill(plan.guard_s) // until it is alone
  const stale = new Uint8Array(cells) // 1: what it remembers is of an alarm or of work
  const arrays = [held_s, left_s, stale]

  const wait = (cell: number, isHeld: boolean, isFrozen: boolean): void => {
    held_s[cell] = isHeld ? Math.min(HELD_MOST_S, held_s[cell]! + dt_s) : 0
    if (isFrozen || held_s[cell]! > SHORT_S) stale[cell] = 1
    const left = Math.max(0, left_s[cell]! - dt_s)
    const asked_s = stale[cell] === 1 ? plan.guard_s : plan.guard_short_s
    left_s[cell] = isHeld ? Math.max(asked_s, left) : left
  }

  return {
    open,
    alone,
    look(twin, frozen, forget) {
      for (let cell = 0; cell < cells; cell++) {
        const isFrozen = frozen[cell] === 1
        open[cell] = Number(twin.trusted[cell] === 1 && twin.masked[cell] !== 1)
        wait(cell, open[cell] === 0 || isFrozen, isFrozen)
        alone[cell] = Number(left_s[cell] === 0)
        if (alone[cell] === 0 || stale[cell] === 0) continue
        stale[cell] = 0
        forget(cell)
      }
    },
    save(out) {
      for (const array of arrays) out.array(array)
    },
    load(from) {
      for (const array of arrays) from.array(array)
    },
  }
}
