/** Balances of one cell at one instant: voltage, composition, heat and the rates of all states. */
import {
  aluminaSaturation_wtpct,
  type BathComposition,
  bathComposition,
  liquidus_C,
  ZERO_C_IN_K,
} from '../bath.ts'
import {
  aluminaUse_kg_s,
  currentEfficiency,
  metalMade_kg_s,
  reactionNeed_V,
  sideLoss_W_m2,
} from '../heat.ts'
import { BUBBLE_COVER_MAX, cellVoltage_V, VOLTAGE_PARTS, voltageIndex } from '../voltage.ts'
import { inputIndex, outputIndex, STATES, stateIndex } from './layout.ts'
import type { PotlineParameters } from './parameters.ts'

/** Scratch of one cell; carries nothing from one call to the next. */
export interface CellWork {
  readonly bath: BathComposition
  readonly parts: Float64Array // [voltageIndex]
  readonly trial: Float64Array // [state]
  readonly rates: readonly Float64Array[] // [stage][state]
}

export function createCellWork(): CellWork {
  return {
    bath: bathComposition(),
    parts: new Float64Array(VOLTAGE_PARTS),
    trial: new Float64Array(STATES),
    rates: Array.from({ length: 4 }, () => new Float64Array(STATES)),
  }
}

/** Values of the state `anodeEffect`. */
export const AnodeEffect = { none: 0, on: 1, quenched: 2 } as const

// Alumina this close above saturation no longer dissolves freely.
const SATURATION_BAND_WTPCT = 0.5
const SATURATION_LOWEST_WTPCT = 4
// Below this alumina an anode effect runs out of alumina to reduce.
const STARVED_WTPCT = 0.2
const CRYOLITE_RESERVE_KG = 500
const ONSET_MARGIN_WTPCT = -0.05
const RECOVERY_MARGIN_WTPCT = 0.4

function ramp(value: number): number {
  return value <= 0 ? 0 : value >= 1 ? 1 : value
}

/** Fills `output` [output] and `rate` [state] at `state` [state] under `input` [input]. */
export function balance(
  parameters: PotlineParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  work: CellWork,
  output: Float64Array,
  rate: Float64Array,
): void {
  const bath_kg = composition(state, work.bath, output)
  electrics(parameters, cell, state, input, work, output)
  masses(parameters, cell, state, input, work.bath, output, rate)
  heats(parameters, cell, state, input, bath_kg, output, rate)
}

function composition(state: Float64Array, bath: BathComposition, output: Float64Array): number {
  const alumina_kg = state[stateIndex.dissolved_kg]!
  const alf3_kg = state[stateIndex.alf3_kg]!
  const caf2_kg = state[stateIndex.caf2_kg]!
  const mgf2_kg = state[stateIndex.mgf2_kg]!
  const bath_kg = alumina_kg + alf3_kg + caf2_kg + mgf2_kg + state[stateIndex.cryolite_kg]!
  bath.alumina_wtpct = (100 * alumina_kg) / bath_kg
  bath.alf3_wtpct = (100 * alf3_kg) / bath_kg
  bath.caf2_wtpct = (100 * caf2_kg) / bath_kg
  bath.mgf2_wtpct = (100 * mgf2_kg) / bath_kg
  output[outputIndex.alumina] = alumina_kg / bath_kg
  output[outputIndex.alf3] = alf3_kg / bath_kg
  output[outputIndex.caf2] = caf2_kg / bath_kg
  output[outputIndex.undissolved_kg] = state[stateIndex.undissolved_kg]!
  output[outputIndex.bath_kg] = bath_kg
  return bath_kg
}

