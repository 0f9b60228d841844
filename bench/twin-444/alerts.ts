import type { OutputEvent } from '#engine/flow.ts'
import { cellNames } from '#engine/lines/potline.ts'
import { twinDue_ms } from './line.ts'
import {
  ALERT_CLASSES,
  type AlertClass,
  type Disturbance,
  disturbancesOf,
  SHAPES,
  type TwinPlan,
} from './plan.ts'

/** Matches events of TWIN-444 to the disturbances that were injected. */
export interface TwinTally {
  /**
   * Class of the disturbance, and due time, ms after the load began, of the last reading that the
   * event needed; the first time it is told of.
   */
  seen(event: OutputEvent): { readonly class: AlertClass; readonly due_ms: number } | undefined
  injected(of: AlertClass): number
  arrived(of: AlertClass): number
  /** Disturbed cells of which a model already said so by itself: it says nothing twice. */
  standing(): number
  missing(): readonly string[]
}

/** A model's finding that began less than this before may still stand. */
const STANDS_S = 900
/** Seconds after a disturbance's end within which its event may lie. */
const AFTER_S = 3

interface Expected {
  open: boolean
  stands: boolean
  readonly at: Disturbance
}

const silent = ({ open, stands }: Expected) => open && stands

/** Expects every disturbance of the plan; `start_ms` is the event time of due time 0. */
export function twinTally(plan: TwinPlan, start_ms: number): TwinTally {
  const names = cellNames(plan.cells)
  const all = disturbancesOf(plan)
  const byCell = new Map<string, Expected[]>()
  for (const at of all) {
    const list = byCell.get(names[at.cell]!) ?? []
    list.push({ open: true, stands: false, at })
    byCell.set(names[at.cell]!, list)
  }
  const arrived = { reading: 0, filter: 0, model: 0 }
  return {
    seen(event) {
      if (event.channel === 'advice') return undefined
      const { body } = event
      const time_ms = event.channel === 'alarm' ? event.body.raised_ms : event.body.time_ms
      // A tick's event carries its end, a reading's its own time within the second.
      const second = Math.ceil((time_ms - start_ms) / 1000) - 1
      const own = byCell.get(body.cell) ?? []
      const fits = ({ open, at }: Expected) => open && SHAPES[at.class].kinds.includes(body.kind)
      for (const one of own) {
        const before_s = one.at.second - second
        if (one.at.class === 'model' && fits(one) && before_s > 0 && before_s < STANDS_S) {
          one.stands = true
        }
      }
      const found = own.find(one => {
        const { second: first, seconds } = one.at
        return fits(one) && second >= first && second < first + seconds + AFTER_S
      })
      if (!found) return undefined
      found.open = false
      arrived[found.at.class]++
      return { class: found.at.class, due_ms: twinDue_ms(second) }
    },
    standing: () => [...byCell.values()].flat().filter(silent).length,
    injected: of => plan.alerts[of],
    arrived: of => arrived[of],
    missing: () =>
      ALERT_CLASSES.flatMap(name =>
        [...byCell].flatMap(([cell, list]) =>
          list
            .filter(one => one.open && !one.stands && one.at.class === name)
            .map(({ at }) => `${plan.line}/${cell}/${name}/second ${at.second}`),
        ),
      ),
  }
}
