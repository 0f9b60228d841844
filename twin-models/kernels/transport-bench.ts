/** Flows of alumina with known solutions, run with the kernel that every cell uses. */
import {
  advanceChannels,
  anodeUsePlace,
  CHANNEL_WORK_VALUES,
  type ChannelPlaces,
  channelInput,
  channelInputValues,
  channelOutput,
  channelOutputValues,
  channelStateValues,
  FEED_PLACE,
} from './transport.ts'
import { type ChannelGeometry, type ChannelLayout, channelLayout } from './transport-layout.ts'
import { type ChannelParameters, PLAN_VALUES, planChannels } from './transport-plan.ts'

/** One cell's channels with nothing around them; lane 0 of a tile of its own. */
export interface ChannelBench {
  readonly layout: ChannelLayout
  readonly memory: Float64Array
  readonly at: ChannelPlaces
}

/** A bench with bath_kg 1, far from saturation, all feed dissolved at once, and nothing in it. */
export function channelBench(
  geometry: ChannelGeometry,
  parameters: ChannelParameters,
  dt_s: number,
): ChannelBench {
  const layout = channelLayout(geometry)
  const plan = 4 * channelStateValues(layout)
  const input = plan + 4 * PLAN_VALUES
  const output = input + 4 * channelInputValues(layout)
  const work = output + 4 * channelOutputValues(layout)
  const memory = new Float64Array(work + 4 * CHANNEL_WORK_VALUES)
  const at = { state: 0, plan, input, output, work }
  planChannels(layout, memory, plan, parameters, dt_s)
  memory[input + 4 * channelInput.bath_kg] = 1
  memory[input + 4 * channelInput.saturation_share] = 1e9
  memory[input + 4 * channelInput.band_share] = 1
  memory[input + 4 * channelInput.prompt_share] = 1
  return { layout, memory, at }
}

const STILL: ChannelParameters = {
  velocity_m_s: 0,
  dispersion_m2_s: 0.02,
  exchange_per_s: 0,
  dissolution_per_s: 0,
  settling_per_s: 0,
}

/** Advances a bench by so many steps. */
export function runChannels(bench: ChannelBench, steps: number): void {
  for (let n = 0; n < steps; n++) advanceChannels(bench.layout, bench.memory, bench.at)
}

/** (a) A pulse of 1 kg that drifts, spreads and decays (by dissolving out of the undissolved). */
export const GAUSSIAN = [
  { x_m: 2, t_s: 60, expected: 0.2029072633282 },
  { x_m: 3, t_s: 60, expected: 0.24990538271895 },
  { x_m: 6, t_s: 120, expected: 0.17148722719246 },
  { x_m: 10, t_s: 200, expected: 0.12762496151503 },
] as const

/** Mass per metre of the pulse at the points of `GAUSSIAN`, on nodes of `step_m`, 1/step_m whole. */
export function gaussian(step_m: number, dt_s: number): number[] {
  const nodes = Math.round(36 / step_m)
  const bench = channelBench(
    { nodes, length_m: nodes * step_m, feeders_m: [], anodes_m: [], anodeLength_m: 1 },
    { ...STILL, velocity_m_s: 0.05, dissolution_per_s: 5e-4 },
    dt_s,
  )
  const origin = 2 * nodes + Math.round(12 / step_m)
  bench.memory[4 * origin] = 1
  let time_s = 0
  return GAUSSIAN.map(({ x_m, t_s }) => {
    runChannels(bench, Math.round((t_s - time_s) / dt_s))
    time_s = t_s
    return bench.memory[4 * (origin + Math.round(x_m / step_m))]! / step_m
  })
}

/** (b) Ogata and Banks: bath of concentration 1 enters a clean line at x = 0. */
export const OGATA_BANKS = [
  { x_m: 1, t_s: 30, expected: 0.81288593544355 },
  { x_m: 2, t_s: 60, expected: 0.83336896784933 },
  { x_m: 3, t_s: 60, expected: 0.59719238377751 },
  { x_m: 5, t_s: 120, expected: 0.74500389838043 },
] as const

/**
 * Concentration at the points of `OGATA_BANKS`. The ring has no open end, so a source holds the
 * node at x = 0 at 1: beyond it the line cannot tell the difference.
 */
