/**
 * Closure of mass and energy: what a cell holds before and after a step, summed from the state
 * alone, against what crossed its boundary. It shares no sums with the step itself.
 */

import { STATE } from '../../kernels/stefan.ts'
import { channelOutput } from '../../kernels/transport.ts'
import {
  ALF3_PER_SODIUM,
  CRYOLITE_PER_SODIUM,
  LEAST_J,
  LEAST_KG,
  METAL_PER_SODIUM,
  REACTION_J_KG,
  REACTION_V,
  REFERENCE_K,
} from './constants.ts'
import { inputPlace, LANES, outputPlace, statePlace } from './layout.ts'
import { channelTotal } from './masses.ts'
import { type CellLane, inventoryPlace, MOVED_J, MOVED_KG, workPlace } from './memory.ts'
import { parameterPlace } from './parameters.ts'

/** Sums masses and energy of a cell into the inventory at `at`. */
export function takeInventory(lane: CellLane, at: number): void {
  const { m, state: s, parameters: p, places } = lane
  const { state } = places.layout
  const { nodes } = places.channels
  const dissolved_kg = channelTotal(m, s + LANES * state.dissolvedA_kg.first, nodes)
  const undissolved_kg = channelTotal(m, s + LANES * state.undissolvedA_kg.first, nodes)
  const alumina_kg = dissolved_kg + undissolved_kg + m[s + LANES * statePlace.sludge_kg]!
  const alf3_kg = m[s + LANES * statePlace.alf3_kg]!
  const caf2_kg = m[s + LANES * statePlace.caf2_kg]!
  const others_kg = m[s + LANES * statePlace.mgf2_kg]! + m[s + LANES * statePlace.lif_kg]!
  const frozen_kg = m[s + LANES * statePlace.frozen_kg]!
  const inBath_kg = m[s + LANES * statePlace.cryolite_kg]! + frozen_kg
  const metal_kg = m[s + LANES * statePlace.metal_kg]!
  const density = m[p + LANES * parameterPlace.ledgeDensity_kg_m3]!
  const ledge_kg =
    m[s + LANES * (state.bathLedge_m.first + STATE.ledge_m)]! *
      (m[p + LANES * parameterPlace.bathWallArea_m2]! * density) +
    m[s + LANES * (state.metalLedge_m.first + STATE.ledge_m)]! *
      (m[p + LANES * parameterPlace.metalWallArea_m2]! * density)
  const bath_J_K =
    (alumina_kg + alf3_kg + caf2_kg + others_kg + inBath_kg) *
    m[p + LANES * parameterPlace.bathHeat_J_kgK]!
  const metal_J_K = metal_kg * m[p + LANES * parameterPlace.metalHeat_J_kgK]!
  m[at + LANES * inventoryPlace.alumina_kg] = alumina_kg
  m[at + LANES * inventoryPlace.alf3_kg] = alf3_kg
  m[at + LANES * inventoryPlace.cryolite_kg] = inBath_kg + ledge_kg
  m[at + LANES * inventoryPlace.caf2_kg] = caf2_kg
  m[at + LANES * inventoryPlace.others_kg] = others_kg
  m[at + LANES * inventoryPlace.metal_kg] = metal_kg
  m[at + LANES * inventoryPlace.energy_J] =
    (bath_J_K + metal_J_K) * (m[s + LANES * statePlace.bath_K]! - REFERENCE_K) +
    dissolved_kg * m[p + LANES * parameterPlace.aluminaDissolution_J_kg]! -
    frozen_kg * m[p + LANES * parameterPlace.fusion_J_kg]! +
    wallEnergy_J_m2(lane, state.bathLedge_m.first, 0) *
      m[p + LANES * parameterPlace.bathWallArea_m2]! +
    wallEnergy_J_m2(lane, state.metalLedge_m.first, places.wall.lining) *
      m[p + LANES * parameterPlace.metalWallArea_m2]! -
    coldness_J(lane)
}

