/** Every number the wall and its reference are held to, for tests and for the validation table. */
import {
  bareWall,
  enthalpyFront_m,
  NEUMANN_RUN,
  runNeumann,
  runQuasiSteady,
  runRobinSlab,
  spaceConvergence,
  timeConvergence,
} from './stefan-cases.ts'
import {
  FREEZING_RUN,
  MELTING_RUN,
  runCross,
  runRoughDays,
  wallTimeConvergence,
} from './stefan-cross.ts'
import {
  CRYOLITE_CASE,
  CRYOLITE_SUPERHEATED,
  GLAUBER_CASE,
  neumann,
  neumannLambda,
  type QuasiSteadyCase,
  quasiSteadyLedge_m,
  robinSlab,
  WATER_CASE,
} from './stefan-exact.ts'
import { buildWall, steadyLedge_m, type WallDesign } from './stefan-wall.ts'

/** One number against another. */
export interface KernelCheck {
  readonly id: string
  readonly expected: number
  readonly got: number
  /** Relative to `expected`; absolute where that is 0. */
  readonly tolerance: number
  readonly source: string
}

/** The quasi-steady ledge of the checks. */
export const QUASI_STEADY_CASE: QuasiSteadyCase = {
  conductivity_W_mK: 1.5,
  density_kg_m3: 2900,
  fusion_J_kg: 5.1e5,
  drop_K: 915,
  flux_W_m2: 6000,
  lining_m2K_W: 0.05,
  start_m: 0.03,
}

const NEUMANN = 'Neumann, closed form'
const SLAB = 'series of the slab with convection [carslaw1959]'
const DESIGN_ORDER = 'order of the scheme'

/** All checks of wall and enthalpy form; under a second. */
export function stefanChecks(): readonly KernelCheck[] {
  return [
    ...closedFormChecks(),
    ...frontChecks(),
    ...ledgeChecks(),
    ...slabChecks(),
    ...referenceChecks(),
    ...orderChecks(),
  ]
}

/** Whether a check holds; not a number never does. */
export function holds(check: KernelCheck): boolean {
  const scale = check.expected === 0 ? 1 : Math.abs(check.expected)
  return Math.abs(check.got - check.expected) <= check.tolerance * scale
}

/** The closed forms themselves, against numbers computed elsewhere. */
function closedFormChecks(): readonly KernelCheck[] {
  const exact = (id: string, expected: number, got: number, source = NEUMANN): KernelCheck => ({
    id,
    expected,
    got,
    tolerance: 5e-9,
    source,
  })
  const one = neumann(CRYOLITE_CASE)
  const two = neumann(CRYOLITE_SUPERHEATED)
  return [
    exact('lambda St 0.1', 0.220016272742938, neumannLambda(0.1)),
    exact('lambda St 0.25', 0.340082245397372, neumannLambda(0.25)),
    exact('lambda St 0.5', 0.464785920646244, neumannLambda(0.5)),
    exact('lambda St 1', 0.620062633313595, neumannLambda(1)),
    exact('lambda St 2', 0.800601362805608, neumannLambda(2)),
    exact('lambda cryolite', 0.613772067647591, one.lambda),
    exact('lambda cryolite, two phases', 0.60159463691772, two.lambda),
    exact('lambda water, two phases', 0.163991079552046, neumann(WATER_CASE).lambda),
    {
      ...exact('lambda Glauber salt', 0.521, neumann(GLAUBER_CASE).lambda, '[alexiades1993]'),
      tolerance: 1e-3,
    },
    exact('front 60 s, m', 0.00577956767881, one.front_m(60)),
    exact('front 600 s, m', 0.0182765977561, one.front_m(600)),
    exact('front 3600 s, m', 0.0447683387366, one.front_m(3600)),
    exact('front 14400 s, m', 0.0895366774732, one.front_m(14_400)),
    exact('front 86400 s, m', 0.219319173073, one.front_m(86_400)),
    exact('front two phases 3600 s, m', 0.0438801208254, two.front_m(3600)),
    exact('front water 3600 s, m', 0.0204786360439, neumann(WATER_CASE).front_m(3600)),
    ...QUASI_STEADY_TABLE.map(([time_s, ledge_m]) =>
      exact(
        `ledge ${time_s} s, m`,
        ledge_m,
        quasiSteadyLedge_m(QUASI_STEADY_CASE, time_s),
        'quasi-steady ledge, closed form',
      ),
    ),
  ]
}

