/**
 * Generalised likelihood ratio of "feeder f delivers another share since then" for each feeder
 * and each of several times of change. What such a change would do to the innovations of the
 * cosines follows from the filter itself, so each sum is a matched filter. What fell in with a new
 * anode moves them too, by an amount that nobody tells: it is estimated beside, and taken out.
 */
import { type FeedWitness, witnessOfSign } from './feed-witness.ts'
import { dissolve_kg, type FeederModel } from './feeder-model.ts'
import { WAVE_STATES, type WaveFilter } from './wave-filter.ts'

/** Times of change that are weighed at once, this far apart. */
const STARTS = 6
const START_EVERY_S = 450
/** A change needs this long to show, and an answer. */
const YOUNGEST_S = 240
/** A feeder delivers nothing at least, and this much more at most, in shares. */
const CHANGE_LOW = -1
const CHANGE_HIGH = 1.5
/** A feeder that goes wrong gets stuck or runs through: what such changes are, and their spread. */
const BLOCKED_CHANGE = -1
const OVERFED_CHANGE = 0.8
const CHANGE_WEIGHT = 1 / (0.35 * 0.35)
/** What falls in with an anode. */
const FALLEN_KG = 10
/** For how long what fell in with an anode is told apart. */
export const FALLEN_S = 4 * 3600

/** Rows beside, [row][cell]. */
const Row = { sinceStart_s: 0, head: 1, fallenAnode: 2, fallen_s: 3, fallenLate: 4 } as const
const ROWS = 5

/** Sums of all cells of a line. */
export interface FeederEvidence {
  readonly cells: number
  readonly rows: Float64Array // [row][cell]
  readonly age_s: Float64Array // [cell][start]; -1: not in use
  readonly late_kg: Float64Array // [cell][start]
  /** Bias of the estimate by one whole feeder more at the crest, or by what fell in. */
  readonly bias: Float64Array // [cell][start][mode][waveState]
  readonly fallenBias: Float64Array // [cell][mode][waveState]
  readonly match: Float64Array // [cell][start][mode]
  readonly power: Float64Array // [cell][start][mode]
  readonly shared: Float64Array // [cell][start][mode], with what fell in
  readonly fallenMatch: Float64Array // [cell][mode]
  readonly fallenPower: Float64Array // [cell][mode]
  readonly best: Hypothesis
}

/** The change that explains the innovations best. */
export interface Hypothesis {
  /** From 0; -1: none yet. */
  feeder: number
  start: number
  /** Shares of its command that the feeder delivers more. */
  change: number
  /** Twice the logarithm of the likelihood ratio. */
  ratio: number
}

/** Evidence of a line, none yet. */
export function feederEvidence({ modes }: FeederModel, cells: number): FeederEvidence {
  const each = (count: number) => new Float64Array(cells * count)
  const rows = each(ROWS)
  rows.fill(-1, Row.fallenAnode * cells, (Row.fallenAnode + 1) * cells)
  return {
    ...{ cells, rows, age_s: each(STARTS).fill(-1), late_kg: each(STARTS) },
    ...{ bias: each(STARTS * modes * WAVE_STATES), fallenBias: each(modes * WAVE_STATES) },
    ...{ match: each(STARTS * modes), power: each(STARTS * modes), shared: each(STARTS * modes) },
    ...{ fallenMatch: each(modes), fallenPower: each(modes) },
    best: { feeder: -1, start: -1, change: 0, ratio: 0 },
  }
}

/** All that is memory, in a fixed order. */
export function evidenceArrays(of: FeederEvidence): readonly Float64Array[] {
  const { rows, age_s, late_kg, bias, fallenBias, match, power, shared } = of
  const { fallenMatch, fallenPower } = of
  return [
    ...[rows, age_s, late_kg, bias, fallenBias, match, power, shared],
    ...[fallenMatch, fallenPower],
  ]
}

/** All times of change are forgotten: from now on the estimate says what is usual. */
export function forgetStarts({ age_s }: FeederEvidence, cell: number): void {
  age_s.fill(-1, cell * STARTS, (cell + 1) * STARTS)
}

