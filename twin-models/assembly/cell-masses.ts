/**
 * Composition of the bath, and the masses that move in one step.
 * Two cells at a time, operation by operation the same as
 * twin-models/potline/cell/masses.ts, where everything is explained, and with
 * the same bits. Addresses are those of value 0 of a block, a value is STEP after the one before:
 * s state, x input, y output, p parameters, q plan, w scratch.
 */
import { bathTile } from './bath'
import { add, choose, mul, pow10, put, sub } from './elementary'
import {
  ALF3_MAX_WTPCT,
  ALF3_PER_CAO,
  ALF3_PER_NA2O,
  ALF3_PER_SODIUM,
  ALF3_STEP_MAX,
  ALUMINA_KG_C,
  ALUMINA_MAX_WTPCT,
  ANODES,
  B_alf3_wtpct,
  B_alumina_wtpct,
  B_bath_K,
  B_caf2_wtpct,
  B_lif_wtpct,
  B_liquidus_K,
  B_mgf2_wtpct,
  B_saturation_wtpct,
  B_wang,
  BACK_FEEDING_K,
  BACK_FEEDING_SHARE,
  BATH_HIGHEST_K,
  BATH_LOWEST_K,
  C_band_share,
  C_bath_kg,
  C_evenly_kg,
  C_prompt_share,
  C_saturation_share,
  CAF2_PER_CAO,
  CRYOLITE_PER_NA2O,
  CRYOLITE_PER_SODIUM,
  FEED_PLACE,
  FEEDERS,
  FUMES_MOST_K,
  FUMES_PER_K,
  K_bath,
  K_channelInput,
  K_channelOutput,
  METAL_PER_ALUMINA,
  METAL_PER_SODIUM,
  NODES,
  O_dissolving_kg,
  O_lacking_kg,
  O_settled_kg,
  OTHERS_MAX_WTPCT,
  P_anodeEffectEfficiency,
  P_backFeeding_per_s,
  P_cao_share,
  P_efficiencyLossOffset,
  P_evolution_kg_s,
  P_na2o_share,
  P_nominalAlf3_share,
  P_nominalBath_kg,
  P_nominalMetal_kg,
  P_nominalSuperheat_K,
  P_scrubberReturn_share,
  P_slowAlumina_share,
  P_sodiumUptake_kg_s,
  P_wangConductivity,
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
  SATURATION_BAND_SHARE,
  SATURATION_LEAST_WTPCT,
  SODIUM_STEP_MAX,
  TAP_REST,
  USE_PLACE,
  V_anode_A,
  V_dissolvedA_kg,
  V_feed_kg_s,
  V_undissolvedA_kg,
  W_alf3Fed_kg,
  W_alumina_kg,
  W_asked_kg,
  W_back_kg,
  W_bath_kg,
  W_bathFreezing_kg,
  W_bulk_kg,
  W_calcium_kg,
  W_cryolite_kg,
  W_dissolved_kg,
  W_dissolving_kg,
  W_efficiency,
  W_evolved_kg,
  W_fed_kg,
  W_made_kg,
  W_metalFreezing_kg,
  W_metalTap_kg,
  W_reacted_kg,
  W_sodium_kg,
  W_superheat_K,
  W_tapped_share,
  W_undissolved_kg,
  W_used_kg,
  X_alf3Feed_kg_s,
  X_bathTap_kg_s,
  X_line_A,
  X_metalTap_kg_s,
} from './places'
import { div, get, HALF, STEP, set } from './tile'

/** 0 below 0, 1 above 1. */
export function ramp(value: v128): v128 {
  return f64x2.min(f64x2.max(value, put(0.0)), put(1.0))
}

/** Sum over both channels of node values at `at`. */
export function channelTotal(at: usize, nodes: usize): v128 {
  const across: usize = STEP * nodes
  let a = put(0.0)
  let b = put(0.0)
  for (let i = at; i < at + across; i += STEP) {
    a = add(a, v128.load(i))
    b = add(b, v128.load(i + across))
  }
  return add(a, b)
}

/** Sums the alumina of the nodes; liquid bath into the scratch. */
export function sumBath(s: usize, w: usize): void {
  const dissolved_kg = channelTotal(s + V_dissolvedA_kg, NODES)
  set(w, W_dissolved_kg, dissolved_kg)
  set(w, W_undissolved_kg, channelTotal(s + V_undissolvedA_kg, NODES))
  set(w, W_bath_kg, liquidBath_kg(s, dissolved_kg))
}

