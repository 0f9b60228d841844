/** Corrects profile and feeders of a cell by its measured anode currents. */
import { LANES, outputPlace } from '#twin-models/potline/cell/layout.ts'
import type { LineFrame } from '../../flow.ts'
import { refreshBath } from './bath-state.ts'
import {
  type FeederState,
  feederRow,
  feederTuning,
  WAVE_VALUES,
  waveCovariance,
} from './feeders.ts'
import { type TagPlaces, usable } from './inputs.ts'
import { nameFeeder } from './naming.ts'
import { line, own, type PotlineState } from './state.ts'

const ANODES_MAX = 128
const MODES_MAX = 8
const CURRENT_MIN_A = 50e3
/** A current is believed between these shares of what the twin has for it. */
const RATIO_LOW = 0.3
const RATIO_HIGH = 2
/** Currents are used this often, each at most so old; a longer gap counts as this long. */
const SCAN_S = 10
const CURRENT_AGE_MAX_MS = 15_000
const SCAN_MAX_S = 600
const FIT_ROUNDS = 4
/** Nearer to the onset the curve is too steep, and the alumina too uncertain, to lean on it. */
const SLOPE_MAX_V = -0.4
/** So far off the fit, as a share, an anode is left out and learned anew faster. */
const ANODE_GAP = 0.03
const FAST_S = 1200
/** Anode's carbon in the drop over anodes, cathode and bus bars; and the logarithms' part, V. */
const ANODE_OF_OHMIC = 0.4
const TAFEL_V = 0.1
/** Nodes keep this share of the mean alumina when the profile leans. */
const NODE_LEAST = 0.4
const SHARE_LOW = -1
const SHARE_HIGH = 1.5

const off = new Float64Array(ANODES_MAX) // [anode], NaN where it tells nothing
const fitted = new Float64Array(ANODES_MAX) // [anode]
const amplitude = new Float64Array(MODES_MAX) // [mode]
const lean_wtpct = new Float64Array(MODES_MAX) // [mode]

/** Uses the anode currents of a cell, once per scan. */
export function assimilateAnodes(
  state: PotlineState,
  places: TagPlaces,
  frame: LineFrame,
  cell: number,
  dt_s: number,
): void {
  const { feeders } = state
  if (places.anodeTags.length !== feeders.anodes || feeders.modes === 0) return
  const since = feederRow.since_s * state.cells + cell
  const unsettled = feederRow.unsettled_s * state.cells + cell
  feeders.rows[unsettled] = Math.max(0, feeders.rows[unsettled]! - dt_s)
  feeders.rows[since] = Math.min(SCAN_MAX_S, feeders.rows[since]! + dt_s)
  const hidden = state.own[own.anodeEffect * state.cells + cell]! === 1
  const scan_s = feeders.rows[since]!
  if (scan_s < SCAN_S || hidden || state.line[line.current_A]! < CURRENT_MIN_A) return
  const count = readOff(state, places, frame, cell, scan_s)
  if (count < 0.6 * feeders.anodes) return
  feeders.rows[since] = 0
  fitWaves(feeders)
  correctWaves(state, cell, scan_s, count)
  learnGauges(feeders, cell, scan_s)
  nameFeeder(state, cell, scan_s)
}

/** What each current is off the twin's, as a share, gauges and mean taken out; counts them. */
function readOff(
  state: PotlineState,
  places: TagPlaces,
  frame: LineFrame,
  cell: number,
  scan_s: number,
): number {
  const { bank, feeders } = state
  const model = bank.stateAt(cell, bank.layout.state.anode_A.first)
  const first = cell * feeders.anodes
  let sum = 0
  let count = 0
  for (let i = 0; i < feeders.anodes; i++) {
    off[i] = Number.NaN
    const tag = places.anodeTags[i]!
    const measured_A = usable(frame, tag, cell, state.cells)
    if (!(frame.age_ms[tag * state.cells + cell]! <= CURRENT_AGE_MAX_MS)) continue
    feeders.followed_s[first + i]! += scan_s
    const ratio = measured_A / bank.state[model + LANES * i]!
    if (!(ratio > RATIO_LOW && ratio < RATIO_HIGH)) continue
    if (feeders.followed_s[first + i]! < 0) continue
    off[i] = ratio
    sum += ratio
    count += 1
  }
  const perMean = count / sum
  for (let i = 0; i < feeders.anodes; i++) {
    const over = off[i]! * perMean - 1
    // A gauge just met has its whole error taken for its own.
    if (!(feeders.followed_s[first + i]! > scan_s) && !Number.isNaN(over)) {
      feeders.baseline[first + i] = over
    }
    off[i] = over - feeders.baseline[first + i]!
  }
  return count
}

