import {
  plantBathRatio,
  plantConductivity_Spcm,
  plantLiquidus_C,
  plantSaturation_pct,
} from './bath.ts'
import { ANODE_PERIOD_S, type CellParameters, COLD_ANODE_J, COLD_ANODE_S } from './parameters.ts'

const FARADAY = 96485.33212
const GAS = 8.314462618
const OXIDE_KGPERMOL = 0.1019613
const METAL_KGPERMOL = 0.026981538
const HEAT_JPERKG = 1.0548e6
const DISSOLVE_JPERKG = 1.0908e6
const FREEZE_JPERKG = 5.1e5
const LEDGE_KGPERM3 = 2900
/** Share of the excess power of an anode effect that stays in the liquids. */
const EFFECT_HEAT_SHARE = 0.35
const EFFECT_EFFICIENCY = 0.35
/** Above this the covered anodes tip over into an anode effect. */
const EFFECT_ONSET_V = 5
const EFFECT_LAG_S = 2

/** Everything that changes in one simulated cell. Written only by this file and the plant. */
export interface CellState {
  readonly dissolved_kg: Float64Array // [zone]
  readonly undissolved_kg: Float64Array // [zone]
  readonly density_Apcm2: Float64Array // [zone]
  /** Anode area of the zone that carries no current, share of the zone. */
  readonly idle_share: Float64Array // [zone]
  sludge_kg: number
  alf3_kg: number
  caf2_kg: number
  mgf2_kg: number
  cryolite_kg: number
  metal_kg: number
  gap_m: number
  bath_C: number
  lining_C: number
  ledge_m: number
  /** Heat that new anodes still take up. */
  coldAnode_J: number
  liquidus_C: number
  saturation_pct: number
  conductivity_Spcm: number
  alumina_pct: number
  ratio: number
  cathode_V: number
  efficiency: number
  /** Without noise. */
  voltage_V: number
  extra_V: number
  effect: boolean
  effect_V: number
  /** True while crew or controller stir the bath. */
  stirred: boolean
  /** Relative loss of current efficiency by an unstable metal pad. */
  unrest: number
  topBottom_WperK: number
  added_kg: number
  consumed_kg: number
}

/** Liquid bath, kg. */
export function bathMass_kg(s: CellState): number {
  let oxide_kg = 0
  for (let z = 0; z < s.dissolved_kg.length; z++) oxide_kg += s.dissolved_kg[z]!
  return oxide_kg + s.alf3_kg + s.caf2_kg + s.mgf2_kg + s.cryolite_kg
}

/** Refreshes the slow properties: saturation, conductivity, current efficiency. */
export function updateConditions(p: CellParameters, s: CellState, current_A: number): void {
  const share = 100 / bathMass_kg(s)
  const alf3 = s.alf3_kg * share
  const caf2 = s.caf2_kg * share
  const mgf2 = s.mgf2_kg * share
  let oxide_kg = 0
  for (let z = 0; z < p.zones; z++) oxide_kg += s.dissolved_kg[z]!
  s.alumina_pct = oxide_kg * share
  s.liquidus_C = plantLiquidus_C(s.alumina_pct, alf3, caf2, mgf2)
  s.saturation_pct = plantSaturation_pct(s.bath_C, alf3, caf2, mgf2)
  s.conductivity_Spcm =
    p.conductivity_share * plantConductivity_Spcm(s.alumina_pct, alf3, caf2, mgf2, s.bath_C)
  s.ratio = plantBathRatio(s.alumina_pct, alf3, caf2, mgf2)
  const cathode = Math.max(0.26, current_A / p.cathodeArea_cm2)
  s.cathode_V =
    5.744815304e-5 * (s.bath_C + 273.15) * (1.375 - 0.25 * s.ratio) * Math.log(cathode / 0.257)
  if (s.effect) {
    s.efficiency = EFFECT_EFFICIENCY
    return
  }
  const drive = 0.0219 * (s.bath_C - s.liquidus_C - 8.5) - 0.0437 * (alf3 - 12.5)
  const squeeze = Math.sqrt(0.042 / Math.max(0.02, s.gap_m))
  const loss_pct = p.loss_pct * Math.exp(drive) * squeeze * (1 + s.unrest)
  s.efficiency = 1 - Math.min(30, loss_pct) / 100
}

