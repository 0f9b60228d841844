/**
 * Anode effect and outputs of one step. Two cells at a time, operation by
 * operation the same as twin-models/potline/cell/step.ts, where everything is explained, and with
 * the same bits. Addresses are those of value 0 of a block, a value is STEP after the one before:
 * s state, x input, y output, p parameters, q plan, w scratch.
 */
import { advanceHeat } from './cell-heats'
import { add, choose, mul, put, sub } from './elementary'
import {
  A_anodeConcentration_V,
  A_anodeSurface_V,
  A_bath_V,
  A_bubble_V,
  A_bubbleCover,
  A_cathode_V,
  A_cell_V,
  A_ohmic_V,
  A_reversible_V,
  A_slope_Ohm,
  A_starved,
  ANODE_ALUMINA_PLACE,
  ANODES,
  B_alumina_wtpct,
  B_liquidus_K,
  B_saturation_wtpct,
  E_outside_W_m2,
  K_bath,
  K_bathExchange,
  K_channelOutput,
  K_metalExchange,
  K_parts,
  LEAST_METAL_KG_S,
  P_anodeEffect_V,
  P_anodeEffectAlumina_share,
  P_anodeEffectStarved,
  P_backEmf_V,
  P_bathWallArea_m2,
  P_bus_Ohm,
  P_lowCurrent_A,
  P_metalWallArea_m2,
  RECOVERY_MARGIN_WTPCT,
  S_alf3_kg,
  S_anodeEffect,
  S_anodeEffect_s,
  S_bath_K,
  S_caf2_kg,
  V_acd_m,
  V_anode_A,
  V_anodeAlumina_share,
  V_bathLedge_m,
  V_metalLedge_m,
  W_bathFreezing_kg,
  W_dissolving_kg,
  W_efficiency,
  W_evolved_kg,
  W_made_kg,
  W_metalFreezing_kg,
  W_undissolved_kg,
  W_used_kg,
  WALL_shell_K,
  X_line_A,
  X_quench,
  Y_acd_m,
  Y_alf3,
  Y_alumina,
  Y_aluminaHighest,
  Y_aluminaLowest,
  Y_aluminaUse_kg_s,
  Y_anodeConcentration_V,
  Y_anodeEffect,
  Y_anodeEffect_V,
  Y_anodeSurface_V,
  Y_asymmetry,
  Y_bath_kg,
  Y_bath_V,
  Y_bubble_V,
  Y_bubbleCover,
  Y_caf2,
  Y_cathode_V,
  Y_dissolving_kg_s,
  Y_efficiency,
  Y_energy_J_kg,
  Y_evolved_kg_s,
  Y_freezing_kg_s,
  Y_internal_W,
  Y_liquidus_K,
  Y_metalMade_kg_s,
  Y_ohmic_V,
  Y_pseudoResistance_Ohm,
  Y_reversible_V,
  Y_saturation,
  Y_shellBath_K,
  Y_shellMetal_K,
  Y_side_W,
  Y_slope_Ohm,
  Y_starved,
  Y_superheat_K,
  Y_undissolved_kg,
  Y_voltage_V,
} from './places'
import { div, get, STEP, set } from './tile'

/** The anode effect begins and ends by the share of starved anodes and the mean alumina. */
export function latch(s: usize, x: usize, p: usize, w: usize, dt_s: f64): void {
  const starved = get(w, K_parts + A_starved)
  const over_wtpct = sub(
    get(w, K_bath + B_alumina_wtpct),
    mul(put(100.0), get(p, P_anodeEffectAlumina_share)),
  )
  const many = f64x2.ge(starved, get(p, P_anodeEffectStarved))
  const before = get(s, S_anodeEffect)
  const quenched = v128.or(f64x2.eq(before, put(2.0)), f64x2.gt(get(x, X_quench), put(0.0)))
  const rich = v128.and(f64x2.gt(over_wtpct, put(RECOVERY_MARGIN_WTPCT)), v128.not(many))
  const begun = choose(put(1.0), put(0.0), many)
  const goesOn = choose(choose(put(0.0), put(2.0), rich), put(1.0), quenched)
  const next = choose(begun, goesOn, f64x2.eq(before, put(0.0)))
  // Too little current keeps no gas film.
  const flows = f64x2.gt(get(x, X_line_A), get(p, P_lowCurrent_A))
  const now = choose(next, put(0.0), flows)
  set(s, S_anodeEffect, now)
  set(
    s,
    S_anodeEffect_s,
    add(get(s, S_anodeEffect_s), choose(put(dt_s), put(0.0), f64x2.gt(now, put(0.0)))),
  )
}

/** Voltage where no step gives it: as `advanceHeat`. */
export function voltageOutputs(s: usize, x: usize, y: usize, p: usize, w: usize): void {
  const calm_V = get(w, K_parts + A_cell_V)
  const latched = f64x2.gt(get(s, S_anodeEffect), put(0.0))
  const cell_V = choose(get(p, P_anodeEffect_V), calm_V, latched)
  const line_A = get(x, X_line_A)
  set(y, Y_voltage_V, cell_V)
  set(y, Y_anodeEffect_V, sub(cell_V, calm_V))
  set(y, Y_internal_W, mul(line_A, sub(cell_V, mul(get(p, P_bus_Ohm), line_A))))
}

