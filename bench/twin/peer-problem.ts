import { seededRandom } from '#engine/core/random.ts'
import {
  advanceWall,
  EXCHANGE,
  EXCHANGE_SIZE,
  planSize,
  STATE,
  stateSize,
  type WallLane,
  workSize,
} from '#twin-models/kernels/stefan.ts'
import { planWall, steadyWall, type WallGeometry } from '#twin-models/kernels/stefan-wall.ts'
import {
  advanceChannels,
  anodeUsePlace,
  CHANNEL_WORK_VALUES,
  channelInput,
  channelInputValues,
  channelOutputValues,
  channelStateValues,
  FEED_PLACE,
} from '#twin-models/kernels/transport.ts'
import { PLAN_VALUES, planChannels } from '#twin-models/kernels/transport-plan.ts'
import { REFERENCE_K } from '#twin-models/potline/cell/constants.ts'
import { bankMemory, cellPlaces, createLane, moveLane } from '#twin-models/potline/cell/memory.ts'
import { type ParameterKey, parameterOf } from '#twin-models/potline/cell/parameters.ts'
import { wallOf } from '#twin-models/potline/cell/plan.ts'
import { lineParameters } from './problem.ts'

/** Simulated time of the problem that peers solve too. */
const STEPS = 1800
const STEP_S = 1
const LIQUIDUS_K = 1228.15
const START_SUPERHEAT_K = 8
const SATURATION_SHARE = 0.07
const BAND_SHARE = 0.005
/** Seconds from one shot of a feeder to its next. */
const SHOT_EVERY = 60

/**
 * Side walls at two heights and alumina in two channels, on the nodes of the full cell, for half
 * an hour: a superheat that rises and ripples, feeder shots, and even use under the anodes. It
 * holds what ours gets in it, so that everybody's error is counted against the same reference.
 */
export function peerProblem() {
  const parameters = lineParameters(1)
  const get = (key: ParameterKey) => parameterOf(parameters, 0, key)
  const places = cellPlaces(parameters)
  const memory = bankMemory(places, 1, 0)
  const lane = createLane(places, new Float64Array(memory.end))
  moveLane(lane, memory, 0)
  lane.m.set(parameters.values, memory.parametersAt)
  const walls = [wallOf(parameters, lane, 'bath'), wallOf(parameters, lane, 'metal')]
  const { design } = walls[0]!
  const random = seededRandom(11)
  const superheat_K = Array.from({ length: STEPS }, (_, n) => {
    const time_s = (n + 0.5) * STEP_S
    const slow = START_SUPERHEAT_K + 4 * (1 - Math.exp(-time_s / 300))
    return slow + Math.sin((2 * Math.PI * time_s) / 60) + 0.2 * random.normal()
  })
  const bath_kg = get('nominalBath_kg')
  const use_kg_s = 0.19
  const { feeders_m, channelLength_m, anodeLength_m } = parameters.geometry
  const shots = feeders_m.map(() => random.integer(SHOT_EVERY))
  const feed_kg = Array.from({ length: STEPS }, (_, n) =>
    shots.map(at => (n % SHOT_EVERY === at ? (SHOT_EVERY * use_kg_s) / shots.length : 0)),
  )
  const row = parameters.sizes.anodes / 2
  const channel = {
    nodes: parameters.sizes.channelNodes,
    length: channelLength_m,
    feeders: feeders_m,
    anodes: Array.from({ length: row }, (_, i) => (channelLength_m * (i + 0.5)) / row),
    anode_length: anodeLength_m,
    speed: get('bathSpeed_m_s'),
    diffusion: get('diffusion_m2_s'),
    exchange: get('exchange_per_s'),
    dissolution: get('dissolution_per_s'),
    settling: get('settling_per_s'),
    prompt: 1 - get('slowAlumina_share'),
    bath: bath_kg,
    saturation: SATURATION_SHARE,
    band: BAND_SHARE,
    use_kg_s,
    start_kg: 0.026 * bath_kg,
    start_solid_kg: (get('slowAlumina_share') * use_kg_s) / get('dissolution_per_s'),
  }
  const transfer_W_m2K = [get('bathTransfer_W_m2K'), get('metalTransfer_W_m2K')]
  const ambient_K = get('ambient_K')
  return {
    dt_s: STEP_S,
    steps: STEPS,
    layers: design.layers.map(layer => ({
      nodes: layer.nodes,
      thickness: layer.thickness_m,
      conductivity: layer.conductivity_W_mK,
      density: layer.density_kg_m3,
      heat: layer.heat_J_kgK,
      joint: layer.joint_m2K_W,
    })),
    ledge: {
      nodes: design.ledge.nodes,
      conductivity: design.ledge.conductivity_W_mK,
      density: design.ledge.density_kg_m3,
      heat: design.ledge.heat_J_kgK,
      liquid_heat: design.ledge.liquidHeat_J_kgK,
      fusion: design.ledge.fusion_J_kg,
      reference: REFERENCE_K,
      least: design.ledge.least_m,
    },
    transfer_W_m2K,
    outside_W_m2K: design.outside_W_m2K,
    emissivity: design.emissivity,
    ambient_K,
    liquidus_K: LIQUIDUS_K,
    start_superheat_K: START_SUPERHEAT_K,
    superheat_K,
    feed_kg,
    channel,
    ours: {
      ledge_m: walls.map((wall, i) => ourLedge_m(wall, transfer_W_m2K[i]!, ambient_K, superheat_K)),
      mass_kg: ourMass_kg(places.channels, channel, feed_kg),
    },
  }
}
export type PeerProblem = ReturnType<typeof peerProblem>