function electrics(
  parameters: PotlineParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  work: CellWork,
  output: Float64Array,
): void {
  const { bath, parts } = work
  const line_A = input[inputIndex.line_A]!
  const bath_K = state[stateIndex.bath_K]!
  const calm_V = cellVoltage_V(
    parameters,
    cell,
    line_A,
    state[stateIndex.acd_m]!,
    bath_K,
    bath,
    parts,
  )
  const latched = state[stateIndex.anodeEffect]! > AnodeEffect.none
  const cell_V = latched ? parameters.anodeEffect_V[cell]! : calm_V
  const superheat_K = bath_K - ZERO_C_IN_K - liquidus_C(bath)
  let efficiency = currentEfficiency(
    parameters.efficiencyLossOffset[cell]!,
    superheat_K,
    bath.alf3_wtpct,
  )
  if (latched) efficiency *= parameters.anodeEffectEfficiency[cell]!
  efficiency *= ramp(bath.alumina_wtpct / STARVED_WTPCT)
  const metal_kg_s = metalMade_kg_s(efficiency, line_A)

  output[outputIndex.voltage_V] = cell_V
  output[outputIndex.reversible_V] = parts[voltageIndex.reversible_V]!
  output[outputIndex.anodeConcentration_V] = parts[voltageIndex.anodeConcentration_V]!
  output[outputIndex.anodeSurface_V] = parts[voltageIndex.anodeSurface_V]!
  output[outputIndex.cathode_V] = parts[voltageIndex.cathode_V]!
  output[outputIndex.bath_V] = parts[voltageIndex.bath_V]!
  output[outputIndex.bubble_V] = parts[voltageIndex.bubble_V]!
  output[outputIndex.ohmic_V] = parts[voltageIndex.ohmic_V]!
  output[outputIndex.anodeEffect_V] = cell_V - calm_V
  output[outputIndex.bubbleCover] = parts[voltageIndex.bubbleCover]!
  output[outputIndex.liquidus_K] = bath_K - superheat_K
  output[outputIndex.superheat_K] = superheat_K
  output[outputIndex.efficiency] = efficiency
  output[outputIndex.anodeEffect] = latched ? 1 : 0
  output[outputIndex.metalMade_kg_s] = metal_kg_s
  output[outputIndex.aluminaUse_kg_s] = aluminaUse_kg_s(efficiency, line_A)
  const flows = line_A > 0
  output[outputIndex.pseudoResistance_Ohm] = flows
    ? (cell_V - parameters.backEmf_V) / line_A
    : Number.NaN
  output[outputIndex.energy_J_kg] = metal_kg_s > 0 ? (line_A * cell_V) / metal_kg_s : Number.NaN
}

function masses(
  parameters: PotlineParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  bath: BathComposition,
  output: Float64Array,
  rate: Float64Array,
): void {
  const feed_kg_s = input[inputIndex.aluminaFeed_kg_s]!
  const slow = parameters.slowAlumina_share[cell]!
  let dissolving_kg_s =
    (1 - slow) * feed_kg_s + parameters.dissolution_per_s[cell]! * state[stateIndex.undissolved_kg]!
  if (bath.alumina_wtpct > SATURATION_LOWEST_WTPCT) {
    const room_wtpct =
      aluminaSaturation_wtpct(bath, state[stateIndex.bath_K]! - ZERO_C_IN_K) - bath.alumina_wtpct
    dissolving_kg_s *= ramp(room_wtpct / SATURATION_BAND_WTPCT)
  }
  const na2o = parameters.alumina_na2o_share
  const cao = parameters.alumina_cao_share
  const metal_kg_s = output[outputIndex.metalMade_kg_s]!
  const tap_kg_s = state[stateIndex.metal_kg]! > 0 ? input[inputIndex.tap_kg_s]! : 0

  output[outputIndex.dissolving_kg_s] = dissolving_kg_s
  rate[stateIndex.dissolved_kg] = dissolving_kg_s - output[outputIndex.aluminaUse_kg_s]!
  rate[stateIndex.undissolved_kg] = feed_kg_s - dissolving_kg_s
  // 3 Na2O + 4 AlF3 = 2 Na3AlF6 + Al2O3 and 3 CaO + 2 AlF3 = 3 CaF2 + Al2O3, by mass.
  rate[stateIndex.alf3_kg] =
    input[inputIndex.alf3Feed_kg_s]! - (1.807 * na2o + 0.998 * cao) * feed_kg_s
  rate[stateIndex.caf2_kg] = 1.392 * cao * feed_kg_s
  rate[stateIndex.mgf2_kg] = 0
  rate[stateIndex.cryolite_kg] = 2.258 * na2o * feed_kg_s // less what freezes, see heats
  rate[stateIndex.metal_kg] = metal_kg_s - tap_kg_s
  rate[stateIndex.acd_m] =
    input[inputIndex.beam_m_s]! +
    parameters.acdDrift[cell]! *
      ((parameters.carbonUse_kg_kg * metal_kg_s) /
        (parameters.anodeDensity_kg_m3 * parameters.anodeArea_m2[cell]!) -
        (metal_kg_s - tap_kg_s) /
          (parameters.metalDensity_kg_m3 * parameters.cathodeArea_m2[cell]!))
  rate[stateIndex.anodeEffect] = 0
}