/** Outputs of what flowed in the step. */
export function flowOutputs(x: usize, y: usize, p: usize, w: usize, dt_s: f64): void {
  const perStep = 1.0 / dt_s
  const made_kg_s = mul(get(w, W_made_kg), put(perStep))
  const power_W = mul(get(x, X_line_A), get(y, Y_voltage_V))
  set(y, Y_metalMade_kg_s, made_kg_s)
  set(
    y,
    Y_energy_J_kg,
    choose(div(power_W, made_kg_s), put(0.0), f64x2.gt(made_kg_s, put(LEAST_METAL_KG_S))),
  )
  set(y, Y_aluminaUse_kg_s, mul(get(w, W_used_kg), put(perStep)))
  set(y, Y_dissolving_kg_s, mul(get(w, W_dissolving_kg), put(perStep)))
  set(
    y,
    Y_freezing_kg_s,
    mul(add(get(w, W_bathFreezing_kg), get(w, W_metalFreezing_kg)), put(perStep)),
  )
  set(y, Y_evolved_kg_s, mul(get(w, W_evolved_kg), put(perStep)))
  set(
    y,
    Y_side_W,
    add(
      mul(get(w, K_bathExchange + E_outside_W_m2), get(p, P_bathWallArea_m2)),
      mul(get(w, K_metalExchange + E_outside_W_m2), get(p, P_metalWallArea_m2)),
    ),
  )
}

/** Outputs of state, composition and voltage. */
export function stateOutputs(
  s: usize,
  x: usize,
  y: usize,
  p: usize,
  w: usize,
  dissolved_kg: v128,
  bath_kg: v128,
): void {
  const b: usize = w + K_bath
  const part: usize = w + K_parts
  const line_A = get(x, X_line_A)
  const flows = f64x2.ge(line_A, get(p, P_lowCurrent_A))
  const liquidus_K = get(b, B_liquidus_K)
  const perBath = div(put(1.0), bath_kg)
  const cell_V = get(y, Y_voltage_V)
  set(y, Y_reversible_V, get(part, A_reversible_V))
  set(y, Y_anodeConcentration_V, get(part, A_anodeConcentration_V))
  set(y, Y_anodeSurface_V, get(part, A_anodeSurface_V))
  set(y, Y_cathode_V, get(part, A_cathode_V))
  set(y, Y_bath_V, get(part, A_bath_V))
  set(y, Y_bubble_V, get(part, A_bubble_V))
  set(y, Y_ohmic_V, get(part, A_ohmic_V))
  set(y, Y_slope_Ohm, get(part, A_slope_Ohm))
  set(y, Y_bubbleCover, get(part, A_bubbleCover))
  set(y, Y_starved, get(part, A_starved))
  set(
    y,
    Y_pseudoResistance_Ohm,
    choose(div(sub(cell_V, get(p, P_backEmf_V)), line_A), put(0.0), flows),
  )
  set(y, Y_liquidus_K, liquidus_K)
  set(y, Y_superheat_K, sub(get(s, S_bath_K), liquidus_K))
  set(y, Y_alumina, mul(dissolved_kg, perBath))
  set(y, Y_saturation, mul(put(0.01), get(b, B_saturation_wtpct)))
  set(y, Y_alf3, mul(get(s, S_alf3_kg), perBath))
  set(y, Y_caf2, mul(get(s, S_caf2_kg), perBath))
  set(y, Y_undissolved_kg, get(w, W_undissolved_kg))
  set(y, Y_bath_kg, bath_kg)
  set(y, Y_efficiency, get(w, W_efficiency))
  set(y, Y_anodeEffect, choose(put(1.0), put(0.0), f64x2.gt(get(s, S_anodeEffect), put(0.0))))
  set(y, Y_shellBath_K, get(s, V_bathLedge_m + WALL_shell_K))
  set(y, Y_shellMetal_K, get(s, V_metalLedge_m + WALL_shell_K))
  anodeOutputs(s, y, w, flows, line_A)
}

function anodeOutputs(s: usize, y: usize, w: usize, flows: v128, line_A: v128): void {
  const row = STEP * (ANODES / 2)
  const alumina: usize = w + K_channelOutput + ANODE_ALUMINA_PLACE
  const shares: usize = y + V_anodeAlumina_share
  const current: usize = s + V_anode_A
  const acd: usize = s + V_acd_m
  let lowest = v128.load(alumina)
  let highest = lowest
  let difference_A = put(0.0)
  let acd_m = put(0.0)
  for (let i: usize = 0; i < row; i += STEP) {
    const a = get(alumina, i)
    const b = get(alumina + row, i)
    set(shares, i, a)
    set(shares + row, i, b)
    lowest = f64x2.min(lowest, f64x2.min(a, b))
    highest = f64x2.max(highest, f64x2.max(a, b))
    difference_A = add(difference_A, sub(get(current, i), get(current + row, i)))
    acd_m = add(acd_m, add(get(acd, i), get(acd + row, i)))
  }
  set(y, Y_aluminaLowest, lowest)
  set(y, Y_aluminaHighest, highest)
  set(y, Y_asymmetry, choose(div(difference_A, line_A), put(0.0), flows))
  set(y, Y_acd_m, mul(acd_m, put(1.0 / <f64>ANODES)))
}
