/**
 * Energy need of the reaction and the heat the cell loses. Thermochemistry: NIST Shomate
 * constants and the JANAF table for graphite, from 298 K to 1233 K [nist2023].
 */
import { log10, pow10 } from '../kernels/elementary.ts'
import { FARADAY_C_MOL } from './voltage.ts'

export const ALUMINA_KG_MOL = 0.1019613
export const ALUMINIUM_KG_MOL = 0.026981538

// Enthalpies in kJ/mol: of formation at 298 K, and the rise from 298 K to 1233 K.
const ALUMINA_FORMATION = -1675.69
const CO2_FORMATION = -393.5224
const CO_FORMATION = -110.5271
const ALUMINIUM_RISE = 38.20811
const CO2_RISE = 46.34289
const CO_RISE = 29.56584
const ALUMINA_RISE = 107.54583
const CARBON_RISE = 17.002

/** Volts per kJ of one mole of alumina reduced at full efficiency: six electrons. */
const PER_KJ_V = 1000 / (6 * FARADAY_C_MOL)

/**
 * Energy need of the whole reaction per volt of cell current: cold alumina and carbon in, metal
 * and gas at bath temperature out, with the back reaction that the current efficiency implies.
 */
export function energyNeed_V(efficiency: number): number {
  const co2 = 3 * (efficiency - 0.5) * (CO2_FORMATION + CO2_RISE)
  const co = 3 * (1 - efficiency) * (CO_FORMATION + CO_RISE)
  return (efficiency * (2 * ALUMINIUM_RISE - ALUMINA_FORMATION) + co2 + co) * PER_KJ_V
}

/** The part of `energyNeed_V` that heats the alumina. */
export function aluminaHeating_V(efficiency: number): number {
  return efficiency * ALUMINA_RISE * PER_KJ_V
}

/** The part of `energyNeed_V` that heats the carbon; the back reaction leaves it unchanged. */
export function carbonHeating_V(): number {
  return 1.5 * CARBON_RISE * PER_KJ_V
}

/** Energy need of the reaction from hot, dissolved alumina; feeding pays for the rest. */
export function reactionNeed_V(efficiency: number, dissolution_J_kg: number): number {
  const dissolution_V = (efficiency * ALUMINA_KG_MOL * dissolution_J_kg) / (6 * FARADAY_C_MOL)
  return energyNeed_V(efficiency) - aluminaHeating_V(efficiency) - dissolution_V
}

/** Alumina that the current takes up. */
export function aluminaUse_kg_s(efficiency: number, line_A: number): number {
  return (efficiency * line_A * ALUMINA_KG_MOL) / (6 * FARADAY_C_MOL)
}

/** Metal that the current makes. */
export function metalMade_kg_s(efficiency: number, line_A: number): number {
  return (efficiency * line_A * ALUMINIUM_KG_MOL) / (3 * FARADAY_C_MOL)
}

/**
 * Offset of `currentEfficiency` for a cell of known loss: log10 of the loss in % with the terms
 * for superheat, AlF3 and LiF taken out.
 */
export function efficiencyLossOffset(
  loss_pct: number,
  superheat_K: number,
  alf3_wtpct: number,
  lif_wtpct = 0,
): number {
  return log10(loss_pct) - 0.0095 * superheat_K + 0.019 * alf3_wtpct + 0.06 * lif_wtpct
}

/**
 * Current efficiency after Dewing [dewing1991]. The superheat here is over the actual liquidus,
 * his is over the eutectic with alumina; the offset is fitted to the cell, so it absorbs the
 * difference at nominal.
 */
export function currentEfficiency(
  lossOffset: number,
  superheat_K: number,
  alf3_wtpct: number,
  lif_wtpct = 0,
): number {
  const exponent = 0.0095 * superheat_K - 0.019 * alf3_wtpct - 0.06 * lif_wtpct + lossOffset
  const loss = pow10(exponent) / 100
  return Math.max(1 - loss, 0)
}

/** Heat per ledge area that leaves through ledge and wall. */
export function sideLoss_W_m2(
  liquidus_K: number,
  ambient_K: number,
  ledge_m: number,
  ledgeConductivity_W_mK: number,
  wall_m2K_W: number,
): number {
  return (liquidus_K - ambient_K) / (ledge_m / ledgeConductivity_W_mK + wall_m2K_W)
}

/** Ledge thickness at which the wall takes up just the given flux; may be negative: no ledge. */
export function steadyLedge_m(
  liquidus_K: number,
  ambient_K: number,
  flux_W_m2: number,
  ledgeConductivity_W_mK: number,
  wall_m2K_W: number,
): number {
  return ledgeConductivity_W_mK * ((liquidus_K - ambient_K) / flux_W_m2 - wall_m2K_W)
}