/** Liquid bath of a cell with this much dissolved alumina. */
export function liquidBath_kg(s: usize, dissolved_kg: v128): v128 {
  return add(
    add(
      add(add(add(dissolved_kg, get(s, S_alf3_kg)), get(s, S_caf2_kg)), get(s, S_mgf2_kg)),
      get(s, S_lif_kg),
    ),
    get(s, S_cryolite_kg),
  )
}

/** Properties of a bath with the masses of the state and `dissolved_kg` in `bath_kg`. */
export function properties(s: usize, p: usize, w: usize, dissolved_kg: v128, bath_kg: v128): void {
  const b: usize = w + K_bath
  const percent = div(put(100.0), bath_kg)
  set(b, B_alumina_wtpct, f64x2.min(mul(percent, dissolved_kg), put(ALUMINA_MAX_WTPCT)))
  set(b, B_alf3_wtpct, f64x2.min(mul(percent, get(s, S_alf3_kg)), put(ALF3_MAX_WTPCT)))
  set(b, B_caf2_wtpct, f64x2.min(mul(percent, get(s, S_caf2_kg)), put(OTHERS_MAX_WTPCT)))
  set(b, B_mgf2_wtpct, f64x2.min(mul(percent, get(s, S_mgf2_kg)), put(OTHERS_MAX_WTPCT)))
  set(b, B_lif_wtpct, f64x2.min(mul(percent, get(s, S_lif_kg)), put(OTHERS_MAX_WTPCT)))
  set(b, B_bath_K, f64x2.min(f64x2.max(get(s, S_bath_K), put(BATH_LOWEST_K)), put(BATH_HIGHEST_K)))
  set(b, B_wang, get(p, P_wangConductivity))
}

/** Fills the properties of a tile's bath from what `properties` put in. */
export function evaluate(w: usize): void {
  const b = w + K_bath
  bathTile(b)
  const least = put(SATURATION_LEAST_WTPCT)
  set(b, B_saturation_wtpct, f64x2.max(get(b, B_saturation_wtpct), least))
  set(b + HALF, B_saturation_wtpct, f64x2.max(get(b + HALF, B_saturation_wtpct), least))
}

/** Current efficiency by superheat and composition, and less in an anode effect [dewing1991]. */
export function efficiency(s: usize, p: usize, w: usize): void {
  const b: usize = w + K_bath
  const superheat_K = sub(get(s, S_bath_K), get(b, B_liquidus_K))
  const loss = pow10(
    add(
      sub(
        sub(mul(put(0.0095), superheat_K), mul(put(0.019), get(b, B_alf3_wtpct))),
        mul(put(0.06), get(b, B_lif_wtpct)),
      ),
      get(p, P_efficiencyLossOffset),
    ),
  )
  const calm = f64x2.max(sub(put(1.0), mul(put(0.01), loss)), put(0.0))
  const latched = f64x2.gt(get(s, S_anodeEffect), put(0.0))
  set(w, W_superheat_K, superheat_K)
  set(w, W_efficiency, choose(mul(calm, get(p, P_anodeEffectEfficiency)), calm, latched))
}

