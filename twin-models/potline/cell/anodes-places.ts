/**
 * Memory of the anode network. Every value of a cell is `LANES` numbers after the one before;
 * the `At` of a block is the index of its first value. One cell has N anodes side by side.
 */
import { asinh, log, pow } from '../../kernels/elementary.ts'
import { ALUMINIUM_KG_MOL } from '../heat.ts'
import { EXACT_SLOPES, FARADAY_C_MOL, type OvervoltageSlopes } from '../voltage.ts'
import { LANES } from './layout.ts'

/** State per anode: four vectors of N values one after the other, at `anodesAt`. */
export const anodeVector = { acd_m: 0, age_s: 1, deficit_J: 2, current_A: 3 } as const
export const ANODE_VECTORS = 4

/** What the network depends on in one cell; `fillAnodeFactors` makes it from parameters. */
export const anodeFactor = {
  /** Current density per current of one anode, A/cm2 per A. */
  perArea_1_cm2: 0,
  perArea_1_m2: 1,
  /** Area of one anode in cm2 to the power -0.1, for the critical density. */
  critical: 2,
  onset_wtpct: 3,
  bubbleCover: 4,
  gapLessBubbles: 5,
  anode_Ohm: 6,
  anodeAgeing: 7,
  perLife_1_s: 8,
  /** Frozen bath under an anode just set. */
  frozen_Ohm: 9,
  perColdAnode_1_J: 10,
  common_Ohm: 11,
  perCathode_1_cm2: 12,
  /** Anode current density below which the logarithm goes over into asinh, and its logarithm. */
  low_A_cm2: 13,
  lowLog: 14,
  lowLine_A: 15,
  /** Scale of asinh below the low current at the cathode. */
  lowCathode: 16,
  reversible_V_K: 17,
  anodeSurface_V_K: 18,
  anodeConcentration_V_K: 19,
  cathode_V_K: 20,
  perHeating_1_s: 21,
  coldAnode_J: 22,
  /** Bottom that burns off one anode per coulomb at full current efficiency. */
  burn_m_C: 23,
} as const
export const ANODE_FACTORS = 24

/** What the network gives, at `partsAt`; the first seven add up to the cell voltage. */
export const anodePart = {
  reversible_V: 0,
  anodeConcentration_V: 1,
  anodeSurface_V: 2,
  cathode_V: 3,
  bath_V: 4,
  bubble_V: 5,
  ohmic_V: 6,
  cell_V: 7,
  /** Mean over the anodes. */
  bubbleCover: 8,
  /** Share of the anodes that are starved. */
  starved: 9,
  /** Rise of the cell voltage with the line current. */
  slope_Ohm: 10,
  /** Highest less lowest voltage over one anode, before the last step of the iteration. */
  mismatch_V: 11,
} as const
export const ANODE_PARTS = 12

/** Scratch at `workAt`: single values, then vectors of N; `starved` and `cover` may be read. */
export const anodeWork = {
  reversible_V: 0,
  exchangeLog: 1,
  perCritical_cm2_A: 2,
  coverConstant: 3,
  gap_Ohm_m: 4,
  series_Ohm: 5,
  branch_V: 6,
  branch_S: 7,
  /** 1 where an anode is short of alumina or covered by gas. */
  starved: 8,
  cover: 9,
} as const
export const ANODE_WORK_VECTORS = 10
/** Single values at the start of the scratch. */
export const ANODE_WORK_SCALARS = 16

/** Number of scratch values that a cell of `anodes` anodes needs. */
export function anodeWorkLength(anodes: number): number {
  return ANODE_WORK_SCALARS + ANODE_WORK_VECTORS * anodes
}

/** Index of the first value of a scratch vector. */
export function anodeWorkAt(workAt: number, anodes: number, vector: number): number {
  return workAt + LANES * (ANODE_WORK_SCALARS + vector * anodes)
}

