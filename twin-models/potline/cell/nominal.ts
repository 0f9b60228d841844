/** Nominal operation of a cell: the steady state it is set up for, and the inputs that hold it. */

import { steadyWall } from '../../kernels/stefan-wall.ts'
import { advanceChannels } from '../../kernels/transport.ts'
import { planChannels } from '../../kernels/transport-plan.ts'
import { bathValue } from '../bath-lane.ts'
import {
  ALF3_PER_CAO,
  ALF3_PER_NA2O,
  ALUMINA_KG_C,
  CAF2_PER_CAO,
  CRYOLITE_PER_NA2O,
  METAL_PER_ALUMINA,
  REFERENCE_K,
} from './constants.ts'
import { capacity_J_K } from './heats.ts'
import { inputPlace, LANES, placeOf, statePlace } from './layout.ts'
import { channelInputs, efficiency, properties, sumBath } from './masses.ts'
import { bankMemory, type CellLane, cellPlaces, createLane, moveLane, workPlace } from './memory.ts'
import {
  type CellParameters,
  checkParameters,
  type ParameterKey,
  padParameters,
  parameterPlace,
} from './parameters.ts'
import { planCell, wallOf } from './plan.ts'
import { advanceLane, type CellKernels, createKernels, settleLane } from './step.ts'

/** Fills state and input of the cell at the lane with its nominal operation; the plan is kept. */
export function initialiseLane(
  parameters: CellParameters,
  lane: CellLane,
  kernels: CellKernels,
): void {
  nominalState(parameters, lane)
  nominalInput(lane)
  // The network and the channels settle to each other.
  for (let i = 0; i < BURN_ROUNDS; i++) {
    settleLane(lane, kernels)
    levelAnodes(lane)
  }
  relaxChannels(lane, kernels)
  for (let i = 0; i < 3; i++) settleLane(lane, kernels)
}

/** An anode that draws a tenth more current burns until it is about a tenth further away. */
const BURN_ROUNDS = 12

/** Moves the anodes to where their burning takes them: to equal currents, at the nominal mean. */
function levelAnodes(lane: CellLane): void {
  const { m, state: s, places } = lane
  const { state, sizes } = places.layout
  const current = s + LANES * state.anode_A.first
  const acd = s + LANES * state.acd_m.first
  const perMean = sizes.anodes / get(lane, 'nominalLine_A')
  let sum_m = 0
  for (let i = 0; i < sizes.anodes; i++) {
    const at = acd + LANES * i
    m[at] = m[at]! * (m[current + LANES * i]! * perMean)
    sum_m += m[at]!
  }
  const factor = (sizes.anodes * get(lane, 'nominalAcd_m')) / sum_m
  for (let i = 0; i < sizes.anodes; i++) m[acd + LANES * i] = m[acd + LANES * i]! * factor
}

const get = (lane: CellLane, key: ParameterKey) =>
  lane.m[lane.parameters + LANES * parameterPlace[key]]!

