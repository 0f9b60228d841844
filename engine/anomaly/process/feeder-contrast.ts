import type { LineDefinition, LineFrame } from '../../flow.ts'
import { isAnodeCurrent, isFeedShot, potlineTag } from '../../lines/potline.ts'
import type { Stateful } from '../state.ts'
import { type GaugeRow, gaugeRow } from './gauges.ts'

/**
 * Suspects a feeder whose anodes lose current against those of the other feeders: lean bath
 * hinders it first where alumina stays out. Quicker than the twin, which waits until it can say
 * how much is missing, and blind to a lack that all feeders share.
 */
export interface FeederContrast extends Stateful {
  tick(frame: LineFrame, isEffect: (cell: number) => boolean): void
  /** The suspected feeder of a cell, from 1; 0: none. */
  suspect(cell: number): number
}

const SCAN_S = 10
const SHORT_SCANS = 600 / SCAN_S
const HOUR_SCANS = 3600 / SCAN_S
const MET_SCANS = 2 * HOUR_SCANS
/** After work or an effect alumina lies unevenly for so long. */
const REST_SCANS = 9000 / SCAN_S
/** A new anode takes this long to carry its share. */
const FRESH_SCANS = (20 * 3600) / SCAN_S
const COLD_SHARE = 0.75
/** Loss of a feeder's anodes against the median feeder. Quiet cells of ours stay within 0.0045. */
const LOSS = 0.006
/** On lines whose cells are less even, this many times what is usual there. */
const BEYOND_USUAL = 5
const USUAL_SCANS = (8 * 3600) / SCAN_S
/** One anode that jumps is a matter of that anode, and unsettles its neighbours for long. */
const CLIP = 0.03
const JUMP = 0.25
const NEED_SCANS = 180 / SCAN_S
const FORGET_SCANS = 5400 / SCAN_S
/** Only anodes well within the reach of a feeder count for it. */
const REACH = 0.4
const ANODES_MIN = 3

interface Contrast {
  readonly anodes: number
  readonly feeders: number
  readonly row: GaugeRow
  readonly of: Int8Array // [anode], feeder from 0, or -1 between two
  readonly short: Float64Array // [cell][anode], share of an even one
  readonly hour: Float64Array // [cell][anode]
  readonly fresh: Float64Array // [cell][anode]
  readonly scans: Float64Array // [cell]
  readonly rest: Float64Array // [cell]
  readonly square: Float64Array // [cell], usual contrast
  readonly held: Float64Array // [cell], scans for which a loss has stood, or been gone
  readonly held_feeder: Float64Array // [cell], from 1
  readonly named: Float64Array // [cell], from 1; 0: none
  readonly order: Float64Array // [cell]
  readonly change: Float64Array // [feeder], of the scan in hand
  readonly sorted: Float64Array // [feeder]
  readonly count: Float64Array // [feeder]
}

/** Contrasts of all cells; silent where no anode currents are measured. */
export function feederContrast(definition: LineDefinition): FeederContrast {
  const cells = definition.cells.length
  const indexes = (is: (tag: string) => boolean) =>
    definition.tags.flatMap(({ tag }, i) => (is(tag) ? [i] : []))
  const tags = indexes(isAnodeCurrent)
  const feeders = indexes(isFeedShot).length
  const [changeTag] = indexes(tag => tag === potlineTag.anodeChange)
  const [quenchTag] = indexes(tag => tag === potlineTag.quench)
  const anodes = tags.length
  const each = () => new Float64Array(cells * anodes)
  const one = () => new Float64Array(cells)
  const state: Contrast = {
    ...{ anodes, feeders, row: gaugeRow(tags, cells, definition.tick_ms) },
    ...{ of: feederOf(anodes, feeders), short: each(), hour: each(), fresh: each() },
    ...{ scans: one(), rest: one(), square: one(), held: one(), held_feeder: one() },
    ...{ named: one(), order: one() },
    change: new Float64Array(feeders),
    sorted: new Float64Array(feeders),
    count: new Float64Array(feeders),
  }
  const { short, hour, fresh, scans, rest, square, held, held_feeder, named } = state
  const arrays = [short, hour, fresh, scans, rest, square, held, held_feeder, named]
  const usable = anodes > 0 && feeders >= 3
  return {
    tick(frame, isEffect) {
      if (!usable) return
      for (const { tagIndex, cell, value } of frame.events) {
        if (tagIndex === quenchTag) rest[cell] = REST_SCANS
        else if (tagIndex === changeTag) changed(state, cell, Math.round(value) - 1)
      }
      const limit = limitOf(state)
      for (let cell = 0; cell < cells; cell++) {
        if (!state.row.isNew(frame, cell)) continue
        if (isEffect(cell)) rest[cell] = REST_SCANS
        else learn(state, frame, cell, limit)
      }
    },
    suspect: cell => named[cell]!,
    save(out) {
      for (const array of arrays) out.array(array)
    },
    load(from) {
      for (const array of arrays) from.array(array)
    },
  }
}

