/**
 * Properties of the cryolite bath as published: composition in wt%, temperature in C.
 * AlF3 is the excess over cryolite. Keys in brackets are entries of references.bib.
 */
import { exp, pow } from '../kernels/elementary.ts'

/** Composition of the bath, the rest being cryolite; a caller may reuse one object. */
export interface BathComposition {
  alumina_wtpct: number
  alf3_wtpct: number
  caf2_wtpct: number
  mgf2_wtpct: number
  lif_wtpct: number
  kf_wtpct: number
}

/**
 * Conductivity correlations to choose from; the first three lie about 5 % apart. Arkhipov's,
 * as read from one secondary source, lies a third above them: for comparison, not for a cell.
 */
export type ConductivityModel = 'hives' | 'wang' | 'choudhary' | 'arkhipov'

/** Liquidus correlations to choose from. */
export type LiquidusModel = 'solheim' | 'polynomial'

export const ZERO_C_IN_K = 273.15

/** A composition of pure cryolite with the given shares, for a caller to fill and reuse. */
export function bathComposition(shares: Partial<BathComposition> = {}): BathComposition {
  return {
    alumina_wtpct: shares.alumina_wtpct ?? 0,
    alf3_wtpct: shares.alf3_wtpct ?? 0,
    caf2_wtpct: shares.caf2_wtpct ?? 0,
    mgf2_wtpct: shares.mgf2_wtpct ?? 0,
    lif_wtpct: shares.lif_wtpct ?? 0,
    kf_wtpct: shares.kf_wtpct ?? 0,
  }
}

/** Temperature at which cryolite begins to freeze out of the bath [solheim1996]. */
export function liquidus_C(bath: Readonly<BathComposition>): number {
  const alumina = bath.alumina_wtpct
  const alf3 = Math.max(bath.alf3_wtpct, 0)
  const caf2 = bath.caf2_wtpct
  const lif = bath.lif_wtpct
  const product = caf2 * alf3
  return (
    1011 +
    0.5 * alf3 -
    0.13 * pow(alf3, 2.2) -
    (3.45 * caf2) / (1 + 0.0173 * caf2) +
    0.124 * product -
    0.00542 * product * Math.sqrt(product) -
    (7.93 * alumina) /
      (1 + 0.0936 * alumina - 0.0017 * alumina * alumina - 0.0023 * alf3 * alumina) -
    (8.9 * lif) / (1 + 0.0047 * lif + 0.001 * alf3 * alf3) -
    3.95 * bath.mgf2_wtpct -
    3.95 * bath.kf_wtpct
  )
}

/** Alumina the bath can hold in solution, wt% [skybakmoen1997]. */
export function aluminaSaturation_wtpct(bath: Readonly<BathComposition>, bath_C: number): number {
  const alf3 = bath.alf3_wtpct
  const lif = bath.lif_wtpct
  const scale =
    11.9 -
    0.062 * alf3 -
    0.0031 * alf3 * alf3 -
    0.5 * lif -
    0.2 * bath.caf2_wtpct -
    0.3 * bath.mgf2_wtpct +
    (42 * lif * alf3) / (2000 + lif * alf3)
  const power =
    4.8 - 0.048 * alf3 + (2.2 * lif * Math.sqrt(lif)) / (10 + lif + 0.001 * alf3 * alf3 * alf3)
  return scale * pow(bath_C / 1000, power)
}

/** Electrical conductivity by Hives and others [hives1996]. */
export function conductivityHives_S_cm(bath: Readonly<BathComposition>, bath_K: number): number {
  return exp(
    1.977 -
      0.02 * bath.alumina_wtpct -
      0.0131 * bath.alf3_wtpct -
      0.006 * bath.caf2_wtpct -
      0.0106 * bath.mgf2_wtpct -
      0.0019 * bath.kf_wtpct +
      0.0121 * bath.lif_wtpct -
      1204.3 / bath_K,
  )
}

/** Electrical conductivity of the form of Wang and others, by bath weight ratio [wang1992]. */
export function conductivityWang_S_cm(bath: Readonly<BathComposition>, bath_K: number): number {
  const alf3 = bath.alf3_wtpct
  const caf2 = bath.caf2_wtpct
  const lif = bath.lif_wtpct
  const mgf2 = bath.mgf2_wtpct
  const naf = 0.6 * (100 - alf3 - bath.alumina_wtpct - caf2 - lif - mgf2)
  const ratio = (naf / 41.99 + lif / 25.94 - mgf2 / 62.31) / 2 / ((alf3 + (2 * naf) / 3) / 83.98)
  return exp(
    1.9362 +
      0.3092 * ratio -
      0.004132 * caf2 -
      0.01755 * bath.alumina_wtpct +
      0.008123 * lif -
      0.00398 * mgf2 -
      1751.1 / bath_K,
  )
}

