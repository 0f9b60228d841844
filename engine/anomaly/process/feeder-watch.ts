import type { Channel, LineDefinition, LineFrame, Quantity, TwinFrame } from '../../flow.ts'
import { isAnodeCurrent, isFeedShot, potlineTag } from '../../lines/potline.ts'
import { estimateNames } from '../estimates.ts'
import type { Stateful } from '../state.ts'
import { hear } from './feed-witness.ts'
import { anodeSet, FALLEN_S } from './feeder-evidence.ts'
import { currentPerWtpct, feederModel } from './feeder-model.ts'
import { FRESH_S, REST_S, scanFeeders } from './feeder-scan.ts'
import { createWatch, type Watch, watchArrays, watchRow } from './feeder-state.ts'
import { CHANGE_MIN, judgeFeeders, ratioLimit } from './feeder-verdict.ts'
import { gaugeRow } from './gauges.ts'

/** What a feeder does, in the words of the potroom; to five per cent, which is what is known. */
export function deliveryText({ feeder, delivered_1 }: Delivery): string {
  const percent = 5 * Math.round(20 * delivered_1)
  return `feeder ${feeder} delivers about ${percent} % of what it is asked`
}

/** No feeder is at fault. */
export const WHOLE: Delivery = { feeder: 0, delivered_1: 1 }

/** What an alarm of the feed says where one feeder is to blame. */
export function feederFinding(title: string, delivery: Delivery) {
  const cause = deliveryText(delivery)
  return {
    text: `${title}: ${cause}, by the anode currents`,
    score: 0.95,
    causes: [
      { text: cause, weight: 0.9 },
      { text: title, weight: 0.1 },
    ],
  }
}

/** What the other rules know of a cell. */
export interface CellMood {
  isEffect(cell: number): boolean
  /** Too restless for its currents to tell of the feeders. */
  isRestless(cell: number): boolean
  /** Its effect is coming: no feeder gives too much there. */
  isLean(cell: number): boolean
  /** Slope of the resistance above the usual answer to the feed, in spreads; NaN: not known. */
  lacks(cell: number): number
}

/**
 * Tells which feeder delivers less or more than it is asked, by how the anode currents change
 * along the cell against what the commanded shots and the currents themselves foretell.
 */
export interface FeederWatch extends Stateful {
  /** Once per tick. */
  tick(frame: LineFrame, twin: TwinFrame, mood: CellMood): void
  /** The feeder that delivers too little; `feeder` 0: none. Reused, copy to keep. */
  lean(cell: number): Delivery
  /** The feeder that delivers too much. */
  rich(cell: number): Delivery
}

/** A feeder, from 1, and what it delivers of its command. */
export interface Delivery {
  feeder: number
  delivered_1: number
}

const ANODES_MIN = 12
const FEEDERS_MIN = 3
/** A restless cell is judged again so long after it has calmed down. */
const RESTLESS_S = 600

/** Feeder watch of a line; silent where no anode currents are measured or no alumina is known. */
export function feederWatch(
  definition: LineDefinition,
  names: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] },
): FeederWatch {
  const cells = definition.cells.length
  const dt_s = definition.tick_ms / 1000
  const indexes = (is: (tag: string) => boolean) =>
    definition.tags.flatMap(({ tag }, i) => (is(tag) ? [i] : []))
  const tags = indexes(isAnodeCurrent)
  const feedTags = indexes(isFeedShot)
  const currentTag = definition.tags.findIndex(({ tag }) => tag === potlineTag.current)
  const watch = createWatch(feederModel(tags.length, feedTags.length), cells, {
    gauges: gaugeRow(tags, cells, definition.tick_ms),
    marginAt: estimateNames(names.fields, names.channels, cells).field('anode_effect_margin_share'),
  })
  const { model, change } = watch
  const usable = tags.length >= ANODES_MIN && feedTags.length >= FEEDERS_MIN && currentTag >= 0
  const told: Delivery = { feeder: 0, delivered_1: 1 }
  const most = (cell: number, sign: number) => {
    told.feeder = 0
    let by = CHANGE_MIN
    for (let f = 0; f < model.feeders; f++) {
      const here = change[cell * model.feeders + f]!
      if (!(sign * here > by)) continue
      by = sign * here
      told.feeder = f + 1
      told.delivered_1 = Math.max(0, 1 + here)
    }
    return told
  }
  const takeEvents = eventReader(definition, watch)
  return {
    tick(frame, twin, mood) {
      if (!usable || watch.marginAt < 0) return
      takeEvents(frame)
      const line_A = frame.values[currentTag * cells]!
      const limit = ratioLimit(watch)
      for (let cell = 0; cell < cells; cell++) {
        const since = watchRow.since_s * cells + cell
        watch.rows[since]! += dt_s
        if (!(line_A > 0) || !watch.gauges.isNew(frame, cell)) continue
        rest(watch, cell, mood)
        const scan_s = watch.rows[since]!
        const margin_wtpct = 100 * twin.estimate[watch.marginAt + cell]!
        if (!scanFeeders(watch, frame, cell, line_A, margin_wtpct)) continue
        let standing = 0
        for (let f = 0; f < model.feeders; f++) standing += change[cell * model.feeders + f]!
        hear(watch.witness, mood.lacks(cell), currentPerWtpct(margin_wtpct), standing)
        judgeFeeders(watch, cell, limit, mood.isLean(cell), scan_s)
      }
    },
    lean: cell => most(cell, -1),
    rich: cell => most(cell, 1),
    save: out => {
      for (const array of watchArrays(watch)) out.array(array)
    },
    load: from => {
      for (const array of watchArrays(watch)) from.array(array)
    },
  }
}

function rest({ rows, cells }: Watch, cell: number, mood: CellMood): void {
  const i = watchRow.rest_s * cells + cell
  if (mood.isEffect(cell)) rows[i] = REST_S
  else if (mood.isRestless(cell)) rows[i] = Math.max(rows[i]!, RESTLESS_S)
}

/** Takes shots, new anodes and quenches as they are told. */
function eventReader(definition: LineDefinition, watch: Watch): (frame: LineFrame) => void {
  const { model, rows, cells } = watch
  let feeders = 0
  const feeder = definition.tags.map(({ tag }) => (isFeedShot(tag) ? feeders++ : -1))
  const place = (tag: string) => definition.tags.findIndex(found => found.tag === tag)
  const changeTag = place(potlineTag.anodeChange)
  const quenchTag = place(potlineTag.quench)
  return frame => {
    for (const { tagIndex, cell, value } of frame.events) {
      const f = feeder[tagIndex]!
      if (f >= 0) watch.shot_kg[cell * model.feeders + f]! += value
      else if (tagIndex === quenchTag) rows[watchRow.rest_s * cells + cell] = REST_S
      else if (tagIndex === changeTag) setAnode(watch, cell, Math.round(value) - 1)
    }
  }
}

function setAnode(watch: Watch, cell: number, anode: number): void {
  const { model, evidence, fresh_s, followed_s, rows, cells } = watch
  if (!(anode >= 0 && anode < model.anodes)) return
  // What is usual in a strange cell is not learnt while what fell in dissolves.
  const strange = watchRow.strange_s * cells + cell
  if (rows[strange]! > 0) rows[strange] = Math.max(rows[strange]!, FALLEN_S)
  fresh_s[cell * model.anodes + anode] = FRESH_S
  followed_s[cell * model.anodes + anode] = 0
  anodeSet(model, evidence, cell, anode)
}
