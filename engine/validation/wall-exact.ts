/** Section 5.2: the closed solutions that the wall is held against, to their printed digits. */
import { QUASI_STEADY_CASE } from '#twin-models/kernels/stefan-checks.ts'
import {
  CRYOLITE_CASE,
  CRYOLITE_SUPERHEATED,
  GLAUBER_CASE,
  neumann,
  neumannLambda,
  quasiSteadyLedge_m,
  robinSlab,
  WATER_CASE,
} from '#twin-models/kernels/stefan-exact.ts'
import { steadyLedge_m } from '#twin-models/potline/heat.ts'
import { type CheckGroup, near, nearShare } from './check.ts'

const NEUMANN = "Neumann's solution, separate computation"
const PRINTED = 2e-12

/** Thickness of the quasi-steady ledge at the printed times. */
const QUASI_STEADY_ROWS: readonly (readonly [time_s: number, ledge_m: number])[] = [
  [600, 0.0327987287],
  [3600, 0.0450428304],
  [7200, 0.0569310489],
  [14_400, 0.0750137809],
  [43_200, 0.1138889327],
  [86_400, 0.137002998],
]

/** Biot and Fourier number, temperature at centre and surface of a slab. */
const ROBIN_ROWS: readonly (readonly [number, number, number, number])[] = [
  [1, 0.2, 0.950641778505, 0.643390784477],
  [1, 0.5, 0.772526383424, 0.504521927896],
  [1, 1, 0.533859401409, 0.348176851662],
  [0.1, 1, 0.9223885716, 0.878126487609],
  [10, 0.5, 0.454640555613, 0.0643289552713],
]

/** Neumann's solutions: roots, fronts and profile. */
export const neumannExactGroup: CheckGroup = {
  section: '5.2',
  title: 'T5.1, T5.2: Neumann, exact solutions',
  run() {
    const one = neumann(CRYOLITE_CASE)
    const diffusivity =
      CRYOLITE_CASE.conductivity_W_mK / (CRYOLITE_CASE.density_kg_m3 * CRYOLITE_CASE.heat_J_kgK)
    const profile = (share: number) => one.solid_K(share * one.front_m(3600), 3600) - 273.15
    const rows: readonly (readonly [string, string, number, number])[] = [
      ['lambda-0.1', 'lambda at Stefan 0.1', 0.220016272742938, neumannLambda(0.1)],
      ['lambda-0.25', 'lambda at Stefan 0.25', 0.340082245397372, neumannLambda(0.25)],
      ['lambda-0.5', 'lambda at Stefan 0.5', 0.464785920646244, neumannLambda(0.5)],
      ['lambda-1', 'lambda at Stefan 1', 0.620062633313595, neumannLambda(1)],
      ['lambda-2', 'lambda at Stefan 2', 0.800601362805608, neumannLambda(2)],
      ['lambda', 'cryolite: lambda', 0.613772067647591, one.lambda],
      ['alpha', 'cryolite: diffusivity, m2/s', 3.69458128078818e-7, diffusivity],
      ['front-60', 'cryolite: front at 60 s, m', 0.00577956767881, one.front_m(60)],
      ['front-600', 'cryolite: front at 600 s, m', 0.0182765977561, one.front_m(600)],
      ['front-3600', 'cryolite: front at 1 h, m', 0.0447683387366, one.front_m(3600)],
      ['front-14400', 'cryolite: front at 4 h, m', 0.0895366774732, one.front_m(14_400)],
      ['front-86400', 'cryolite: front at 24 h, m', 0.219319173073, one.front_m(86_400)],
      ['profile-25', 'cryolite: a quarter to the front at 1 h, C', 699.228028263, profile(0.25)],
      ['profile-50', 'cryolite: halfway to the front at 1 h, C', 793.909230771, profile(0.5)],
      ['profile-75', 'cryolite: three quarters at 1 h, C', 880.112265308, profile(0.75)],
      ['two-lambda', 'superheated: lambda', 0.60159463691772, neumann(CRYOLITE_SUPERHEATED).lambda],
      [
        'two-front',
        'superheated: front at 1 h, m',
        0.0438801208254,
        neumann(CRYOLITE_SUPERHEATED).front_m(3600),
      ],
      ['water-lambda', 'water: lambda', 0.163991079552046, neumann(WATER_CASE).lambda],
      ['water-front', 'water: front at 1 h, m', 0.0204786360439, neumann(WATER_CASE).front_m(3600)],
      ['glauber', "Glauber's salt: lambda", 0.520786172141, neumann(GLAUBER_CASE).lambda],
    ]
    const published = near({
      id: '5.2-glauber-published',
      text: "Glauber's salt: lambda as published",
      expected: 0.521,
      got: neumann(GLAUBER_CASE).lambda,
      tolerance: 5e-4,
      source: 'Alexiades and Solomon 1993',
    })
    return [
      ...rows.map(([id, text, expected, got]) =>
        nearShare({ id: `5.2-${id}`, text, expected, got, tolerance: PRINTED, source: NEUMANN }),
      ),
      published,
    ]
  },
}

/** Bath transfer, superheat, wall resistance, steady ledge. */
const STEADY: readonly (readonly [number, number, number, number])[] = [
  [600, 8, 0.05, 0.2109],
  [600, 10, 0.05, 0.1538],
  [500, 12, 0.05, 0.1538],
  [1000, 8, 0.04, 0.1116],
]

/** Quasi-steady ledge, steady ledge and Robin slab in closed form. */
export const ledgeExactGroup: CheckGroup = {
  section: '5.2',
  title: 'T5.3, T5.4: quasi-steady ledge and Robin slab, exact solutions',
  run() {
    const ledge = QUASI_STEADY_ROWS.map(([time_s, expected]) =>
      near({
        id: `5.2-ledge-exact-${time_s}`,
        text: `ledge after ${time_s} s, m`,
        expected,
        got: quasiSteadyLedge_m(QUASI_STEADY_CASE, time_s),
        tolerance: 6e-11,
        source: 'implicit closed form, separate computation',
      }),
    )
    const steady = STEADY.map(([transfer, superheat, wall_m2K_W, expected]) =>
      near({
        id: `5.2-steady-${transfer}-${superheat}`,
        text: `steady ledge, h ${transfer}, superheat ${superheat}, wall ${wall_m2K_W}, m`,
        expected,
        got: steadyLedge_m(1228.15, 313.15, transfer * superheat, 1.5, wall_m2K_W),
        tolerance: 5.1e-5,
        source: 'closed form',
      }),
    )
    const slab = ROBIN_ROWS.flatMap(([biot, fourier, ...expected]) =>
      [0, 1].map(position =>
        nearShare({
          id: `5.2-robin-exact-${biot}-${fourier}-${position}`,
          text: `slab, Bi ${biot}, Fo ${fourier}: ${position === 0 ? 'centre' : 'surface'}`,
          expected: expected[position]!,
          got: robinSlab(biot, fourier, position),
          tolerance: 1e-10,
          source: 'series, separate computation',
        }),
      ),
    )
    return [...ledge, ...steady, ...slab]
  },
}
