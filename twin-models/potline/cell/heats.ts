/** Heat of one step: side walls, freezing in the bath, anodes, losses and the new temperature. */

import { advanceWall, EXCHANGE, STATE, type WallLane } from '../../kernels/stefan.ts'
import { channelOutput } from '../../kernels/transport.ts'
import { bathValue } from '../bath-lane.ts'
import { anodePart } from './anodes-places.ts'
import {
  CONDUCTION_MARGIN,
  CONDUCTION_MORE_W_M2,
  CRUST_K,
  CRUST_RANGE_K,
  CRYOLITE_STEP_MAX,
  OPEN_BATH_W_M2K4,
  OPEN_LEAST,
  REACTION_J_KG,
  REACTION_V,
  REFERENCE_K,
  SUBCOOLED_MOST_K,
} from './constants.ts'
import { inputPlace, LANES, outputPlace, statePlace } from './layout.ts'
import { AnodeEffect, ramp } from './masses.ts'
import { type CellLane, workPlace } from './memory.ts'
import { type ParameterKey, parameterPlace } from './parameters.ts'

/** Heat capacity of bath, what is solid in it, and metal. */
export function capacity_J_K(lane: CellLane, dissolved_kg: number, undissolved_kg: number): number {
  const { m, state: s, parameters: p } = lane
  const bath_kg =
    dissolved_kg +
    undissolved_kg +
    m[s + LANES * statePlace.alf3_kg]! +
    m[s + LANES * statePlace.caf2_kg]! +
    m[s + LANES * statePlace.mgf2_kg]! +
    m[s + LANES * statePlace.lif_kg]! +
    m[s + LANES * statePlace.cryolite_kg]! +
    m[s + LANES * statePlace.frozen_kg]! +
    m[s + LANES * statePlace.sludge_kg]!
  return (
    bath_kg * m[p + LANES * parameterPlace.bathHeat_J_kgK]! +
    m[s + LANES * statePlace.metal_kg]! * m[p + LANES * parameterPlace.metalHeat_J_kgK]!
  )
}

/** Advances both side walls; their exchange blocks then hold fluxes and freezing. */
export function walls(lane: CellLane, wall: WallLane, dt_s: number): void {
  const { m, work: w, parameters: p, places } = lane
  const { state } = places.layout
  wall.workAt = w + LANES * places.work.inner
  wall.stateAt = lane.state + LANES * state.bathLedge_m.first
  wall.planAt = lane.plan + LANES * places.plan.bathWall
  wall.exchangeAt = w + LANES * places.work.bathExchange
  offer(lane, wall, 'bathTransfer_W_m2K', dt_s)
  advanceWall(wall)
  m[w + LANES * workPlace.bathFreezing_kg] =
    m[wall.exchangeAt + LANES * EXCHANGE.freezing_kg_m2s]! *
    m[p + LANES * parameterPlace.bathWallArea_m2]! *
    dt_s
  wall.stateAt = lane.state + LANES * state.metalLedge_m.first
  wall.planAt = lane.plan + LANES * places.plan.metalWall
  wall.exchangeAt = w + LANES * places.work.metalExchange
  offer(lane, wall, 'metalTransfer_W_m2K', dt_s)
  advanceWall(wall)
  m[w + LANES * workPlace.metalFreezing_kg] =
    m[wall.exchangeAt + LANES * EXCHANGE.freezing_kg_m2s]! *
    m[p + LANES * parameterPlace.metalWallArea_m2]! *
    dt_s
}

