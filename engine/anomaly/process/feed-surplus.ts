import type { LineDefinition, LineFrame } from '../../flow.ts'
import { isFeedShot, potlineTag } from '../../lines/potline.ts'
import type { Report } from '../finding.ts'
import type { Stateful } from '../state.ts'
import type { CellLook } from './cell-look.ts'
import { NEED_KGPC } from './feeder-model.ts'
import { type Delivery, feederFinding, WHOLE } from './feeder-watch.ts'

/**
 * Tells of a cell that gets more alumina than is commanded. A feeder that the anode currents name
 * is told at once. Else it counts what was commanded less than was used up: a cell that then does
 * not run lean - its resistance does not climb - gets alumina that nobody commands.
 */
export interface FeedSurplus extends Stateful {
  /** Once per tick, before the cells; `calm_s`: since the line current was last off its usual. */
  feed(frame: LineFrame, calm_s: number): void
  /** Once per cell and tick. */
  look(cell: number, look: CellLook, time_ms: number, report: Report): void
}

/**
 * Time for which the cell got nothing at all, so to speak: 80 min of feeding at 70 %. Quiet cells,
 * ours and foreign, climb after 20 min on most plants and 20 min at the very most.
 */
const MISSED_S = 25 * 60
/** Lines whose cells all go longer than that are judged by their median cell. */
const BEYOND_USUAL = 1.7
/** A climb of the resistance pays the account off within minutes. */
const CLIMB_OHMPS = 0.003e-6 / 60
const PAY_S = 300
const BACK_SHARE = 0.3
/** A loss of load leaves alumina that nobody used up, which the account does not know of. */
const AFTER_LOAD_S = 90 * 60
const PEAK_MEMORY_S = 12 * 3600

/** The accounts of all cells of a line. */
export function feedSurplus(
  definition: LineDefinition,
  rich: (cell: number) => Delivery = () => WHOLE,
): FeedSurplus {
  const cells = definition.cells.length
  const dt_s = definition.tick_ms / 1000
  const currentTag = definition.tags.findIndex(({ tag }) => tag === potlineTag.current)
  const feedTags = definition.tags.map(({ tag }) => isFeedShot(tag))
  const missed_s = new Float64Array(cells)
  const peak_s = new Float64Array(cells)
  const standing = new Uint8Array(cells)
  const fed_kg = new Float64Array(cells)
  const order = new Float64Array(cells)
  const told = new Uint8Array(cells)
  const arrays = [missed_s, peak_s, standing, told]
  let need_kg = Number.NaN
  let limit_s = MISSED_S
  let lineCalm_s = 0

  const tell = (cell: number, active: boolean, time_ms: number, report: Report) => {
    standing[cell] = active ? 1 : 0
    told[cell] = active ? rich(cell).feeder : 0
    const place = { kind: 'feed-above-demand', cell, tagIndex: -1, active, time_ms }
    const what = active ? describe(missed_s[cell]!, rich(cell)) : NOTHING
    report({ ...place, ...what, detector: 'process' })
  }

  return {
    feed(frame, calm_s) {
      lineCalm_s = calm_s
      fed_kg.fill(0)
      for (const event of frame.events) {
        if (feedTags[event.tagIndex]) fed_kg[event.cell]! += event.value
      }
      need_kg = currentTag < 0 ? Number.NaN : NEED_KGPC * frame.values[currentTag * cells]! * dt_s
      order.set(peak_s)
      order.sort()
      limit_s = Math.max(MISSED_S, BEYOND_USUAL * order[(cells - 1) >> 1]!)
    },
    look(cell, look, time_ms, report) {
      if (!(need_kg > 0)) return
      const before_s = missed_s[cell]!
      let now_s = Math.max(0, before_s + dt_s * (1 - fed_kg[cell]! / need_kg))
      if (look.slope_Ohmps > CLIMB_OHMPS) now_s -= now_s * (dt_s / PAY_S)
      // A cell that is not heard, or was just met, may be lean for all that is known.
      const heard = !look.masked && look.trusted_s >= MISSED_S && lineCalm_s >= AFTER_LOAD_S
      if (!heard || Number.isNaN(look.slope_Ohmps)) {
        now_s = Math.min(now_s, before_s)
      }
      missed_s[cell] = now_s
      const kept = peak_s[cell]! * (1 - dt_s / PEAK_MEMORY_S)
      peak_s[cell] = Math.max(kept, Math.min(now_s, limit_s))
      const { feeder } = rich(cell)
      const isNew = standing[cell] === 0 ? now_s >= limit_s || feeder > 0 : feeder > 0
      if (isNew && (standing[cell] === 0 || feeder !== told[cell])) {
        tell(cell, true, time_ms, report)
      } else if (standing[cell] === 1 && now_s < BACK_SHARE * limit_s && feeder === 0) {
        tell(cell, false, time_ms, report)
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

const NOTHING = { text: '', score: 0, causes: [] }

function describe(missed_s: number, rich: Delivery) {
  const title = 'alumina feed above demand'
  if (rich.feeder > 0) return feederFinding(title, rich)
  const minutes = Math.round(missed_s / 60)
  return {
    text: `${title}: ${minutes} min of the need were not commanded, yet resistance does not rise`,
    score: 0.9,
    causes: [
      { text: 'a feeder delivers more than its shot', weight: 0.6 },
      { text: title, weight: 0.2 },
      { text: 'ore falls in from the crust', weight: 0.2 },
    ],
  }
}