/** Energy of lining and ledge per area; zero is liquid bath and lining at the reference. */
function wallEnergy_J_m2(lane: CellLane, wall: number, capacities: number): number {
  const { m, state: s, parameters: p, plan, places } = lane
  const { lining, ledge } = places.wall
  let node = s + LANES * (wall + STATE.nodes_K)
  let capacity = plan + LANES * (places.plan.capacities + capacities)
  let lining_J_m2 = 0
  for (let i = 0; i < lining; i++) {
    lining_J_m2 += m[capacity]! * (m[node]! - REFERENCE_K)
    node += LANES
    capacity += LANES
  }
  let over_K = 0
  for (let i = 0; i < ledge; i++) {
    over_K += m[node]! - REFERENCE_K
    node += LANES
  }
  const ledge_kg_m2 =
    m[p + LANES * parameterPlace.ledgeDensity_kg_m3]! * m[s + LANES * (wall + STATE.ledge_m)]!
  const perLedge = 1 / ledge
  return (
    lining_J_m2 +
    ledge_kg_m2 *
      (m[p + LANES * parameterPlace.ledgeHeat_J_kgK]! * (over_K * perLedge) -
        m[p + LANES * parameterPlace.fusion_J_kg]!)
  )
}

function coldness_J(lane: CellLane): number {
  const { m, state: s, places } = lane
  const first = s + LANES * places.layout.state.deficit_J.first
  let sum_J = 0
  for (let i = 0; i < places.layout.sizes.anodes; i++) sum_J += m[first + LANES * i]!
  return sum_J
}