/** Where cryolite runs out, the bath offers so much of what the wall conducts that it lasts. */
function offer(lane: CellLane, wall: WallLane, key: ParameterKey, dt_s: number): void {
  const { m, state: s, parameters: p, work: w, places } = lane
  const x = wall.exchangeAt
  const liquidus_K = m[w + LANES * (places.work.bath + bathValue.liquidus_K)]!
  const transfer = m[p + LANES * parameterPlace[key]]!
  const real_K = m[s + LANES * statePlace.bath_K]!
  // A step cannot conduct more than the last one did, or than the new liquidus drives at first.
  const last = wall.stateAt + LANES * (STATE.nodes_K + places.wall.lining + places.wall.ledge - 1)
  const nodes = 2 * places.wall.ledge
  const driven_W_m2 =
    ((nodes * m[p + LANES * parameterPlace.ledgeConductivity_W_mK]!) /
      m[wall.stateAt + LANES * STATE.ledge_m]!) *
    (liquidus_K - m[last]!)
  const last_W_m2 = m[wall.stateAt + LANES * STATE.conducted_W_m2]!
  const conducted_W_m2 = Math.max(Math.max(last_W_m2, driven_W_m2), 0)
  const area_m2 =
    m[p + LANES * parameterPlace.bathWallArea_m2]! + m[p + LANES * parameterPlace.metalWallArea_m2]!
  const most_J =
    CRYOLITE_STEP_MAX *
    m[s + LANES * statePlace.cryolite_kg]! *
    m[p + LANES * parameterPlace.fusion_J_kg]!
  const foreseen_W_m2 = CONDUCTION_MARGIN * conducted_W_m2 + CONDUCTION_MORE_W_M2
  const least_W_m2 = foreseen_W_m2 - most_J / (area_m2 * dt_s)
  const hot_K = Math.max(real_K, liquidus_K - SUBCOOLED_MOST_K)
  m[x + LANES * EXCHANGE.bath_K] = Math.max(hot_K, liquidus_K + least_W_m2 / transfer)
  m[x + LANES * EXCHANGE.liquidus_K] = liquidus_K
  m[x + LANES * EXCHANGE.transfer_W_m2K] = transfer
  m[x + LANES * EXCHANGE.ambient_K] = m[p + LANES * parameterPlace.ambient_K]!
}

/** Cryolite that freezes in the bath below the liquidus, or melts again above it. */
export function bulkFreezing(lane: CellLane, dt_s: number): void {
  const { m, state: s, parameters: p, work: w } = lane
  const per_J_K = m[p + LANES * parameterPlace.bulkFreezing_W_K]! * dt_s
  const capacity = capacity_J_K(
    lane,
    m[w + LANES * workPlace.dissolved_kg]!,
    m[w + LANES * workPlace.undissolved_kg]!,
  )
  const heat_J = (per_J_K * -m[w + LANES * workPlace.superheat_K]!) / (1 + per_J_K / capacity)
  const wish_kg = heat_J / m[p + LANES * parameterPlace.fusion_J_kg]!
  // What the walls took beyond the last cryolite melts again in the bath.
  const left_kg =
    m[s + LANES * statePlace.cryolite_kg]! -
    m[w + LANES * workPlace.bathFreezing_kg]! -
    m[w + LANES * workPlace.metalFreezing_kg]!
  const most_kg = left_kg > 0 ? CRYOLITE_STEP_MAX * left_kg : left_kg
  m[w + LANES * workPlace.bulk_kg] = Math.max(
    Math.min(wish_kg, most_kg),
    -m[s + LANES * statePlace.frozen_kg]!,
  )
}

