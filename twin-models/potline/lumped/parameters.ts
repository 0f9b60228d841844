import type { VoltageParameters } from '../voltage.ts'

/** Everything the lumped cell needs, for all cells of a line. */
export interface PotlineParameters extends VoltageParameters {
  readonly cellCount: number

  /** Potential that the pseudo-resistance (V - E)/I subtracts. */
  readonly backEmf_V: number
  /** Heating cold alumina to bath temperature, at the moment it is fed. */
  readonly aluminaHeating_J_kg: number
  /** Dissolving hot alumina, when it dissolves. */
  readonly aluminaDissolution_J_kg: number
  readonly bathHeat_J_kgK: number
  readonly metalHeat_J_kgK: number
  readonly ledgeDensity_kg_m3: number
  readonly ledgeFusion_J_kg: number
  readonly ledgeConductivity_W_mK: number
  /** Net carbon burnt per kg of metal. */
  readonly carbonUse_kg_kg: number
  readonly anodeDensity_kg_m3: number
  readonly metalDensity_kg_m3: number
  readonly alumina_na2o_share: number
  readonly alumina_cao_share: number

  /** Share of the alumina fed that does not dissolve at once. */
  readonly slowAlumina_share: Float64Array // [cell]
  /** Rate at which undissolved alumina dissolves. */
  readonly dissolution_per_s: Float64Array // [cell]
  /** log10 of the current efficiency loss in percent at no superheat and no excess AlF3. */
  readonly efficiencyLossOffset: Float64Array // [cell]
  /** Bath and metal to ledge, all faces: heat transfer coefficient times area. */
  readonly ledgeTransfer_W_K: Float64Array // [cell]
  readonly ledgeArea_m2: Float64Array // [cell]
  /** Added to the transfer below the liquidus, where bath freezes in bulk. */
  readonly bulkFreezing_W_K: Float64Array // [cell]
  /** From behind the ledge to the surroundings. */
  readonly wall_m2K_W: Float64Array // [cell]
  readonly top_K_W: Float64Array // [cell]
  readonly bottom_K_W: Float64Array // [cell]
  readonly ambient_K: Float64Array // [cell]
  /** 1: anode burn and metal level move the anode-cathode distance; 0: only the beam does. */
  readonly acdDrift: Float64Array // [cell]
  /** Voltage of a latched anode effect. */
  readonly anodeEffect_V: Float64Array // [cell]
  /** Share of the current efficiency left during an anode effect. */
  readonly anodeEffectEfficiency: Float64Array // [cell]

  readonly nominalLine_A: Float64Array // [cell]
  readonly nominalAlumina_share: Float64Array // [cell]
  readonly nominalAlf3_share: Float64Array // [cell]
  readonly nominalCaf2_share: Float64Array // [cell]
  readonly nominalMgf2_share: Float64Array // [cell]
  readonly nominalBath_kg: Float64Array // [cell]
  readonly nominalMetal_kg: Float64Array // [cell]
  readonly nominalAcd_m: Float64Array // [cell]
  readonly nominalSuperheat_K: Float64Array // [cell]
}
