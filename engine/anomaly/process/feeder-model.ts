/**
 * How alumina that a feeder keeps back, or gives too much, spreads along a cell and shows in the
 * anode currents. Along the cell both are sums of cosines; each cosine decays on its own.
 */

/** Geometry of a cell as cosines along it; x runs from 0 at the first feeder's end to 1. */
export interface FeederModel {
  readonly anodes: number
  readonly feeders: number
  readonly modes: number
  readonly anodeWave: Float64Array // [mode][anode]
  readonly feederWave: Float64Array // [mode][feeder]
  readonly decay_per_s: Float64Array // [mode]
}

const MODES_MAX = 4
/** Mixing along the cell by eddies, 0.012 m2/s, over the square of its 14.2 m. */
const MIXING_PER_S = 5.95e-5
/** Share of a shot that dissolves late, and how fast. */
const LATE_SHARE = 0.6
const LATE_PER_S = 1.8e-3
/** Bath of a 350 kA cell. */
const BATH_KGPERA = 7500 / 350e3
/** Alumina used up per coulomb at 94.5 % current efficiency: CE M / (6 F), kg/C. */
export const NEED_KGPC = (0.945 * 0.10196) / (6 * 96485.33)

/** Two rows of anodes over evenly spaced feeders. */
export function feederModel(anodes: number, feeders: number): FeederModel {
  const columns = anodes / 2
  const modes = Math.max(0, Math.min(MODES_MAX, feeders - 1, columns - 1))
  const anodeWave = new Float64Array(modes * anodes)
  const feederWave = new Float64Array(modes * feeders)
  for (let k = 0; k < modes; k++) {
    const wave = (x: number) => Math.cos((k + 1) * Math.PI * x)
    for (let a = 0; a < anodes; a++) {
      anodeWave[k * anodes + a] = wave(((a % columns) + 0.5) / columns)
    }
    for (let f = 0; f < feeders; f++) feederWave[k * feeders + f] = wave((f + 0.5) / feeders)
  }
  const decay_per_s = Float64Array.from({ length: modes }, (_, k) => {
    const wave = (k + 1) * Math.PI
    return MIXING_PER_S * wave * wave
  })
  return { anodes, feeders, modes, anodeWave, feederWave, decay_per_s }
}

/** Amplitude of a cosine, in wt%, per kilogram that comes in at its crest. */
export function wtpctPerKg(line_A: number): number {
  return 200 / (BATH_KGPERA * line_A)
}

// Slope of the log current over alumina: least squares on the voltage model of Haupin (1998) for a
// cell of 350 kA, whose gas coverage has this bend; a richer bath also conducts less.
const COVERED = 2.65
const BENT_PERWTPCT = 7.353
const CONDUCTS = -0.006
const MARGIN_LOW_WTPCT = 0.12
const STEEPNESS_LOW = 0.004

/**
 * Rise of an anode's current, as a share, per wt% of alumina under it: gas covers less of a richer
 * anode. Steep near the anode effect, nearly flat in a rich bath.
 */
export function currentPerWtpct(margin_wtpct: number): number {
  const bent = 1 + BENT_PERWTPCT * Math.max(MARGIN_LOW_WTPCT, margin_wtpct)
  return Math.max(STEEPNESS_LOW, COVERED / (bent * bent) + CONDUCTS)
}

/** Rise of the logarithm of a current whose anode has so much more alumina than the cell. */
export function currentRise(margin_wtpct: number, more_wtpct: number): number {
  return logCurrent(margin_wtpct + more_wtpct) - logCurrent(margin_wtpct)
}

/** Integral of the steepness. */
function logCurrent(margin_wtpct: number): number {
  const margin = Math.max(MARGIN_LOW_WTPCT, margin_wtpct)
  const bent = 1 + BENT_PERWTPCT * margin
  const whole = CONDUCTS * margin - COVERED / (BENT_PERWTPCT * bent)
  if (margin === margin_wtpct) return whole
  return whole + (margin_wtpct - margin) * (COVERED / (bent * bent) + CONDUCTS)
}

/** Undissolved alumina at one place: `late_kg[at]` is kept; returns what dissolves in this step. */
export function dissolve_kg(
  late_kg: Float64Array,
  at: number,
  fallen_kg: number,
  dt_s: number,
): number {
  const from_late_kg = late_kg[at]! * Math.min(1, LATE_PER_S * dt_s)
  late_kg[at] = late_kg[at]! + LATE_SHARE * fallen_kg - from_late_kg
  return (1 - LATE_SHARE) * fallen_kg + from_late_kg
}
