/** Heat of the liquids, the four walls with their ledges, metal and distance. */
import { BATH_WALL_SHARE, type CellParameters, COLD_ANODE_S, WALLS } from './parameters.ts'
import type { CellState } from './state.ts'
import { DISSOLVE_JPERKG } from './transport.ts'

const FARADAY = 96485.33212
const METAL_KGPERMOL = 0.026981538
const FREEZE_JPERKG = 5.1e5
const LEDGE_KGPERM3 = 2900
/** Share of the excess power of an anode effect that stays in the liquids. */
const EFFECT_HEAT_SHARE = 0.35
/** The metal is a little colder than the bath above it. */
const METAL_COLDER_K = 0.4

/** Area of a wall. */
export const wallArea_m2 = (p: CellParameters, wall: number): number =>
  (p.sideArea_m2 * (wall < 2 ? BATH_WALL_SHARE : 1 - BATH_WALL_SHARE)) / 2

/** Heat from the liquids into a wall. */
export function wallHeat_W(p: CellParameters, wall: number, superheat_K: number): number {
  const here_K = wall < 2 ? superheat_K : superheat_K - METAL_COLDER_K
  return (p.side_WperK * p.wall_share[wall]! * wallArea_m2(p, wall) * here_K) / p.sideArea_m2
}

/** Heat, ledges, metal and distance under a given voltage and dissolution. */
export function updateHeat(
  p: CellParameters,
  s: CellState,
  current_A: number,
  dissolved_kg: number,
  dt_s: number,
): void {
  const superheat_K = s.bath_C - s.liquidus_C
  const extra_W = current_A * s.extra_V * EFFECT_HEAT_SHARE
  const cell_V = s.voltage_V - s.extra_V - p.bus_Ohm * current_A
  const reaction_V = 0.48 + 1.2691 * s.efficiency
  const cold_W = s.coldAnode_J / COLD_ANODE_S
  s.coldAnode_J -= cold_W * dt_s
  let side_W = 0
  for (let wall = 0; wall < WALLS; wall++) side_W += updateWall(p, s, wall, superheat_K, dt_s)
  const net_W =
    current_A * (cell_V - reaction_V) +
    extra_W -
    cold_W -
    s.topBottom_WperK * (s.bath_C - p.ambient_C) -
    side_W
  s.bath_C += (net_W * dt_s - dissolved_kg * DISSOLVE_JPERKG) / p.liquidCapacity_JperK

  const made_kg = (s.efficiency * current_A * METAL_KGPERMOL * dt_s) / (3 * FARADAY)
  s.metal_kg += made_kg
  s.gap_m += p.burn_mPerAs * current_A * dt_s - made_kg * p.rise_mPerkg
  if (s.gap_m < 0.015) s.gap_m = 0.015
  s.alf3_kg -= p.alf3Loss_kgps * dt_s
}

/** Freezes or melts a wall's ledge and warms its lining; returns the heat it took. */
function updateWall(
  p: CellParameters,
  s: CellState,
  wall: number,
  superheat_K: number,
  dt_s: number,
): number {
  const area_m2 = wallArea_m2(p, wall)
  const in_W = wallHeat_W(p, wall, superheat_K) * s.wall_gain[wall]!
  const ledge_m = s.ledge_m[wall]!
  const lining_C = s.lining_C[wall]!
  const through = (s.liquidus_C - lining_C) / (ledge_m / p.ledge_WpermK + p.liningIn_m2KperW)
  const outside = (lining_C - p.ambient_C) / p.liningOut_m2KperW[wall]!
  s.lining_C[wall] = lining_C + ((through - outside) * dt_s) / p.lining_Jperm2K
  let frozen_kg = ((through * area_m2 - in_W) * dt_s) / FREEZE_JPERKG
  if (ledge_m < 0.01 && frozen_kg < 0) frozen_kg = 0
  s.cryolite_kg -= frozen_kg
  s.ledge_m[wall] = ledge_m + frozen_kg / (LEDGE_KGPERM3 * area_m2)
  return in_W
}

/** Sets every wall to the ledge and lining that pass on just what comes in; returns the heat. */
export function settleWalls(p: CellParameters, s: CellState): number {
  let side_W = 0
  for (let wall = 0; wall < WALLS; wall++) {
    const in_W = wallHeat_W(p, wall, s.bath_C - s.liquidus_C)
    const flux = in_W / wallArea_m2(p, wall)
    const lining_C = p.ambient_C + flux * p.liningOut_m2KperW[wall]!
    s.lining_C[wall] = lining_C
    s.ledge_m[wall] = p.ledge_WpermK * ((s.liquidus_C - lining_C) / flux - p.liningIn_m2KperW)
    side_W += in_W
  }
  return side_W
}

/** Mean thickness of the ledges of two or all walls, m. */
export function meanLedge_m(p: CellParameters, s: CellState, from = 0, to = WALLS): number {
  let volume_m3 = 0
  let area_m2 = 0
  for (let wall = from; wall < to; wall++) {
    volume_m3 += s.ledge_m[wall]! * wallArea_m2(p, wall)
    area_m2 += wallArea_m2(p, wall)
  }
  return volume_m3 / area_m2
}