function nominalState(parameters: CellParameters, lane: CellLane): void {
  const { m, state: s, work: w, places } = lane
  const { state, sizes } = places.layout
  const values = places.layout.states.length
  for (let i = 0; i < values; i++) m[s + LANES * i] = 0
  const bath_kg = get(lane, 'nominalBath_kg')
  const alumina = get(lane, 'nominalAlumina_share')
  const alf3 = get(lane, 'nominalAlf3_share')
  const caf2 = get(lane, 'nominalCaf2_share')
  const mgf2 = get(lane, 'nominalMgf2_share')
  const lif = get(lane, 'nominalLif_share')
  m[s + LANES * statePlace.alf3_kg] = alf3 * bath_kg
  m[s + LANES * statePlace.caf2_kg] = caf2 * bath_kg
  m[s + LANES * statePlace.mgf2_kg] = mgf2 * bath_kg
  m[s + LANES * statePlace.lif_kg] = lif * bath_kg
  m[s + LANES * statePlace.cryolite_kg] = (1 - alumina - alf3 - caf2 - mgf2 - lif) * bath_kg
  m[s + LANES * statePlace.metal_kg] = get(lane, 'nominalMetal_kg')
  m[s + LANES * statePlace.bath_K] = REFERENCE_K
  fill(lane, state.dissolvedA_kg.first, 2 * sizes.channelNodes, alumina * bath_kg)
  sumBath(lane)
  properties(lane, alumina * bath_kg, bath_kg)
  const superheat_K = get(lane, 'nominalSuperheat_K')
  const liquidus_K = m[w + LANES * (places.work.bath + bathValue.liquidus_K)]!
  m[s + LANES * statePlace.bath_K] = liquidus_K + superheat_K
  for (const height of ['bath', 'metal'] as const) {
    const first = height === 'bath' ? state.bathLedge_m.first : state.metalLedge_m.first
    const flux_W_m2 = get(lane, `${height}Transfer_W_m2K`) * superheat_K
    const wall = wallOf(parameters, lane, height)
    steadyWall(wall, flux_W_m2, liquidus_K, get(lane, 'ambient_K'), m, s + LANES * first)
  }
  const use_kg_s = nominalUse_kg_s(lane)
  const leaving_per_s = get(lane, 'dissolution_per_s') + get(lane, 'settling_per_s')
  const undissolved_kg =
    leaving_per_s > 0 ? (get(lane, 'slowAlumina_share') * use_kg_s) / leaving_per_s : 0
  fill(lane, state.undissolvedA_kg.first, 2 * sizes.channelNodes, undissolved_kg)
  const back_per_s = get(lane, 'backFeeding_per_s')
  m[s + LANES * statePlace.sludge_kg] =
    back_per_s > 0 ? (get(lane, 'settling_per_s') * undissolved_kg) / back_per_s : 0
  const { anodes } = sizes
  const life_s = get(lane, 'anodeLife_s')
  for (let i = 0; i < anodes; i++) {
    m[s + LANES * (state.acd_m.first + i)] = get(lane, 'nominalAcd_m')
    m[s + LANES * (state.age_s.first + i)] = (life_s * (rotation(i, anodes) + 0.5)) / anodes
  }
}

/** Place of an anode in the order of change: neighbours are far apart in age. */
function rotation(anode: number, anodes: number): number {
  let stride = Math.floor(0.38 * anodes) + 1
  while (divisor(stride, anodes) > 1) stride += 1
  return (anode * stride) % anodes
}

function divisor(a: number, b: number): number {
  return b === 0 ? a : divisor(b, a % b)
}

function fill(lane: CellLane, first: number, count: number, total: number): void {
  const each = total / count
  for (let i = 0; i < count; i++) lane.m[lane.state + LANES * (first + i)] = each
}

/** Alumina that the nominal cell uses. */
function nominalUse_kg_s(lane: CellLane): number {
  efficiency(lane)
  return (
    ALUMINA_KG_C * lane.m[lane.work + LANES * workPlace.efficiency]! * get(lane, 'nominalLine_A')
  )
}

/**
 * Fills the input of the lane so that its nominal state is steady: feed for what is used, AlF3 for
 * what is lost, and metal and bath tapped as they are made; the beam follows the anodes' burning.
 */