function changed({ anodes, rest, fresh }: Contrast, cell: number, anode: number): void {
  rest[cell] = REST_SCANS
  if (anode >= 0 && anode < anodes) fresh[cell * anodes + anode] = FRESH_SCANS
}

/** Which feeder an anode belongs to: two rows of columns along evenly spaced feeders. */
function feederOf(anodes: number, feeders: number): Int8Array {
  const columns = anodes / 2
  return Int8Array.from({ length: anodes }, (_, a) => {
    const at = (((a % columns) + 0.5) / columns) * feeders
    const feeder = Math.floor(at)
    return Math.abs(at - feeder - 0.5) < REACH ? feeder : -1
  })
}

/** The loss that counts: more than the median cell of the line usually shows. */
function limitOf({ square, order }: Contrast): number {
  order.set(square)
  order.sort()
  return Math.max(LOSS, BEYOND_USUAL * Math.sqrt(order[(order.length - 1) >> 1]!))
}

function learn(state: Contrast, frame: LineFrame, cell: number, limit: number): void {
  const { anodes, row, scans, rest, short, hour, fresh } = state
  const currents = row.read(frame, cell)
  let sum = 0
  for (let a = 0; a < anodes; a++) sum += currents[a]!
  // A cell with a dead gauge is left to the twin.
  if (!(sum > 0)) return
  const met = scans[cell]! + 1
  scans[cell] = Math.min(MET_SCANS, met)
  for (let a = 0; a < anodes; a++) {
    const i = cell * anodes + a
    const share = (currents[a]! * anodes) / sum
    short[i]! += (share - short[i]!) / Math.min(SHORT_SCANS, met)
    hour[i]! += (share - hour[i]!) / Math.min(HOUR_SCANS, met)
    if (fresh[i]! > 0) fresh[i]!--
    else if (Math.abs(short[i]! / hour[i]! - 1) > JUMP) rest[cell] = REST_SCANS
    if (met === HOUR_SCANS && hour[i]! < COLD_SHARE) fresh[i] = FRESH_SCANS
  }
  if (rest[cell]! > 0) rest[cell]!--
  else if (met >= MET_SCANS && contrast(state, cell)) judge(state, cell, limit)
}

/** Change of each feeder's anodes against the median feeder; false where one has too few. */
function contrast(state: Contrast, cell: number): boolean {
  const { anodes, feeders, of, short, hour, fresh, change, sorted, count } = state
  change.fill(0)
  count.fill(0)
  for (let a = 0; a < anodes; a++) {
    const i = cell * anodes + a
    const feeder = of[a]!
    if (feeder < 0 || fresh[i]! > 0) continue
    change[feeder]! += Math.max(-CLIP, Math.min(CLIP, short[i]! / hour[i]! - 1))
    count[feeder]!++
  }
  for (let feeder = 0; feeder < feeders; feeder++) {
    if (count[feeder]! < ANODES_MIN) return false
    change[feeder]! /= count[feeder]!
  }
  sorted.set(change)
  sorted.sort()
  const common = sorted[(feeders - 1) >> 1]!
  for (let feeder = 0; feeder < feeders; feeder++) change[feeder]! -= common
  return true
}

function judge(state: Contrast, cell: number, limit: number): void {
  const { feeders, change, square, held, held_feeder, named } = state
  let leanest = 0
  let richest = 0
  let total = 0
  for (let feeder = 0; feeder < feeders; feeder++) {
    total += Math.min(change[feeder]! * change[feeder]!, limit * limit) / feeders
    if (change[feeder]! < change[leanest]!) leanest = feeder
    if (change[feeder]! > change[richest]!) richest = feeder
  }
  square[cell]! += (total - square[cell]!) / USUAL_SCANS
  const now = named[cell]!
  if (now > 0) {
    // The hour forgets, so what was lost stays lost until it comes back or long after.
    const gone = change[now - 1]! > -limit / 3
    held[cell] = gone ? held[cell]! + 1 : 0
    if (held[cell]! < FORGET_SCANS) return
    named[cell] = 0
    held[cell] = 0
    return
  }
  // Where another gained more than this one lost, the odd one out is that other.
  const lost = change[leanest]! < -Math.max(limit, change[richest]!)
  held[cell] = lost && held_feeder[cell] === leanest + 1 ? held[cell]! + 1 : lost ? 1 : 0
  held_feeder[cell] = lost ? leanest + 1 : 0
  if (held[cell]! < NEED_SCANS) return
  named[cell] = leanest + 1
  held[cell] = 0
}
