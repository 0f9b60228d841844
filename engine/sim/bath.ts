/**
 * Bath properties of the simulated plant: its own correlations, on purpose not the twin's.
 * Compositions in wt% (AlF3 in excess of cryolite), temperatures in C.
 */

/** Liquidus by the two-parameter-per-salt polynomial fit for 2-4 % alumina, C. */
export function plantLiquidus_C(
  alumina_pct: number,
  alf3_pct: number,
  caf2_pct: number,
  mgf2_pct: number,
): number {
  return (
    1011 +
    alf3_pct * (0.7 - 0.232 * alf3_pct + 0.084 * caf2_pct) +
    alumina_pct * (-7.65 + 0.523 * alumina_pct) +
    caf2_pct * (-3.28 + 0.037 * caf2_pct) -
    3.95 * mgf2_pct
  )
}

/** Alumina saturation after Skybakmoen and others (1997), wt%. */
export function plantSaturation_pct(
  bath_C: number,
  alf3_pct: number,
  caf2_pct: number,
  mgf2_pct: number,
): number {
  const a = 11.9 - 0.062 * alf3_pct - 0.0031 * alf3_pct * alf3_pct - 0.2 * caf2_pct - 0.3 * mgf2_pct
  const b = 4.8 - 0.048 * alf3_pct
  return a * Math.exp(b * Math.log(bath_C / 1000))
}

/** Conductivity by the Wang type fit with the bath weight ratio, S/cm. */
export function plantConductivity_Spcm(
  alumina_pct: number,
  alf3_pct: number,
  caf2_pct: number,
  mgf2_pct: number,
  bath_C: number,
): number {
  const naf = 0.6 * (100 - alf3_pct - alumina_pct - caf2_pct - mgf2_pct)
  const ratio = (naf / 41.99 - mgf2_pct / 62.31) / 2 / ((alf3_pct + (2 * naf) / 3) / 83.98)
  const exponent =
    1.9362 +
    0.3092 * ratio -
    0.004132 * caf2_pct -
    0.01755 * alumina_pct -
    0.00398 * mgf2_pct -
    1751.1 / (bath_C + 273.15)
  return Math.exp(exponent)
}

/** Weight ratio NaF/AlF3 of the melt. */
export function plantBathRatio(
  alumina_pct: number,
  alf3_pct: number,
  caf2_pct: number,
  mgf2_pct: number,
): number {
  const share = alf3_pct / (100 - alumina_pct - caf2_pct - mgf2_pct)
  return (1 - share) / (2 / 3 + share)
}