/** The ledge at the end, by the clear form of the kernel, whose bits are those of the fast one. */
function ourLedge_m(
  geometry: WallGeometry,
  transfer_W_m2K: number,
  ambient_K: number,
  superheat_K: readonly number[],
): number {
  const { shape } = geometry
  const lane: WallLane = {
    shape,
    state: new Float64Array(4 * stateSize(shape)),
    stateAt: 0,
    plan: new Float64Array(4 * planSize(shape)),
    planAt: 0,
    exchange: new Float64Array(4 * EXCHANGE_SIZE),
    exchangeAt: 0,
    work: new Float64Array(4 * workSize(shape)),
    workAt: 0,
  }
  planWall(geometry, STEP_S, lane.plan, 0)
  const flux_W_m2 = transfer_W_m2K * START_SUPERHEAT_K
  steadyWall(geometry, flux_W_m2, LIQUIDUS_K, ambient_K, lane.state, 0)
  lane.exchange[4 * EXCHANGE.liquidus_K] = LIQUIDUS_K
  lane.exchange[4 * EXCHANGE.transfer_W_m2K] = transfer_W_m2K
  lane.exchange[4 * EXCHANGE.ambient_K] = ambient_K
  for (const superheat of superheat_K) {
    lane.exchange[4 * EXCHANGE.bath_K] = LIQUIDUS_K + superheat
    advanceWall(lane)
  }
  return lane.state[4 * STATE.ledge_m]!
}

/** Dissolved alumina at the end, likewise: kg per node of A, then of B, by position. */
function ourMass_kg(
  layout: ReturnType<typeof cellPlaces>['channels'],
  channel: {
    readonly speed: number
    readonly diffusion: number
    readonly exchange: number
    readonly dissolution: number
    readonly settling: number
    readonly prompt: number
    readonly bath: number
    readonly use_kg_s: number
    readonly start_kg: number
    readonly start_solid_kg: number
  },
  feed_kg: readonly (readonly number[])[],
): number[] {
  const ring = 2 * layout.nodes
  const plan = 4 * channelStateValues(layout)
  const input = plan + 4 * PLAN_VALUES
  const output = input + 4 * channelInputValues(layout)
  const work = output + 4 * channelOutputValues(layout)
  const m = new Float64Array(work + 4 * CHANNEL_WORK_VALUES)
  const flows = {
    velocity_m_s: channel.speed,
    dispersion_m2_s: channel.diffusion,
    exchange_per_s: channel.exchange,
    dissolution_per_s: channel.dissolution,
    settling_per_s: channel.settling,
  }
  planChannels(layout, m, plan, flows, STEP_S)
  for (let k = 0; k < ring; k++) {
    m[4 * k] = channel.start_kg / ring
    m[4 * (ring + k)] = channel.start_solid_kg / ring
  }
  m[input + 4 * channelInput.bath_kg] = channel.bath
  m[input + 4 * channelInput.saturation_share] = SATURATION_SHARE
  m[input + 4 * channelInput.band_share] = BAND_SHARE
  m[input + 4 * channelInput.prompt_share] = channel.prompt
  for (let a = 0; a < layout.anodes; a++) {
    m[input + 4 * (anodeUsePlace(layout) + a)] = (channel.use_kg_s * STEP_S) / layout.anodes
  }
  for (const shots of feed_kg) {
    shots.forEach((kg, f) => {
      m[input + 4 * (FEED_PLACE + f)] = kg
    })
    advanceChannels(layout, m, { state: 0, plan, input, output, work })
  }
  return Array.from({ length: ring }, (_, k) => m[4 * k]!)
}