/** One Newton step of the zones in parallel under the line current; sets voltage and densities. */
export function updateVoltage(p: CellParameters, s: CellState, current_A: number): void {
  const T = s.bath_C + 273.15
  const zone_kg = bathMass_kg(s) / p.zones
  const area_cm2 = p.anodeArea_cm2 / p.zones
  const critical = (5.5 + 0.018 * (T - 1323)) * 0.3947
  const reversible_V = 1.896 - 0.000572 * T
  const gap_cm = s.gap_m * 100
  const cover0 = 0.509 + (0.4322 - 0.3781 * s.ratio) / (1 + 1.637 * s.ratio)
  let needed_A = current_A
  let slope = 0
  for (let z = 0; z < p.zones; z++) {
    const j = s.density_Apcm2[z]!
    const oxide = Math.max(0.3, (100 * s.dissolved_kg[z]!) / zone_kg)
    const k = s.conductivity_Spcm * (1 - 0.01755 * (oxide - s.alumina_pct))
    const x = Math.max(-0.05, oxide - p.effectAlumina_pct)
    const jj = Math.min(j, 1.6)
    const flow = jj * (0.1823 - 0.1723 * jj + 0.05504 * jj * jj)
    const lean = (0.431 - 0.1437 * x) / (1 + 7.353 * x)
    const cover = Math.min(0.97, Math.max(0, cover0 + flow + lean))
    const layer_cm = (0.5517 + jj) / (1 + 2.167 * jj)
    const saturated = Math.min(1, oxide / s.saturation_pct)
    const activity =
      saturated * (-0.03791 + saturated * (2.364 + saturated * (-2.194 + 0.8686 * saturated)))
    const limit = Math.max(0.1, critical * (Math.sqrt(oxide) - 0.4))
    const spare = Math.max(0.02 * limit, limit - j)
    const bubble_Ocm2 = (p.bubble_share * layer_cm * cover) / (k * (1 - cover))
    const ohmic_Ocm2 =
      Math.max(0.2, gap_cm - layer_cm) / k + bubble_Ocm2 + p.anode_Ohm * p.anodeArea_cm2
    const here_V =
      reversible_V -
      ((GAS * T) / (6 * FARADAY)) * Math.log(activity) +
      (T / 12533) * (Math.log(j) + 5.843 - 0.56 * Math.log(oxide)) +
      (T / 23210) * Math.log(limit / spare) +
      j * ohmic_Ocm2
    const grade = ohmic_Ocm2 + T / 12533 / j + T / 23210 / spare
    const weight = (area_cm2 * (1 - s.idle_share[z]!)) / grade
    needed_A += weight * (here_V - grade * j)
    slope += weight
    s.density_Apcm2[z] = here_V - grade * j
    SCRATCH_GRADE[z] = grade
  }
  const common_V = needed_A / slope
  for (let z = 0; z < p.zones; z++) {
    const j = (common_V - s.density_Apcm2[z]!) / SCRATCH_GRADE[z]!
    s.density_Apcm2[z] = j < 0.02 ? 0.02 : j > 3 ? 3 : j
  }
  s.voltage_V = common_V + s.cathode_V + current_A * (p.cathode_Ohm + p.bus_Ohm)
}

/** Most feeder zones of a cell. */
export const ZONES_MAX = 16
// Holds the slopes between the two passes of one call of updateVoltage.
const SCRATCH_GRADE = new Float64Array(ZONES_MAX)

/** Starts, holds and leaves the anode effect; adds its voltage. */
export function updateEffect(p: CellParameters, s: CellState, dt_s: number): boolean {
  let started = false
  if (!s.effect) {
    if (s.voltage_V > EFFECT_ONSET_V) {
      s.effect = true
      started = true
    }
  } else if (s.stirred && s.alumina_pct > p.effectAlumina_pct + 0.4) {
    s.effect = false
  }
  s.voltage_V = Math.min(s.voltage_V, 6)
  const wanted_V = s.effect ? s.effect_V - s.voltage_V : 0
  s.extra_V += (wanted_V - s.extra_V) * Math.min(1, dt_s / EFFECT_LAG_S)
  s.voltage_V += s.extra_V
  return started
}

