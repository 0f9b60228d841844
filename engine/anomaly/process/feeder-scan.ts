import type { LineFrame } from '../../flow.ts'
import { forgetStarts, predictEvidence, sinceAnode_s, weighWave } from './feeder-evidence.ts'
import { currentPerWtpct, dissolve_kg, NEED_KGPC, wtpctPerKg } from './feeder-model.ts'
import { type Watch, watchRow } from './feeder-state.ts'
import { straighten } from './wave-bend.ts'
import { correctWave, foretold, predictWave, stirWaves, WAVE_STATES } from './wave-filter.ts'
import { ANODE_GAP, fitWaves } from './wave-fit.ts'
import { withoutRoll } from './wave-roll.ts'

const SCAN_MAX_S = 600
/** Time until a cell that was just met is judged. */
const MET_S = 3600
/** An anode effect and its quench leave alumina as it may be for so long. */
export const REST_S = 2 * 3600
/** A longer rest than that of a restless cell is an effect's; what it stirred settles by then. */
const STIRRED_REST_S = 900
const STIRRED_S = 8 * 3600
/** A new anode takes this long to carry all of its share. */
export const FRESH_S = 30 * 3600
const COLD_SHARE = 0.75
const BASELINE_S = 4 * 3600
const FAST_S = 1200
const FEED_S = 600
const KNOWN_SHARE = 0.6
/** Gas that covers anodes leaves the rest of them, and alumina, uneven for long. */
const FAR = 0.2
const COVERED = 2
const COVERED_S = 3600

/** What falls in with a new anode moves its neighbours first, which looks like a feeder. */
const SETTLE_S = 900

/** Takes a scan of the anode currents; false where it says nothing of the feeders. */
export function scanFeeders(
  watch: Watch,
  frame: LineFrame,
  cell: number,
  line_A: number,
  margin_wtpct: number,
): boolean {
  const { rows, cells, model, filter, evidence, fit } = watch
  const at = (row: number) => row * cells + cell
  const dt_s = Math.min(SCAN_MAX_S, rows[at(watchRow.since_s)]!)
  rows[at(watchRow.since_s)] = 0
  rows[at(watchRow.rest_s)] = Math.max(0, rows[at(watchRow.rest_s)]! - dt_s)
  rows[at(watchRow.met_s)] = Math.min(MET_S, rows[at(watchRow.met_s)]! + dt_s)
  rows[at(watchRow.strange_s)] = Math.max(0, rows[at(watchRow.strange_s)]! - dt_s)
  const currents = watch.gauges.read(frame, cell)
  const perKg_wtpct = wtpctPerKg(line_A)
  const feeder_kg = takeShots(watch, cell, line_A, dt_s)
  predict(watch, cell, currents, line_A, feeder_kg, dt_s)
  predictEvidence(filter, evidence, cell, perKg_wtpct, feeder_kg, dt_s)
  const resting = rows[at(watchRow.rest_s)]! > 0
  if (resting) stirWaves(filter, cell)
  const stirred = at(watchRow.stirred_s)
  const isStirred = rows[at(watchRow.rest_s)]! > STIRRED_REST_S
  rows[stirred] = isStirred ? STIRRED_S : Math.max(0, rows[stirred]! - dt_s)
  const settled = sinceAnode_s(evidence, cell) >= SETTLE_S
  const usable = settled && !resting && rows[at(watchRow.met_s)]! >= MET_S
  if (!usable) forgetStarts(evidence, cell)
  const isEffect = rows[at(watchRow.rest_s)]! > REST_S - 2 * dt_s
  if (!Number.isFinite(margin_wtpct) || isEffect) return false
  const perWtpct = currentPerWtpct(margin_wtpct)
  const count = readOff(watch, cell, currents, perWtpct, dt_s)
  if (count < KNOWN_SHARE * model.anodes) return false
  if (countFar(fit.off) >= COVERED) {
    rows[at(watchRow.rest_s)] = Math.max(rows[at(watchRow.rest_s)]!, COVERED_S)
    return false
  }
  fitWaves(model, fit)
  learnGauges(watch, cell, dt_s)
  straighten(filter, fit, cell, margin_wtpct, perWtpct)
  const { amplitude } = fit
  if (model.modes > 0) {
    amplitude[0] = withoutRoll(watch.roll, cell, amplitude[0]!, foretold(filter, cell, 0, perWtpct))
  }
  for (let k = 0; k < model.modes; k++) {
    correctWave(filter, cell, k, perWtpct, amplitude[k]!, count, rows[stirred]! > 0)
    weighWave(filter, evidence, cell, k, perWtpct)
  }
  return usable
}

/** Anodes that lost or gained so much that it is not alumina. */
function countFar(off: Float64Array): number {
  let far = 0
  for (let a = 0; a < off.length; a++) if (Math.abs(off[a]!) > FAR) far++
  return far
}

