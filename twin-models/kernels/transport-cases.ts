/** Exact solutions that alumina transport and dissolution are held to; numbers, not opinions. */
import { grainLife_s, grainRadius_m, sheetUptake, sphereUptake } from './dissolution.ts'
import { exp, log } from './elementary.ts'
import { anodeUsePlace, FEED_PLACE } from './transport.ts'
import {
  busyBench,
  COSINE,
  cosine,
  feederProfile,
  GAUSSIAN,
  gaussian,
  lostFeeders,
  OGATA_BANKS,
  ogataBanks,
  parabolaHeight_share,
  runChannels,
  setInput,
  worstConservation,
} from './transport-bench.ts'

/** One comparison with an exact number. */
export interface TransportCase {
  readonly id: string
  readonly text: string
  readonly unit: string
  readonly expected: number
  readonly got: number
  /** Allowed |got - expected| over |expected|, or absolute where `expected` is 0. */
  readonly tolerance: number
  readonly source: string
}

/** How fast an error falls when the grid or the step is refined. */
export interface TransportOrder {
  readonly id: string
  readonly text: string
  /** Node sizes [m] or steps [s], coarse to fine. */
  readonly sizes: readonly number[]
  /** Errors at these sizes, or differences between neighbours (one fewer). */
  readonly errors: readonly number[]
  /** Observed order between neighbours. */
  readonly orders: readonly number[]
  /** What the scheme is designed for; the last observed order has to reach it within 0.15. */
  readonly design: number
}

const OWN = 'computed from the exact solution'
const CRANK = 'Crank 1975'

/** (f) Crank's uptake curves: Fourier number, sphere, or sheet. */
export const SPHERE = [
  [0.01, 0.308513750129],
  [0.05, 0.606939756679],
  [0.1, 0.770478738026],
  [0.3, 0.968524535116],
] as const
export const SHEET = [
  [0.01, 0.11283791671],
  [0.05, 0.252313252178],
  [0.1, 0.356823400452],
  [0.5, 0.763950330744],
] as const

const GRAIN = {
  radius_m: 50e-6,
  density_kg_m3: 3900,
  diffusivity_m2_s: 1e-9,
  drive_kg_m3: 100,
}

/** All checks (a) to (g) of alumina transport; about a second of work. */
export function transportCases(): TransportCase[] {
  const cases: TransportCase[] = []
  const add = (
    id: string,
    text: string,
    unit: string,
    expected: number,
    got: number,
    tolerance: number,
    source = OWN,
  ) => cases.push({ id, text, unit, expected, got, tolerance, source })

  gaussian(0.0625, 0.02).forEach((got, i) => {
    const { x_m, t_s, expected } = GAUSSIAN[i]!
    add(`alumina.gaussian.${i + 1}`, `pulse at ${x_m} m, ${t_s} s`, '1/m', expected, got, 2e-3)
  })
  ogataBanks(0.0625, 0.02).forEach((got, i) => {
    const { x_m, t_s, expected } = OGATA_BANKS[i]!
    const source = 'Ogata and Banks 1961'
    add(`alumina.front.${i + 1}`, `front at ${x_m} m, ${t_s} s`, '1', expected, got, 1e-3, source)
  })
  add('alumina.cosine', 'cosine left after 600 s', '1', COSINE.factor, cosine(100, 0.5), 3e-4)
  for (const dispersion_m2_s of [0.02, 0.005]) {
    const profile = feederProfile(105, dispersion_m2_s, -1)
    const height = Math.max(...profile) - Math.min(...profile)
    const text = `feeder parabola, D ${dispersion_m2_s} m2/s`
    const expected = parabolaHeight_share(dispersion_m2_s)
    add(`alumina.parabola.${dispersion_m2_s}`, text, '1', expected, height, 3e-3)
  }
  for (const { lost, falls, expected } of lostFeeders(105, 0.02)) {
    const text = `fall at lost feeder ${lost + 1} of 5, parabola heights`
    add(`alumina.lost.${lost + 1}`, text, '1', expected, falls[lost]!, 1e-5)
  }
  add('alumina.mass', 'mass made by a step', '1', 0, worstConservation(2000, 1), 1e-12)
  for (const [fourier, expected] of SPHERE) {
    const got = sphereUptake(fourier)
    add(
      `grain.sphere.${fourier}`,
      `uptake of a sphere at ${fourier}`,
      '1',
      expected,
      got,
      1e-11,
      CRANK,
    )
  }
  for (const [fourier, expected] of SHEET) {
    const got = sheetUptake(fourier)
    add(
      `grain.sheet.${fourier}`,
      `uptake of a sheet at ${fourier}`,
      '1',
      expected,
      got,
      1e-11,
      CRANK,
    )
  }
  add('grain.life', 'life of a 50 um grain', 's', 48.75, grainLife_s(GRAIN), 1e-12)
  const half_m = GRAIN.radius_m / 2
  add(
    'grain.radius',
    'radius after 3/4 of its life',
    'm',
    half_m,
    grainRadius_m(GRAIN, 36.5625),
    1e-12,
  )
  return cases
}

