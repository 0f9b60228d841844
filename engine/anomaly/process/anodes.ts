import type { LineDefinition, LineFrame } from '../../flow.ts'
import { isAnodeCurrent, potlineTag } from '../../lines/potline.ts'
import type { Report } from '../finding.ts'
import { type Edge, type Persistence, persistence, Verdict } from '../persistence.ts'
import type { Stateful } from '../state.ts'
import { type GaugeRow, gaugeRow } from './gauges.ts'

/**
 * Watches how the anodes share the current. One that draws far more than it did hangs too low or
 * has a spike; neighbours that lose theirs together are being covered by gas.
 */
export interface AnodeCheck extends Stateful {
  /** Once per tick; `isEffect` tells that the cell is in an anode effect. */
  tick(frame: LineFrame, isEffect: (cell: number) => boolean, report: Report): void
}

const SCAN_S = 10
/** Scans from which the share of an anode is first known. */
const MET_SCANS = 60
const USUAL_SCANS = (6 * 3600) / SCAN_S
const SHORT_SCANS = 5
/** A new anode takes this long to carry its share; what it does meanwhile says nothing. */
const FRESH_SCANS = (20 * 3600) / SCAN_S
/** After an anode effect the shares are mixed up. */
const AFTER_EFFECT_SCANS = 3600 / SCAN_S
/** An anode is judged against at least an even share: one that drew less may catch up. */
const EVEN = 1
/** One that is met with less than this was changed not long ago. */
const COLD_SHARE = 0.75
/** On quiet days, ours and foreign, no anode drew 10 % more or 20 % less than it did. */
const SPIKE_SHARE = 0.3
const CALM_SHARE = 0.15
const COVERED_SHARE = 0.4
const COVERED_COLUMNS = 2
/** What is off by more than this is not learnt. */
const LEARN_SHARE = 0.12

interface Anodes {
  readonly anodes: number
  readonly row: GaugeRow
  readonly usual: Float64Array // [cell][anode], share of an even one
  readonly short: Float64Array // [cell][anode]
  readonly fresh: Float64Array // [cell][anode], scans for which the anode is still new
  readonly scans: Float64Array // [cell]
  readonly rest: Float64Array // [cell], scans after an anode effect that say nothing
  readonly spiked: Persistence
  readonly covered: Persistence
  /** Of the scan in hand: what each anode lost or gained, columns that lost, the highest. */
  readonly off: Float64Array // [anode]
  readonly lost: Uint8Array // [column]
  highest: number
  highestAnode: number // from 1
}

/** Anode checks of a line; silent where no anode currents are measured. */
export function anodeCheck(definition: LineDefinition): AnodeCheck {
  const cells = definition.cells.length
  const tags = definition.tags.flatMap(({ tag }, i) => (isAnodeCurrent(tag) ? [i] : []))
  const changeTag = definition.tags.findIndex(({ tag }) => tag === potlineTag.anodeChange)
  const anodes = tags.length
  const each = () => new Float64Array(cells * anodes)
  const state: Anodes = {
    ...{ anodes, usual: each(), short: each(), fresh: each() },
    row: gaugeRow(tags, cells, definition.tick_ms),
    scans: new Float64Array(cells),
    rest: new Float64Array(cells),
    spiked: persistence(cells, 300, 1800),
    covered: persistence(cells, 15, 120),
    off: new Float64Array(anodes),
    lost: new Uint8Array(anodes >> 1),
    ...{ highest: 0, highestAnode: 0 },
  }
  const { usual, short, fresh, scans, rest, spiked, covered } = state
  const arrays = [usual, short, fresh, scans, rest]
  return {
    tick(frame, isEffect, report) {
      if (anodes === 0) return
      for (const event of frame.events) {
        if (event.tagIndex !== changeTag) continue
        const a = Math.round(event.value) - 1
        if (a >= 0 && a < anodes) fresh[event.cell * anodes + a] = FRESH_SCANS
      }
      for (let cell = 0; cell < cells; cell++) {
        if (state.row.isNew(frame, cell)) judge(state, frame, cell, isEffect(cell), report)
      }
    },
    save(out) {
      for (const array of arrays) out.array(array)
      spiked.save(out)
      covered.save(out)
    },
    load(from) {
      for (const array of arrays) from.array(array)
      spiked.load(from)
      covered.load(from)
    },
  }
}