/** Parameters of one cell that the anode network needs; names as in the parameters of a cell. */
export interface AnodeGiven {
  /** Area of all anodes facing the metal. */
  readonly anodeArea_m2: number
  readonly fanning: number
  readonly cathodeArea_m2: number
  readonly anodeEffectAlumina_share: number
  readonly bubbleCover: number
  readonly gapLessBubbles: number
  /** All anodes in parallel, at half their age. */
  readonly anode_Ohm: number
  /** Resistance of a new anode over that of one at half age, less 1. */
  readonly anodeAgeing: number
  readonly anodeLife_s: number
  readonly cathode_Ohm: number
  readonly bus_Ohm: number
  readonly lowCurrent_A: number
  readonly coldAnode_J: number
  readonly anodeHeating_s: number
  readonly carbonUse_kg_kg: number
  readonly anodeDensity_kg_m3: number
  /** 1: burn-off moves the distance; 0: it does not. */
  readonly acdDrift: number
}

/** Cathode exchange current density [haupin1998], A/cm2. */
export const CATHODE_EXCHANGE_A_CM2 = 0.257
// 3.5 cm of frozen bath at 10 S/m, a twentieth of the liquid: the current of a new anode then
// comes back within about a day. Own choice.
const FROZEN_OHM_M2 = 3.5e-3

/** Fills the factors of one cell at `factorsAt`. */
export function fillAnodeFactors(
  m: Float64Array,
  factorsAt: number,
  anodes: number,
  given: AnodeGiven,
  slopes: OvervoltageSlopes = EXACT_SLOPES,
): void {
  const one_m2 = given.anodeArea_m2 / anodes
  const all_cm2 = 1e4 * given.anodeArea_m2 * given.fanning
  const cathode_cm2 = 1e4 * given.cathodeArea_m2
  const lowCathode = given.lowCurrent_A / cathode_cm2
  const low = given.lowCurrent_A / all_cm2
  const factors: Record<keyof typeof anodeFactor, number> = {
    perArea_1_cm2: anodes / all_cm2,
    perArea_1_m2: 1 / (one_m2 * given.fanning),
    critical: pow(1e4 * one_m2, -0.1),
    onset_wtpct: 100 * given.anodeEffectAlumina_share,
    bubbleCover: given.bubbleCover,
    gapLessBubbles: given.gapLessBubbles,
    anode_Ohm: anodes * given.anode_Ohm,
    anodeAgeing: given.anodeAgeing,
    perLife_1_s: 1 / given.anodeLife_s,
    frozen_Ohm: FROZEN_OHM_M2 / one_m2,
    perColdAnode_1_J: given.coldAnode_J > 0 ? 1 / given.coldAnode_J : 0,
    common_Ohm: given.cathode_Ohm + given.bus_Ohm,
    perCathode_1_cm2: 1 / cathode_cm2,
    low_A_cm2: low,
    lowLog: log(low),
    lowLine_A: given.lowCurrent_A,
    lowCathode:
      log(lowCathode / CATHODE_EXCHANGE_A_CM2) / asinh(lowCathode / (2 * CATHODE_EXCHANGE_A_CM2)),
    reversible_V_K: slopes.reversible_V_K,
    anodeSurface_V_K: slopes.anodeSurface_V_K,
    anodeConcentration_V_K: slopes.anodeConcentration_V_K,
    cathode_V_K: slopes.cathode_V_K,
    perHeating_1_s: 1 / given.anodeHeating_s,
    coldAnode_J: given.coldAnode_J,
    burn_m_C:
      (given.acdDrift * given.carbonUse_kg_kg * ALUMINIUM_KG_MOL) /
      (3 * FARADAY_C_MOL * given.anodeDensity_kg_m3 * one_m2),
  }
  for (const key of Object.keys(anodeFactor) as (keyof typeof anodeFactor)[]) {
    m[factorsAt + LANES * anodeFactor[key]] = factors[key]
  }
}