/** Dissolves, mixes and consumes alumina; returns what dissolved, kg. */
export function updateAlumina(
  p: CellParameters,
  s: CellState,
  current_A: number,
  dt_s: number,
): number {
  const superheat_K = s.bath_C - s.liquidus_C
  const stir = s.effect || s.stirred ? 6 : 1
  const room = Math.max(0, 1 - s.alumina_pct / s.saturation_pct) / 0.69
  const warm = superheat_K < 2 ? 0.3 : superheat_K > 12 ? 1.3 : 0.3 + (superheat_K - 2) * 0.1
  const rate = Math.min(0.5, p.dissolution_perS * stir * room * warm * dt_s)
  const back = Math.min(0.5, p.sludgeReturn_perS * stir * room * warm * dt_s)
  let dissolved_kg = s.sludge_kg * back
  s.sludge_kg -= dissolved_kg
  const returned_kg = dissolved_kg / p.zones
  let flow = 0
  for (let z = 0; z < p.zones; z++) flow += s.density_Apcm2[z]! * (1 - s.idle_share[z]!)
  const used_kg = (s.efficiency * current_A * OXIDE_KGPERMOL * dt_s) / (6 * FARADAY)
  const mix = p.exchange_perS * (stir > 1 ? 3 : 1) * dt_s
  let inward_kg = 0
  for (let z = 0; z < p.zones; z++) {
    const moved_kg = s.undissolved_kg[z]! * rate
    const sunk_kg = moved_kg * p.sludge_share
    s.undissolved_kg[z]! -= moved_kg
    s.sludge_kg += sunk_kg
    dissolved_kg += moved_kg - sunk_kg
    const outward_kg = z + 1 < p.zones ? mix * (s.dissolved_kg[z]! - s.dissolved_kg[z + 1]!) : 0
    const eaten_kg = (used_kg * s.density_Apcm2[z]! * (1 - s.idle_share[z]!)) / flow
    s.dissolved_kg[z]! += moved_kg - sunk_kg + returned_kg + inward_kg - outward_kg - eaten_kg
    inward_kg = outward_kg
  }
  s.consumed_kg += used_kg
  return dissolved_kg
}

/** Heat, ledge, metal and distance under a given voltage and dissolution. */
export function updateHeat(
  p: CellParameters,
  s: CellState,
  current_A: number,
  dissolved_kg: number,
  dt_s: number,
): void {
  const superheat_K = s.bath_C - s.liquidus_C
  const extra_W = current_A * s.extra_V * EFFECT_HEAT_SHARE
  const cell_V = s.voltage_V - s.extra_V - p.bus_Ohm * current_A
  const reaction_V = 0.48 + 1.2691 * s.efficiency
  const cold_W = s.coldAnode_J / COLD_ANODE_S
  s.coldAnode_J -= cold_W * dt_s
  const side_W = p.side_WperK * superheat_K
  const net_W =
    current_A * (cell_V - reaction_V) +
    extra_W -
    cold_W -
    s.topBottom_WperK * (s.bath_C - p.ambient_C) -
    side_W
  s.bath_C += (net_W * dt_s - dissolved_kg * DISSOLVE_JPERKG) / p.liquidCapacity_JperK

  const through = (s.liquidus_C - s.lining_C) / (s.ledge_m / p.ledge_WpermK + p.liningIn_m2KperW)
  const outside = (s.lining_C - p.ambient_C) / p.liningOut_m2KperW
  s.lining_C += ((through - outside) * dt_s) / p.lining_Jperm2K
  let frozen_kg = ((through * p.sideArea_m2 - side_W) * dt_s) / FREEZE_JPERKG
  if (s.ledge_m < 0.01 && frozen_kg < 0) frozen_kg = 0
  s.cryolite_kg -= frozen_kg
  s.ledge_m += frozen_kg / (LEDGE_KGPERM3 * p.sideArea_m2)

  const made_kg = (s.efficiency * current_A * METAL_KGPERMOL * dt_s) / (3 * FARADAY)
  s.metal_kg += made_kg
  s.gap_m += p.burn_mPerAs * current_A * dt_s - made_kg * p.rise_mPerkg
  if (s.gap_m < 0.015) s.gap_m = 0.015
  s.alf3_kg -= p.alf3Loss_kgps * dt_s
}

