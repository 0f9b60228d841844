/**
 * Closure of mass and energy: what a cell holds against what crossed its boundary.
 * Two cells at a time, operation by operation the same as
 * twin-models/potline/cell/closure.ts, where everything is explained, and with
 * the same bits. Addresses are those of value 0 of a block, a value is STEP after the one before:
 * s state, x input, y output, p parameters, q plan, w scratch.
 */
import { channelTotal } from './cell-masses'
import { add, mul, put, sub } from './elementary'
import {
  ALF3_PER_SODIUM,
  ANODES,
  CRYOLITE_PER_SODIUM,
  I_alf3_kg,
  I_alumina_kg,
  I_caf2_kg,
  I_cryolite_kg,
  I_energy_J,
  I_metal_kg,
  I_others_kg,
  K_after,
  K_before,
  K_channelOutput,
  K_flows,
  LEAST_J,
  LEAST_KG,
  LEDGE,
  LINING,
  METAL_PER_SODIUM,
  MOVED_J,
  MOVED_KG,
  NODES,
  O_dissolved_kg,
  O_undissolved_kg,
  P_alf3Heating_J_kg,
  P_aluminaDissolution_J_kg,
  P_aluminaHeating_J_kg,
  P_bathHeat_J_kgK,
  P_bathWallArea_m2,
  P_fusion_J_kg,
  P_ledgeDensity_kg_m3,
  P_ledgeHeat_J_kgK,
  P_metalHeat_J_kgK,
  P_metalWallArea_m2,
  Q_capacities,
  REACTION_J_KG,
  REACTION_V,
  REFERENCE_K,
  S_alf3_kg,
  S_bath_K,
  S_caf2_kg,
  S_cryolite_kg,
  S_frozen_kg,
  S_lif_kg,
  S_metal_kg,
  S_mgf2_kg,
  S_sludge_kg,
  V_bathLedge_m,
  V_deficit_J,
  V_dissolvedA_kg,
  V_metalLedge_m,
  V_undissolvedA_kg,
  W_alf3Fed_kg,
  W_alumina_kg,
  W_bathFreezing_kg,
  W_bulk_kg,
  W_calcium_kg,
  W_changed_J,
  W_cryolite_kg,
  W_evolved_kg,
  W_fed_kg,
  W_hot_K,
  W_made_kg,
  W_metalFreezing_kg,
  W_metalTap_kg,
  W_reacted_kg,
  W_sodium_kg,
  W_tapped_share,
  W_used_kg,
  WALL_ledge_m,
  WALL_nodes_K,
  X_heat_W,
  X_line_A,
  Y_bars_W,
  Y_bottom_W,
  Y_energyResidual,
  Y_internal_W,
  Y_massResidual,
  Y_rim_W,
  Y_side_W,
  Y_top_W,
} from './places'
import { div, get, STEP, set } from './tile'

/** Sums masses and energy of a cell into the inventory at `at`. */
export function takeInventory(s: usize, p: usize, q: usize, at: usize): void {
  const dissolved_kg = channelTotal(s + V_dissolvedA_kg, NODES)
  const undissolved_kg = channelTotal(s + V_undissolvedA_kg, NODES)
  const alumina_kg = add(add(dissolved_kg, undissolved_kg), get(s, S_sludge_kg))
  const alf3_kg = get(s, S_alf3_kg)
  const caf2_kg = get(s, S_caf2_kg)
  const others_kg = add(get(s, S_mgf2_kg), get(s, S_lif_kg))
  const frozen_kg = get(s, S_frozen_kg)
  const inBath_kg = add(get(s, S_cryolite_kg), frozen_kg)
  const metal_kg = get(s, S_metal_kg)
  const density = get(p, P_ledgeDensity_kg_m3)
  const ledge_kg = add(
    mul(get(s, V_bathLedge_m + WALL_ledge_m), mul(get(p, P_bathWallArea_m2), density)),
    mul(get(s, V_metalLedge_m + WALL_ledge_m), mul(get(p, P_metalWallArea_m2), density)),
  )
  const bath_J_K = mul(
    add(add(add(add(alumina_kg, alf3_kg), caf2_kg), others_kg), inBath_kg),
    get(p, P_bathHeat_J_kgK),
  )
  const metal_J_K = mul(metal_kg, get(p, P_metalHeat_J_kgK))
  set(at, I_alumina_kg, alumina_kg)
  set(at, I_alf3_kg, alf3_kg)
  set(at, I_cryolite_kg, add(inBath_kg, ledge_kg))
  set(at, I_caf2_kg, caf2_kg)
  set(at, I_others_kg, others_kg)
  set(at, I_metal_kg, metal_kg)
  set(
    at,
    I_energy_J,
    sub(
      add(
        add(
          sub(
            add(
              mul(add(bath_J_K, metal_J_K), sub(get(s, S_bath_K), put(REFERENCE_K))),
              mul(dissolved_kg, get(p, P_aluminaDissolution_J_kg)),
            ),
            mul(frozen_kg, get(p, P_fusion_J_kg)),
          ),
          mul(wallEnergy_J_m2(s, p, q, V_bathLedge_m, 0), get(p, P_bathWallArea_m2)),
        ),
        mul(wallEnergy_J_m2(s, p, q, V_metalLedge_m, STEP * LINING), get(p, P_metalWallArea_m2)),
      ),
      coldness_J(s),
    ),
  )
}