/** What crossed the boundary in a step of dt_s, per species, and how much moved in all. */
export function sumFlows(lane: CellLane, dt_s: number): void {
  const { m, state: s, parameters: p, output: y, work: w, places } = lane
  const f = w + LANES * places.work.flows
  const c = w + LANES * places.work.channelOutput
  const sodium_kg = m[w + LANES * workPlace.sodium_kg]!
  const alf3Fed_kg = m[w + LANES * workPlace.alf3Fed_kg]!
  const used_kg = m[w + LANES * workPlace.used_kg]!
  const made_kg = m[w + LANES * workPlace.made_kg]!
  const evolved_kg = m[w + LANES * workPlace.evolved_kg]!
  const metalTap_kg = m[w + LANES * workPlace.metalTap_kg]!
  const tapped = m[w + LANES * workPlace.tapped_share]!
  // Of the species that the tap has already taken its share from.
  const over = tapped / (1 - tapped)
  const dissolvedTap_kg = tapped * m[c + LANES * channelOutput.dissolved_kg]!
  const solidTap_kg = tapped * m[c + LANES * channelOutput.undissolved_kg]!
  const alf3Tap_kg = over * m[s + LANES * statePlace.alf3_kg]!
  const caf2Tap_kg = over * m[s + LANES * statePlace.caf2_kg]!
  const othersTap_kg =
    over * (m[s + LANES * statePlace.mgf2_kg]! + m[s + LANES * statePlace.lif_kg]!)
  const frozenTap_kg = over * m[s + LANES * statePlace.frozen_kg]!
  const cryoliteTap_kg = over * m[s + LANES * statePlace.cryolite_kg]! + frozenTap_kg
  const aluminaTap_kg = dissolvedTap_kg + solidTap_kg
  const tapped_kg = aluminaTap_kg + alf3Tap_kg + caf2Tap_kg + othersTap_kg + cryoliteTap_kg
  m[f + LANES * inventoryPlace.alumina_kg] =
    m[w + LANES * workPlace.alumina_kg]! - used_kg - aluminaTap_kg
  m[f + LANES * inventoryPlace.alf3_kg] =
    alf3Fed_kg -
    m[w + LANES * workPlace.reacted_kg]! -
    evolved_kg +
    ALF3_PER_SODIUM * sodium_kg -
    alf3Tap_kg
  m[f + LANES * inventoryPlace.cryolite_kg] =
    m[w + LANES * workPlace.cryolite_kg]! - CRYOLITE_PER_SODIUM * sodium_kg - cryoliteTap_kg
  m[f + LANES * inventoryPlace.caf2_kg] = m[w + LANES * workPlace.calcium_kg]! - caf2Tap_kg
  m[f + LANES * inventoryPlace.others_kg] = -othersTap_kg
  m[f + LANES * inventoryPlace.metal_kg] = made_kg - METAL_PER_SODIUM * sodium_kg - metalTap_kg

  const internal_J = m[y + LANES * outputPlace.internal_W]! * dt_s
  const feed_J =
    m[w + LANES * workPlace.fed_kg]! * m[p + LANES * parameterPlace.aluminaHeating_J_kg]! +
    alf3Fed_kg * m[p + LANES * parameterPlace.alf3Heating_J_kg]!
  const reaction_J =
    REACTION_V * m[lane.input + LANES * inputPlace.line_A]! * dt_s + REACTION_J_KG * used_kg
  const lost_J =
    (m[y + LANES * outputPlace.side_W]! +
      m[y + LANES * outputPlace.top_W]! +
      m[y + LANES * outputPlace.rim_W]! +
      m[y + LANES * outputPlace.bottom_W]! +
      m[y + LANES * outputPlace.bars_W]!) *
    dt_s
  const hot_K = m[w + LANES * workPlace.hot_K]!
  const carried_J =
    ((tapped_kg + evolved_kg + sodium_kg) * m[p + LANES * parameterPlace.bathHeat_J_kgK]! +
      metalTap_kg * m[p + LANES * parameterPlace.metalHeat_J_kgK]!) *
      hot_K +
    dissolvedTap_kg * m[p + LANES * parameterPlace.aluminaDissolution_J_kg]! -
    frozenTap_kg * m[p + LANES * parameterPlace.fusion_J_kg]!
  const other_J = m[lane.input + LANES * inputPlace.heat_W]! * dt_s
  const changed_J = m[w + LANES * workPlace.changed_J]!
  m[f + LANES * inventoryPlace.energy_J] =
    internal_J - reaction_J - feed_J - lost_J - carried_J + other_J - changed_J
  m[f + LANES * MOVED_KG] =
    m[w + LANES * workPlace.fed_kg]! +
    alf3Fed_kg +
    used_kg +
    made_kg +
    metalTap_kg +
    tapped_kg +
    Math.abs(m[w + LANES * workPlace.bathFreezing_kg]!) +
    Math.abs(m[w + LANES * workPlace.metalFreezing_kg]!) +
    Math.abs(m[w + LANES * workPlace.bulk_kg]!) +
    LEAST_KG
  m[f + LANES * MOVED_J] =
    Math.abs(internal_J) +
    feed_J +
    Math.abs(lost_J) +
    Math.abs(carried_J) +
    Math.abs(other_J) +
    Math.abs(changed_J) +
    LEAST_J
}

/** Residuals of mass and energy, relative to what moved in the step, as outputs. */
export function closeBalances(lane: CellLane): void {
  const { m, output: y, work: w, places } = lane
  const before = w + LANES * places.work.before
  const after = w + LANES * places.work.after
  const f = w + LANES * places.work.flows
  let mass_kg = 0
  for (let i = 0; i < LANES * inventoryPlace.energy_J; i += LANES) {
    mass_kg += Math.abs(m[after + i]! - m[before + i]! - m[f + i]!)
  }
  const i = LANES * inventoryPlace.energy_J
  m[y + LANES * outputPlace.massResidual] = mass_kg / m[f + LANES * MOVED_KG]!
  m[y + LANES * outputPlace.energyResidual] =
    (m[after + i]! - m[before + i]! - m[f + i]!) / m[f + LANES * MOVED_J]!
}
