/**
 * Heat of one step: side walls, freezing in the bath, losses and the new temperature.
 * Two cells at a time, operation by operation the same as
 * twin-models/potline/cell/heats.ts, where everything is explained, and with
 * the same bits. Addresses are those of value 0 of a block, a value is STEP after the one before:
 * s state, x input, y output, p parameters, q plan, w scratch.
 */
import { ramp } from './cell-masses'
import { add, choose, mul, put, sub } from './elementary'
import {
  A_cell_V,
  B_liquidus_K,
  CONDUCTION_MARGIN,
  CONDUCTION_MORE_W_M2,
  CRUST_K,
  CRUST_RANGE_K,
  CRYOLITE_STEP_MAX,
  E_ambient_K,
  E_bath_K,
  E_freezing_kg_m2s,
  E_fromBath_W_m2,
  E_liquidus_K,
  E_transfer_W_m2K,
  K_bath,
  K_bathExchange,
  K_channelOutput,
  K_metalExchange,
  K_parts,
  LEDGE,
  LINING,
  O_dissolved_kg,
  O_undissolved_kg,
  OPEN_BATH_W_M2K4,
  OPEN_LEAST,
  P_alf3Heating_J_kg,
  P_aluminaDissolution_J_kg,
  P_aluminaHeating_J_kg,
  P_ambient_K,
  P_anodeArea_m2,
  P_anodeEffect_V,
  P_bars_W_K,
  P_bathHeat_J_kgK,
  P_bathTransfer_W_m2K,
  P_bathWallArea_m2,
  P_bottom_W_K,
  P_bulkFreezing_W_K,
  P_bus_Ohm,
  P_cathodeArea_m2,
  P_fusion_J_kg,
  P_ledgeConductivity_W_mK,
  P_metalHeat_J_kgK,
  P_metalTransfer_W_m2K,
  P_metalWallArea_m2,
  P_rim_W_K,
  P_top_W_K,
  REACTION_J_KG,
  REACTION_V,
  REFERENCE_K,
  S_alf3_kg,
  S_anodeEffect,
  S_bath_K,
  S_caf2_kg,
  S_cryolite_kg,
  S_frozen_kg,
  S_lif_kg,
  S_metal_kg,
  S_mgf2_kg,
  S_sludge_kg,
  SUBCOOLED_MOST_K,
  V_bathLedge_m,
  V_metalLedge_m,
  W_alf3Fed_kg,
  W_bathFreezing_kg,
  W_bulk_kg,
  W_capacity_J_K,
  W_cold_J,
  W_dissolved_kg,
  W_dissolving_kg,
  W_evolved_kg,
  W_fed_kg,
  W_hot_K,
  W_metalFreezing_kg,
  W_metalTap_kg,
  W_sodium_kg,
  W_superheat_K,
  W_tapped_share,
  W_undissolved_kg,
  W_used_kg,
  WALL_conducted_W_m2,
  WALL_ledge_m,
  WALL_nodes_K,
  X_heat_W,
  X_line_A,
  Y_anodeEffect_V,
  Y_bars_W,
  Y_bottom_W,
  Y_coldAnodes_W,
  Y_feed_W,
  Y_internal_W,
  Y_reaction_W,
  Y_rim_W,
  Y_toBathLedge_W,
  Y_toMetalLedge_W,
  Y_top_W,
  Y_voltage_V,
} from './places'
import { div, get, STEP, set } from './tile'

/** Heat capacity of bath, what is solid in it, and metal. */
export function capacity_J_K(s: usize, p: usize, dissolved_kg: v128, undissolved_kg: v128): v128 {
  const bath_kg = add(
    add(
      add(
        add(
          add(
            add(add(add(dissolved_kg, undissolved_kg), get(s, S_alf3_kg)), get(s, S_caf2_kg)),
            get(s, S_mgf2_kg),
          ),
          get(s, S_lif_kg),
        ),
        get(s, S_cryolite_kg),
      ),
      get(s, S_frozen_kg),
    ),
    get(s, S_sludge_kg),
  )
  return add(
    mul(bath_kg, get(p, P_bathHeat_J_kgK)),
    mul(get(s, S_metal_kg), get(p, P_metalHeat_J_kgK)),
  )
}

/** Hands both walls what they need. */
export function offerWalls(s: usize, p: usize, w: usize, dt_s: f64): void {
  offer(s, p, w, s + V_bathLedge_m, w + K_bathExchange, get(p, P_bathTransfer_W_m2K), dt_s)
  offer(s, p, w, s + V_metalLedge_m, w + K_metalExchange, get(p, P_metalTransfer_W_m2K), dt_s)
}

