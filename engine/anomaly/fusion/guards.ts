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

  const held: Held = { held_s, left_s, stale }
  const times = { dt_s, guard_s: plan.guard_s, guard_short_s: plan.guard_short_s }

  return {
    open,
    alone,
    look(twin, frozen, forget) {
      markOpen(twin, open)
      waitAll(held, times, open, frozen, alone)
      for (let cell = 0; cell < cells; cell++) {
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

interface Held {
  readonly held_s: Float32Array // [cell]
  readonly left_s: Float32Array // [cell]
  readonly stale: Uint8Array // [cell]
}

function markOpen({ trusted, masked }: TwinFrame, open: Uint8Array): void {
  for (let cell = 0; cell < open.length; cell++) {
    open[cell] = trusted[cell] === 1 && masked[cell] !== 1 ? 1 : 0
  }
}

/** Lets a tick pass in every cell; a function of arrays, which every line of an engine shares. */
function waitAll(
  { held_s, left_s, stale }: Held,
  times: { readonly dt_s: number; readonly guard_s: number; readonly guard_short_s: number },
  open: Uint8Array,
  frozen: Uint8Array,
  alone: Uint8Array,
): void {
  const { dt_s, guard_s, guard_short_s } = times
  for (let cell = 0; cell < open.length; cell++) {
    const isFrozen = frozen[cell] === 1
    const isHeld = isFrozen || open[cell] === 0
    const left = Math.max(0, left_s[cell]! - dt_s)
    if (isHeld) {
      held_s[cell] = Math.min(HELD_MOST_S, held_s[cell]! + dt_s)
      if (isFrozen || held_s[cell]! > SHORT_S) stale[cell] = 1
      left_s[cell] = Math.max(stale[cell] === 1 ? guard_s : guard_short_s, left)
    } else {
      held_s[cell] = 0
      left_s[cell] = left
    }
    alone[cell] = left_s[cell] === 0 ? 1 : 0
  }
}