export function ogataBanks(step_m: number, dt_s: number): number[] {
  const nodes = Math.round(24 / step_m)
  const geometry = {
    nodes,
    length_m: nodes * step_m,
    feeders_m: [],
    anodes_m: [],
    anodeLength_m: 1,
  }
  const parameters = { ...STILL, velocity_m_s: 0.05 }
  const inlet = Math.round(6 / step_m)
  const pulse = channelBench(geometry, parameters, dt_s)
  pulse.memory[4 * inlet] = 1
  runChannels(pulse, 1)
  const bench = channelBench(geometry, parameters, dt_s)
  const values = 2 * nodes
  let steps = 0
  return OGATA_BANKS.map(({ x_m, t_s }) => {
    for (; steps < Math.round(t_s / dt_s); steps++) {
      runChannels(bench, 1)
      const source = (1 - bench.memory[4 * inlet]!) / pulse.memory[4 * inlet]!
      for (let k = 0; k < values; k++) bench.memory[4 * k]! += source * pulse.memory[4 * k]!
    }
    return bench.memory[4 * (inlet + Math.round(x_m / step_m))]!
  })
}

/** (c) Rate at which the longest mode of a closed channel decays: D (pi / L)^2. */
export const COSINE = { length_m: 14, dispersion_m2_s: 0.02, t_s: 600, factor: 0.546477854859 }

/** What is left of the cosine after 600 s; both channels alike make the ring a closed channel. */
export function cosine(nodes: number, dt_s: number): number {
  const bench = channelBench(
    { nodes, length_m: COSINE.length_m, feeders_m: [], anodes_m: [], anodeLength_m: 1 },
    STILL,
    dt_s,
  )
  // Cosines at the node centres by their recursion: cos((k+1/2)h) from cos(h/2) and cos(h).
  const half = Math.PI / (2 * nodes)
  const shape = Array.from({ length: nodes }, (_, k) => cosineOf((2 * k + 1) * half))
  shape.forEach((value, k) => {
    bench.memory[4 * k] = 1 + value / 2
    bench.memory[4 * (nodes + k)] = 1 + value / 2
  })
  runChannels(bench, Math.round(COSINE.t_s / dt_s))
  let projection = 0
  shape.forEach((value, k) => {
    projection += value * (bench.memory[4 * k]! - 1)
  })
  return (2 * projection) / (nodes / 2)
}

/** Cosine on [0, pi] by its series about the nearest of 0, pi/2 and pi. */
function cosineOf(x: number): number {
  if (x > Math.PI / 2) return -cosineOf(Math.PI - x)
  let term = 1
  let sum = 1
  for (let n = 1; n < 12; n++) {
    term *= (-x * x) / ((2 * n - 1) * (2 * n))
    sum += term
  }
  return sum
}

/** The cell of the feeder tests: use per time as mass share, feeders in the middle of their zone. */
export const PARABOLA = { length_m: 14, feeders: 5, use_per_s: 7.767e-6 }

/**
 * Alumina [mass share] at rest along channel A, [node], for even use, five feeders and no flow;
 * the feeder `lost` (from 0; -1 none) gives nothing and the others share its work.
 */
export function feederProfile(nodes: number, dispersion_m2_s: number, lost: number): Float64Array {
  const { length_m, feeders, use_per_s } = PARABOLA
  const zone_m = length_m / feeders
  const dt_s = 60
  const bench = channelBench(
    {
      nodes,
      length_m,
      feeders_m: Array.from({ length: feeders }, (_, f) => (f + 0.5) * zone_m),
      anodes_m: Array.from({ length: 18 }, (_, a) => ((a + 0.5) * length_m) / 18),
      anodeLength_m: length_m / 18,
    },
    { ...STILL, dispersion_m2_s },
    dt_s,
  )
  const { layout, memory, at } = bench
  const use_kg = use_per_s * dt_s
  const working = lost < 0 ? feeders : feeders - 1
  for (let f = 0; f < feeders; f++) {
    memory[at.input + 4 * (FEED_PLACE + f)] = f === lost ? 0 : use_kg / working
  }
  for (let a = 0; a < layout.anodes; a++) {
    memory[at.input + 4 * (anodeUsePlace(layout) + a)] = use_kg / layout.anodes
  }
  for (let k = 0; k < 2 * nodes; k++) memory[4 * k] = 0.03 / (2 * nodes)
  // Sixteen times the slowest time constant.
  const slowest_s = (length_m * length_m) / (Math.PI * Math.PI * dispersion_m2_s)
  runChannels(bench, Math.ceil((16 * slowest_s) / dt_s))
  return Float64Array.from({ length: nodes }, (_, k) => memory[4 * k]! * 2 * nodes)
}

