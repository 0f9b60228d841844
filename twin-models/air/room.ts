/**
 * Well-mixed room: balances of CO2, water, fine particles and heat with two thermal nodes (air;
 * walls and furniture). Each balance is linear under constant inputs and is stepped exactly;
 * only condensation is split off per substep (first order). Places: airState, airInput, airOutput.
 */

import { cellByCell } from '../cell-by-cell.ts'
import { emptyNodes, stepOneNode, stepTwoNodes, type TwoNodes } from '../kernels/two-node.ts'
import type { ProcessModel } from '../model.ts'
import { AIR_INPUTS, AIR_OUTPUTS, AIR_STATES, airInput, airOutput, airState } from './layout.ts'
import {
  AIR_GAS_J_KGK,
  AIR_HEAT_J_KGK,
  EVAPORATION_J_KG,
  relativeHumidity,
  saturationHumidity,
} from './moisture.ts'
import { type AirParameters, checkAirParameters } from './parameters.ts'

export const STATES = AIR_STATES.length
export const INPUTS = AIR_INPUTS.length
export const OUTPUTS = AIR_OUTPUTS.length

/** Longest step between two looks at condensation. */
const SUBSTEP_MAX_S = 60
/** Least throughput a residual is held against, as a share of what the room holds. */
const THROUGHPUT_MIN = 1e-6

/** Arrays that `advanceRoom` works in; one per caller. */
export interface RoomWork {
  readonly one: Float64Array // [value, mean]
  readonly two: Float64Array // [air, structure, mean air, mean structure]
  readonly nodes: TwoNodes
  readonly before: Float64Array // [state], at the start of the call
  /** Amounts over the whole call: gained, let in or out, and the sum of their sizes. */
  readonly tally: Float64Array // [row of TALLY]
}

const TALLY = {
  co2In: 0,
  co2Size: 1,
  waterIn: 2,
  waterSize: 3,
  particlesIn: 4,
  particlesSize: 5,
  heatIn: 6,
  heatSize: 7,
  condensed: 8,
  deposited: 9,
  filtered: 10,
  ventilationLoss: 11,
  toStructure: 12,
} as const

export function createRoomWork(): RoomWork {
  return {
    one: new Float64Array(2),
    two: new Float64Array(4),
    nodes: emptyNodes(),
    before: new Float64Array(STATES),
    tally: new Float64Array(Object.keys(TALLY).length),
  }
}

/** Mass of dry air in the room, at its nominal temperature. */
export function airMass_kg(parameters: AirParameters, cell: number): number {
  const gas_J_kg = AIR_GAS_J_KGK * parameters.nominalAir_K[cell]!
  return (parameters.volume_m3[cell]! * parameters.pressure_Pa[cell]!) / gas_J_kg
}

/** Heat per kelvin of the air and what follows it at once. */
function airHeat_J_K(parameters: AirParameters, cell: number): number {
  return airMass_kg(parameters, cell) * AIR_HEAT_J_KGK * parameters.airMassFactor_1[cell]!
}

/**
 * Advances one room in place: `state` [state] under `input` [input] by dt_s; `output` [output]
 * gets the flows as means over the step and how well each balance closed.
 */
export function advanceRoom(
  parameters: AirParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  dt_s: number,
  output: Float64Array,
  work: RoomWork,
): void {
  work.tally.fill(0)
  work.before.set(state)
  const steps = Math.ceil(dt_s / SUBSTEP_MAX_S)
  for (let step = 0; step < steps; step++) {
    stepGases(parameters, cell, state, input, dt_s / steps, work)
    stepHeat(parameters, cell, state, input, dt_s / steps, work)
    condense(parameters, cell, state, work)
  }
  fillFlows(parameters, cell, state, input, dt_s, output, work.tally)
  fillResiduals(parameters, cell, state, output, work)
}

