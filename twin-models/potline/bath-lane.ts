/**
 * Bath properties of one cell in a tile image, as the full cell uses them: the functions of
 * bath.ts on one block of values. twin-models/assembly/bath.ts does the same on two cells at once.
 */
import {
  aluminaSaturation_wtpct,
  bathComposition,
  bathRatio,
  conductivityHives_S_cm,
  conductivityWang_S_cm,
  liquidus_C,
  ZERO_C_IN_K,
} from './bath.ts'

/** Cells side by side in a tile. */
const LANES = 4

/** The block: composition, temperature and choice go in, the rest comes out. */
export const bathValue = {
  alumina_wtpct: 0,
  alf3_wtpct: 1,
  caf2_wtpct: 2,
  mgf2_wtpct: 3,
  lif_wtpct: 4,
  bath_K: 5,
  /** 0: conductivity of Hives; 1: of Wang. */
  wang: 6,
  liquidus_K: 7,
  saturation_wtpct: 8,
  ratio: 9,
  conductivity_S_m: 10,
  /** Change of the logarithm of the conductivity per wt% of alumina. */
  conductivitySlope: 11,
} as const
export const BATH_VALUES = 12

const HIVES_SLOPE = -0.02
const bath = bathComposition()

/** Fills the properties in the block at `bathAt` from the composition and temperature in it. */
export function bathLane(m: Float64Array, bathAt: number): void {
  bath.alumina_wtpct = Math.max(m[bathAt + LANES * bathValue.alumina_wtpct]!, 0)
  bath.alf3_wtpct = Math.max(m[bathAt + LANES * bathValue.alf3_wtpct]!, 0)
  bath.caf2_wtpct = m[bathAt + LANES * bathValue.caf2_wtpct]!
  bath.mgf2_wtpct = m[bathAt + LANES * bathValue.mgf2_wtpct]!
  bath.lif_wtpct = m[bathAt + LANES * bathValue.lif_wtpct]!
  const bath_K = m[bathAt + LANES * bathValue.bath_K]!
  const wang = m[bathAt + LANES * bathValue.wang]! > 0
  m[bathAt + LANES * bathValue.liquidus_K] = liquidus_C(bath) + ZERO_C_IN_K
  m[bathAt + LANES * bathValue.saturation_wtpct] = aluminaSaturation_wtpct(
    bath,
    bath_K - ZERO_C_IN_K,
  )
  m[bathAt + LANES * bathValue.ratio] = bathRatio(bath)
  m[bathAt + LANES * bathValue.conductivity_S_m] =
    100 * (wang ? conductivityWang_S_cm(bath, bath_K) : conductivityHives_S_cm(bath, bath_K))
  m[bathAt + LANES * bathValue.conductivitySlope] = wang ? wangSlope() : HIVES_SLOPE
}

/** Derivative of the logarithm of Wang's conductivity, see `conductivityWang_S_cm`. */
function wangSlope(): number {
  const { alf3_wtpct, alumina_wtpct, caf2_wtpct, lif_wtpct, mgf2_wtpct } = bath
  const naf = 0.6 * (100 - alf3_wtpct - alumina_wtpct - caf2_wtpct - lif_wtpct - mgf2_wtpct)
  const sodium = (naf / 41.99 + lif_wtpct / 25.94 - mgf2_wtpct / 62.31) / 2
  const fluoride = (alf3_wtpct + (2 * naf) / 3) / 83.98
  const sodiumSlope = -0.6 / 41.99 / 2
  const fluorideSlope = -0.4 / 83.98
  const ratioSlope = (sodiumSlope - (sodium / fluoride) * fluorideSlope) / fluoride
  return -0.01755 + 0.3092 * ratioSlope
}
