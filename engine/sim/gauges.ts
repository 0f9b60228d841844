import type { Random } from '../core/random.ts'
import type { CellParameters } from './parameters.ts'
import type { CellState } from './state.ts'

/** Anode currents are read this often, a tenth of the cells in each second. */
export const ANODE_SCAN_S = 10
/** Shell temperatures are read this often. */
export const SHELL_SCAN_S = 60
const ANODE_NOISE_SHARE = 0.008
/** During an anode effect the currents flicker. */
const EFFECT_NOISE_SHARE = 0.08
const SPIKE_NOISE_SHARE = 0.03
const SHELL_NOISE_K = 0.7

/** Reads every anode's current into `into_kA` as its gauge shows it. */
export function readAnodes(
  p: CellParameters,
  s: CellState,
  random: Random,
  into_kA: Float64Array,
): void {
  for (let a = 0; a < p.anodes; a++) {
    const restless = a === s.spike ? SPIKE_NOISE_SHARE : ANODE_NOISE_SHARE
    const noise = 1 + (s.effect ? EFFECT_NOISE_SHARE : restless) * random.normal()
    into_kA[a] = Math.round((s.anode_A[a]! * p.gauge_gain[a]! * noise) / 10) / 100
  }
}

/** Reads the shell at each wall, to half a degree. */
export function readShell(s: CellState, random: Random, into_C: Float64Array): void {
  for (let wall = 0; wall < into_C.length; wall++) {
    into_C[wall] = Math.round(2 * (s.lining_C[wall]! + SHELL_NOISE_K * random.normal())) / 2
  }
}