/** Where cryolite runs out, the bath offers so much of what the wall conducts that it lasts. */
function offer(
  s: usize,
  p: usize,
  w: usize,
  wall: usize,
  e: usize,
  transfer: v128,
  dt_s: f64,
): void {
  const liquidus_K = get(w, K_bath + B_liquidus_K)
  const real_K = get(s, S_bath_K)
  const last = wall + WALL_nodes_K + STEP * (LINING + LEDGE - 1)
  const nodes = put(2.0 * <f64>LEDGE)
  const driven_W_m2 = mul(
    div(mul(nodes, get(p, P_ledgeConductivity_W_mK)), get(wall, WALL_ledge_m)),
    sub(liquidus_K, v128.load(last)),
  )
  const last_W_m2 = get(wall, WALL_conducted_W_m2)
  const conducted_W_m2 = f64x2.max(f64x2.max(last_W_m2, driven_W_m2), put(0.0))
  const area_m2 = add(get(p, P_bathWallArea_m2), get(p, P_metalWallArea_m2))
  const most_J = mul(mul(put(CRYOLITE_STEP_MAX), get(s, S_cryolite_kg)), get(p, P_fusion_J_kg))
  const foreseen_W_m2 = add(mul(put(CONDUCTION_MARGIN), conducted_W_m2), put(CONDUCTION_MORE_W_M2))
  const least_W_m2 = sub(foreseen_W_m2, div(most_J, mul(area_m2, put(dt_s))))
  const hot_K = f64x2.max(real_K, sub(liquidus_K, put(SUBCOOLED_MOST_K)))
  set(e, E_bath_K, f64x2.max(hot_K, add(liquidus_K, div(least_W_m2, transfer))))
  set(e, E_liquidus_K, liquidus_K)
  set(e, E_transfer_W_m2K, transfer)
  set(e, E_ambient_K, get(p, P_ambient_K))
}

/** What froze on both walls. */
export function freezing(p: usize, w: usize, dt_s: f64): void {
  set(
    w,
    W_bathFreezing_kg,
    mul(mul(get(w, K_bathExchange + E_freezing_kg_m2s), get(p, P_bathWallArea_m2)), put(dt_s)),
  )
  set(
    w,
    W_metalFreezing_kg,
    mul(mul(get(w, K_metalExchange + E_freezing_kg_m2s), get(p, P_metalWallArea_m2)), put(dt_s)),
  )
}

/** Cryolite that freezes in the bath below the liquidus, or melts again above it. */
export function bulkFreezing(s: usize, p: usize, w: usize, dt_s: f64): void {
  const per_J_K = mul(get(p, P_bulkFreezing_W_K), put(dt_s))
  const capacity = capacity_J_K(s, p, get(w, W_dissolved_kg), get(w, W_undissolved_kg))
  const heat_J = div(
    mul(per_J_K, f64x2.neg(get(w, W_superheat_K))),
    add(put(1.0), div(per_J_K, capacity)),
  )
  const wish_kg = div(heat_J, get(p, P_fusion_J_kg))
  // What the walls took beyond the last cryolite melts again in the bath.
  const left_kg = sub(
    sub(get(s, S_cryolite_kg), get(w, W_bathFreezing_kg)),
    get(w, W_metalFreezing_kg),
  )
  const part_kg = mul(put(CRYOLITE_STEP_MAX), left_kg)
  const most_kg = choose(part_kg, left_kg, f64x2.gt(left_kg, put(0.0)))
  set(w, W_bulk_kg, f64x2.max(f64x2.min(wish_kg, most_kg), f64x2.neg(get(s, S_frozen_kg))))
}