/** The wall against Neumann, steps of 10 s. */
function frontChecks(): readonly KernelCheck[] {
  const tolerance = 2e-3
  const source = NEUMANN
  const one = [3600, 14_400, 86_400].map((to_s, i) => {
    const expected = [0.0447683387366, 0.0895366774732, 0.219319173073][i]!
    const got = runNeumann(CRYOLITE_CASE, { ...NEUMANN_RUN, to_s }).front_m
    return { id: `wall: front ${to_s} s, m`, expected, got, tolerance, source }
  })
  const hour = runNeumann(CRYOLITE_CASE, NEUMANN_RUN)
  const profile = hour.profile_K.map((got_K, i) => ({
    id: `wall: ${['1/4', '1/2', '3/4'][i]} of the front, C`,
    expected: [699.228028263, 793.909230771, 880.112265308][i]!,
    got: got_K - 273.15,
    tolerance,
    source,
  }))
  const two = runNeumann(CRYOLITE_SUPERHEATED, NEUMANN_RUN).front_m
  const water = runNeumann(WATER_CASE, NEUMANN_RUN).front_m
  return [
    ...one,
    ...profile,
    { id: 'wall: front two phases, m', expected: 0.0438801208254, got: two, tolerance, source },
    { id: 'wall: front water, m', expected: 0.0204786360439, got: water, tolerance, source },
  ]
}

const QUASI_STEADY_TABLE = [
  [600, 0.0327987287],
  [3600, 0.0450428304],
  [7200, 0.0569310489],
  [14_400, 0.0750137809],
  [43_200, 0.1138889327],
  [86_400, 0.137002998],
] as const

/** Transfer, superheat, resistance of the lining and the steady ledge they lead to. */
const STEADY_TABLE = [
  [600, 8, 0.05, 0.2109],
  [600, 10, 0.05, 0.1538],
  [500, 12, 0.05, 0.1538],
  [1000, 8, 0.04, 0.1116],
] as const

/** The wall's ledge against the quasi-steady closed form, and its steady state. */
function ledgeChecks(): readonly KernelCheck[] {
  const times_s = QUASI_STEADY_TABLE.map(row => row[0])
  const got = runQuasiSteady(QUASI_STEADY_CASE, times_s, 10)
  const growing = QUASI_STEADY_TABLE.map(([time_s, expected], i) => ({
    id: `wall: ledge ${time_s} s, m`,
    expected,
    got: got[i]!,
    tolerance: 1e-5,
    source: 'quasi-steady ledge, closed form',
  }))
  const steady = STEADY_TABLE.map(([transfer, superheat, lining_m2K_W, expected]) => ({
    id: `wall: steady ledge, h ${transfer}, superheat ${superheat} K, m`,
    expected,
    got: steadyLedge_m(
      buildWall(resistance(lining_m2K_W)),
      transfer * superheat,
      955 + 273.15,
      40 + 273.15,
    ),
    tolerance: 5e-4,
    source: 'k (T - T_a) / q - k R, four digits',
  }))
  const end = runQuasiSteady(QUASI_STEADY_CASE, [3e6], 60)[0]!
  const id = 'wall: ledge after 35 days, m'
  const source = 'k (T - T_a) / q - k R'
  return [...growing, ...steady, { id, expected: 0.15375, got: end, tolerance: 1e-6, source }]
}

function resistance(joint_m2K_W: number): WallDesign {
  const bare = bareWall(CRYOLITE_CASE, 10)
  return { ...bare, layers: [{ ...bare.layers[0]!, joint_m2K_W }] }
}