function nominalInput(lane: CellLane): void {
  const { m, input: x, work: w, places } = lane
  const { layout } = places
  for (let i = 0; i < layout.inputs.length; i++) m[x + LANES * i] = 0
  const na2o = get(lane, 'na2o_share')
  const cao = get(lane, 'cao_share')
  const soda = ALF3_PER_NA2O * na2o + ALF3_PER_CAO * cao
  const made = CRYOLITE_PER_NA2O * na2o + CAF2_PER_CAO * cao
  const use_kg_s = nominalUse_kg_s(lane)
  const cryolite =
    1 -
    get(lane, 'nominalAlumina_share') -
    get(lane, 'nominalAlf3_share') -
    get(lane, 'nominalCaf2_share') -
    get(lane, 'nominalMgf2_share') -
    get(lane, 'nominalLif_share')
  // The bath tap takes alumina and undissolved alumina too, which the feed makes up for.
  const solid = m[w + LANES * workPlace.undissolved_kg]! / get(lane, 'nominalBath_kg')
  const perFeed_kg_kg = (CRYOLITE_PER_NA2O * na2o) / cryolite
  const tapped = perFeed_kg_kg * (get(lane, 'nominalAlumina_share') + solid)
  const feed_kg_s = use_kg_s / (1 + soda - made - tapped)
  const bathTap_kg_s = perFeed_kg_kg * feed_kg_s
  const lost_kg_s = get(lane, 'evolution_kg_s') * (1 - get(lane, 'scrubberReturn_share'))
  const metal_kg_s = METAL_PER_ALUMINA * use_kg_s
  const { first, count } = layout.input.feed_kg_s
  m[x + LANES * inputPlace.line_A] = get(lane, 'nominalLine_A')
  for (let j = 0; j < count; j++) m[x + LANES * (first + j)] = feed_kg_s / count
  m[x + LANES * inputPlace.alf3Feed_kg_s] =
    soda * feed_kg_s + lost_kg_s + bathTap_kg_s * get(lane, 'nominalAlf3_share')
  m[x + LANES * inputPlace.metalTap_kg_s] = metal_kg_s
  m[x + LANES * inputPlace.bathTap_kg_s] = bathTap_kg_s
  m[x + LANES * inputPlace.beam_m_s] =
    (-get(lane, 'acdDrift') * get(lane, 'carbonUse_kg_kg') * metal_kg_s) /
    (get(lane, 'anodeDensity_kg_m3') * get(lane, 'anodeArea_m2'))
}

const RELAX_STEP_S = 60
const RELAX_STEPS = 150

/** Advances the channels alone under nominal inputs until their profile stands. */
function relaxChannels(lane: CellLane, kernels: CellKernels): void {
  const { m, work: w, places } = lane
  const { state, sizes } = places.layout
  const planAt = w + LANES * places.work.flows // free between steps
  planChannels(
    places.channels,
    m,
    planAt,
    {
      velocity_m_s: get(lane, 'bathSpeed_m_s'),
      dispersion_m2_s: get(lane, 'diffusion_m2_s'),
      exchange_per_s: get(lane, 'exchange_per_s'),
      dissolution_per_s: get(lane, 'dissolution_per_s'),
      settling_per_s: get(lane, 'settling_per_s'),
    },
    RELAX_STEP_S,
  )
  const own = kernels.channels.plan
  const feed_kg_s = total(lane, lane.input, places.layout.input.feed_kg_s)
  m[w + LANES * workPlace.fed_kg] = RELAX_STEP_S * feed_kg_s
  m[w + LANES * workPlace.alumina_kg] = RELAX_STEP_S * nominalUse_kg_s(lane)
  m[w + LANES * workPlace.back_kg] =
    RELAX_STEP_S * get(lane, 'backFeeding_per_s') * m[lane.state + LANES * statePlace.sludge_kg]!
  channelInputs(lane, RELAX_STEP_S)
  kernels.channels.plan = planAt
  for (let i = 0; i < RELAX_STEPS; i++) advanceChannels(places.channels, m, kernels.channels)
  kernels.channels.plan = own
  // Back to the nominal mass, which the settling left by a few grams.
  const nodes = { first: state.dissolvedA_kg.first, count: 2 * sizes.channelNodes }
  const wished_kg = get(lane, 'nominalAlumina_share') * get(lane, 'nominalBath_kg')
  const factor = wished_kg / total(lane, lane.state, nodes)
  for (let i = 0; i < nodes.count; i++) {
    const at = lane.state + LANES * (nodes.first + i)
    m[at] = m[at]! * factor
  }
}

function total(lane: CellLane, at: number, places: { first: number; count: number }): number {
  let sum = 0
  for (let i = 0; i < places.count; i++) sum += lane.m[at + LANES * (places.first + i)]!
  return sum
}