/** What is fed, reacts with the bath and evaporates in the step. */
export function additions(s: usize, x: usize, p: usize, w: usize, dt_s: f64): void {
  const first: usize = x + V_feed_kg_s
  let feed_kg_s = put(0.0)
  for (let j: usize = 0; j < FEEDERS; j++) feed_kg_s = add(feed_kg_s, get(first, STEP * j))
  const fed_kg = mul(feed_kg_s, put(dt_s))
  const alf3_kg = get(s, S_alf3_kg)
  const na2o = get(p, P_na2o_share)
  const cao = get(p, P_cao_share)
  const most_kg = mul(put(ALF3_STEP_MAX), alf3_kg)
  const need = add(mul(put(ALF3_PER_NA2O), na2o), mul(put(ALF3_PER_CAO), cao))
  // Where AlF3 runs out, the oxides stay and count as alumina.
  const sodaFed_kg = f64x2.min(mul(need, fed_kg), most_kg)
  const part = div(sodaFed_kg, add(mul(need, fed_kg), put(1e-300)))
  const calcium_kg = mul(mul(mul(put(CAF2_PER_CAO), cao), fed_kg), part)
  const cryolite_kg = mul(mul(mul(put(CRYOLITE_PER_NA2O), na2o), fed_kg), part)
  const hotter_K = f64x2.min(
    sub(get(w, W_superheat_K), get(p, P_nominalSuperheat_K)),
    put(FUMES_MOST_K),
  )
  const evolution_kg = mul(
    mul(get(p, P_evolution_kg_s), put(dt_s)),
    mul(
      div(alf3_kg, add(mul(get(p, P_nominalAlf3_share), get(w, W_bath_kg)), put(1e-9))),
      pow10(mul(put(FUMES_PER_K), hotter_K)),
    ),
  )
  const lost = sub(put(1.0), get(p, P_scrubberReturn_share))
  set(w, W_fed_kg, fed_kg)
  set(w, W_reacted_kg, sodaFed_kg)
  set(w, W_calcium_kg, calcium_kg)
  set(w, W_cryolite_kg, cryolite_kg)
  set(w, W_alumina_kg, add(fed_kg, sub(sub(sodaFed_kg, calcium_kg), cryolite_kg)))
  set(w, W_evolved_kg, f64x2.min(mul(lost, evolution_kg), most_kg))
  set(w, W_alf3Fed_kg, mul(get(x, X_alf3Feed_kg_s), put(dt_s)))
  set(
    w,
    W_sodium_kg,
    f64x2.min(
      mul(get(p, P_sodiumUptake_kg_s), put(dt_s)),
      mul(put(SODIUM_STEP_MAX), get(s, S_cryolite_kg)),
    ),
  )
  const back = mul(mul(get(p, P_backFeeding_per_s), put(dt_s)), backFeeding(w))
  set(w, W_back_kg, mul(get(s, S_sludge_kg), div(back, add(put(1.0), back))))
}

function backFeeding(w: usize): v128 {
  const b: usize = w + K_bath
  const room_share = mul(put(0.01), sub(get(b, B_saturation_wtpct), get(b, B_alumina_wtpct)))
  const hot = ramp(mul(get(w, W_superheat_K), put(1.0 / BACK_FEEDING_K)))
  return mul(ramp(mul(room_share, put(1.0 / BACK_FEEDING_SHARE))), hot)
}

/** Hands the channels what they need: feed by feeder, use by anode. */
export function channelInputs(s: usize, x: usize, p: usize, w: usize, dt_s: f64): void {
  const c: usize = w + K_channelInput
  const b: usize = w + K_bath
  set(c, C_bath_kg, get(w, W_bath_kg))
  set(c, C_saturation_share, mul(put(0.01), get(b, B_saturation_wtpct)))
  set(c, C_band_share, put(SATURATION_BAND_SHARE))
  set(c, C_prompt_share, sub(put(1.0), get(p, P_slowAlumina_share)))
  set(c, C_evenly_kg, get(w, W_back_kg))
  const fed_kg = get(w, W_fed_kg)
  const alumina = mul(div(get(w, W_alumina_kg), add(fed_kg, put(1e-300))), put(dt_s))
  const feedAt: usize = c + FEED_PLACE
  const feed: usize = x + V_feed_kg_s
  for (let j: usize = 0; j < FEEDERS; j++) set(feedAt, STEP * j, mul(get(feed, STEP * j), alumina))
  const perAmpere_kg = mul(mul(put(ALUMINA_KG_C), get(w, W_efficiency)), put(dt_s))
  const useAt: usize = c + USE_PLACE
  const current: usize = s + V_anode_A
  let asked_kg = put(0.0)
  for (let i: usize = 0; i < ANODES; i++) {
    const use_kg = mul(f64x2.max(get(current, STEP * i), put(0.0)), perAmpere_kg)
    set(useAt, STEP * i, use_kg)
    asked_kg = add(asked_kg, use_kg)
  }
  set(w, W_asked_kg, asked_kg)
}

