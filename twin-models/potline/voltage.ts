/**
 * Cell voltage by components [haupin1998]. Published forms use cm and A/cm2; what goes in and
 * out here is SI but for the bath composition, see bath.ts.
 */
import { asinh, log, pow } from '../kernels/elementary.ts'
import {
  aluminaSaturation_wtpct,
  type BathComposition,
  bathRatio,
  type ConductivityModel,
  conductivity_S_cm,
  ZERO_C_IN_K,
} from './bath.ts'

export const GAS_CONSTANT_J_MOLK = 8.314462618
export const FARADAY_C_MOL = 96485.33212

/** Prefactors of the logarithms, per kelvin; publications round them differently. */
export interface OvervoltageSlopes {
  /** R/(12 F), reversible potential. */
  readonly reversible_V_K: number
  /** R/(1.08 F), anode surface. */
  readonly anodeSurface_V_K: number
  /** R/(2 F), anode concentration. */
  readonly anodeConcentration_V_K: number
  /** 2 R/(3 F), cathode concentration. */
  readonly cathode_V_K: number
}

export const EXACT_SLOPES: OvervoltageSlopes = {
  reversible_V_K: GAS_CONSTANT_J_MOLK / (12 * FARADAY_C_MOL),
  anodeSurface_V_K: GAS_CONSTANT_J_MOLK / (1.08 * FARADAY_C_MOL),
  anodeConcentration_V_K: GAS_CONSTANT_J_MOLK / (2 * FARADAY_C_MOL),
  cathode_V_K: (2 * GAS_CONSTANT_J_MOLK) / (3 * FARADAY_C_MOL),
}

/** What the voltage of each cell of a line depends on. */
export interface VoltageParameters {
  readonly conductivity: ConductivityModel
  /** True: the bubble layer takes its thickness from the bath gap (Haupin); false: it does not. */
  readonly gapLessBubbles: boolean
  readonly slopes: OvervoltageSlopes
  /** Area of all anodes facing the metal. */
  readonly anodeArea_m2: Float64Array // [cell]
  readonly anodeCount: Float64Array // [cell]
  /** Effective over geometric anode area, for the current that fans out at the edges. */
  readonly fanning: Float64Array // [cell]
  readonly cathodeArea_m2: Float64Array // [cell]
  /** Dissolved alumina at the onset of anode effects. */
  readonly anodeEffectAlumina_share: Float64Array // [cell]
  /** Multiplies the bubble coverage. */
  readonly bubbleCover: Float64Array // [cell]
  readonly anode_Ohm: Float64Array // [cell]
  readonly cathode_Ohm: Float64Array // [cell]
  readonly bus_Ohm: Float64Array // [cell]
  /** Below it the logarithmic overvoltages go to zero with the current; 0: never. */
  readonly lowCurrent_A: Float64Array // [cell]
}

/** Places in the parts array that `cellVoltage_V` fills. */
export const voltageIndex = {
  reversible_V: 0,
  anodeConcentration_V: 1,
  anodeSurface_V: 2,
  cathode_V: 3,
  bath_V: 4,
  bubble_V: 5,
  ohmic_V: 6,
  /** Share of the anode bottom that gas covers. */
  bubbleCover: 7,
  bubbleLayer_m: 8,
  conductivity_S_m: 9,
  anodeDensity_A_m2: 10,
  criticalDensity_A_m2: 11,
} as const

export const VOLTAGE_PARTS = 12

/** Coverage at which an anode effect is certain; the voltage formula ends there. */
export const BUBBLE_COVER_MAX = 0.97
// Below this distance to the onset the published coverage runs into its pole.
const ONSET_DISTANCE_MIN_WTPCT = -0.05
const ALUMINA_MIN_WTPCT = 0.2
// The activity polynomial is negative below a ratio of 0.0163.
const SATURATION_RATIO_MIN = 0.02
const CRITICAL_RATIO_MAX = 0.999

/** Activity of alumina from its share of saturation [haupin1998]. */
export function aluminaActivity(saturationRatio: number): number {
  const r = saturationRatio
  return r * (-0.03791 + r * (2.364 + r * (-2.194 + r * 0.8686)))
}