/**
 * Sets the conductances of top, rim, bottom and bars of every cell so that its nominal operation
 * is steady; call it after changing other parameters. Throws a RangeError where that cannot be.
 */
export function balanceHeat(parameters: CellParameters): void {
  const fields = parameters.layout.fields.length
  const places = cellPlaces(parameters)
  const memory = bankMemory(places, 1, 0)
  const m = new Float64Array(memory.end)
  const lane = createLane(places, m)
  moveLane(lane, memory, 0)
  const kernels = createKernels(lane)
  const { values } = parameters
  for (let cell = 0; cell < parameters.cellCount; cell++) {
    for (let i = 0; i < fields; i++)
      m[lane.parameters + LANES * i] = values[placeOf(fields, cell, i)]!
    const put = (key: ParameterKey, value: number) => {
      values[placeOf(fields, cell, parameterPlace[key])] = value
    }
    const same = cell > 0 && sameCell(parameters, cell)
    if (!same) balanceLane(parameters, lane, kernels, cell)
    for (const key of ['top_W_K', 'rim_W_K', 'bottom_W_K', 'bars_W_K'] as const) {
      put(key, same ? values[placeOf(fields, cell - 1, parameterPlace[key])]! : get(lane, key))
    }
  }
  checkParameters(parameters)
  padParameters(parameters)
}

/** Whether a cell has the parameters of the one before; `all`: those that are balanced too. */
export function sameCell(parameters: CellParameters, cell: number, all = false): boolean {
  const { values, layout } = parameters
  const count = layout.fields.length
  for (let i = 0; i < count; i++) {
    if (!all && i >= parameterPlace.top_W_K && i <= parameterPlace.bars_W_K) continue
    if (values[placeOf(count, cell, i)]! !== values[placeOf(count, cell - 1, i)]!) return false
  }
  return true
}

function balanceLane(
  parameters: CellParameters,
  lane: CellLane,
  kernels: CellKernels,
  cell: number,
): void {
  const { m, parameters: p, state: s } = lane
  const put = (key: ParameterKey, value: number) => {
    m[p + LANES * parameterPlace[key]] = value
  }
  for (const key of ['top_W_K', 'rim_W_K', 'bottom_W_K', 'bars_W_K'] as const) put(key, 0)
  planCell(parameters, lane, 1)
  initialiseLane(parameters, lane, kernels)
  const over_K = m[s + LANES * statePlace.bath_K]! - get(lane, 'ambient_K')
  const before_J = heat_J(lane)
  advanceLane(lane, kernels, 1)
  const left_W = heat_J(lane) - before_J
  const rim = get(lane, 'rimOfLoss_share')
  const bottom = get(lane, 'bottomOfLoss_share')
  const bars = get(lane, 'barsOfLoss_share')
  if (!(left_W > 0)) {
    throw new RangeError(
      `cell ${cell + 1}: nominal operation makes ${Math.round(-left_W / 1000)} kW less heat ` +
        'than its walls take',
    )
  }
  if (rim + bottom + bars > 1) {
    throw new RangeError(`cell ${cell + 1}: rim, bottom and bars take more than the whole loss`)
  }
  put('top_W_K', ((1 - rim - bottom - bars) * left_W) / over_K)
  put('rim_W_K', (rim * left_W) / over_K)
  put('bottom_W_K', (bottom * left_W) / over_K)
  put('bars_W_K', (bars * left_W) / over_K)
}

/** Heat of bath and metal over the reference. */
function heat_J(lane: CellLane): number {
  sumBath(lane)
  const { m, work: w, state: s } = lane
  const dissolved_kg = m[w + LANES * workPlace.dissolved_kg]!
  const undissolved_kg = m[w + LANES * workPlace.undissolved_kg]!
  return (
    capacity_J_K(lane, dissolved_kg, undissolved_kg) *
    (m[s + LANES * statePlace.bath_K]! - REFERENCE_K)
  )
}
