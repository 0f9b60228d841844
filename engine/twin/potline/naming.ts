/**
 * Which feeder is named as the one that delivers too little. Each feeder in turn is taken to be
 * the only one at fault; the cosines along the cell say how well that explains what is seen.
 */
import { correctAlumina } from './bath-state.ts'
import {
  feederRow,
  feederShare,
  feederShareVariance,
  WAVE_VALUES,
  waveCovariance,
} from './feeders.ts'
import { filterRow, updateFeed } from './filter.ts'
import type { PotlineState } from './state.ts'

/** Loss that is worth a name, and one below which the name is taken back. */
const LOSS_NAMED = 0.35
const LOSS_CLEARED = 0.2
/** Evidence for the fault at all, and over that for any other feeder, in squared deviations. */
const EVIDENCE = 25
const EVIDENCE_APART = 16
/** The same for what is used without being named. */
const LOSS_USED = 0.25
const EVIDENCE_USED = 9
const EVIDENCE_APART_USED = 4
const NEED_S = 480
/** Once a feeder is named, another one must be clear for longer. */
const CHANGE_S = 3600
const FORGET_S = 1800
const AFTERMATH_S = 5400
/** One feeder at fault leaves the others whole: what that says of all of them together. */
const WHOLE_STD_1 = 0.05
const WHOLE_MEMORY_S = 1200
const SETTLE_S = 3600
/** How the bath mixes is known so well, as a share: a loss is as uncertain. */
const MIXING_STD_1 = 0.35

/** Delivered of commanded, and its variance. */
export function delivery(
  state: PotlineState,
  cell: number,
  feeder: number,
): { readonly share: number; readonly variance: number } {
  const at = (row: number) => row * state.cells + cell
  const efficiency = state.filter[at(filterRow.feedEfficiency)]!
  const share = feederShare(state.feeders, cell, feeder)
  const mixing = MIXING_STD_1 * (1 - share)
  const variance =
    efficiency * efficiency * (feederShareVariance(state.feeders, cell, feeder) + mixing * mixing) +
    share * share * state.filter[at(filterRow.varFeed)]!
  return { share: efficiency * share, variance }
}

interface Hypothesis {
  /** Alumina of one feeder that stays out, 0 to 1. */
  loss: number
  /** Squared deviations that the hypothesis explains. */
  evidence: number
}

const waves = new Float64Array(8)
const trial: Hypothesis = { loss: 0, evidence: 0 }

/** One feeder alone at fault. */
function suppose(state: PotlineState, cell: number, feeder: number): Hypothesis {
  const { feeders, modes, feederWave, covariance } = state.feeders
  let weight = 0
  let match = 0
  for (let k = 0; k < modes; k++) {
    const c = feederWave[k * feeders + feeder]!
    const variance = covariance[(cell * modes + k) * WAVE_VALUES + waveCovariance.ff]!
    weight += (c * c) / variance
    match -= (c * waves[k]!) / variance
  }
  const uneven = Math.max(0, match / weight)
  trial.loss = Math.min(1, uneven / (1 + uneven / feeders))
  trial.evidence = uneven * uneven * weight
  return trial
}

function readWaves(state: PotlineState, cell: number): void {
  const { feeders, modes, feederWave, share_1 } = state.feeders
  for (let k = 0; k < modes; k++) {
    let sum = 0
    for (let j = 0; j < feeders; j++) {
      sum += feederWave[k * feeders + j]! * share_1[cell * feeders + j]!
    }
    waves[k] = sum
  }
}

/** Holds the evidence of one more scan against the feeders of a cell. */
export function nameFeeder(state: PotlineState, cell: number, scan_s: number): void {
  const { feeders } = state
  const at = (row: number) => row * state.cells + cell
  readWaves(state, cell)
  let best = 0
  let most = -1
  let next = 0
  let loss = 0
  for (let j = 0; j < feeders.feeders; j++) {
    const one = suppose(state, cell, j)
    if (one.evidence > most) {
      next = Math.max(0, most)
      most = one.evidence
      loss = one.loss
      best = j
    } else next = Math.max(next, one.evidence)
  }
  const settled = feeders.rows[at(feederRow.unsettled_s)] === 0
  const clear = settled && loss > LOSS_NAMED && most > EVIDENCE && most - next > EVIDENCE_APART
  const same = feeders.rows[at(feederRow.suspect)] === best
  const before_s = same ? feeders.rows[at(feederRow.suspected_s)]! : 0
  const held_s = clear ? Math.min(1e6, before_s + scan_s) : 0
  feeders.rows[at(feederRow.suspect)] = best
  feeders.rows[at(feederRow.suspected_s)] = held_s
  const before = feeders.rows[at(feederRow.named)]!
  const fresh = before < 0 || before === best
  if (held_s >= (fresh ? NEED_S : CHANGE_S)) feeders.rows[at(feederRow.named)] = best
  const used =
    settled && loss > LOSS_USED && most > EVIDENCE_USED && most - next > EVIDENCE_APART_USED
  if (used && fresh) settle(state, cell, best, loss, scan_s)
  const named = feeders.rows[at(feederRow.named)]!
  if (named < 0) return
  const now = suppose(state, cell, named).loss
  const doubted_s = now < LOSS_CLEARED ? feeders.rows[at(feederRow.doubted_s)]! + scan_s : 0
  feeders.rows[at(feederRow.doubted_s)] = doubted_s
  if (doubted_s < FORGET_S) return
  feeders.rows[at(feederRow.named)] = -1
  // What the feeder left behind evens out over hours, and must not name another one.
  feeders.rows[at(feederRow.unsettled_s)] = AFTERMATH_S
}

/** With one feeder at fault the others are whole: that is what all of them deliver together. */
function settle(
  state: PotlineState,
  cell: number,
  named: number,
  loss: number,
  scan_s: number,
): void {
  const { feeders, share_1 } = state.feeders
  const mean = 1 - loss / feeders
  const noise = (WHOLE_STD_1 * WHOLE_STD_1 * WHOLE_MEMORY_S) / scan_s
  const by = updateFeed(state.filter, state.cells, cell, mean, noise)
  correctAlumina(state, cell, by)
  const gain = Math.min(1, scan_s / SETTLE_S)
  for (let j = 0; j < feeders; j++) {
    const wished = (j === named ? 1 - loss : 1) / mean - 1
    const at = cell * feeders + j
    share_1[at] = share_1[at]! + gain * (wished - share_1[at]!)
  }
}

/** The feeder that is named, from 1; 0: none. */
export function namedFeeder(state: PotlineState, cell: number): number {
  return state.feeders.rows[feederRow.named * state.cells + cell]! + 1
}