/** Reversible potential of 2 Al2O3 + 3 C = 4 Al + 3 CO2 at the given saturation ratio. */
export function reversiblePotential_V(
  slopes: OvervoltageSlopes,
  saturationRatio: number,
  bath_K: number,
): number {
  const r = Math.max(saturationRatio, SATURATION_RATIO_MIN)
  return 1.896 - 0.000572 * bath_K - slopes.reversible_V_K * bath_K * 2 * log(aluminaActivity(r))
}

/** Current density at which alumina no longer reaches the anode fast enough, A/cm2. */
export function criticalDensity_A_cm2(
  oneAnode_cm2: number,
  alumina_wtpct: number,
  bath_K: number,
): number {
  const supply = (5.5 + 0.018 * (bath_K - 1323)) * (Math.sqrt(alumina_wtpct) - 0.4)
  return Math.max(supply * pow(oneAnode_cm2, -0.1), 0)
}

/** Thickness of the gas layer under the anode, cm. */
export function bubbleLayer_cm(density_A_cm2: number): number {
  return (0.5517 + density_A_cm2) / (1 + 2.167 * density_A_cm2)
}

/** Share of the anode bottom covered by gas, before the cell's factor and limits. */
export function bubbleCoverage(
  density_A_cm2: number,
  ratio: number,
  overOnset_wtpct: number,
): number {
  const j = density_A_cm2
  const over = Math.max(overOnset_wtpct, ONSET_DISTANCE_MIN_WTPCT)
  return (
    0.509 +
    j * (0.1823 + j * (-0.1723 + j * 0.05504)) +
    (0.4322 - 0.3781 * ratio) / (1 + 1.637 * ratio) +
    (0.431 - 0.1437 * over) / (1 + 7.353 * over)
  )
}

/**
 * ln(density/exchange) from `low` upwards; below it the same value scaled along asinh, which is
 * odd and vanishes with the current.
 */
function tafel(density: number, exchange: number, low: number): number {
  if (density >= low && density > 0) return log(density / exchange)
  if (low <= 0) return 0
  const scale = log(low / exchange) / asinh(low / (2 * exchange))
  return scale * asinh(density / (2 * exchange))
}

/**
 * Voltage between the bus bars of one cell without anode effect. Fills `parts` [voltageIndex]
 * and allocates nothing, so that an estimator may call it many times a second.
 */
export function cellVoltage_V(
  parameters: VoltageParameters,
  cell: number,
  line_A: number,
  acd_m: number,
  bath_K: number,
  bath: Readonly<BathComposition>,
  parts: Float64Array, // [voltageIndex]
): number {
  const alumina_wtpct = Math.max(bath.alumina_wtpct, ALUMINA_MIN_WTPCT)
  const ratio = bathRatio(bath)
  const saturation_wtpct = aluminaSaturation_wtpct(bath, bath_K - ZERO_C_IN_K)
  parts[voltageIndex.reversible_V] = reversiblePotential_V(
    parameters.slopes,
    alumina_wtpct / saturation_wtpct,
    bath_K,
  )
  overvoltages(parameters, cell, line_A, bath_K, alumina_wtpct, ratio, parts)
  const conductivity_S_m = 100 * conductivity_S_cm(parameters.conductivity, bath, bath_K)
  parts[voltageIndex.conductivity_S_m] = conductivity_S_m
  gapDrops(parameters, cell, line_A, acd_m, alumina_wtpct, ratio, parts)
  parts[voltageIndex.ohmic_V] =
    line_A *
    (parameters.anode_Ohm[cell]! + parameters.cathode_Ohm[cell]! + parameters.bus_Ohm[cell]!)
  let sum_V = 0
  for (let i = voltageIndex.reversible_V; i <= voltageIndex.ohmic_V; i++) sum_V += parts[i]!
  return sum_V
}

