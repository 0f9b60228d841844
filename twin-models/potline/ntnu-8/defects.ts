/** The five physical defects of the published eight-state cell, each as a number. */
import { bathComposition, liquidus_C } from '../bath.ts'
import { aluminaUse_kg_s, energyNeed_V, metalMade_kg_s } from '../heat.ts'
import { NTNU, NTNU_FUSION, ntnuHelpers, ntnuLiquidus_C } from './model.ts'
import { BENCHMARK_INPUT, BENCHMARK_START } from './start.ts'

/** What `ntnuDefects` finds; README.md says what each means. */
export interface NtnuDefects {
  /** Published g1 at 11 % AlF3 and 3 % alumina, and Solheim's liquidus of that bath. */
  readonly published_C: number
  readonly solheim_C: number
  /** What mending the denominator alone, and the sign alone, moves the liquidus by. */
  readonly denominator_K: number
  readonly sign_K: number
  /** Metal made over what the charge can make, and alumina used per metal. */
  readonly metal_share: number
  readonly aluminaPerMetal: number
  readonly aluminaPerMetalFaraday: number
  /** Heat of fusion of cryolite over the number that the equations use for it. */
  readonly fusion_ratio: number
  /** Voltage of the benchmark start, and what the reaction alone needs. */
  readonly cell_V: number
  readonly need_V: number
  /** Cooling by cold alumina that the heat balance leaves out, and its share of the power. */
  readonly feedCooling_W: number
  readonly feedCooling_share: number
}

const EFFICIENCY = 0.95
const CRYOLITE_FUSION_J_KG = 5.1e5
const ALUMINA_HEATING_J_KG = 1054.8e3
const ALUMINA_DISSOLUTION_J_KG = 1090.8e3
const LINE_A = 140e3

/** Computes every defect from the equations as published. */
export function ntnuDefects(): NtnuDefects {
  const published_C = ntnuLiquidus_C(3, 11)
  const denominator_C = ntnuLiquidus_C(3, 11, { denominator: true, sign: false })
  const sign_C = ntnuLiquidus_C(3, 11, { denominator: false, sign: true })
  const bath = bathComposition({
    alumina_wtpct: 3,
    alf3_wtpct: 11,
    caf2_wtpct: 5,
    mgf2_wtpct: 1,
  })
  const made_kg_s = metalMade_kg_s(EFFICIENCY, LINE_A)
  const { cell_V } = ntnuHelpers(BENCHMARK_START, BENCHMARK_INPUT)
  const feedCooling_W = NTNU.k3 * LINE_A * (ALUMINA_HEATING_J_KG + ALUMINA_DISSOLUTION_J_KG)
  return {
    published_C,
    solheim_C: liquidus_C(bath),
    denominator_K: denominator_C - published_C,
    sign_K: sign_C - published_C,
    metal_share: (NTNU.k6 * LINE_A) / made_kg_s,
    aluminaPerMetal: NTNU.k3 / NTNU.k6,
    aluminaPerMetalFaraday: aluminaUse_kg_s(EFFICIENCY, LINE_A) / made_kg_s,
    fusion_ratio: CRYOLITE_FUSION_J_KG / NTNU_FUSION,
    cell_V,
    need_V: energyNeed_V(EFFICIENCY),
    feedCooling_W,
    feedCooling_share: feedCooling_W / (LINE_A * cell_V),
  }
}