/** A new anode was set: what fell in with it is a nuisance from now on. */
export function anodeSet(
  { modes }: FeederModel,
  of: FeederEvidence,
  cell: number,
  anode: number,
): void {
  const { cells, rows, shared, fallenBias, fallenMatch, fallenPower } = of
  rows[Row.fallenAnode * cells + cell] = anode
  rows[Row.fallen_s * cells + cell] = 0
  rows[Row.fallenLate * cells + cell] = 0
  shared.fill(0, cell * STARTS * modes, (cell + 1) * STARTS * modes)
  fallenBias.fill(0, cell * modes * WAVE_STATES, (cell + 1) * modes * WAVE_STATES)
  fallenMatch.fill(0, cell * modes, (cell + 1) * modes)
  fallenPower.fill(0, cell * modes, (cell + 1) * modes)
}

/** Seconds since an anode was set; infinite long after. */
export function sinceAnode_s({ rows, cells }: FeederEvidence, cell: number): number {
  const set = rows[Row.fallenAnode * cells + cell]! >= 0
  return set ? rows[Row.fallen_s * cells + cell]! : Number.POSITIVE_INFINITY
}

/**
 * Moves what each change would do on by one scan; `perKg_wtpct` is one kilogram at the crest, and
 * `feeder_kg` what one feeder was commanded.
 */
export function predictEvidence(
  { model, keep }: WaveFilter,
  of: FeederEvidence,
  cell: number,
  perKg_wtpct: number,
  feeder_kg: number,
  dt_s: number,
): void {
  const { modes } = model
  const { cells, rows, age_s, late_kg, bias, fallenBias } = of
  const move = (into: Float64Array, first: number, come_wtpct: number) => {
    for (let k = 0; k < modes; k++) {
      const i = first + k * WAVE_STATES
      const through = keep[k]! * perKg_wtpct * feeder_kg * into[i + 2]!
      into[i] = keep[k]! * (into[i]! + come_wtpct) + through
    }
  }
  openStart(modes, of, cell, dt_s)
  for (let s = cell * STARTS; s < (cell + 1) * STARTS; s++) {
    if (age_s[s]! < 0) continue
    age_s[s]! += dt_s
    move(bias, s * modes * WAVE_STATES, perKg_wtpct * dissolve_kg(late_kg, s, feeder_kg, dt_s))
  }
  const at = (row: number) => row * cells + cell
  if (rows[at(Row.fallenAnode)]! < 0) return
  const fallen_kg = rows[at(Row.fallen_s)] === 0 ? FALLEN_KG : 0
  const come_kg = dissolve_kg(rows, at(Row.fallenLate), fallen_kg, dt_s)
  move(fallenBias, cell * modes * WAVE_STATES, perKg_wtpct * come_kg)
  rows[at(Row.fallen_s)]! += dt_s
  if (rows[at(Row.fallen_s)]! > FALLEN_S) rows[at(Row.fallenAnode)] = -1
}

/** Takes the next time of change into view in place of the oldest one. */
function openStart(modes: number, of: FeederEvidence, cell: number, dt_s: number): void {
  const { cells, rows, age_s, late_kg, bias, match, power, shared } = of
  const since = Row.sinceStart_s * cells + cell
  rows[since]! += dt_s
  if (rows[since]! < START_EVERY_S) return
  rows[since] = 0
  const head = Row.head * cells + cell
  rows[head] = (rows[head]! + 1) % STARTS
  const s = cell * STARTS + rows[head]!
  age_s[s] = 0
  late_kg[s] = 0
  bias.fill(0, s * modes * WAVE_STATES, (s + 1) * modes * WAVE_STATES)
  for (const sums of [match, power, shared]) sums.fill(0, s * modes, (s + 1) * modes)
}