/** Drops alumina into a zone: a part dissolves at once, all of it cools the bath. */
export function addAlumina(p: CellParameters, s: CellState, zone: number, kg: number): void {
  const slow = s.effect || s.stirred ? 0.2 : p.slow_share
  s.dissolved_kg[zone]! += kg * (1 - slow)
  s.undissolved_kg[zone]! += kg * slow
  s.bath_C -= (kg * (HEAT_JPERKG + (1 - slow) * DISSOLVE_JPERKG)) / p.liquidCapacity_JperK
  s.added_kg += kg
}

/** The cell at its set-up point, with the distance and heat losses that close its balances. */
export function setUpCell(p: CellParameters): CellState {
  const { current_A, alumina_pct, alf3_pct, caf2_pct, mgf2_pct, bath_kg, metal_kg } = p.setup
  const zones = p.zones
  const liquidus_C = plantLiquidus_C(alumina_pct, alf3_pct, caf2_pct, mgf2_pct)
  const s: CellState = {
    dissolved_kg: new Float64Array(zones).fill((bath_kg * alumina_pct) / 100 / zones),
    undissolved_kg: new Float64Array(zones),
    density_Apcm2: new Float64Array(zones).fill(current_A / p.anodeArea_cm2),
    idle_share: new Float64Array(zones),
    sludge_kg: 0,
    alf3_kg: (bath_kg * alf3_pct) / 100,
    caf2_kg: (bath_kg * caf2_pct) / 100,
    mgf2_kg: (bath_kg * mgf2_pct) / 100,
    cryolite_kg: (bath_kg * (100 - alumina_pct - alf3_pct - caf2_pct - mgf2_pct)) / 100,
    metal_kg,
    gap_m: 0.042,
    bath_C: liquidus_C + p.setup.superheat_K,
    lining_C: 400,
    ledge_m: 0.1,
    coldAnode_J: 0.5,
    liquidus_C,
    saturation_pct: 8.3,
    conductivity_Spcm: 2.2,
    alumina_pct,
    ratio: 1.1,
    cathode_V: 0.07,
    efficiency: 0.94,
    voltage_V: 4.2,
    extra_V: 0,
    effect: false,
    effect_V: 30.5,
    stirred: false,
    unrest: 0,
    topBottom_WperK: 700.5,
    added_kg: 0,
    consumed_kg: 0,
  }
  let low_m = 0.025
  let high_m = 0.065
  for (let i = 0; i < 40; i++) {
    s.gap_m = (low_m + high_m) / 2
    updateConditions(p, s, current_A)
    for (let n = 0; n < 4; n++) updateVoltage(p, s, current_A)
    if (s.voltage_V > p.setup.voltage_V) high_m = s.gap_m
    else low_m = s.gap_m
  }
  closeBalances(p, s)
  return s
}

function closeBalances(p: CellParameters, s: CellState): void {
  const current_A = p.setup.current_A
  const used_kgps = (s.efficiency * current_A * OXIDE_KGPERMOL) / (6 * FARADAY)
  s.undissolved_kg.fill((used_kgps * p.slow_share) / p.dissolution_perS / p.zones)
  s.sludge_kg = (used_kgps * p.slow_share * p.sludge_share) / p.sludgeReturn_perS
  const side_W = p.side_WperK * p.setup.superheat_K
  const flux = side_W / p.sideArea_m2
  s.lining_C = p.ambient_C + flux * p.liningOut_m2KperW
  s.ledge_m = p.ledge_WpermK * ((s.liquidus_C - s.lining_C) / flux - p.liningIn_m2KperW)
  const heat_W = current_A * (s.voltage_V - p.bus_Ohm * current_A - 0.48 - 1.2691 * s.efficiency)
  const feed_W = used_kgps * (HEAT_JPERKG + DISSOLVE_JPERKG)
  const anode_W = COLD_ANODE_J / ANODE_PERIOD_S
  s.topBottom_WperK = (heat_W - feed_W - anode_W - side_W) / (s.bath_C - p.ambient_C)
}
