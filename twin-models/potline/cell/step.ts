/**
 * One step of one cell, the clear form: alumina, walls, masses, anodes and heat in turn, each from
 * what the one before left (first order in time). twin-models/assembly/cell.ts does the same
 * operations on four cells at once and gives the same bits.
 */

import { EXCHANGE, STATE, type WallLane } from '../../kernels/stefan.ts'
import {
  ANODE_ALUMINA_PLACE,
  advanceChannels,
  anodeAlumina,
  type ChannelPlaces,
  channelInput,
  channelOutput,
} from '../../kernels/transport.ts'
import { bathValue } from '../bath-lane.ts'
import { advanceAnodes, changeAnode, solveAnodes } from './anodes.ts'
import { anodePart } from './anodes-places.ts'
import { closeBalances, sumFlows, takeInventory } from './closure.ts'
import { ANODE_ITERATIONS, LEAST_METAL_KG_S, RECOVERY_MARGIN_WTPCT } from './constants.ts'
import { advanceHeat, bulkFreezing, capacity_J_K, walls } from './heats.ts'
import { inputPlace, LANES, outputPlace, statePlace } from './layout.ts'
import {
  AnodeEffect,
  additions,
  advanceMasses,
  channelInputs,
  efficiency,
  liquidBath_kg,
  properties,
  scaleCurrents,
  sumBath,
  tapChannels,
  taps,
} from './masses.ts'
import { type CellLane, workPlace } from './memory.ts'
import { parameterPlace } from './parameters.ts'

/** Objects that a lane's kernels need; one per lane object, so that a step allocates nothing. */
export interface CellKernels {
  readonly wall: WallLane
  readonly channels: ChannelPlaces
}

/** The kernel objects of a lane. */
export function createKernels(lane: CellLane): CellKernels {
  const { m, places } = lane
  return {
    wall: {
      shape: places.wall,
      state: m,
      stateAt: 0,
      plan: m,
      planAt: 0,
      exchange: m,
      exchangeAt: 0,
      work: m,
      workAt: 0,
    },
    channels: { state: 0, plan: 0, input: 0, output: 0, work: 0 },
  }
}

/**
 * Advances the cell at the lane by dt_s, the step that its plan is for, and fills its outputs.
 * `first` is false for the later steps under one input, in which no anode is changed again.
 */
export function advanceLane(
  lane: CellLane,
  kernels: CellKernels,
  dt_s: number,
  first = true,
): void {
  const { m, state: s, parameters: p, input: x, work: w, places } = lane
  sumBath(lane)
  properties(lane, m[w + LANES * workPlace.dissolved_kg]!, m[w + LANES * workPlace.bath_kg]!)
  takeInventory(lane, w + LANES * places.work.before)
  m[w + LANES * workPlace.capacity_J_K] = capacity_J_K(
    lane,
    m[w + LANES * workPlace.dissolved_kg]!,
    m[w + LANES * workPlace.undissolved_kg]!,
  )
  efficiency(lane)
  additions(lane, dt_s)
  taps(lane, dt_s)
  changeAnodes(lane, first)
  scaleCurrents(lane)
  channelInputs(lane, dt_s)
  placeChannels(lane, kernels)
  advanceChannels(places.channels, m, kernels.channels)
  tapChannels(lane)
  walls(lane, kernels.wall, dt_s)
  bulkFreezing(lane, dt_s)
  const metal_kg = m[s + LANES * statePlace.metal_kg]!
  advanceMasses(lane)
  m[w + LANES * workPlace.rise_m] =
    m[x + LANES * inputPlace.beam_m_s]! * dt_s -
    (m[p + LANES * parameterPlace.acdDrift]! * (m[s + LANES * statePlace.metal_kg]! - metal_kg)) /
      (m[p + LANES * parameterPlace.metalDensity_kg_m3]! *
        m[p + LANES * parameterPlace.cathodeArea_m2]!)
  m[w + LANES * workPlace.cold_J] = advanceAnodes(
    m,
    places.layout.sizes.anodes,
    lane.plan + LANES * places.plan.anodes,
    s + LANES * places.layout.state.acd_m.first,
    dt_s,
    m[w + LANES * workPlace.efficiency]!,
    m[w + LANES * workPlace.rise_m]!,
  )
  const c = w + LANES * places.work.channelOutput
  const dissolved_kg =
    m[c + LANES * channelOutput.dissolved_kg]! * (1 - m[w + LANES * workPlace.tapped_share]!)
  m[w + LANES * workPlace.undissolved_kg] =
    m[c + LANES * channelOutput.undissolved_kg]! * (1 - m[w + LANES * workPlace.tapped_share]!)
  const bath_kg = liquidBath_kg(m, s, dissolved_kg)
  properties(lane, dissolved_kg, bath_kg)
  electrics(lane)
  latch(lane, dt_s)
  advanceHeat(lane, dt_s)
  flowOutputs(lane, dt_s)
  stateOutputs(lane, dissolved_kg, bath_kg)
  takeInventory(lane, w + LANES * places.work.after)
  sumFlows(lane, dt_s)
  closeBalances(lane)
}

