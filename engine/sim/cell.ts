/** A simulated cell: its slow conditions, and the state in which the crew set it up. */
import {
  plantBathRatio,
  plantConductivity_Spcm,
  plantLiquidus_C,
  plantSaturation_pct,
} from './bath.ts'
import { settleWalls } from './heat.ts'
import { updateLocal, updateVoltage } from './network.ts'
import { ANODE_PERIOD_S, type CellParameters, COLD_ANODE_J } from './parameters.ts'
import { bathMass_kg, blankState, type CellState, sum } from './state.ts'
import { FEED_JPERKG, OXIDE_KGPERC } from './transport.ts'

const EFFECT_EFFICIENCY = 0.35

/** Refreshes the slow properties: saturation, conductivity, current efficiency, local bath. */
export function updateConditions(p: CellParameters, s: CellState, current_A: number): void {
  const share = 100 / bathMass_kg(s)
  const alf3 = s.alf3_kg * share
  const caf2 = s.caf2_kg * share
  const mgf2 = s.mgf2_kg * share
  s.alumina_pct = sum(s.dissolved_kg) * share
  s.liquidus_C = plantLiquidus_C(s.alumina_pct, alf3, caf2, mgf2)
  s.saturation_pct = plantSaturation_pct(s.bath_C, alf3, caf2, mgf2)
  s.conductivity_Spcm =
    p.conductivity_share * plantConductivity_Spcm(s.alumina_pct, alf3, caf2, mgf2, s.bath_C)
  s.ratio = plantBathRatio(s.alumina_pct, alf3, caf2, mgf2)
  const cathode = Math.max(0.26, current_A / p.cathodeArea_cm2)
  s.cathode_V =
    5.744815304e-5 * (s.bath_C + 273.15) * (1.375 - 0.25 * s.ratio) * Math.log(cathode / 0.257)
  updateLocal(p, s)
  if (s.effect) {
    s.efficiency = EFFECT_EFFICIENCY
    return
  }
  const drive = 0.0219 * (s.bath_C - s.liquidus_C - 8.5) - 0.0437 * (alf3 - 12.5)
  const squeeze = Math.sqrt(0.042 / Math.max(0.02, s.gap_m))
  const loss_pct = p.loss_pct * Math.exp(drive) * squeeze * (1 + s.unrest)
  s.efficiency = 1 - Math.min(30, loss_pct) / 100
}

/** The cell at its set-up point, with the distance and heat losses that close its balances. */
export function setUpCell(p: CellParameters): CellState {
  const { current_A, alumina_pct, alf3_pct, caf2_pct, mgf2_pct, bath_kg, metal_kg } = p.setup
  const s = blankState(p.anodes)
  s.dissolved_kg.fill((bath_kg * alumina_pct) / 100 / p.anodes)
  s.density_Apcm2.fill(current_A / p.anodeArea_cm2)
  s.age_s.fill((p.anodes * ANODE_PERIOD_S) / 2)
  s.alf3_kg = (bath_kg * alf3_pct) / 100
  s.caf2_kg = (bath_kg * caf2_pct) / 100
  s.mgf2_kg = (bath_kg * mgf2_pct) / 100
  s.cryolite_kg = (bath_kg * (100 - alumina_pct - alf3_pct - caf2_pct - mgf2_pct)) / 100
  s.metal_kg = metal_kg
  s.liquidus_C = plantLiquidus_C(alumina_pct, alf3_pct, caf2_pct, mgf2_pct)
  s.bath_C = s.liquidus_C + p.setup.superheat_K
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
  const used_kgps = s.efficiency * current_A * OXIDE_KGPERC
  s.undissolved_kg.fill((used_kgps * p.slow_share) / p.dissolution_perS / p.anodes)
  s.sludge_kg = (used_kgps * p.slow_share * p.sludge_share) / p.sludgeReturn_perS
  const side_W = settleWalls(p, s)
  const heat_W = current_A * (s.voltage_V - p.bus_Ohm * current_A - 0.48 - 1.2691 * s.efficiency)
  const feed_W = used_kgps * FEED_JPERKG
  const anode_W = COLD_ANODE_J / ANODE_PERIOD_S
  s.topBottom_WperK = (heat_W - feed_W - anode_W - side_W) / (s.bath_C - p.ambient_C)
}