const GRIDS_m = [0.25, 0.125, 0.0625, 0.03125, 0.015625]
const STEPS_s = [8, 4, 2, 1, 0.5]

/** Observed orders in space and time, from five grids or steps each; about a second of work. */
export function transportOrders(): TransportOrder[] {
  return [...spaceOrders(), ...timeOrders()]
}

function spaceOrders(): TransportOrder[] {
  // With a common step the error in time drops out of the differences between grids.
  const pulses = differences(GRIDS_m.map(step_m => gaussian(step_m, 1)[0]!))
  const fronts = differences(GRIDS_m.map(step_m => ogataBanks(step_m, 1)[0]!))
  const nodes = [7, 14, 28, 56, 112]
  // Time alone makes of the slowest mode (1 + rate dt)^-n; the rest is the error in space.
  let inTime = 1
  for (let n = 0; n < 60; n++) inTime /= 1 + cosineRate_per_s() * 10
  const modes = nodes.map(count => Math.abs(cosine(count, 10) - inTime))
  const odd = [5, 15, 25, 45, 75]
  const heights = odd.map(count => {
    const profile = feederProfile(count, 0.02, -1)
    const height = Math.max(...profile) - Math.min(...profile)
    return Math.abs(height / parabolaHeight_share(0.02) - 1)
  })
  const length = (count: number) => COSINE.length_m / count
  return [
    order('alumina.order.pulse', 'drifting pulse over node size', GRIDS_m, pulses, 2),
    order('alumina.order.front', 'Ogata-Banks front over node size', GRIDS_m, fronts, 2),
    order('alumina.order.cosine', 'cosine over node size', nodes.map(length), modes, 2),
    order('alumina.order.parabola', 'feeder parabola over node size', odd.map(length), heights, 2),
  ]
}

function timeOrders(): TransportOrder[] {
  const exact = exp(-cosineRate_per_s() * COSINE.t_s)
  const modes = STEPS_s.map(dt_s => Math.abs(cosine(800, dt_s) - exact))
  const short_s = STEPS_s.map(dt_s => dt_s / 8)
  const pulses = differences(short_s.map(dt_s => gaussian(0.25, dt_s)[0]!))
  const cells = differences(STEPS_s.map(busyNode_kg))
  return [
    order('alumina.order.cosineTime', 'cosine over step', STEPS_s, modes, 1),
    order('alumina.order.pulseTime', 'drifting pulse over step', short_s, pulses, 1),
    order('alumina.order.cellTime', 'cell with everything on over step', STEPS_s, cells, 1),
  ]
}

function cosineRate_per_s(): number {
  const { dispersion_m2_s, length_m } = COSINE
  return dispersion_m2_s * (Math.PI / length_m) * (Math.PI / length_m)
}

/** Dissolved alumina at one node of the busy cell after 10 min of unequal feed and use. */
function busyNode_kg(dt_s: number): number {
  const bench = busyBench(dt_s)
  const first = anodeUsePlace(bench.layout)
  for (let f = 0; f < 4; f++) setInput(bench, FEED_PLACE + f, (0.06 * dt_s) / 4)
  for (let a = 0; a < 36; a++) setInput(bench, first + a, ((1.3 - a / 60) * 0.058 * dt_s) / 36)
  runChannels(bench, Math.round(600 / dt_s))
  return bench.memory[4 * 95]!
}

function differences(values: readonly number[]): number[] {
  return values.slice(1).map((value, i) => Math.abs(value - values[i]!))
}

/** Errors may be one fewer than sizes: differences between neighbours. */
function order(
  id: string,
  text: string,
  sizes: readonly number[],
  errors: readonly number[],
  design: number,
): TransportOrder {
  const orders = errors
    .slice(1)
    .map((error, i) => log(error / errors[i]!) / log(sizes[i + 1]! / sizes[i]!))
  return { id, text, sizes, errors, orders, design }
}