/** Height of the feeder parabola [mass share], S L^2 / (8 N^2 D). */
export function parabolaHeight_share(dispersion_m2_s: number): number {
  const { length_m, feeders, use_per_s } = PARABOLA
  return (use_per_s * length_m * length_m) / (8 * feeders * feeders * dispersion_m2_s)
}

/** What a lost feeder does at each feeder. */
export interface LostFeeder {
  readonly lost: number
  /** Fall of alumina at each feeder, in heights of the parabola. */
  readonly falls: readonly number[] // [feeder]
  /** Exact fall at the lost feeder. */
  readonly expected: number
}

/** (d) The signature of each lost feeder, feeder by feeder: 12, 6, 4, 6, 12 where it is lost. */
export function lostFeeders(nodes: number, dispersion_m2_s: number): LostFeeder[] {
  const whole = feederProfile(nodes, dispersion_m2_s, -1)
  const height = parabolaHeight_share(dispersion_m2_s)
  const places = Array.from({ length: PARABOLA.feeders }, (_, f) =>
    Math.floor(((f + 0.5) * nodes) / PARABOLA.feeders),
  )
  return [12, 6, 4, 6, 12].map((expected, lost) => {
    const after = feederProfile(nodes, dispersion_m2_s, lost)
    return { lost, expected, falls: places.map(k => (whole[k]! - after[k]!) / height) }
  })
}

/** A cell of 100 nodes, five feeders and 36 anodes with everything switched on. */
export function busyBench(dt_s: number): ChannelBench {
  const bench = channelBench(
    {
      nodes: 100,
      length_m: 14,
      feeders_m: [1.4, 4.2, 7, 9.8, 12.6],
      anodes_m: Array.from({ length: 18 }, (_, a) => ((a + 0.5) * 14) / 18),
      anodeLength_m: 0.7,
    },
    {
      velocity_m_s: 0.07,
      dispersion_m2_s: 0.01,
      exchange_per_s: 0.01,
      dissolution_per_s: 0.002,
      settling_per_s: 1e-5,
    },
    dt_s,
  )
  setInput(bench, channelInput.bath_kg, 7500)
  setInput(bench, channelInput.saturation_share, 0.07)
  setInput(bench, channelInput.band_share, 0.005)
  setInput(bench, channelInput.prompt_share, 0.4)
  for (let k = 0; k < 200; k++) bench.memory[4 * k] = 195 / 200
  return bench
}

/** Sets one value of the input block of a bench. */
export function setInput(bench: ChannelBench, place: number, value: number): void {
  bench.memory[bench.at.input + 4 * place] = value
}

/** One value of the output block of a bench. */
export function outputOf(bench: ChannelBench, place: number): number {
  return bench.memory[bench.at.output + 4 * place]!
}

/** (e) Largest part of the mass that one step made or lost, over `steps` of a busy cell. */
export function worstConservation(steps: number, dt_s: number): number {
  const bench = busyBench(dt_s)
  const first = anodeUsePlace(bench.layout)
  let before_kg = 195
  let worst = 0
  for (let n = 0; n < steps; n++) {
    const feed_kg = n % 3 === 0 ? 0.18 * dt_s : 0
    for (let f = 0; f < 5; f++) setInput(bench, FEED_PLACE + f, feed_kg / 5)
    const use_kg = 0.05825 * dt_s * (n % 7 === 0 ? 1.5 : 1)
    for (let a = 0; a < 36; a++) setInput(bench, first + a, use_kg / 36)
    const evenly_kg = n % 5 === 0 ? 0.01 : 0
    setInput(bench, channelInput.evenly_kg, evenly_kg)
    runChannels(bench, 1)
    const after_kg =
      outputOf(bench, channelOutput.dissolved_kg) + outputOf(bench, channelOutput.undissolved_kg)
    const taken_kg = use_kg - outputOf(bench, channelOutput.lacking_kg)
    const settled_kg = outputOf(bench, channelOutput.settled_kg)
    const made_kg = after_kg - before_kg - feed_kg - evenly_kg + taken_kg + settled_kg
    worst = Math.max(worst, Math.abs(made_kg) / after_kg)
    before_kg = after_kg
  }
  return worst
}
