import type { OutputEvent } from '#engine/flow.ts'
import { cellNames } from '#engine/lines/potline.ts'
import { twinDue_ms } from './line.ts'
import {
  ALERT_CLASSES,
  type AlertClass,
  type Disturbance,
  disturbancesOf,
  injectedOf,
  SHAPES,
  type TwinPlan,
} from './plan.ts'

/** Matches events of TWIN-444 to the disturbances that were injected. */
export interface TwinTally {
  /**
   * Class of the disturbance, and due time, ms after the load began, of the last reading that the
   * event needed; the first time it is told of.
   */
  seen(event: OutputEvent): Told | undefined
  injected(of: AlertClass): number
  arrived(of: AlertClass): number
  /** Swings that were not told of because the model had found their cells unusual before. */
  standing(): number
  /** What did not come; of the standing ones none, but where fewer came than must. */
  missing(): readonly string[]
}

/** What an event tells of a disturbance. */
export interface Told {
  readonly class: AlertClass
  readonly due_ms: number
  /** Ticks from the first disturbed one to the one that raised the event, both included. */
  readonly ticks: number
}

/** Seconds after a disturbance's end within which its event may lie. */
const AFTER_S = 3

interface Expected {
  open: boolean
  stands: boolean
  readonly at: Disturbance
}

const silent = ({ open, stands }: Expected): boolean => open && stands

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
      const fits = own.filter(({ open, at }) => open && SHAPES[at.class].kinds.includes(body.kind))
      for (const one of fits) {
        if (one.at.class === 'model' && second < one.at.second) one.stands = true
      }
      const found = fits.find(
        ({ at }) => second >= at.second && second < at.second + at.seconds + AFTER_S,
      )
      if (!found) return undefined
      const { class: of, second: first } = found.at
      found.open = false
      arrived[of]++
      return { class: of, due_ms: twinDue_ms(second), ticks: second - first + 1 }
    },
    injected: of => injectedOf(plan, of),
    arrived: of => arrived[of],
    standing: () => [...byCell.values()].flat().filter(silent).length,
    missing: () =>
      ALERT_CLASSES.flatMap(name =>
        [...byCell].flatMap(([cell, list]) =>
          list
            .filter(one => one.open && one.at.class === name)
            .filter(one => !silent(one) || arrived[name] < plan.alerts[name])
            .map(({ at }) => `${plan.line}/${cell}/${name}/second ${at.second}`),
        ),
      ),
  }
}
