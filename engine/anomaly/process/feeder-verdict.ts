import { witnessOf } from './feed-witness.ts'
import {
  bestChange,
  biasPlace,
  forgetStarts,
  type Hypothesis,
  sinceAnode_s,
} from './feeder-evidence.ts'
import { type Watch, watchRow } from './feeder-state.ts'
import { feedersVariance, shiftWave, WAVE_STATES, waveState } from './wave-filter.ts'

/**
 * Twice the logarithm of the likelihood ratio that is a finding. Quiet hours of 411 simulated
 * cell-days reach 25, with a tail of exp(-ratio / 1.9): one in 10,000 cell-days reaches 28.
 */
const RATIO = 30
const NEED_SCANS = 3
/** Smaller changes are no fault. */
export const CHANGE_MIN = 0.4
/** What a new anode leaves behind looks like a change of 0.4 for hours. */
const CHANGE_MIN_AFTER_ANODE = 0.5
const CHANGE_LOW = -1
const CHANGE_HIGH = 1.5
/** What falls in with a new anode is uncertain in place and pace too. */
const AFTER_ANODE = 1.3
const AFTER_ANODE_S = 45 * 60
/** An anode effect stirs the cell: until feeding has swung a few times its profile is a guess. */
const AFTER_EFFECT = 1.5
/** What a cell that was just met does unevenly anyway still looks like a change. */
const UNFAMILIAR = 2.5
/** For so long after a change, or its end, another may be of its making: it must be clearer. */
const AFTERMATH_S = 6 * 3600
const AFTERMATH = 7
/** On lines that fit less well than this all limits grow with what is usual there. */
const USUAL_RATIO = 2.3
const USUAL_MAX = 10
const USUAL_S = 8 * 3600
/** A feeder is whole that for so long has had less than this share of its change left. */
const WHOLE_SHARE = 0.35
const WHOLE_S = 30 * 60
const WHOLE_SIGMAS = 1
/** A finding that nothing confirms is given up after about a day. */
const FORGET_S = 24 * 3600

/** The ratio that is a finding on this line: its median cell says how well the model fits. */
export function ratioLimit({ rows, order, cells }: Watch): number {
  order.set(rows.subarray(watchRow.usual * cells, (watchRow.usual + 1) * cells))
  order.sort()
  return RATIO * Math.max(1, order[(cells - 1) >> 1]! / USUAL_RATIO)
}

/** Weighs the best change of a scan, and takes it over once it is beyond doubt. */
export function judgeFeeders(
  watch: Watch,
  cell: number,
  limit: number,
  isLean: boolean,
  dt_s: number,
): void {
  const { model, evidence, rows, cells } = watch
  const at = (row: number) => row * cells + cell
  const best = bestChange(model, evidence, watch.witness, cell)
  const usual = at(watchRow.usual)
  rows[usual]! += (Math.min(USUAL_MAX, best.ratio) - rows[usual]!) * (dt_s / USUAL_S)
  const aftermath_s = Math.max(0, rows[at(watchRow.aftermath_s)]! - dt_s)
  rows[at(watchRow.aftermath_s)] = aftermath_s
  seeWhole(watch, cell, dt_s)
  const changed = aftermath_s > 0 ? AFTERMATH : 1
  const anode_s = sinceAnode_s(evidence, cell)
  const anode = anode_s < AFTER_ANODE_S ? AFTER_ANODE : 1
  const stirred = rows[at(watchRow.stirred_s)]! > 0 ? AFTER_EFFECT : 1
  const known = rows[at(watchRow.strange_s)]! > 0 ? UNFAMILIAR : 1
  const least = Number.isFinite(anode_s) ? CHANGE_MIN_AFTER_ANODE : CHANGE_MIN
  const isLarge = Math.abs(best.change) >= least
  const clear = isLarge && best.ratio > limit * changed * anode * stirred * known
  const shown = clear && !(best.change > 0 && isLean) && isAgreed(watch, cell, best)
  const signed = shown ? Math.sign(best.change) * (best.feeder + 1) : 0
  const same = signed !== 0 && signed === rows[at(watchRow.heldFeeder)]
  const held = same ? rows[at(watchRow.held)]! + 1 : Math.abs(Math.sign(signed))
  rows[at(watchRow.heldFeeder)] = signed
  rows[at(watchRow.held)] = held
  if (held < NEED_SCANS) return
  rows[at(watchRow.held)] = 0
  rows[at(watchRow.aftermath_s)] = AFTERMATH_S
  takeOver(watch, cell, best.feeder, best.start, best.change, aftermath_s > 0)
}