/** Amplitudes of the cosines; what is not known, or far off, is taken to lie on the fit. */
function fitWaves(feeders: FeederState): void {
  const { anodes, modes, anodeWave } = feeders
  fitted.fill(0, 0, anodes)
  for (let round = 0; round < FIT_ROUNDS; round++) {
    let mean = 0
    for (let i = 0; i < anodes; i++) mean += known(i)
    mean /= anodes
    for (let k = 0; k < modes; k++) {
      let sum = 0
      for (let i = 0; i < anodes; i++) sum += anodeWave[k * anodes + i]! * known(i)
      amplitude[k] = (2 * sum) / anodes
    }
    for (let i = 0; i < anodes; i++) {
      let value = mean
      for (let k = 0; k < modes; k++) value += amplitude[k]! * anodeWave[k * anodes + i]!
      fitted[i] = value
    }
  }
}

/** An anode far from the others is not one of a profile: new, spiked, or its gauge is off. */
function known(i: number): number {
  const gap = off[i]! - fitted[i]!
  return Math.abs(gap) < ANODE_GAP ? off[i]! : fitted[i]!
}

/** Rise of an anode's current, as a share, per wt% of alumina under it. */
function currentPerAlumina(state: PotlineState, cell: number): number {
  const { bank } = state
  const out = (key: keyof typeof outputPlace) => bank.output[bank.outputAt(cell, outputPlace[key])]!
  const slope_V = Math.max(SLOPE_MAX_V, state.own[own.localSlope_V * state.cells + cell]!)
  const drop_V = out('bath_V') + out('bubble_V') + ANODE_OF_OHMIC * out('ohmic_V') + TAFEL_V
  return drop_V > 0 ? -slope_V / drop_V : 0
}

/** One filter step per cosine; corrects profile, feeders and gauges. */
function correctWaves(state: PotlineState, cell: number, dt_s: number, count: number): void {
  const { feeders } = state
  const { modes } = feeders
  const t = feederTuning
  const perAlumina = currentPerAlumina(state, cell)
  const feed_kg_s = state.own[own.feed_kg_s * state.cells + cell]!
  const perFeeder = (200 * feed_kg_s) / feeders.feeders / state.bath_kg[cell]!
  const unsettled_s = feeders.rows[feederRow.unsettled_s * state.cells + cell]!
  const dissolving = unsettled_s > t.unsettled_s - t.dissolving_s
  const wander = dissolving ? t.dissolving_perRoot_h : t.aluminaNoise_perRoot_h
  const noise = (t.memory_1 * t.gauge_1 * t.gauge_1 * 2) / count
  for (let k = 0; k < modes; k++) {
    const p = (cell * modes + k) * WAVE_VALUES
    predictWave(feeders, p, feeders.decay_per_s[k]!, perFeeder, wander, dt_s)
    correctWave(feeders, cell, k, perAlumina, noise)
  }
  boundShares(feeders, cell)
  leanProfile(state, cell)
}

function predictWave(
  { covariance: P }: FeederState,
  p: number,
  decay_per_s: number,
  perFeeder: number,
  wander_perRoot_h: number,
  dt_s: number,
): void {
  const t = feederTuning
  const c = waveCovariance
  const hours = dt_s / 3600
  const keep = 1 / (1 + decay_per_s * dt_s)
  const gain = keep * perFeeder * dt_s
  const hold = 1 - dt_s / t.feederReversion_s
  const aa = P[p + c.aa]!
  const af = P[p + c.af]!
  const ff = P[p + c.ff]!
  const ag = P[p + c.ag]!
  const fg = P[p + c.fg]!
  P[p + c.aa] =
    keep * keep * aa +
    2 * keep * gain * af +
    gain * gain * ff +
    wander_perRoot_h * wander_perRoot_h * hours
  P[p + c.af] = hold * (keep * af + gain * ff)
  P[p + c.ag] = keep * ag + gain * fg
  P[p + c.ff] = Math.min(
    t.feederStdMax_1 * t.feederStdMax_1,
    hold * hold * ff + t.feederNoise_perRoot_h * t.feederNoise_perRoot_h * hours,
  )
  P[p + c.fg] = hold * fg
  P[p + c.gg] = Math.min(
    t.gaugesStdMax_1 * t.gaugesStdMax_1,
    P[p + c.gg]! + t.gaugesNoise_perRoot_h * t.gaugesNoise_perRoot_h * hours,
  )
}