function overvoltages(
  parameters: VoltageParameters,
  cell: number,
  line_A: number,
  bath_K: number,
  alumina_wtpct: number,
  ratio: number,
  parts: Float64Array,
): void {
  const slopes = parameters.slopes
  const anode_cm2 = 1e4 * parameters.anodeArea_m2[cell]!
  const effective_cm2 = anode_cm2 * parameters.fanning[cell]!
  const cathode_cm2 = 1e4 * parameters.cathodeArea_m2[cell]!
  const low_A = parameters.lowCurrent_A[cell]!
  const j = line_A / effective_cm2
  const critical = criticalDensity_A_cm2(
    anode_cm2 / parameters.anodeCount[cell]!,
    alumina_wtpct,
    bath_K,
  )
  const used = critical > 0 ? Math.min(j / critical, CRITICAL_RATIO_MAX) : CRITICAL_RATIO_MAX
  parts[voltageIndex.anodeConcentration_V] = -slopes.anodeConcentration_V_K * bath_K * log(1 - used)
  parts[voltageIndex.anodeSurface_V] =
    slopes.anodeSurface_V_K *
    bath_K *
    tafel(j, 0.0029 * pow(alumina_wtpct, 0.56), low_A / effective_cm2)
  parts[voltageIndex.cathode_V] =
    slopes.cathode_V_K *
    bath_K *
    (1.375 - 0.25 * ratio) *
    tafel(line_A / cathode_cm2, 0.257, low_A / cathode_cm2)
  parts[voltageIndex.anodeDensity_A_m2] = 1e4 * j
  parts[voltageIndex.criticalDensity_A_m2] = 1e4 * critical
}

/** Drops over bath and bubble layer; needs conductivity and current density in `parts`. */
function gapDrops(
  parameters: VoltageParameters,
  cell: number,
  line_A: number,
  acd_m: number,
  alumina_wtpct: number,
  ratio: number,
  parts: Float64Array,
): void {
  const j = parts[voltageIndex.anodeDensity_A_m2]! / 1e4
  const over_wtpct = alumina_wtpct - 100 * parameters.anodeEffectAlumina_share[cell]!
  const raw = parameters.bubbleCover[cell]! * bubbleCoverage(j, ratio, over_wtpct)
  const cover = Math.min(Math.max(raw, 0), BUBBLE_COVER_MAX)
  const layer_m = bubbleLayer_cm(j) / 100
  const area_m2 = parameters.anodeArea_m2[cell]! * parameters.fanning[cell]!
  const perGap_V_m = line_A / (parts[voltageIndex.conductivity_S_m]! * area_m2)
  const gap_m = acd_m - (parameters.gapLessBubbles ? layer_m : 0)
  parts[voltageIndex.bath_V] = perGap_V_m * gap_m
  parts[voltageIndex.bubble_V] = (perGap_V_m * layer_m * cover) / (1 - cover)
  parts[voltageIndex.bubbleCover] = cover
  parts[voltageIndex.bubbleLayer_m] = layer_m
}

/**
 * Width that the current gains on one side of an anode, cm [haupin1998]: D is the distance to
 * the metal, S the space to the wall or half that to the next anode, h the depth in the bath.
 */
export function fanningWidth_cm(
  distance_cm: number,
  space_cm: number,
  depth_cm: number,
  length_cm: number,
  width_cm: number,
): number {
  const d = distance_cm
  const around_cm = length_cm + width_cm
  return (
    (d * (0.1656 - 0.0043 * d * d) + space_cm * (0.127 - 0.0034 * space_cm + 0.0394 * d)) *
    (0.3844 + 0.06166 * depth_cm + around_cm * (0.001822 - 0.000178 * depth_cm))
  )
}

/** Effective over geometric area of an anode with the given space on its four sides, cm. */
export function fanning(
  distance_cm: number,
  depth_cm: number,
  length_cm: number,
  width_cm: number,
  ends_cm: readonly [number, number],
  sides_cm: readonly [number, number],
): number {
  const gain = (space_cm: number) =>
    fanningWidth_cm(distance_cm, space_cm, depth_cm, length_cm, width_cm)
  const effective_cm2 =
    (length_cm + gain(ends_cm[0]) + gain(ends_cm[1])) *
    (width_cm + gain(sides_cm[0]) + gain(sides_cm[1]))
  return effective_cm2 / (length_cm * width_cm)
}