/** Fills the outputs that follow from state and input alone, without a step. */
export function settleLane(lane: CellLane, kernels: CellKernels): void {
  const { m, work: w, places } = lane
  sumBath(lane)
  const dissolved_kg = m[w + LANES * workPlace.dissolved_kg]!
  const bath_kg = m[w + LANES * workPlace.bath_kg]!
  properties(lane, dissolved_kg, bath_kg)
  efficiency(lane)
  scaleCurrents(lane)
  placeChannels(lane, kernels)
  m[kernels.channels.input + LANES * channelInput.bath_kg] = bath_kg
  anodeAlumina(places.channels, m, kernels.channels)
  electrics(lane)
  voltageOutputs(lane)
  stateOutputs(lane, dissolved_kg, bath_kg)
}

function placeChannels(lane: CellLane, kernels: CellKernels): void {
  const { state: s, work: w, places } = lane
  const at = kernels.channels
  at.state = s + LANES * places.layout.state.dissolvedA_kg.first
  at.plan = lane.plan + LANES * places.plan.channels
  at.input = w + LANES * places.work.channelInput
  at.output = w + LANES * places.work.channelOutput
  at.work = w + LANES * places.work.inner
}

/** Sets the new anode of the input, and notes the heat that it lacks over the old one. */
function changeAnodes(lane: CellLane, first: boolean): void {
  const { m, state: s, input: x, work: w, places } = lane
  const { anodes } = places.layout.sizes
  const number = first ? m[x + LANES * inputPlace.anodeChange]! : 0
  m[w + LANES * workPlace.changed_J] = 0
  if (!(number >= 1 && number <= anodes && Math.floor(number) === number)) return
  const index = number - 1
  const deficit = s + LANES * (places.layout.state.deficit_J.first + index)
  const old_J = m[deficit]!
  changeAnode(
    m,
    anodes,
    lane.plan + LANES * places.plan.anodes,
    s + LANES * places.layout.state.acd_m.first,
    index,
  )
  m[w + LANES * workPlace.changed_J] = m[deficit]! - old_J
}

/** Solves the anode network; a tilt of the metal moves the rows against each other meanwhile. */
function electrics(lane: CellLane): void {
  const { m, input: x, work: w, places } = lane
  const { anodes } = places.layout.sizes
  const tilt_m = m[x + LANES * inputPlace.metalTilt_m]!
  if (tilt_m !== 0) tilt(lane, 0.5 * tilt_m)
  solveAnodes(
    m,
    anodes,
    ANODE_ITERATIONS,
    lane.plan + LANES * places.plan.anodes,
    w + LANES * places.work.bath,
    w + LANES * (places.work.channelOutput + ANODE_ALUMINA_PLACE),
    lane.state + LANES * places.layout.state.acd_m.first,
    m[x + LANES * inputPlace.line_A]!,
    w + LANES * places.work.parts,
    w + LANES * places.work.inner,
  )
  if (tilt_m !== 0) tilt(lane, -0.5 * tilt_m)
}

function tilt(lane: CellLane, half_m: number): void {
  const { m, state: s, places } = lane
  const first = s + LANES * places.layout.state.acd_m.first
  const row = LANES * (places.layout.sizes.anodes / 2)
  for (let i = first; i < first + row; i += LANES) {
    m[i] = m[i]! - half_m
    m[i + row] = m[i + row]! + half_m
  }
}

