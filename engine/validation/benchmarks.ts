/** Section 2: published control models: NTNU-8, the alumina model in closed form, the 500 kA cell. */
import { ntnuDefects } from '#twin-models/potline/ntnu-8/defects.ts'
import {
  NTNU_STATES,
  ntnuAdvance,
  ntnuHelpers,
  ntnuRates,
  ntnuState,
} from '#twin-models/potline/ntnu-8/model.ts'
import { ntnuModes } from '#twin-models/potline/ntnu-8/modes.ts'
import {
  BENCHMARK_INPUT,
  BENCHMARK_START,
  STEADY_INPUT,
} from '#twin-models/potline/ntnu-8/start.ts'
import { type CheckGroup, near, nearShare } from './check.ts'

const TWO = 'two independent programs of the equations of erlendlundby/Costa-aluminum'
const STATE_NAMES = Object.keys(ntnuState)

/** Helpers and derivatives at the start, to all printed digits. */
export const ntnuStartGroup: CheckGroup = {
  section: '2.1',
  title: 'NTNU-8: functions and derivatives at the start',
  run() {
    const helpers = ntnuHelpers(BENCHMARK_START, BENCHMARK_INPUT)
    const rate = new Float64Array(NTNU_STATES)
    ntnuRates(BENCHMARK_START, BENCHMARK_INPUT, rate)
    const functions: readonly (readonly [string, number, number])[] = [
      ['g1 liquidus, C', 970.4575104079, helpers.liquidus_C],
      ['g2 conductivity, S/cm', 2.182252123363, helpers.conductivity_S_cm],
      ['g3 bubble cover', 0.6496572912154, helpers.cover],
      ['g4 bubble layer, cm', 0.5032818336005, helpers.bubble_cm],
      ['g5 bubble drop, V', 0.2285204141003, helpers.bubble_V],
      ['voltage, V', 1.452831618377, helpers.cell_V],
    ]
    const derivatives = [
      0.912858271029, -0.0238, 0, -0.912858271029, 0.006202, 4.167170030334e-4, 4.199612390275e-2,
      1.598994398644e-3,
    ]
    const rates = derivatives.map(
      (expected, i) => [`derivative of ${STATE_NAMES[i]}`, expected, rate[i]!] as const,
    )
    return [...functions, ...rates].map(([text, expected, got]) => {
      const claim = { id: `2.1-start-${slug(text)}`, text, expected, got, source: TWO }
      return expected === 0
        ? near({ ...claim, tolerance: 1e-15 })
        : nearShare({ ...claim, tolerance: 1e-12 })
    })
  },
}

/** Time; ledge, cryolite kg; bath, ledge, wall C; V; liquidus C. */
const T1: readonly (readonly number[])[] = [
  [
    10, 3269.05281493, 12990.9543251, 975.004349506, 820.41392697, 580.015919219, 1.45268883,
    970.4325095,
  ],
  [
    1000, 3690.87789628, 12569.8361037, 976.244795481, 832.066166181, 579.755866617, 1.44492922,
    969.21150725,
  ],
  [
    10_000, 3505.1827367, 12761.9572633, 979.167776333, 812.088509041, 568.867376573, 1.44159471,
    969.78273918,
  ],
  [
    50_000, 3464.95646534, 12830.7435347, 979.367905967, 813.907189372, 571.433999226, 1.44209523,
    969.98138172,
  ],
]
/** Half of the last printed digit of each column. */
const T1_HALF_DIGITS = [5e-9, 5e-8, 5e-10, 5e-10, 5e-10, 5e-9, 5e-9]

/** The trajectory T1 at four times. */
export const ntnuTrajectoryGroup: CheckGroup = {
  section: '2.1',
  title: 'NTNU-8: trajectory T1, to all printed digits',
  run() {
    const state = BENCHMARK_START.slice()
    let time_s = 0
    return T1.flatMap(([at_s, ...expected]) => {
      ntnuAdvance(state, STEADY_INPUT, 10, (at_s! - time_s) / 10)
      time_s = at_s!
      const { cell_V, liquidus_C } = ntnuHelpers(state, STEADY_INPUT)
      const got = [state[0]!, state[3]!, state[5]!, state[6]!, state[7]!, cell_V, liquidus_C]
      const names = [
        'ledge mass, kg',
        'cryolite, kg',
        'bath, C',
        'ledge, C',
        'wall, C',
        'voltage, V',
        'liquidus, C',
      ]
      return names.map((name, i) =>
        near({
          id: `2.1-T1-${at_s}s-${slug(name)}`,
          text: `T1 at ${at_s} s: ${name}`,
          expected: expected[i]!,
          got: got[i]!,
          // A printed digit may itself have been rounded half up.
          tolerance: 1.2 * T1_HALF_DIGITS[i]!,
          source: TWO,
        }),
      )
    })
  },
}

type DefectRow = readonly [
  id: string,
  text: string,
  expected: number,
  got: number,
  tolerance: number,
]

/** The five defects, each as its number. */
export const ntnuDefectGroup: CheckGroup = {
  section: '2.1.4',
  title: 'NTNU-8: the five defects, which is why it is never the plant model',
  run: () =>
    [...defectRows(), ...modeRows()].map(([id, text, expected, got, tolerance]) =>
      near({
        id: `2.1.4-${id}`,
        text,
        expected,
        got,
        tolerance,
        source: 'cross-check with section 1 and 3.1',
      }),
    ),
}

function defectRows(): readonly DefectRow[] {
  const found = ntnuDefects()
  const two = 0.005
  return [
    ['1-denominator', 'defect 1: AlF3 for alumina in g1, K', 6.39, -found.denominator_K, two],
    ['2-sign', 'defect 2: sign of the 1.5 term of g1, K', 4.45, -found.sign_K, two],
    ['1-2-g1', 'g1 at 11 % AlF3, 3 % alumina, C', 966.73, found.published_C, two],
    ['1-2-solheim', 'Solheim there, CaF2 5, MgF2 1, C', 955.87, found.solheim_C, two],
    ['3-metal', 'defect 3: metal made over Faraday', 0.5, found.metal_share, 0.001],
    ['3-alumina', 'defect 3: alumina per metal, by Faraday 1.89', 3.8, found.aluminaPerMetal, 0.05],
    ['4-fusion', 'defect 4: heat of fusion over the number used', 4.27, found.fusion_ratio, two],
    ['5-voltage', 'defect 5: voltage; the reaction needs 2.04, V', 1.45, found.cell_V, two],
    ['5-cooling', 'defect 5: feed cooling left out, of power', 0.25, found.feedCooling_share, two],
  ]
}

/** What defect 4 makes of the time constants. */
function modeRows(): readonly DefectRow[] {
  const state = BENCHMARK_START.slice()
  ntnuAdvance(state, STEADY_INPUT, 10, 5000)
  const [wall, , pair, fast] = ntnuModes(state, STEADY_INPUT)
  const turning = Math.abs(pair!.imaginary_per_s)
  return [
    ['4-fast', 'defect 4: fastest mode, 1/s', -1.12e-3, fast!.real_per_s, 2e-5],
    ['4-pair', 'defect 4: pair of modes, real part, 1/s', -8.6e-4, pair!.real_per_s, 5e-6],
    ['4-pair-imaginary', 'defect 4: pair, imaginary part, 1/s', 1.5e-4, turning, 5e-6],
    ['4-wall', 'defect 4: mode of the wall, 1/s', -3.75e-5, wall!.real_per_s, 5e-7],
  ]
}

function slug(text: string): string {
  return text.replace(/, .*$/, '').replaceAll(' ', '-')
}