/** Energy of lining and ledge per area; zero is liquid bath and lining at the reference. */
function wallEnergy_J_m2(s: usize, p: usize, q: usize, wall: usize, capacities: usize): v128 {
  let node: usize = s + wall + WALL_nodes_K
  let capacity: usize = q + Q_capacities + capacities
  let lining_J_m2 = put(0.0)
  for (let i: usize = 0; i < LINING; i++) {
    lining_J_m2 = add(lining_J_m2, mul(v128.load(capacity), sub(v128.load(node), put(REFERENCE_K))))
    node += STEP
    capacity += STEP
  }
  let over_K = put(0.0)
  for (let i: usize = 0; i < LEDGE; i++) {
    over_K = add(over_K, sub(v128.load(node), put(REFERENCE_K)))
    node += STEP
  }
  const ledge_kg_m2 = mul(get(p, P_ledgeDensity_kg_m3), get(s, wall + WALL_ledge_m))
  const perLedge = 1.0 / <f64>LEDGE
  return add(
    lining_J_m2,
    mul(
      ledge_kg_m2,
      sub(mul(get(p, P_ledgeHeat_J_kgK), mul(over_K, put(perLedge))), get(p, P_fusion_J_kg)),
    ),
  )
}

function coldness_J(s: usize): v128 {
  const first: usize = s + V_deficit_J
  let sum_J = put(0.0)
  for (let i: usize = 0; i < ANODES; i++) sum_J = add(sum_J, get(first, STEP * i))
  return sum_J
}