/** What dissolves of the shots since the last scan; returns what one feeder was asked, in kg. */
function takeShots(watch: Watch, cell: number, line_A: number, dt_s: number): number {
  const { model, rows, cells, shot_kg, late_kg, dissolved_kg } = watch
  const { feeders } = model
  let fed_kg = 0
  for (let f = 0; f < feeders; f++) {
    const i = cell * feeders + f
    fed_kg += shot_kg[i]!
    dissolved_kg[f] = dissolve_kg(late_kg, i, shot_kg[i]!, dt_s)
    shot_kg[i] = 0
  }
  const feed = watchRow.feed_kgps * cells + cell
  // A cell that was just met is taken to be fed its need.
  if (rows[feed] === 0) rows[feed] = NEED_KGPC * line_A
  rows[feed]! += (fed_kg / dt_s - rows[feed]!) * Math.min(1, dt_s / FEED_S)
  return (rows[feed]! * dt_s) / feeders
}

/** Shots fall at the feeders, and each anode uses up as much as it draws. */
function predict(
  { model, filter, dissolved_kg, rows, cells }: Watch,
  cell: number,
  currents: Float64Array,
  line_A: number,
  feeder_kg: number,
  dt_s: number,
): void {
  const { modes, anodes, feeders, anodeWave, feederWave } = model
  const perKg_wtpct = wtpctPerKg(line_A)
  let sum_A = 0
  for (let a = 0; a < anodes; a++) sum_A += currents[a]! || 0
  const used_kg = NEED_KGPC * line_A * dt_s
  const isFaulty = rows[watchRow.aftermath_s * cells + cell]! > 0
  for (let k = 0; k < modes; k++) {
    let come_kg = 0
    for (let f = 0; f < feeders; f++) come_kg += feederWave[k * feeders + f]! * dissolved_kg[f]!
    let drawn_A = 0
    for (let a = 0; a < anodes; a++) drawn_A += anodeWave[k * anodes + a]! * (currents[a]! || 0)
    const known_wtpct = perKg_wtpct * (come_kg - (sum_A > 0 ? (used_kg * drawn_A) / sum_A : 0))
    predictWave(filter, cell, k, known_wtpct, perKg_wtpct * feeder_kg, isFaulty, dt_s)
  }
}

/** What each current is off an even share, its own usual taken out; counts them. */
function readOff(
  { model, filter, fit, baseline, followed_s, fresh_s, rows, cells }: Watch,
  cell: number,
  currents: Float64Array,
  perWtpct: number,
  dt_s: number,
): number {
  const { anodes, modes, anodeWave } = model
  const { off } = fit
  const first = cell * anodes
  const all_A = currents.reduce((sum, current_A) => sum + (current_A || 0), 0)
  const met = rows[watchRow.met_s * cells + cell]!
  let sum_A = 0
  let count = 0
  for (let a = 0; a < anodes; a++) {
    off[a] = Number.NaN
    // One that is met with so little was changed not long ago.
    if (met < 2 * FEED_S && currents[a]! * anodes < COLD_SHARE * all_A) fresh_s[first + a] = FRESH_S
    fresh_s[first + a] = Math.max(0, fresh_s[first + a]! - dt_s)
    if (fresh_s[first + a]! > 0 || !(currents[a]! > 0)) continue
    off[a] = currents[a]!
    sum_A += currents[a]!
    count++
  }
  for (let a = 0; a < anodes; a++) {
    if (Number.isNaN(off[a]!)) continue
    off[a] = Math.log((off[a]! * count) / sum_A)
    const i = first + a
    if (followed_s[i]! < FEED_S) {
      // A gauge just met has what the profile does not explain taken for its own.
      let profile = 0
      for (let k = 0; k < modes; k++) {
        const at = (cell * modes + k) * WAVE_STATES
        profile +=
          anodeWave[k * anodes + a]! * (perWtpct * filter.estimate[at]! + filter.estimate[at + 1]!)
      }
      baseline[i]! += (off[a]! - profile - baseline[i]!) * (dt_s / (followed_s[i]! + dt_s))
    }
    off[a]! -= baseline[i]!
  }
  return count
}

/** What no cosine explains is the gauges' own, or the anodes'. */
function learnGauges(
  { model, fit, baseline, followed_s }: Watch,
  cell: number,
  dt_s: number,
): void {
  for (let a = 0; a < model.anodes; a++) {
    if (Number.isNaN(fit.off[a]!)) continue
    const i = cell * model.anodes + a
    followed_s[i] = Math.min(BASELINE_S, followed_s[i]! + dt_s)
    const gap = fit.off[a]! - fit.fitted[a]!
    const memory_s = Math.abs(gap) < ANODE_GAP ? BASELINE_S : FAST_S
    baseline[i]! += gap * Math.min(1, dt_s / Math.min(memory_s, followed_s[i]!))
  }
}
