/**
 * The eight-state cell of Lundby and others [lundby2023] as its authors simulate it: a literature
 * benchmark with exact trajectories, never the plant model. Its defects: defects.ts and README.md.
 * Temperatures are in C, as published; the rest is SI.
 */
import { pow } from '../../kernels/elementary.ts'

/** Places of the states; masses in kg, temperatures in C. */
export const ntnuState = {
  ledge_kg: 0,
  alumina_kg: 1,
  alf3_kg: 2,
  cryolite_kg: 3,
  metal_kg: 4,
  bath_C: 5,
  ledge_C: 6,
  wall_C: 7,
} as const

/** Places of the inputs. */
export const ntnuInput = {
  alumina_kg_s: 0,
  line_A: 1,
  alf3_kg_s: 2,
  tap_kg_s: 3,
  acd_m: 4,
} as const

export const NTNU_STATES = 8
export const NTNU_INPUTS = 5

/** What the publication divides by as heat of fusion; its unit is J/kg there. */
export const NTNU_FUSION = 119_495
const AREA_M2 = 17.92
const LEDGE_CONDUCTIVITY = 2.5
const WALL_CONDUCTIVITY = 6.5
const WALL_M = 0.1
const BATH_TRANSFER = 1200
const OUTSIDE_TRANSFER = 25

/** The constants by the names of the publication, with the values of the authors' simulator. */
export const NTNU = {
  k0: 2e-5,
  k1: (2 * LEDGE_CONDUCTIVITY * AREA_M2) / NTNU_FUSION,
  k2: (BATH_TRANSFER * AREA_M2) / NTNU_FUSION,
  k3: 1.7e-7,
  k4: 0.02,
  k5: 0.03,
  k6: 4.43e-8,
  k7: (1881 * BATH_TRANSFER * AREA_M2) / NTNU_FUSION,
  k8: (1881 * 2 * LEDGE_CONDUCTIVITY * AREA_M2) / NTNU_FUSION,
  k9: AREA_M2,
  k10: 1 / BATH_TRANSFER,
  k11: 1 / (2 * LEDGE_CONDUCTIVITY),
  k12: (1320 * BATH_TRANSFER * AREA_M2) / NTNU_FUSION,
  k13: (1320 * 2 * LEDGE_CONDUCTIVITY * AREA_M2) / NTNU_FUSION,
  k14: WALL_M / (2 * WALL_CONDUCTIVITY),
  k15: 1 / (2 * LEDGE_CONDUCTIVITY),
  k17: 6e-7,
  k19: 35,
  k20: 1 / OUTSIDE_TRANSFER,
  alpha: 5.66e-4,
  beta: 7.58e-4,
} as const

/** Which of the two slips of the published liquidus to mend, to measure each alone. */
export interface LiquidusMend {
  /** Alumina, not AlF3, in the denominator of the alumina term. */
  readonly denominator: boolean
  /** The sign of the term with AlF3 to the power 1.5. */
  readonly sign: boolean
}

const AS_PUBLISHED: LiquidusMend = { denominator: false, sign: false }

/** The published g1: liquidus, C, from alumina and AlF3 in wt%. */
export function ntnuLiquidus_C(
  alumina_wtpct: number,
  alf3_wtpct: number,
  mend: LiquidusMend = AS_PUBLISHED,
): number {
  const linear = mend.denominator ? alumina_wtpct : alf3_wtpct
  const root = mend.sign ? -0.061 : 0.061
  return (
    991.2 +
    1.12 * alf3_wtpct -
    0.13 * pow(alf3_wtpct, 2.2) +
    root * alf3_wtpct * Math.sqrt(alf3_wtpct) -
    (7.93 * alumina_wtpct) /
      (1 + 0.0936 * linear - 0.0017 * linear * linear - 0.0023 * alf3_wtpct * alumina_wtpct)
  )
}

/** What the published equations derive from state and input. */
export interface NtnuHelpers {
  readonly liquidus_C: number
  readonly conductivity_S_cm: number
  readonly cover: number
  readonly bubble_cm: number
  readonly bubble_V: number
  readonly cell_V: number
}