function correctWave(
  feeders: FeederState,
  cell: number,
  k: number,
  perAlumina: number,
  noise: number,
): void {
  const { modes, anodes, covariance: P } = feeders
  const c = waveCovariance
  const p = (cell * modes + k) * WAVE_VALUES
  const pa = perAlumina * P[p + c.aa]! + P[p + c.ag]!
  const pf = perAlumina * P[p + c.af]! + P[p + c.fg]!
  const pg = perAlumina * P[p + c.ag]! + P[p + c.gg]!
  const s = perAlumina * pa + pg + noise
  const y = amplitude[k]!
  P[p + c.aa]! -= (pa * pa) / s
  P[p + c.af]! -= (pa * pf) / s
  P[p + c.ag]! -= (pa * pg) / s
  P[p + c.ff]! -= (pf * pf) / s
  P[p + c.fg]! -= (pf * pg) / s
  P[p + c.gg]! -= (pg * pg) / s
  lean_wtpct[k] = (pa / s) * y
  for (let j = 0; j < feeders.feeders; j++) {
    feeders.share_1[cell * feeders.feeders + j]! += feeders.fromWaves[j * modes + k]! * (pf / s) * y
  }
  const gauges = (pg / s) * y
  for (let i = 0; i < anodes; i++) {
    feeders.baseline[cell * anodes + i]! += gauges * feeders.anodeWave[k * anodes + i]!
  }
}

function boundShares(feeders: FeederState, cell: number): void {
  const first = cell * feeders.feeders
  let sum = 0
  for (let j = first; j < first + feeders.feeders; j++) {
    feeders.share_1[j] = Math.min(SHARE_HIGH, Math.max(SHARE_LOW, feeders.share_1[j]!))
    sum += feeders.share_1[j]!
  }
  for (let j = first; j < first + feeders.feeders; j++) {
    feeders.share_1[j]! -= sum / feeders.feeders
  }
}

/** Lets the profile of the twin lean as the currents say; no node is emptied by it. */
function leanProfile(state: PotlineState, cell: number): void {
  const { bank, feeders } = state
  const { first, count } = bank.layout.state.dissolvedA_kg
  const start = bank.stateAt(cell, first)
  const perWtpct_kg = state.bath_kg[cell]! / (200 * count)
  const least_kg = (NODE_LEAST * state.dissolved_kg[cell]!) / (2 * count)
  for (let n = 0; n < count; n++) {
    let by_kg = 0
    for (let k = 0; k < feeders.modes; k++) {
      by_kg += lean_wtpct[k]! * feeders.nodeWave[k * count + n]! * perWtpct_kg
    }
    for (const node of [n, n + count]) {
      const at = start + LANES * node
      const before_kg = bank.state[at]!
      bank.state[at] = Math.max(Math.min(before_kg, least_kg), before_kg + by_kg)
    }
  }
  refreshBath(state, cell)
}

/** What no cosine explains is the gauges' own, or the anodes'. */
function learnGauges(feeders: FeederState, cell: number, scan_s: number): void {
  const first = cell * feeders.anodes
  for (let i = 0; i < feeders.anodes; i++) {
    if (Number.isNaN(off[i]!)) continue
    const followed_s = feeders.followed_s[first + i]!
    const gap = off[i]! - fitted[i]!
    const memory_s = Math.abs(gap) < ANODE_GAP ? feederTuning.baseline_s : FAST_S
    const gain = scan_s / Math.min(memory_s, followed_s + scan_s)
    feeders.baseline[first + i]! += Math.min(1, gain) * gap
  }
}