/** The anode effect begins and ends by the share of starved anodes and the mean alumina. */
function latch(lane: CellLane, dt_s: number): void {
  const { m, state: s, parameters: p, input: x, work: w, places } = lane
  const starved = m[w + LANES * (places.work.parts + anodePart.starved)]!
  const over_wtpct =
    m[w + LANES * (places.work.bath + bathValue.alumina_wtpct)]! -
    100 * m[p + LANES * parameterPlace.anodeEffectAlumina_share]!
  const many = starved >= m[p + LANES * parameterPlace.anodeEffectStarved]!
  const before = m[s + LANES * statePlace.anodeEffect]!
  const quenched = before === AnodeEffect.quenched || m[x + LANES * inputPlace.quench]! > 0
  const rich = over_wtpct > RECOVERY_MARGIN_WTPCT && !many
  const begun = many ? AnodeEffect.on : AnodeEffect.none
  const goesOn = quenched ? (rich ? AnodeEffect.none : AnodeEffect.quenched) : AnodeEffect.on
  const next = before === AnodeEffect.none ? begun : goesOn
  // Too little current keeps no gas film.
  const flows = m[x + LANES * inputPlace.line_A]! > m[p + LANES * parameterPlace.lowCurrent_A]!
  const now = flows ? next : AnodeEffect.none
  m[s + LANES * statePlace.anodeEffect] = now
  m[s + LANES * statePlace.anodeEffect_s] =
    m[s + LANES * statePlace.anodeEffect_s]! + (now > AnodeEffect.none ? dt_s : 0)
}

/** Voltage where no step gives it: as `advanceHeat`. */
function voltageOutputs(lane: CellLane): void {
  const { m, state: s, parameters: p, input: x, output: y, work: w, places } = lane
  const calm_V = m[w + LANES * (places.work.parts + anodePart.cell_V)]!
  const latched = m[s + LANES * statePlace.anodeEffect]! > AnodeEffect.none
  const cell_V = latched ? m[p + LANES * parameterPlace.anodeEffect_V]! : calm_V
  const line_A = m[x + LANES * inputPlace.line_A]!
  m[y + LANES * outputPlace.voltage_V] = cell_V
  m[y + LANES * outputPlace.anodeEffect_V] = cell_V - calm_V
  m[y + LANES * outputPlace.internal_W] =
    line_A * (cell_V - m[p + LANES * parameterPlace.bus_Ohm]! * line_A)
}

/** Outputs of what flowed in the step. */
function flowOutputs(lane: CellLane, dt_s: number): void {
  const { m, parameters: p, input: x, output: y, work: w, places } = lane
  const perStep = 1 / dt_s
  const made_kg_s = m[w + LANES * workPlace.made_kg]! * perStep
  const power_W = m[x + LANES * inputPlace.line_A]! * m[y + LANES * outputPlace.voltage_V]!
  const outside = EXCHANGE.outside_W_m2
  m[y + LANES * outputPlace.metalMade_kg_s] = made_kg_s
  m[y + LANES * outputPlace.energy_J_kg] = made_kg_s > LEAST_METAL_KG_S ? power_W / made_kg_s : 0
  m[y + LANES * outputPlace.aluminaUse_kg_s] = m[w + LANES * workPlace.used_kg]! * perStep
  m[y + LANES * outputPlace.dissolving_kg_s] = m[w + LANES * workPlace.dissolving_kg]! * perStep
  m[y + LANES * outputPlace.freezing_kg_s] =
    (m[w + LANES * workPlace.bathFreezing_kg]! + m[w + LANES * workPlace.metalFreezing_kg]!) *
    perStep
  m[y + LANES * outputPlace.evolved_kg_s] = m[w + LANES * workPlace.evolved_kg]! * perStep
  m[y + LANES * outputPlace.side_W] =
    m[w + LANES * (places.work.bathExchange + outside)]! *
      m[p + LANES * parameterPlace.bathWallArea_m2]! +
    m[w + LANES * (places.work.metalExchange + outside)]! *
      m[p + LANES * parameterPlace.metalWallArea_m2]!
}