/** CO2, water and particles, each against outdoor air. */
function stepGases(
  parameters: AirParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  dt_s: number,
  { one, tally }: RoomWork,
): void {
  const volume_m3 = parameters.volume_m3[cell]!
  const flow_m3_s = input[airInput.ventilation_m3_s]!
  const people = input[airInput.occupants_1]!
  const change_per_s = flow_m3_s / volume_m3

  const breathed = people * parameters.co2PerPerson_m3_s[cell]!
  const co2In = flow_m3_s * input[airInput.outdoorCo2_1]!
  stepOneNode(state[airState.co2_1]!, (co2In + breathed) / volume_m3, change_per_s, dt_s, one)
  state[airState.co2_1] = one[0]!
  count(tally, TALLY.co2In, dt_s * (co2In + breathed), dt_s * flow_m3_s * one[1]!)

  const mass_kg = airMass_kg(parameters, cell)
  const air_kg_s = mass_kg * change_per_s
  const given = people * parameters.waterPerPerson_kg_s[cell]! + input[airInput.moisture_kg_s]!
  const waterIn = air_kg_s * input[airInput.outdoorHumidity_1]!
  stepOneNode(state[airState.humidity_1]!, (waterIn + given) / mass_kg, change_per_s, dt_s, one)
  state[airState.humidity_1] = one[0]!
  count(tally, TALLY.waterIn, dt_s * (waterIn + given), dt_s * air_kg_s * one[1]!)

  const through = flow_m3_s * parameters.penetration_1[cell]!
  const made =
    people * parameters.particlesPerPerson_kg_s[cell]! + input[airInput.particleSource_kg_s]!
  const particlesIn = through * input[airInput.outdoorParticles_kg_m3]! + made
  const settled_m3_s = parameters.deposition_per_s[cell]! * volume_m3
  const filtered_m3_s = parameters.filter_1[cell]! * input[airInput.cleaned_m3_s]!
  const cleared_m3_s = flow_m3_s + settled_m3_s + filtered_m3_s
  const held = state[airState.particles_kg_m3]!
  stepOneNode(held, particlesIn / volume_m3, cleared_m3_s / volume_m3, dt_s, one)
  state[airState.particles_kg_m3] = one[0]!
  count(tally, TALLY.particlesIn, dt_s * particlesIn, dt_s * cleared_m3_s * one[1]!)
  tally[TALLY.deposited]! += dt_s * settled_m3_s * one[1]!
  tally[TALLY.filtered]! += dt_s * filtered_m3_s * one[1]!
}

/** Air and structure together, through the exponential of their matrix. */
function stepHeat(
  parameters: AirParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  dt_s: number,
  { two, nodes, tally }: RoomWork,
): void {
  const air_J_K = airHeat_J_K(parameters, cell)
  const structure_J_K = parameters.structure_J_K[cell]!
  const between_W_K = parameters.airToStructure_W_K[cell]!
  const walls_W_K = parameters.walls_W_K[cell]!
  const windows_W_K = parameters.windows_W_K[cell]!
  const change_per_s = input[airInput.ventilation_m3_s]! / parameters.volume_m3[cell]!
  const carried_W_K = airMass_kg(parameters, cell) * change_per_s * AIR_HEAT_J_KGK
  const outdoor_K = input[airInput.outdoor_K]!
  const given_W =
    input[airInput.occupants_1]! * parameters.heatPerPerson_W[cell]! + input[airInput.heat_W]!
  const lost_W_K = carried_W_K + windows_W_K
  nodes.heat1_J_K = air_J_K
  nodes.heat2_J_K = structure_J_K
  nodes.between_W_K = between_W_K
  nodes.loss1_W_K = lost_W_K
  nodes.loss2_W_K = walls_W_K
  nodes.given1_W = given_W
  const air = state[airState.air_K]! - outdoor_K
  const structure = state[airState.structure_K]! - outdoor_K
  stepTwoNodes(nodes, air, structure, dt_s, two)
  state[airState.air_K] = outdoor_K + two[0]!
  state[airState.structure_K] = outdoor_K + two[1]!
  count(tally, TALLY.heatIn, dt_s * given_W, dt_s * lost_W_K * two[2]!)
  count(tally, TALLY.heatIn, 0, dt_s * walls_W_K * two[3]!)
  tally[TALLY.ventilationLoss]! += dt_s * carried_W_K * two[2]!
  tally[TALLY.toStructure]! += dt_s * between_W_K * (two[2]! - two[3]!)
}

/** Water over saturation goes to the surfaces, and its heat with it. */
function condense(
  parameters: AirParameters,
  cell: number,
  state: Float64Array,
  { tally }: RoomWork,
): void {
  const most = saturationHumidity(state[airState.air_K]!, parameters.pressure_Pa[cell]!)
  const excess = state[airState.humidity_1]! - most
  if (!(excess > 0)) return
  const water_kg = excess * airMass_kg(parameters, cell)
  const heat_J = water_kg * EVAPORATION_J_KG
  state[airState.humidity_1] = most
  state[airState.structure_K]! += heat_J / parameters.structure_J_K[cell]!
  tally[TALLY.condensed]! += water_kg
  count(tally, TALLY.waterIn, 0, water_kg)
  count(tally, TALLY.heatIn, heat_J, 0)
}

function count(tally: Float64Array, row: number, came: number, went: number): void {
  tally[row]! += came - went
  tally[row + 1]! += Math.abs(came) + Math.abs(went)
}