/** Holds the innovation of one cosine against every time of change. */
export function weighWave(
  { model, gain, weighed, variance }: WaveFilter,
  of: FeederEvidence,
  cell: number,
  k: number,
  perWtpct: number,
): void {
  const { modes } = model
  const { cells, rows, age_s, bias, fallenBias, match, power, shared } = of
  const g = k * WAVE_STATES
  /** What the change leaves in this innovation; the filter then learns it as far as it does. */
  const lean = (from: Float64Array, i: number) => {
    const shown = perWtpct * from[i]! + from[i + 1]!
    for (let n = 0; n < WAVE_STATES; n++) from[i + n]! -= gain[g + n]! * shown
    return shown
  }
  let fallen = 0
  if (rows[Row.fallenAnode * cells + cell]! >= 0) {
    fallen = lean(fallenBias, (cell * modes + k) * WAVE_STATES)
    of.fallenMatch[cell * modes + k]! += fallen * weighed[k]!
    of.fallenPower[cell * modes + k]! += (fallen * fallen) / variance[k]!
  }
  for (let s = cell * STARTS; s < (cell + 1) * STARTS; s++) {
    if (age_s[s]! < 0) continue
    const i = s * modes + k
    const shown = lean(bias, i * WAVE_STATES)
    match[i]! += shown * weighed[k]!
    power[i]! += (shown * shown) / variance[k]!
    shared[i]! += (shown * fallen) / variance[k]!
  }
}

const bounded = (change: number) => Math.max(CHANGE_LOW, Math.min(CHANGE_HIGH, change))

/** The feeder, the time and the size of change that explain best what was seen. */
export function bestChange(
  model: FeederModel,
  of: FeederEvidence,
  witness: FeedWitness,
  cell: number,
): Hypothesis {
  const { best, age_s } = of
  best.feeder = -1
  best.start = -1
  best.change = 0
  best.ratio = 0
  for (let start = 0; start < STARTS; start++) {
    if (age_s[cell * STARTS + start]! < YOUNGEST_S) continue
    for (let feeder = 0; feeder < model.feeders; feeder++) {
      weighFeeder(model, of, witness, cell, start, feeder)
    }
  }
  return best
}

function weighFeeder(
  { modes, feeders, anodes, feederWave, anodeWave }: FeederModel,
  of: FeederEvidence,
  witness: FeedWitness,
  cell: number,
  start: number,
  feeder: number,
): void {
  const { cells, rows, match, power, shared, fallenMatch, fallenPower, best } = of
  const anode = rows[Row.fallenAnode * cells + cell]!
  const first = (cell * STARTS + start) * modes
  let along = 0
  let square = 0
  let fallenAlong = 0
  // What fell in is thought to be as much as usual at most, give or take as much.
  let fallenSquare = 1
  let both = 0
  for (let k = 0; k < modes; k++) {
    const c = feederWave[k * feeders + feeder]!
    along += c * match[first + k]!
    square += c * c * power[first + k]!
    if (anode < 0) continue
    const w = anodeWave[k * anodes + anode]!
    fallenAlong += w * fallenMatch[cell * modes + k]!
    fallenSquare += w * w * fallenPower[cell * modes + k]!
    both += c * w * shared[first + k]!
  }
  along -= (both * fallenAlong) / fallenSquare
  square -= (both * both) / fallenSquare
  if (!(square > 0)) return
  const usual = along > 0 ? OVERFED_CHANGE : BLOCKED_CHANGE
  const likely = bounded((along + usual * CHANGE_WEIGHT) / (square + CHANGE_WEIGHT))
  const ratio =
    likely * (2 * along - likely * square) -
    (likely - usual) * (likely - usual) * CHANGE_WEIGHT +
    witnessOfSign(witness, along, of.age_s[cell * STARTS + start]!)
  if (ratio <= best.ratio) return
  best.feeder = feeder
  best.start = start
  best.change = bounded(along / square)
  best.ratio = ratio
}

/** Where the bias of the estimate of a cosine by that start begins in `bias`. */
export function biasPlace({ modes }: FeederModel, cell: number, start: number, k: number): number {
  return ((cell * STARTS + start) * modes + k) * WAVE_STATES
}
