/** Alumina in the bath under the anodes: where it falls, dissolves, drifts, mixes and is used. */
import type { CellParameters } from './parameters.ts'
import type { CellState } from './state.ts'

const FARADAY = 96485.33212
const OXIDE_KGPERMOL = 0.1019613
const HEAT_JPERKG = 1.0548e6
/** Heat of dissolution of alumina. */
export const DISSOLVE_JPERKG = 1.0908e6

/** Dissolves, mixes and consumes alumina; returns what dissolved, kg. */
export function updateAlumina(
  p: CellParameters,
  s: CellState,
  current_A: number,
  dt_s: number,
): number {
  const { dissolved_kg, undissolved_kg, anode_A } = s
  const superheat_K = s.bath_C - s.liquidus_C
  const stir = s.effect || s.stirred ? 6 : 1
  const room = Math.max(0, 1 - s.alumina_pct / s.saturation_pct) / 0.69
  const warm = superheat_K < 2 ? 0.3 : superheat_K > 12 ? 1.3 : 0.3 + (superheat_K - 2) * 0.1
  const rate = Math.min(0.5, p.dissolution_perS * stir * room * warm * dt_s)
  const back = Math.min(0.5, p.sludgeReturn_perS * stir * room * warm * dt_s)
  const returned_kg = s.sludge_kg * back
  s.sludge_kg -= returned_kg
  const used_kg = (s.efficiency * current_A * OXIDE_KGPERMOL * dt_s) / (6 * FARADAY)
  const eaten_kgPerA = used_kg / current_A
  let sunk_kg = 0
  let moved_kg = 0
  for (let a = 0; a < p.anodes; a++) {
    const here_kg = undissolved_kg[a]! * rate
    undissolved_kg[a]! -= here_kg
    moved_kg += here_kg
    const lost_kg = here_kg * p.sludge_share
    sunk_kg += lost_kg
    dissolved_kg[a]! += here_kg - lost_kg + returned_kg / p.anodes - eaten_kgPerA * anode_A[a]!
  }
  s.sludge_kg += sunk_kg
  s.consumed_kg += used_kg
  mixBath(p, dissolved_kg, stir > 1 ? 3 * dt_s : dt_s)
  return moved_kg - sunk_kg + returned_kg
}

/** Eddies along both rows and across them, and one slow loop around the cell. */
function mixBath(p: CellParameters, kg: Float64Array, dt_s: number): void {
  const columns = p.anodes / 2
  const mix = p.exchange_perS * dt_s
  const across = p.across_perS * dt_s
  const loop = p.loop_perS * dt_s
  // Upwind: what flows on carries the alumina of where it comes from.
  const ahead = loop > 0 ? loop : 0
  const astern = loop < 0 ? -loop : 0
  const first_kg = kg[0]!
  const last_kg = kg[columns - 1]!
  const firstB_kg = kg[columns]!
  const lastB_kg = kg[2 * columns - 1]!
  let inA_kg = 0
  let inB_kg = 0
  for (let c = 0; c < columns; c++) {
    const a_kg = kg[c]!
    const b_kg = kg[c + columns]!
    let outA_kg = 0
    let outB_kg = 0
    if (c + 1 < columns) {
      const nextA_kg = kg[c + 1]!
      const nextB_kg = kg[c + columns + 1]!
      outA_kg = mix * (a_kg - nextA_kg) + ahead * a_kg - astern * nextA_kg
      outB_kg = mix * (b_kg - nextB_kg) + astern * b_kg - ahead * nextB_kg
    }
    const over_kg = across * (a_kg - b_kg)
    kg[c] = a_kg + inA_kg - outA_kg - over_kg
    kg[c + columns] = b_kg + inB_kg - outB_kg + over_kg
    inA_kg = outA_kg
    inB_kg = outB_kg
  }
  const turnEnd_kg = ahead * last_kg - astern * lastB_kg
  const turnStart_kg = ahead * firstB_kg - astern * first_kg
  kg[columns - 1]! -= turnEnd_kg
  kg[2 * columns - 1]! += turnEnd_kg
  kg[columns]! -= turnStart_kg
  kg[0]! += turnStart_kg
}

/** A feeder drops alumina: a part dissolves at once, all of it cools the bath. */
export function feedAlumina(p: CellParameters, s: CellState, feeder: number, kg: number): void {
  for (let a = 0; a < p.anodes; a++) {
    const share = p.drop_share[feeder * p.anodes + a]!
    if (share > 1e-6) addAlumina(p, s, a, kg * share)
  }
}

/** Alumina falls in at an anode. */
export function addAlumina(p: CellParameters, s: CellState, anode: number, kg: number): void {
  const slow = s.effect || s.stirred ? 0.2 : p.slow_share
  s.dissolved_kg[anode]! += kg * (1 - slow)
  s.undissolved_kg[anode]! += kg * slow
  s.bath_C -= (kg * (HEAT_JPERKG + (1 - slow) * DISSOLVE_JPERKG)) / p.liquidCapacity_JperK
  s.added_kg += kg
}

/** Heat that a kilogram of fed alumina takes until it is dissolved. */
export const FEED_JPERKG = HEAT_JPERKG + DISSOLVE_JPERKG
/** Alumina used per coulomb at full efficiency. */
export const OXIDE_KGPERC = OXIDE_KGPERMOL / (6 * FARADAY)