function fillFlows(
  parameters: AirParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  dt_s: number,
  output: Float64Array,
  tally: Float64Array,
): void {
  const per_s = dt_s > 0 ? 1 / dt_s : 0
  const pressure_Pa = parameters.pressure_Pa[cell]!
  const air_K = state[airState.air_K]!
  output[airOutput.airChange_per_s] =
    input[airInput.ventilation_m3_s]! / parameters.volume_m3[cell]!
  output[airOutput.relativeHumidity_1] = relativeHumidity(
    state[airState.humidity_1]!,
    air_K,
    pressure_Pa,
  )
  output[airOutput.saturation_1] = saturationHumidity(air_K, pressure_Pa)
  output[airOutput.condensing_kg_s] = tally[TALLY.condensed]! * per_s
  output[airOutput.occupantHeat_W] =
    input[airInput.occupants_1]! * parameters.heatPerPerson_W[cell]!
  output[airOutput.ventilationLoss_W] = tally[TALLY.ventilationLoss]! * per_s
  output[airOutput.toStructure_W] = tally[TALLY.toStructure]! * per_s
  output[airOutput.deposited_kg_s] = tally[TALLY.deposited]! * per_s
  output[airOutput.filtered_kg_s] = tally[TALLY.filtered]! * per_s
  output[airOutput.stored_W] = tally[TALLY.heatIn]! * per_s
}

/** What a store gained less what came in, over what passed. */
function residual(tally: Float64Array, row: number, gained: number, held: number): number {
  const passed = Math.max(tally[row + 1]!, THROUGHPUT_MIN * held)
  return passed > 0 ? (gained - tally[row]!) / passed : gained
}

function fillResiduals(
  parameters: AirParameters,
  cell: number,
  state: Float64Array,
  output: Float64Array,
  { before, tally }: RoomWork,
): void {
  const volume_m3 = parameters.volume_m3[cell]!
  const mass_kg = airMass_kg(parameters, cell)
  const air_J_K = airHeat_J_K(parameters, cell)
  const structure_J_K = parameters.structure_J_K[cell]!
  const co2 = state[airState.co2_1]!
  const water = state[airState.humidity_1]!
  const dust_kg_m3 = state[airState.particles_kg_m3]!
  const air_K = state[airState.air_K]!
  const structure_K = state[airState.structure_K]!
  const breath_m3 = volume_m3 * (co2 - before[airState.co2_1]!)
  const water_kg = mass_kg * (water - before[airState.humidity_1]!)
  const dust_kg = volume_m3 * (dust_kg_m3 - before[airState.particles_kg_m3]!)
  const stored_J =
    air_J_K * (air_K - before[airState.air_K]!) +
    structure_J_K * (structure_K - before[airState.structure_K]!)
  const held_J = air_J_K * air_K + structure_J_K * structure_K
  output[airOutput.co2Residual_1] = residual(tally, TALLY.co2In, breath_m3, volume_m3 * co2)
  output[airOutput.waterResidual_1] = residual(tally, TALLY.waterIn, water_kg, mass_kg * water)
  output[airOutput.particleResidual_1] = residual(
    tally,
    TALLY.particlesIn,
    dust_kg,
    volume_m3 * dust_kg_m3,
  )
  output[airOutput.energyResidual_1] = residual(tally, TALLY.heatIn, stored_J, held_J)
}

/** Fills the state of an empty room that has stood under its nominal air change. */
export function initialiseRoom(parameters: AirParameters, cell: number, state: Float64Array): void {
  const change_per_s = parameters.nominalAirChange_per_s[cell]!
  const air_K = parameters.nominalAir_K[cell]!
  const most = saturationHumidity(air_K, parameters.pressure_Pa[cell]!)
  const through = parameters.penetration_1[cell]! * change_per_s
  const cleared_per_s = change_per_s + parameters.deposition_per_s[cell]!
  state[airState.co2_1] = parameters.nominalOutdoorCo2_1[cell]!
  state[airState.humidity_1] = Math.min(parameters.nominalOutdoorHumidity_1[cell]!, most)
  state[airState.particles_kg_m3] =
    (through / cleared_per_s) * parameters.nominalOutdoorParticles_kg_m3[cell]!
  state[airState.air_K] = air_K
  const walls_W_K = parameters.walls_W_K[cell]!
  const between_W_K = parameters.airToStructure_W_K[cell]!
  state[airState.structure_K] =
    (between_W_K * air_K + walls_W_K * parameters.nominalOutdoor_K[cell]!) /
    (between_W_K + walls_W_K)
}

const roomWork = createRoomWork()

/** All rooms of a line in one call; rooms do not meet. */
export const airModel: ProcessModel<AirParameters> = cellByCell({
  name: 'air',
  version: '1',
  inputs: AIR_INPUTS,
  states: AIR_STATES,
  outputs: AIR_OUTPUTS,
  sources: ['astm-d6245', 'persily2017', 'alduchov1996', 'riley2002', 'iso52016'],
  check: checkAirParameters,
  initialise: initialiseRoom,
  advance: (parameters, room, state, input, dt_s, output) =>
    advanceRoom(parameters, room, state, input, dt_s, output, roomWork),
})