/** New temperature from the heat that flowed; needs masses, walls and voltage of the step. */
export function advanceHeat(s: usize, x: usize, y: usize, p: usize, w: usize, dt_s: f64): void {
  const c: usize = w + K_channelOutput
  const part: usize = w + K_parts
  const line_A = get(x, X_line_A)
  const bath_K = get(s, S_bath_K)
  const liquidus_K = get(w, K_bathExchange + E_liquidus_K)
  const bathHeat = get(p, P_bathHeat_J_kgK)
  const metalHeat = get(p, P_metalHeat_J_kgK)
  const over_K = sub(bath_K, get(p, P_ambient_K))
  const hot_K = sub(bath_K, put(REFERENCE_K))
  const latched = f64x2.gt(get(s, S_anodeEffect), put(0.0))
  const calm_V = get(part, A_cell_V)
  const cell_V = choose(get(p, P_anodeEffect_V), calm_V, latched)
  const internal_W = mul(line_A, sub(cell_V, mul(get(p, P_bus_Ohm), line_A)))
  const dissolution = get(p, P_aluminaDissolution_J_kg)
  const reaction_J = add(
    mul(mul(put(REACTION_V), line_A), put(dt_s)),
    mul(sub(put(REACTION_J_KG), dissolution), get(w, W_used_kg)),
  )
  const feed_J = add(
    add(
      mul(get(w, W_fed_kg), get(p, P_aluminaHeating_J_kg)),
      mul(get(w, W_alf3Fed_kg), get(p, P_alf3Heating_J_kg)),
    ),
    mul(get(w, W_dissolving_kg), dissolution),
  )
  const toBath_W = mul(get(w, K_bathExchange + E_fromBath_W_m2), get(p, P_bathWallArea_m2))
  const toMetal_W = mul(get(w, K_metalExchange + E_fromBath_W_m2), get(p, P_metalWallArea_m2))
  const frozen_kg = add(get(w, W_bathFreezing_kg), get(w, W_metalFreezing_kg))
  const top_W = add(mul(get(p, P_top_W_K), over_K), openBath_W(p, bath_K))
  const rim_W = mul(get(p, P_rim_W_K), over_K)
  const bottom_W = mul(get(p, P_bottom_W_K), over_K)
  const bars_W = mul(get(p, P_bars_W_K), over_K)
  const flowing_J = add(
    add(
      sub(
        sub(
          sub(sub(mul(internal_W, put(dt_s)), reaction_J), feed_J),
          mul(
            add(add(add(toBath_W, toMetal_W), add(top_W, rim_W)), add(bottom_W, bars_W)),
            put(dt_s),
          ),
        ),
        get(w, W_cold_J),
      ),
      mul(get(x, X_heat_W), put(dt_s)),
    ),
    mul(get(w, W_bulk_kg), get(p, P_fusion_J_kg)),
  )
  // What leaves with mass: metal and bath at their temperature, ledge at the liquidus.
  const dissolved_kg = get(c, O_dissolved_kg)
  const undissolved_kg = get(c, O_undissolved_kg)
  const tapped = get(w, W_tapped_share)
  const rest = sub(put(1.0), tapped)
  const tapped_kg = add(
    mul(div(tapped, rest), liquidAndSolid_kg(s)),
    mul(tapped, add(dissolved_kg, undissolved_kg)),
  )
  const away_J = add(
    mul(mul(frozen_kg, bathHeat), sub(liquidus_K, put(REFERENCE_K))),
    mul(
      add(
        mul(add(add(tapped_kg, get(w, W_evolved_kg)), get(w, W_sodium_kg)), bathHeat),
        mul(get(w, W_metalTap_kg), metalHeat),
      ),
      hot_K,
    ),
  )
  const before_J = mul(get(w, W_capacity_J_K), hot_K)
  const capacity = capacity_J_K(s, p, mul(dissolved_kg, rest), mul(undissolved_kg, rest))
  set(s, S_bath_K, add(put(REFERENCE_K), div(add(before_J, sub(flowing_J, away_J)), capacity)))
  set(w, W_hot_K, hot_K)
  const perStep = 1.0 / dt_s
  set(y, Y_voltage_V, cell_V)
  set(y, Y_anodeEffect_V, sub(cell_V, calm_V))
  set(y, Y_internal_W, internal_W)
  set(y, Y_reaction_W, mul(reaction_J, put(perStep)))
  set(y, Y_feed_W, mul(feed_J, put(perStep)))
  set(y, Y_toBathLedge_W, toBath_W)
  set(y, Y_toMetalLedge_W, toMetal_W)
  set(y, Y_top_W, top_W)
  set(y, Y_rim_W, rim_W)
  set(y, Y_bottom_W, bottom_W)
  set(y, Y_bars_W, bars_W)
  set(y, Y_coldAnodes_W, mul(get(w, W_cold_J), put(perStep)))
}

/** Radiation of the bath between the anodes once the crust has melted, as in anode effects. */
function openBath_W(p: usize, bath_K: v128): v128 {
  const cavity_m2 = get(p, P_cathodeArea_m2)
  const between_m2 = sub(cavity_m2, get(p, P_anodeArea_m2))
  const open_m2 = f64x2.max(between_m2, mul(put(OPEN_LEAST), cavity_m2))
  const square = mul(bath_K, bath_K)
  const open = ramp(mul(sub(bath_K, put(CRUST_K)), put(1.0 / CRUST_RANGE_K)))
  const emitted = mul(open_m2, mul(open, put(OPEN_BATH_W_M2K4)))
  return mul(emitted, mul(square, square))
}

/** Bath without alumina, and what is frozen in it, after the tap. */
function liquidAndSolid_kg(s: usize): v128 {
  return add(
    add(
      add(add(add(get(s, S_alf3_kg), get(s, S_caf2_kg)), get(s, S_mgf2_kg)), get(s, S_lif_kg)),
      get(s, S_cryolite_kg),
    ),
    get(s, S_frozen_kg),
  )
}