/** Outputs of state, composition and voltage. */
function stateOutputs(lane: CellLane, dissolved_kg: number, bath_kg: number): void {
  const { m, state: s, parameters: p, input: x, output: y, work: w, places } = lane
  const { state } = places.layout
  const b = w + LANES * places.work.bath
  const part = w + LANES * places.work.parts
  const line_A = m[x + LANES * inputPlace.line_A]!
  const flows = line_A >= m[p + LANES * parameterPlace.lowCurrent_A]!
  const liquidus_K = m[b + LANES * bathValue.liquidus_K]!
  const perBath = 1 / bath_kg
  const cell_V = m[y + LANES * outputPlace.voltage_V]!
  m[y + LANES * outputPlace.reversible_V] = m[part + LANES * anodePart.reversible_V]!
  m[y + LANES * outputPlace.anodeConcentration_V] =
    m[part + LANES * anodePart.anodeConcentration_V]!
  m[y + LANES * outputPlace.anodeSurface_V] = m[part + LANES * anodePart.anodeSurface_V]!
  m[y + LANES * outputPlace.cathode_V] = m[part + LANES * anodePart.cathode_V]!
  m[y + LANES * outputPlace.bath_V] = m[part + LANES * anodePart.bath_V]!
  m[y + LANES * outputPlace.bubble_V] = m[part + LANES * anodePart.bubble_V]!
  m[y + LANES * outputPlace.ohmic_V] = m[part + LANES * anodePart.ohmic_V]!
  m[y + LANES * outputPlace.slope_Ohm] = m[part + LANES * anodePart.slope_Ohm]!
  m[y + LANES * outputPlace.bubbleCover] = m[part + LANES * anodePart.bubbleCover]!
  m[y + LANES * outputPlace.starved] = m[part + LANES * anodePart.starved]!
  m[y + LANES * outputPlace.pseudoResistance_Ohm] = flows
    ? (cell_V - m[p + LANES * parameterPlace.backEmf_V]!) / line_A
    : 0
  m[y + LANES * outputPlace.liquidus_K] = liquidus_K
  m[y + LANES * outputPlace.superheat_K] = m[s + LANES * statePlace.bath_K]! - liquidus_K
  m[y + LANES * outputPlace.alumina] = dissolved_kg * perBath
  m[y + LANES * outputPlace.saturation] = 0.01 * m[b + LANES * bathValue.saturation_wtpct]!
  m[y + LANES * outputPlace.alf3] = m[s + LANES * statePlace.alf3_kg]! * perBath
  m[y + LANES * outputPlace.caf2] = m[s + LANES * statePlace.caf2_kg]! * perBath
  m[y + LANES * outputPlace.undissolved_kg] = m[w + LANES * workPlace.undissolved_kg]!
  m[y + LANES * outputPlace.bath_kg] = bath_kg
  m[y + LANES * outputPlace.efficiency] = m[w + LANES * workPlace.efficiency]!
  m[y + LANES * outputPlace.anodeEffect] =
    m[s + LANES * statePlace.anodeEffect]! > AnodeEffect.none ? 1 : 0
  m[y + LANES * outputPlace.shellBath_K] = m[s + LANES * (state.bathLedge_m.first + STATE.shell_K)]!
  m[y + LANES * outputPlace.shellMetal_K] =
    m[s + LANES * (state.metalLedge_m.first + STATE.shell_K)]!
  anodeOutputs(lane, flows, line_A)
}

function anodeOutputs(lane: CellLane, flows: boolean, line_A: number): void {
  const { m, state: s, output: y, work: w, places } = lane
  const { layout } = places
  const { anodes } = layout.sizes
  const row = LANES * (anodes / 2)
  const alumina = w + LANES * (places.work.channelOutput + ANODE_ALUMINA_PLACE)
  const shares = y + LANES * layout.output.anodeAlumina_share.first
  const current = s + LANES * layout.state.anode_A.first
  const acd = s + LANES * layout.state.acd_m.first
  let lowest = m[alumina]!
  let highest = lowest
  let difference_A = 0
  let acd_m = 0
  for (let i = 0; i < row; i += LANES) {
    const a = m[alumina + i]!
    const b = m[alumina + row + i]!
    m[shares + i] = a
    m[shares + row + i] = b
    lowest = Math.min(lowest, Math.min(a, b))
    highest = Math.max(highest, Math.max(a, b))
    difference_A += m[current + i]! - m[current + row + i]!
    acd_m += m[acd + i]! + m[acd + row + i]!
  }
  m[y + LANES * outputPlace.aluminaLowest] = lowest
  m[y + LANES * outputPlace.aluminaHighest] = highest
  m[y + LANES * outputPlace.asymmetry] = flows ? difference_A / line_A : 0
  m[y + LANES * outputPlace.acd_m] = acd_m * (1 / anodes)
}