/** Scales the currents of the anodes to the line current; even shares where none flowed. */
export function scaleCurrents(s: usize, x: usize): void {
  const current: usize = s + V_anode_A
  const line_A = get(x, X_line_A)
  let sum_A = put(0.0)
  for (let i: usize = 0; i < ANODES; i++) sum_A = add(sum_A, get(current, STEP * i))
  const flows = f64x2.gt(sum_A, put(1.0))
  const factor = choose(div(line_A, sum_A), put(0.0), flows)
  const even_A = choose(put(0.0), mul(line_A, put(1.0 / <f64>ANODES)), flows)
  for (let i: usize = 0; i < ANODES; i++) {
    set(current, STEP * i, add(mul(get(current, STEP * i), factor), even_A))
  }
}

/** New masses of all species but the alumina in the channels, which the channels advance. */
export function advanceMasses(s: usize, w: usize): void {
  const c: usize = w + K_channelOutput
  const sodium_kg = get(w, W_sodium_kg)
  const lacking_kg = get(c, O_lacking_kg)
  const used_kg = f64x2.max(sub(get(w, W_asked_kg), lacking_kg), put(0.0))
  const made_kg = mul(put(METAL_PER_ALUMINA), used_kg)
  const rest = sub(put(1.0), get(w, W_tapped_share))
  set(w, W_used_kg, used_kg)
  set(w, W_made_kg, made_kg)
  set(w, W_dissolving_kg, add(get(c, O_dissolving_kg), get(w, W_back_kg)))
  set(
    s,
    S_alf3_kg,
    mul(
      add(
        sub(
          sub(add(get(s, S_alf3_kg), get(w, W_alf3Fed_kg)), get(w, W_reacted_kg)),
          get(w, W_evolved_kg),
        ),
        mul(put(ALF3_PER_SODIUM), sodium_kg),
      ),
      rest,
    ),
  )
  set(s, S_caf2_kg, mul(add(get(s, S_caf2_kg), get(w, W_calcium_kg)), rest))
  set(s, S_mgf2_kg, mul(get(s, S_mgf2_kg), rest))
  set(s, S_lif_kg, mul(get(s, S_lif_kg), rest))
  set(
    s,
    S_cryolite_kg,
    mul(
      sub(
        sub(
          sub(
            sub(
              add(get(s, S_cryolite_kg), get(w, W_cryolite_kg)),
              mul(put(CRYOLITE_PER_SODIUM), sodium_kg),
            ),
            get(w, W_bathFreezing_kg),
          ),
          get(w, W_metalFreezing_kg),
        ),
        get(w, W_bulk_kg),
      ),
      rest,
    ),
  )
  set(s, S_frozen_kg, mul(add(get(s, S_frozen_kg), get(w, W_bulk_kg)), rest))
  set(s, S_sludge_kg, add(sub(get(s, S_sludge_kg), get(w, W_back_kg)), get(c, O_settled_kg)))
  set(
    s,
    S_metal_kg,
    sub(
      sub(add(get(s, S_metal_kg), made_kg), mul(put(METAL_PER_SODIUM), sodium_kg)),
      get(w, W_metalTap_kg),
    ),
  )
}

/** What the taps take, without emptying the cell; a share for the bath, so that all species go. */
export function taps(s: usize, x: usize, p: usize, w: usize, dt_s: f64): void {
  const metalOver_kg = f64x2.max(
    sub(get(s, S_metal_kg), mul(put(TAP_REST), get(p, P_nominalMetal_kg))),
    put(0.0),
  )
  const bath_kg = get(w, W_bath_kg)
  const bathOver_kg = f64x2.max(
    sub(bath_kg, mul(put(TAP_REST), get(p, P_nominalBath_kg))),
    put(0.0),
  )
  set(w, W_metalTap_kg, f64x2.min(mul(get(x, X_metalTap_kg_s), put(dt_s)), metalOver_kg))
  set(
    w,
    W_tapped_share,
    div(f64x2.min(mul(get(x, X_bathTap_kg_s), put(dt_s)), bathOver_kg), bath_kg),
  )
}

/** Takes the tapped share of the alumina in all nodes. */
export function tapChannels(s: usize, w: usize): void {
  const rest = sub(put(1.0), get(w, W_tapped_share))
  if (i64x2.all_true(f64x2.eq(rest, put(1.0)))) return
  const first: usize = s + V_dissolvedA_kg
  const end: usize = first + 4 * STEP * NODES
  for (let i = first; i < end; i += STEP) v128.store(i, mul(v128.load(i), rest))
}