/** The lining as a slab that convection cools: Biot, Fourier, centre, surface. */
const SLAB_TABLE = [
  [1, 0.2, 0.950641778505, 0.643390784477],
  [1, 0.5, 0.772526383424, 0.504521927896],
  [1, 1, 0.533859401409, 0.348176851662],
  [0.1, 1, 0.9223885716, 0.878126487609],
  [10, 0.5, 0.454640555613, 0.0643289552713],
] as const

function slabChecks(): readonly KernelCheck[] {
  return SLAB_TABLE.flatMap(([biot, fourier, centre, surface]) => {
    const got = runRobinSlab(biot, fourier, 80, 4000)
    const name = `slab Bi ${biot} Fo ${fourier}`
    const source = SLAB
    const exact = (part: string, expected: number, position: number): KernelCheck => {
      const series = robinSlab(biot, fourier, position)
      return { id: `${name}, ${part}`, expected, got: series, tolerance: 1e-9, source }
    }
    const tolerance = 1e-3
    return [
      exact('centre', centre, 0),
      exact('surface', surface, 1),
      { id: `wall: ${name}, centre`, expected: centre, got: got.centre, tolerance, source },
      { id: `wall: ${name}, surface`, expected: surface, got: got.surface, tolerance, source },
    ]
  })
}

/** The enthalpy form against Neumann, and the wall against the enthalpy form. */
function referenceChecks(): readonly KernelCheck[] {
  const one = enthalpyFront_m(CRYOLITE_CASE, 0.12, 240, 3600)
  const two = enthalpyFront_m(CRYOLITE_SUPERHEATED, 0.24, 240, 3600)
  const melting = runCross(MELTING_RUN)
  const freezing = runCross(FREEZING_RUN)
  const neumannCheck = (id: string, expected: number, got: number): KernelCheck => ({
    id: `enthalpy: ${id}`,
    expected,
    got,
    tolerance: 2e-3,
    source: NEUMANN,
  })
  const against = (id: string, expected: number, got: number): KernelCheck => ({
    id: `wall: ${id}`,
    expected,
    got,
    tolerance: 1e-3,
    source: 'enthalpy form, cells of 2.5 mm',
  })
  return [
    neumannCheck('front 3600 s, m', 0.0447683387366, one),
    neumannCheck('front two phases 3600 s, m', 0.0438801208254, two),
    against('melting 8 h, ledge, m', melting.reference_m, melting.ledge_m),
    against('melting 8 h, shell, W/m2', melting.referenceOutside_W_m2, melting.outside_W_m2),
    against('freezing 8 h, ledge, m', freezing.reference_m, freezing.ledge_m),
    against('freezing 8 h, shell, W/m2', freezing.referenceOutside_W_m2, freezing.outside_W_m2),
  ]
}

/** Orders of convergence on four grids and four steps, and the closure of every step. */
function orderChecks(): readonly KernelCheck[] {
  const order = (name: string, expected: number, orders: readonly (number | undefined)[]) =>
    orders.slice(1).map((got, i) => ({
      id: `wall: order in ${name}, ${i + 1}`,
      expected,
      got: got ?? Number.NaN,
      tolerance: 0.05,
      source: DESIGN_ORDER,
    }))
  const rough = runRoughDays(10)
  const closure = (id: string, got: number): KernelCheck => ({
    id: `wall: ${id} of the worst step`,
    expected: 0,
    got,
    tolerance: 1e-12,
    source: 'fluxes through the boundaries',
  })
  return [
    ...order(
      'space, front',
      2,
      spaceConvergence().map(row => row.order),
    ),
    ...order(
      'time, front',
      2,
      timeConvergence().map(row => row.order),
    ),
    ...order(
      'time, heat through the shell',
      1,
      wallTimeConvergence().map(row => row.order),
    ),
    closure('energy defect', rough.energyDefect),
    closure('mass defect', rough.massDefect),
  ]
}