/** Electrical conductivity of the form of Choudhary [choudhary1973]. */
export function conductivityChoudhary_S_cm(
  bath: Readonly<BathComposition>,
  bath_K: number,
): number {
  return exp(
    2.0156 -
      0.0207 * bath.alumina_wtpct -
      0.005 * bath.caf2_wtpct -
      0.0166 * bath.mgf2_wtpct +
      0.0178 * bath.lif_wtpct +
      0.4349 * bathRatio(bath) -
      2068.4 / bath_K,
  )
}

/** Electrical conductivity by Arkhipov [arkhipov2021]; see `ConductivityModel` before using it. */
export function conductivityArkhipov_S_cm(bath: Readonly<BathComposition>, bath_K: number): number {
  return (
    -1.87 +
    3.23e-3 * bath_K -
    2.99e-2 * bath.alumina_wtpct +
    0.47 * 2 * bathRatio(bath) -
    4.37e-2 * bath.caf2_wtpct
  )
}

/** Electrical conductivity by the named correlation. */
export function conductivity_S_cm(
  model: ConductivityModel,
  bath: Readonly<BathComposition>,
  bath_K: number,
): number {
  switch (model) {
    case 'hives':
      return conductivityHives_S_cm(bath, bath_K)
    case 'wang':
      return conductivityWang_S_cm(bath, bath_K)
    case 'choudhary':
      return conductivityChoudhary_S_cm(bath, bath_K)
    case 'arkhipov':
      return conductivityArkhipov_S_cm(bath, bath_K)
  }
}

/** NaF to AlF3 by weight; the molar cryolite ratio is twice this [cellmodel]. */
export function bathRatio(bath: Readonly<BathComposition>): number {
  const base = 100 - (bath.alumina_wtpct + bath.caf2_wtpct + bath.lif_wtpct + bath.mgf2_wtpct)
  const share = bath.alf3_wtpct / base
  return (1 - share) / (2 / 3 + share)
}

/** The second published form of `bathRatio` [hallheroult]; the same without LiF and MgF2. */
export function bathRatioPlain(bath: Readonly<BathComposition>): number {
  const left = 100 - bath.caf2_wtpct - bath.alumina_wtpct
  return (1.5 * (left - bath.alf3_wtpct)) / (left + 1.5 * bath.alf3_wtpct)
}

/**
 * Liquidus by a polynomial fitted to 2 to 4 % alumina [polynomial-liquidus]. Below about 9 % AlF3
 * it lies up to 20 K off Solheim's; choose it only inside its range.
 */
export function liquidusPolynomial_C(bath: Readonly<BathComposition>): number {
  const alf3 = bath.alf3_wtpct
  const alumina = bath.alumina_wtpct
  const caf2 = bath.caf2_wtpct
  const lif = bath.lif_wtpct
  const kf = bath.kf_wtpct
  return (
    1011 +
    alf3 * (0.7 - 0.232 * alf3 + 0.091 * lif + 0.074 * kf + 0.084 * caf2) -
    alumina * (7.65 - 0.523 * alumina + 0.27 * lif) -
    lif * (8.96 - 0.043 * lif) -
    kf * (3.32 + 0.12 * kf) -
    caf2 * (3.28 - 0.037 * caf2)
  )
}

/** Liquidus by the named correlation. */
export function liquidusBy_C(model: LiquidusModel, bath: Readonly<BathComposition>): number {
  return model === 'solheim' ? liquidus_C(bath) : liquidusPolynomial_C(bath)
}

/**
 * Density of the bath as a sum of volumes [density-rule]. Its temperatures are in kelvin: in C,
 * as it is sometimes quoted, it gives a tenth too much.
 */
export function density_kg_m3(bath: Readonly<BathComposition>, bath_C: number): number {
  const { alumina_wtpct, alf3_wtpct, caf2_wtpct, mgf2_wtpct, lif_wtpct } = bath
  const bath_K = bath_C + ZERO_C_IN_K
  const cryolite_wtpct = 100 - alumina_wtpct - alf3_wtpct - caf2_wtpct - mgf2_wtpct - lif_wtpct
  const volume =
    cryolite_wtpct / (3.305 - 0.000937 * bath_K) +
    alf3_wtpct / (1.987 - 0.000319 * bath_K + 0.0094 * alf3_wtpct) +
    caf2_wtpct / (3.177 - 0.000391 * bath_K + 0.0005 * caf2_wtpct * caf2_wtpct) +
    mgf2_wtpct / (3.392 - 0.000525 * bath_K - 0.01407 * mgf2_wtpct) +
    lif_wtpct / (2.358 - 0.00049 * bath_K) +
    alumina_wtpct / (1.449 + 0.0128 * alumina_wtpct)
  return 1e5 / volume
}

/** Aluminium dissolved in the bath, wt% [metal-solubility]; Li3AlF6 in wt%. */
export function metalSolubility_wtpct(
  bath: Readonly<BathComposition>,
  bath_C: number,
  li3alf6_wtpct = 0,
): number {
  return (
    -0.2877 +
    0.0268 * bathRatio(bath) +
    2.992e-4 * bath_C -
    0.00192 * bath.caf2_wtpct -
    0.00174 * li3alf6_wtpct
  )
}