/** Heat through the sides and what freezes there, as outputs; their sum is what leaves the bath. */
function sides(
  parameters: PotlineParameters,
  cell: number,
  state: Float64Array,
  output: Float64Array,
): void {
  const ledge_m = state[stateIndex.ledge_m]!
  const ambient_K = parameters.ambient_K[cell]!
  const area_m2 = parameters.ledgeArea_m2[cell]!
  const wall_m2K_W = parameters.wall_m2K_W[cell]!
  const superheat_K = output[outputIndex.superheat_K]!
  let transfer_W_K = parameters.ledgeTransfer_W_K[cell]!
  if (superheat_K < 0) transfer_W_K += parameters.bulkFreezing_W_K[cell]!
  let side_W =
    area_m2 *
    sideLoss_W_m2(
      output[outputIndex.liquidus_K]!,
      ambient_K,
      ledge_m,
      parameters.ledgeConductivity_W_mK,
      wall_m2K_W,
    )
  let freezing_kg_s = (side_W - transfer_W_K * superheat_K) / parameters.ledgeFusion_J_kg
  if (freezing_kg_s < 0 && ledge_m <= 0) {
    // No ledge is left to melt: the bath touches the wall.
    freezing_kg_s = 0
    side_W = (state[stateIndex.bath_K]! - ambient_K) / (wall_m2K_W / area_m2 + 1 / transfer_W_K)
  }
  if (freezing_kg_s > 0) freezing_kg_s *= ramp(state[stateIndex.cryolite_kg]! / CRYOLITE_RESERVE_KG)
  output[outputIndex.side_W] = side_W
  output[outputIndex.freezing_kg_s] = freezing_kg_s
  output[outputIndex.toLedge_W] = side_W - freezing_kg_s * parameters.ledgeFusion_J_kg
}

function heats(
  parameters: PotlineParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  bath_kg: number,
  output: Float64Array,
  rate: Float64Array,
): void {
  sides(parameters, cell, state, output)
  const line_A = input[inputIndex.line_A]!
  const over_K = state[stateIndex.bath_K]! - parameters.ambient_K[cell]!
  const freezing_kg_s = output[outputIndex.freezing_kg_s]!
  const internal_W = line_A * (output[outputIndex.voltage_V]! - parameters.bus_Ohm[cell]! * line_A)
  const reaction_W =
    line_A * reactionNeed_V(output[outputIndex.efficiency]!, parameters.aluminaDissolution_J_kg)
  const feed_W =
    input[inputIndex.aluminaFeed_kg_s]! * parameters.aluminaHeating_J_kg +
    output[outputIndex.dissolving_kg_s]! * parameters.aluminaDissolution_J_kg
  const top_W = over_K / parameters.top_K_W[cell]!
  const bottom_W = over_K / parameters.bottom_K_W[cell]!
  const stored_W =
    internal_W -
    reaction_W -
    feed_W -
    top_W -
    bottom_W -
    output[outputIndex.toLedge_W]! +
    input[inputIndex.heat_W]!

  output[outputIndex.internal_W] = internal_W
  output[outputIndex.reaction_W] = reaction_W
  output[outputIndex.feed_W] = feed_W
  output[outputIndex.top_W] = top_W
  output[outputIndex.bottom_W] = bottom_W
  output[outputIndex.stored_W] = stored_W
  rate[stateIndex.cryolite_kg] = rate[stateIndex.cryolite_kg]! - freezing_kg_s
  rate[stateIndex.ledge_m] =
    freezing_kg_s / (parameters.ledgeDensity_kg_m3 * parameters.ledgeArea_m2[cell]!)
  rate[stateIndex.bath_K] =
    stored_W /
    (bath_kg * parameters.bathHeat_J_kgK + state[stateIndex.metal_kg]! * parameters.metalHeat_J_kgK)
}

/**
 * The anode effect state that follows from a balance at `state`: it begins when gas covers the
 * anodes or alumina runs short, and ends once alumina is back and the gas was driven out.
 */
export function nextAnodeEffect(
  parameters: PotlineParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  work: CellWork,
): number {
  const over_wtpct = work.bath.alumina_wtpct - 100 * parameters.anodeEffectAlumina_share[cell]!
  const line_A = input[inputIndex.line_A]!
  // Too little current keeps no gas film.
  if (line_A <= parameters.lowCurrent_A[cell]!) return AnodeEffect.none
  const before = state[stateIndex.anodeEffect]!
  if (before === AnodeEffect.none) {
    const parts = work.parts
    const begins =
      parts[voltageIndex.bubbleCover]! >= BUBBLE_COVER_MAX ||
      parts[voltageIndex.anodeDensity_A_m2]! >= parts[voltageIndex.criticalDensity_A_m2]! ||
      over_wtpct <= ONSET_MARGIN_WTPCT
    return begins ? AnodeEffect.on : AnodeEffect.none
  }
  const quenched = before === AnodeEffect.quenched || input[inputIndex.quench]! > 0
  if (!quenched) return AnodeEffect.on
  return over_wtpct > RECOVERY_MARGIN_WTPCT ? AnodeEffect.none : AnodeEffect.quenched
}