/** A feeder is not made whole by its currents alone where the resistance says that it is not. */
function isAgreed(
  { model, change, witness }: Watch,
  cell: number,
  { feeder, change: by }: Hypothesis,
) {
  const stands = feeder < 0 ? 0 : change[cell * model.feeders + feeder]!
  if (stands * by >= 0 || Math.abs(stands) < CHANGE_MIN) return true
  return witnessOf(witness, -stands, Number.POSITIVE_INFINITY) >= 0
}

/** Ends what stands once the feeder, which is followed meanwhile, delivers as it used to. */
function seeWhole(
  { model, filter, rows, cells, change, usual, witness }: Watch,
  cell: number,
  dt_s: number,
): void {
  const { modes, feeders, feederWave } = model
  const whole = watchRow.whole * cells + cell
  for (let f = 0; f < feeders; f++) {
    const i = cell * feeders + f
    change[i]! *= 1 - dt_s / FORGET_S
    if (Math.abs(change[i]!) < CHANGE_MIN) continue
    const aftermath = watchRow.aftermath_s * cells + cell
    rows[aftermath] = AFTERMATH_S
    let along = 0
    let square = 0
    let doubt = 0
    for (let k = 0; k < modes; k++) {
      const c = feederWave[k * feeders + f]!
      const place = (cell * modes + k) * WAVE_STATES + waveState.feeders
      along += c * (filter.estimate[place]! - usual[cell * modes + k]!)
      square += c * c
      doubt += c * c * feedersVariance(filter, cell, k)
    }
    const sure = (WHOLE_SIGMAS * Math.sqrt(doubt)) / square / Math.abs(change[i]!)
    const isWhole =
      along / square / change[i]! + sure < WHOLE_SHARE &&
      witnessOf(witness, -change[i]!, Number.POSITIVE_INFINITY) >= 0
    rows[whole] = Math.max(0, rows[whole]! + (isWhole ? dt_s : -dt_s))
    if (rows[whole]! < WHOLE_S) continue
    change[i] = 0
    rows[whole] = 0
  }
}

/** The feeder delivers another share from now on; the filter goes on from there. */
function takeOver(
  { model, filter, evidence, change, usual }: Watch,
  cell: number,
  feeder: number,
  start: number,
  by: number,
  isAftermath: boolean,
): void {
  const { bias } = evidence
  for (let k = 0; k < model.modes; k++) {
    const share = by * model.feederWave[k * model.feeders + feeder]!
    const i = biasPlace(model, cell, start, k)
    const before = filter.estimate[(cell * model.modes + k) * WAVE_STATES + waveState.feeders]!
    if (!isAftermath) usual[cell * model.modes + k] = before + share * bias[i + 2]!
    shiftWave(
      filter,
      cell,
      k,
      [share * bias[i]!, share * bias[i + 1]!, share * (bias[i + 2]! + 1)],
      share,
    )
  }
  forgetStarts(evidence, cell)
  const i = cell * model.feeders + feeder
  const before = change[i]!
  // A change back is a feeder made whole; what comes back late is no feeder that gives too much.
  if (before * by < 0 && Math.abs(before) > CHANGE_MIN / 2) change[i] = 0
  else if (by < 0 || before > 0 || !isAftermath) {
    change[i] = Math.max(CHANGE_LOW, Math.min(CHANGE_HIGH, before + by))
  }
}