/** New temperature from the heat that flowed; needs masses, walls and voltage of the step. */
export function advanceHeat(lane: CellLane, dt_s: number): void {
  const { m, state: s, parameters: p, input: x, output: y, work: w, places } = lane
  const c = w + LANES * places.work.channelOutput
  const part = w + LANES * places.work.parts
  const line_A = m[x + LANES * inputPlace.line_A]!
  const bath_K = m[s + LANES * statePlace.bath_K]!
  const liquidus_K = m[w + LANES * (places.work.bathExchange + EXCHANGE.liquidus_K)]!
  const bathHeat = m[p + LANES * parameterPlace.bathHeat_J_kgK]!
  const metalHeat = m[p + LANES * parameterPlace.metalHeat_J_kgK]!
  const over_K = bath_K - m[p + LANES * parameterPlace.ambient_K]!
  const hot_K = bath_K - REFERENCE_K

  const latched = m[s + LANES * statePlace.anodeEffect]! > AnodeEffect.none
  const calm_V = m[part + LANES * anodePart.cell_V]!
  const cell_V = latched ? m[p + LANES * parameterPlace.anodeEffect_V]! : calm_V
  const internal_W = line_A * (cell_V - m[p + LANES * parameterPlace.bus_Ohm]! * line_A)
  const dissolution = m[p + LANES * parameterPlace.aluminaDissolution_J_kg]!
  const reaction_J =
    REACTION_V * line_A * dt_s + (REACTION_J_KG - dissolution) * m[w + LANES * workPlace.used_kg]!
  const feed_J =
    m[w + LANES * workPlace.fed_kg]! * m[p + LANES * parameterPlace.aluminaHeating_J_kg]! +
    m[w + LANES * workPlace.alf3Fed_kg]! * m[p + LANES * parameterPlace.alf3Heating_J_kg]! +
    m[w + LANES * workPlace.dissolving_kg]! * dissolution
  const toBath_W =
    m[w + LANES * (places.work.bathExchange + EXCHANGE.fromBath_W_m2)]! *
    m[p + LANES * parameterPlace.bathWallArea_m2]!
  const toMetal_W =
    m[w + LANES * (places.work.metalExchange + EXCHANGE.fromBath_W_m2)]! *
    m[p + LANES * parameterPlace.metalWallArea_m2]!
  const frozen_kg =
    m[w + LANES * workPlace.bathFreezing_kg]! + m[w + LANES * workPlace.metalFreezing_kg]!
  const top_W = m[p + LANES * parameterPlace.top_W_K]! * over_K + openBath_W(lane, bath_K)
  const rim_W = m[p + LANES * parameterPlace.rim_W_K]! * over_K
  const bottom_W = m[p + LANES * parameterPlace.bottom_W_K]! * over_K
  const bars_W = m[p + LANES * parameterPlace.bars_W_K]! * over_K
  const flowing_J =
    internal_W * dt_s -
    reaction_J -
    feed_J -
    (toBath_W + toMetal_W + (top_W + rim_W) + (bottom_W + bars_W)) * dt_s -
    m[w + LANES * workPlace.cold_J]! +
    m[x + LANES * inputPlace.heat_W]! * dt_s +
    m[w + LANES * workPlace.bulk_kg]! * m[p + LANES * parameterPlace.fusion_J_kg]!
  // What leaves with mass: metal and bath at their temperature, ledge at the liquidus.
  const dissolved_kg = m[c + LANES * channelOutput.dissolved_kg]!
  const undissolved_kg = m[c + LANES * channelOutput.undissolved_kg]!
  const tapped = m[w + LANES * workPlace.tapped_share]!
  const rest = 1 - tapped
  const tapped_kg =
    (tapped / rest) * liquidAndSolid_kg(lane) + tapped * (dissolved_kg + undissolved_kg)
  const away_J =
    frozen_kg * bathHeat * (liquidus_K - REFERENCE_K) +
    ((tapped_kg + m[w + LANES * workPlace.evolved_kg]! + m[w + LANES * workPlace.sodium_kg]!) *
      bathHeat +
      m[w + LANES * workPlace.metalTap_kg]! * metalHeat) *
      hot_K
  const before_J = m[w + LANES * workPlace.capacity_J_K]! * hot_K
  const capacity = capacity_J_K(lane, dissolved_kg * rest, undissolved_kg * rest)
  m[s + LANES * statePlace.bath_K] = REFERENCE_K + (before_J + (flowing_J - away_J)) / capacity
  m[w + LANES * workPlace.hot_K] = hot_K

  const perStep = 1 / dt_s
  m[y + LANES * outputPlace.voltage_V] = cell_V
  m[y + LANES * outputPlace.anodeEffect_V] = cell_V - calm_V
  m[y + LANES * outputPlace.internal_W] = internal_W
  m[y + LANES * outputPlace.reaction_W] = reaction_J * perStep
  m[y + LANES * outputPlace.feed_W] = feed_J * perStep
  m[y + LANES * outputPlace.toBathLedge_W] = toBath_W
  m[y + LANES * outputPlace.toMetalLedge_W] = toMetal_W
  m[y + LANES * outputPlace.top_W] = top_W
  m[y + LANES * outputPlace.rim_W] = rim_W
  m[y + LANES * outputPlace.bottom_W] = bottom_W
  m[y + LANES * outputPlace.bars_W] = bars_W
  m[y + LANES * outputPlace.coldAnodes_W] = m[w + LANES * workPlace.cold_J]! * perStep
}

/** Radiation of the bath between the anodes once the crust has melted, as in anode effects. */
function openBath_W(lane: CellLane, bath_K: number): number {
  const { m, parameters: p } = lane
  const cavity_m2 = m[p + LANES * parameterPlace.cathodeArea_m2]!
  const open_m2 = Math.max(
    cavity_m2 - m[p + LANES * parameterPlace.anodeArea_m2]!,
    OPEN_LEAST * cavity_m2,
  )
  const square = bath_K * bath_K
  const open = ramp((bath_K - CRUST_K) * (1 / CRUST_RANGE_K))
  return open_m2 * (open * OPEN_BATH_W_M2K4) * (square * square)
}

/** Bath without alumina, and what is frozen in it, after the tap. */
function liquidAndSolid_kg(lane: CellLane): number {
  const { m, state: s } = lane
  return (
    m[s + LANES * statePlace.alf3_kg]! +
    m[s + LANES * statePlace.caf2_kg]! +
    m[s + LANES * statePlace.mgf2_kg]! +
    m[s + LANES * statePlace.lif_kg]! +
    m[s + LANES * statePlace.cryolite_kg]! +
    m[s + LANES * statePlace.frozen_kg]!
  )
}