/** The published g1 to g5 and the voltage. */
export function ntnuHelpers(state: Float64Array, input: Float64Array): NtnuHelpers {
  const alumina_kg = state[ntnuState.alumina_kg]!
  const alf3_kg = state[ntnuState.alf3_kg]!
  const bath_kg = alumina_kg + alf3_kg + state[ntnuState.cryolite_kg]!
  const alumina_wtpct = (100 * alumina_kg) / bath_kg
  const line_A = input[ntnuInput.line_A]!
  const bath_C = state[ntnuState.bath_C]!
  const conductivity_S_cm = Math.exp(
    2.496 - 2068.4 / (273 + bath_C) - (2.07 * alumina_kg) / bath_kg,
  )
  const over = alumina_wtpct - 2.2
  const cover =
    0.531 +
    line_A * (6.958e-7 + line_A * (-2.51e-12 + line_A * 3.06e-18)) +
    (0.431 - 0.1437 * over) / (1 + 7.353 * over)
  const bubble_cm = (0.5517 + 3.8168e-6 * line_A) / (1 + 8.271e-6 * line_A)
  const bubble_V = (3.8168e-6 * cover * bubble_cm * line_A) / (conductivity_S_cm * (1 - cover))
  return {
    liquidus_C: ntnuLiquidus_C(alumina_wtpct, (100 * alf3_kg) / bath_kg),
    conductivity_S_cm,
    cover,
    bubble_cm,
    bubble_V,
    cell_V: bubble_V + (line_A * input[ntnuInput.acd_m]!) / (2620 * conductivity_S_cm),
  }
}

/** Fills `rate` [state] with the published derivatives per second. */
export function ntnuRates(state: Float64Array, input: Float64Array, rate: Float64Array): void {
  const { liquidus_C, cell_V } = ntnuHelpers(state, input)
  const k = NTNU
  const ledge_kg = state[ntnuState.ledge_kg]!
  const bath_C = state[ntnuState.bath_C]!
  const ledge_C = state[ntnuState.ledge_C]!
  const wall_C = state[ntnuState.wall_C]!
  const bath_kg =
    state[ntnuState.alumina_kg]! + state[ntnuState.alf3_kg]! + state[ntnuState.cryolite_kg]!
  const feed = input[ntnuInput.alumina_kg_s]!
  const line_A = input[ntnuInput.line_A]!
  const thick = k.k0 * ledge_kg
  const superheat = bath_C - liquidus_C
  const below = liquidus_C - ledge_C
  const freezing = (k.k1 * below) / thick - k.k2 * superheat
  const through = (k.k9 * (ledge_C - wall_C)) / (k.k14 + k.k15 * thick)
  rate[ntnuState.ledge_kg] = freezing
  rate[ntnuState.alumina_kg] = feed - k.k3 * line_A
  rate[ntnuState.alf3_kg] = input[ntnuInput.alf3_kg_s]! - k.k4 * feed
  rate[ntnuState.cryolite_kg] = -freezing + k.k5 * feed
  rate[ntnuState.metal_kg] = k.k6 * line_A - input[ntnuInput.tap_kg_s]!
  rate[ntnuState.bath_C] =
    (k.alpha / bath_kg) *
    (line_A * cell_V -
      (k.k9 * (bath_C - ledge_C)) / (k.k10 + k.k11 * thick) -
      (k.k7 * superheat * superheat - (k.k8 * superheat * below) / thick))
  rate[ntnuState.ledge_C] =
    (k.beta / ledge_kg) *
    ((k.k9 * below) / (k.k15 * thick) -
      through -
      (k.k12 * superheat * below - (k.k13 * below * below) / thick))
  rate[ntnuState.wall_C] = k.k17 * (through - (k.k9 * (wall_C - k.k19)) / (k.k14 + k.k20))
}

/** Advances `state` in place by `steps` classical fourth order Runge-Kutta steps. */
export function ntnuAdvance(
  state: Float64Array,
  input: Float64Array,
  dt_s: number,
  steps: number,
): void {
  const rates = Array.from({ length: 4 }, () => new Float64Array(NTNU_STATES)) // [stage][state]
  const trial = new Float64Array(NTNU_STATES)
  const [k1, k2, k3, k4] = rates as [Float64Array, Float64Array, Float64Array, Float64Array]
  for (let step = 0; step < steps; step++) {
    ntnuRates(state, input, k1)
    for (let stage = 1; stage < 4; stage++) {
      const along_s = stage < 3 ? dt_s / 2 : dt_s
      for (let i = 0; i < NTNU_STATES; i++) trial[i] = state[i]! + along_s * rates[stage - 1]![i]!
      ntnuRates(trial, input, rates[stage]!)
    }
    for (let i = 0; i < NTNU_STATES; i++) {
      state[i] = state[i]! + (dt_s / 6) * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!)
    }
  }
}
