import type { Finding, Report } from '../finding.ts'
import type { Stateful } from '../state.ts'
import type { Explanation } from './causes.ts'
import type { FusionPlan } from './plan.ts'

/** How one event ended for its cell. */
export type Standing = 'stands' | 'ended' | 'renewed'

/** Events of the cells of a line: told one by one, or as one when many begin together. */
export interface FusedEvents extends Stateful {
  stands(cell: number): boolean
  begin(cell: number, threshold: number, event: NewEvent): void
  /** Takes a row of a cell that stands out. */
  follow(cell: number, evidence: number, isFrozen: boolean, event: Moment): Standing
  /** Lets time pass; `wasFalse` is called for each event that no alarm confirmed in time. */
  wait(frozen: Uint8Array, wasFalse: () => void): void
  /** A new block begins: cells may be told one by one again. */
  newBlock(): void
}

interface Moment {
  readonly time_ms: number
  readonly report: Report
}

interface NewEvent extends Moment {
  readonly score: number
  explain(): Explanation
  /** Called when the event before it has not been confirmed yet. */
  wasFalse(): void
}

/** Cells that may stand out in one block by themselves; then it is the line that does. */
export const CELL_EVENTS_MAX = 3
/** The evidence must fall below this share of the threshold that it began at. */
const CLEAR_SHARE = 0.7

/** The times of a plan that events go by. */
export type EventTimes = Pick<FusionPlan, 'every' | 'clear_s' | 'confirm_s' | 'renew_s'>

/** What the findings of events are called. */
export interface EventNames {
  readonly kind: string
  readonly detector: string
}

/** Nothing stands out. */
export function fusedEvents(
  cells: number,
  dt_s: number,
  plan: EventTimes,
  said: EventNames,
): FusedEvents {
  const row_s = plan.every * dt_s
  const standing_s = new Float32Array(cells).fill(-1) // -1: stands out not
  const begun_at = new Float32Array(cells) // threshold when it began to
  const waiting_s = new Float32Array(cells) // for an alarm that confirms its event; 0: not
  const clear_s = new Float32Array(cells)
  const told = new Uint8Array(cells)
  const numbers = new Uint32Array(2) // begun in this block, 1 where the line was told
  const arrays = [standing_s, begun_at, waiting_s, clear_s, told, numbers]

  const finding = (cell: number, time_ms: number, active: boolean): Finding => ({
    ...{ kind: said.kind, cell, tagIndex: -1, active, time_ms },
    ...{ detector: said.detector, score: 0, text: '', causes: [] },
  })

  const end = (cell: number, { time_ms, report }: Moment): void => {
    standing_s[cell] = -1
    if (told[cell] === 1) report(finding(cell, time_ms, false))
    told[cell] = 0
    if (numbers[1] === 0 || standing_s.some(one => one >= 0)) return
    numbers[1] = 0
    report(finding(-1, time_ms, false))
  }

  return {
    stands: cell => standing_s[cell]! >= 0,
    begin(cell, threshold, { time_ms, report, score, explain, wasFalse }) {
      standing_s[cell] = 0
      clear_s[cell] = 0
      begun_at[cell] = threshold
      if (waiting_s[cell]! > 0) wasFalse()
      waiting_s[cell] = plan.confirm_s
      if (++numbers[0]! <= CELL_EVENTS_MAX) {
        told[cell] = 1
        report({ ...finding(cell, time_ms, true), score, ...explain() })
      } else if (numbers[1] === 0) {
        numbers[1] = 1
        waiting_s[cell] = 0
        report({ ...finding(-1, time_ms, true), score, ...together(standing_s) })
      } else waiting_s[cell] = 0
    },
    follow(cell, evidence, isFrozen, event) {
      // While an alarm is active nothing is decided about what is normal.
      if (!isFrozen) standing_s[cell]! += row_s
      clear_s[cell] = evidence < CLEAR_SHARE * begun_at[cell]! ? clear_s[cell]! + row_s : 0
      const isClear = clear_s[cell]! >= plan.clear_s
      if (!isClear && standing_s[cell]! < plan.renew_s) return 'stands'
      end(cell, event)
      return isClear ? 'ended' : 'renewed'
    },
    wait(frozen, wasFalse) {
      for (let cell = 0; cell < cells; cell++) {
        if (waiting_s[cell] === 0) continue
        const isFrozen = frozen[cell] === 1
        waiting_s[cell] = isFrozen ? 0 : Math.max(0, waiting_s[cell]! - dt_s)
        if (waiting_s[cell] === 0 && !isFrozen) wasFalse()
      }
    },
    newBlock() {
      numbers[0] = 0
    },
    save(out) {
      for (const array of arrays) out.array(array)
    },
    load(from) {
      for (const array of arrays) from.array(array)
    },
  }
}

function together(standing_s: Float32Array): Explanation {
  const count = standing_s.reduce((sum, one) => sum + Number(one >= 0), 0)
  const text = `${count} places at once are unlike their normal running: look at what they share`
  const causes = [{ text: 'something that the whole line shares', weight: 1 }]
  return { text, causes, dispersion: 1 }
}