/** What crossed the boundary in a step of dt_s, per species, and how much moved in all. */
export function sumFlows(s: usize, x: usize, y: usize, p: usize, w: usize, dt_s: f64): void {
  const f: usize = w + K_flows
  const c: usize = w + K_channelOutput
  const sodium_kg = get(w, W_sodium_kg)
  const alf3Fed_kg = get(w, W_alf3Fed_kg)
  const used_kg = get(w, W_used_kg)
  const made_kg = get(w, W_made_kg)
  const evolved_kg = get(w, W_evolved_kg)
  const metalTap_kg = get(w, W_metalTap_kg)
  const tapped = get(w, W_tapped_share)
  // Of the species that the tap has already taken its share from.
  const over = div(tapped, sub(put(1.0), tapped))
  const dissolvedTap_kg = mul(tapped, get(c, O_dissolved_kg))
  const solidTap_kg = mul(tapped, get(c, O_undissolved_kg))
  const alf3Tap_kg = mul(over, get(s, S_alf3_kg))
  const caf2Tap_kg = mul(over, get(s, S_caf2_kg))
  const othersTap_kg = mul(over, add(get(s, S_mgf2_kg), get(s, S_lif_kg)))
  const frozenTap_kg = mul(over, get(s, S_frozen_kg))
  const cryoliteTap_kg = add(mul(over, get(s, S_cryolite_kg)), frozenTap_kg)
  const aluminaTap_kg = add(dissolvedTap_kg, solidTap_kg)
  const tapped_kg = add(
    add(add(add(aluminaTap_kg, alf3Tap_kg), caf2Tap_kg), othersTap_kg),
    cryoliteTap_kg,
  )
  set(f, I_alumina_kg, sub(sub(get(w, W_alumina_kg), used_kg), aluminaTap_kg))
  set(
    f,
    I_alf3_kg,
    sub(
      add(
        sub(sub(alf3Fed_kg, get(w, W_reacted_kg)), evolved_kg),
        mul(put(ALF3_PER_SODIUM), sodium_kg),
      ),
      alf3Tap_kg,
    ),
  )
  set(
    f,
    I_cryolite_kg,
    sub(sub(get(w, W_cryolite_kg), mul(put(CRYOLITE_PER_SODIUM), sodium_kg)), cryoliteTap_kg),
  )
  set(f, I_caf2_kg, sub(get(w, W_calcium_kg), caf2Tap_kg))
  set(f, I_others_kg, f64x2.neg(othersTap_kg))
  set(f, I_metal_kg, sub(sub(made_kg, mul(put(METAL_PER_SODIUM), sodium_kg)), metalTap_kg))
  const internal_J = mul(get(y, Y_internal_W), put(dt_s))
  const feed_J = add(
    mul(get(w, W_fed_kg), get(p, P_aluminaHeating_J_kg)),
    mul(alf3Fed_kg, get(p, P_alf3Heating_J_kg)),
  )
  const reaction_J = add(
    mul(mul(put(REACTION_V), get(x, X_line_A)), put(dt_s)),
    mul(put(REACTION_J_KG), used_kg),
  )
  const lost_J = mul(
    add(
      add(add(add(get(y, Y_side_W), get(y, Y_top_W)), get(y, Y_rim_W)), get(y, Y_bottom_W)),
      get(y, Y_bars_W),
    ),
    put(dt_s),
  )
  const hot_K = get(w, W_hot_K)
  const carried_J = sub(
    add(
      mul(
        add(
          mul(add(add(tapped_kg, evolved_kg), sodium_kg), get(p, P_bathHeat_J_kgK)),
          mul(metalTap_kg, get(p, P_metalHeat_J_kgK)),
        ),
        hot_K,
      ),
      mul(dissolvedTap_kg, get(p, P_aluminaDissolution_J_kg)),
    ),
    mul(frozenTap_kg, get(p, P_fusion_J_kg)),
  )
  const other_J = mul(get(x, X_heat_W), put(dt_s))
  const changed_J = get(w, W_changed_J)
  set(
    f,
    I_energy_J,
    sub(
      add(sub(sub(sub(sub(internal_J, reaction_J), feed_J), lost_J), carried_J), other_J),
      changed_J,
    ),
  )
  set(
    f,
    MOVED_KG,
    add(
      add(
        add(
          add(
            add(
              add(add(add(add(get(w, W_fed_kg), alf3Fed_kg), used_kg), made_kg), metalTap_kg),
              tapped_kg,
            ),
            f64x2.abs(get(w, W_bathFreezing_kg)),
          ),
          f64x2.abs(get(w, W_metalFreezing_kg)),
        ),
        f64x2.abs(get(w, W_bulk_kg)),
      ),
      put(LEAST_KG),
    ),
  )
  set(
    f,
    MOVED_J,
    add(
      add(
        add(
          add(add(add(f64x2.abs(internal_J), feed_J), f64x2.abs(lost_J)), f64x2.abs(carried_J)),
          f64x2.abs(other_J),
        ),
        f64x2.abs(changed_J),
      ),
      put(LEAST_J),
    ),
  )
}

/** Residuals of mass and energy, relative to what moved in the step, as outputs. */
export function closeBalances(y: usize, w: usize): void {
  const before: usize = w + K_before
  const after: usize = w + K_after
  const f: usize = w + K_flows
  let mass_kg = put(0.0)
  for (let i: usize = 0; i < I_energy_J; i += STEP) {
    mass_kg = add(mass_kg, f64x2.abs(sub(sub(get(after, i), get(before, i)), get(f, i))))
  }
  const i = I_energy_J
  set(y, Y_massResidual, div(mass_kg, get(f, MOVED_KG)))
  set(y, Y_energyResidual, div(sub(sub(get(after, i), get(before, i)), get(f, i)), get(f, MOVED_J)))
}