function judge(
  state: Anodes,
  frame: LineFrame,
  cell: number,
  isEffect: boolean,
  report: Report,
): void {
  const { rest, scans } = state
  const currents = state.row.read(frame, cell)
  const mean_A = meanOf(currents)
  if (!(mean_A > 0)) return
  if (isEffect) rest[cell] = AFTER_EFFECT_SCANS
  else if (rest[cell]! > 0) rest[cell]!--
  if (rest[cell]! > 0) return
  learn(state, cell, mean_A, currents)
  if (scans[cell]! < MET_SCANS) return
  const { highest, highestAnode, spiked, covered } = state
  const { present, absent, unknown } = Verdict
  const spikes = highest > SPIKE_SHARE ? present : highest < CALM_SHARE ? absent : unknown
  const spike = spiked.look(cell, spikes, SCAN_S)
  if (spike !== '') {
    const more = Math.round(100 * highest)
    const text = `anode ${highestAnode} draws ${more} % more than its share: spike or low anode`
    report(finding('anode-spike', cell, frame.time_ms, spike, text))
  }
  const columns = neighboursLost(state)
  const gas = covered.look(cell, columns >= COVERED_COLUMNS ? present : absent, SCAN_S)
  if (gas !== '') {
    const text = `anodes in ${columns} neighbouring columns lost their current: gas covers them`
    report(finding('local-anode-effect', cell, frame.time_ms, gas, text))
  }
}

function finding(kind: string, cell: number, time_ms: number, edge: Edge, text: string) {
  const active = edge === 'began'
  const told = active
    ? { text, score: 0.9, causes: [{ text, weight: 1 }] }
    : { text: '', score: 0, causes: [] }
  return { kind, cell, tagIndex: -1, active, time_ms, ...told, detector: 'process' }
}

/** Mean of what is known. */
function meanOf(currents: Float64Array): number {
  let sum = 0
  let known = 0
  for (let a = 0; a < currents.length; a++) {
    if (Number.isNaN(currents[a]!)) continue
    sum += currents[a]!
    known++
  }
  return sum / known
}

/** Takes a scan of a cell. */
function learn(state: Anodes, cell: number, mean_A: number, currents: Float64Array): void {
  const { anodes, usual, short, fresh, scans, off } = state
  const met = scans[cell]!
  scans[cell] = Math.min(USUAL_SCANS, met + 1)
  state.highest = 0
  state.highestAnode = 0
  for (let a = 0; a < anodes; a++) {
    const i = cell * anodes + a
    const share = currents[a]! / mean_A
    off[a] = 0
    if (Number.isNaN(share)) continue
    if (met === 0) {
      short[i] = share
      usual[i] = share
    }
    short[i]! += (share - short[i]!) / SHORT_SCANS
    off[a] = share / usual[i]! - 1
    const over = short[i]! / Math.max(EVEN, usual[i]!) - 1
    const calm = Math.abs(short[i]! / usual[i]! - 1) < LEARN_SHARE
    if (calm || met < MET_SCANS || fresh[i]! > 0) {
      usual[i]! += (share - usual[i]!) / Math.min(USUAL_SCANS, met + 1)
    }
    if (met === MET_SCANS && usual[i]! < COLD_SHARE) fresh[i] = FRESH_SCANS
    if (fresh[i]! > 0) {
      fresh[i]!--
      off[a] = 0
    } else if (over > state.highest) {
      state.highest = over
      state.highestAnode = a + 1
    }
  }
}

/** Longest row of columns in which an anode lost its current. */
function neighboursLost({ anodes, off, lost }: Anodes): number {
  lost.fill(0)
  for (let a = 0; a < anodes; a++) if (off[a]! < -COVERED_SHARE) lost[a % lost.length] = 1
  let longest = 0
  let run = 0
  for (let c = 0; c < lost.length; c++) {
    run = lost[c] === 1 ? run + 1 : 0
    if (run > longest) longest = run
  }
  return longest
}
