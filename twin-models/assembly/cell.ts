/**
 * One step of the four cells of a tile. Two cells at a time, operation by
 * operation the same as twin-models/potline/cell/step.ts, where everything is explained, and with
 * the same bits. Addresses are those of value 0 of a block, a value is STEP after the one before:
 * s state, x input, y output, p parameters, q plan, w scratch.
 */
import { advanceAnodes, changeAnodes, solveAnodes } from './anodes'
import { closeBalances, sumFlows, takeInventory } from './cell-closure'
import { advanceHeat, bulkFreezing, capacity_J_K, freezing, offerWalls } from './cell-heats'
import {
  additions,
  advanceMasses,
  channelInputs,
  efficiency,
  evaluate,
  liquidBath_kg,
  properties,
  scaleCurrents,
  sumBath,
  tapChannels,
  taps,
} from './cell-masses'
import { flowOutputs, latch, stateOutputs, voltageOutputs } from './cell-outputs'
import { advanceChannels, anodeAlumina } from './channels'
import { add, choose, mul, put, sub } from './elementary'
import {
  ANODE_ALUMINA_PLACE,
  ANODE_ITERATIONS,
  ANODES,
  C_bath_kg,
  COLD_ANODE_J,
  K_after,
  K_bath,
  K_bathExchange,
  K_before,
  K_channelInput,
  K_channelOutput,
  K_inner,
  K_metalExchange,
  K_parts,
  LEDGE,
  LINING,
  O_dissolved_kg,
  O_undissolved_kg,
  P_acdDrift,
  P_cathodeArea_m2,
  P_metalDensity_kg_m3,
  Q_anodes,
  Q_bathWall,
  Q_channels,
  Q_metalWall,
  S_metal_kg,
  TABLE,
  V_acd_m,
  V_bathLedge_m,
  V_deficit_J,
  V_dissolvedA_kg,
  V_metalLedge_m,
  W_bath_kg,
  W_capacity_J_K,
  W_changed_J,
  W_cold_J,
  W_dissolved_kg,
  W_efficiency,
  W_rise_m,
  W_tapped_share,
  W_undissolved_kg,
  X_anodeChange,
  X_beam_m_s,
  X_line_A,
  X_metalTilt_m,
} from './places'
import { div, get, HALF, STEP, set } from './tile'
import { advanceWall } from './wall'

/** Composition, efficiency and amounts of the step, before channels and walls move. */
function begin(s: usize, x: usize, p: usize, q: usize, w: usize, dt_s: f64): void {
  takeInventory(s, p, q, w + K_before)
  set(w, W_capacity_J_K, capacity_J_K(s, p, get(w, W_dissolved_kg), get(w, W_undissolved_kg)))
  efficiency(s, p, w)
  additions(s, x, p, w, dt_s)
  taps(s, x, p, w, dt_s)
}

/** Sums of the bath and what its properties are asked for. */
function compose(s: usize, p: usize, w: usize): void {
  sumBath(s, w)
  properties(s, p, w, get(w, W_dissolved_kg), get(w, W_bath_kg))
}

/** New masses, and how far the anodes rise over the metal. */
function settleMasses(s: usize, x: usize, p: usize, w: usize, dt_s: f64): void {
  freezing(p, w, dt_s)
  bulkFreezing(s, p, w, dt_s)
  const metal_kg = get(s, S_metal_kg)
  advanceMasses(s, w)
  set(
    w,
    W_rise_m,
    sub(
      mul(get(x, X_beam_m_s), put(dt_s)),
      div(
        mul(get(p, P_acdDrift), sub(get(s, S_metal_kg), metal_kg)),
        mul(get(p, P_metalDensity_kg_m3), get(p, P_cathodeArea_m2)),
      ),
    ),
  )
}

/** The composition after the step. */
function recompose(s: usize, p: usize, w: usize): void {
  const c = w + K_channelOutput
  const rest = sub(put(1.0), get(w, W_tapped_share))
  const dissolved_kg = mul(get(c, O_dissolved_kg), rest)
  set(w, W_undissolved_kg, mul(get(c, O_undissolved_kg), rest))
  const bath_kg = liquidBath_kg(s, dissolved_kg)
  set(w, W_dissolved_kg, dissolved_kg)
  set(w, W_bath_kg, bath_kg)
  properties(s, p, w, dissolved_kg, bath_kg)
}

/** Latch, heat, outputs and closure. */
function finish(s: usize, x: usize, y: usize, p: usize, q: usize, w: usize, dt_s: f64): void {
  latch(s, x, p, w, dt_s)
  advanceHeat(s, x, y, p, w, dt_s)
  flowOutputs(x, y, p, w, dt_s)
  stateOutputs(s, x, y, p, w, get(w, W_dissolved_kg), get(w, W_bath_kg))
  takeInventory(s, p, q, w + K_after)
  sumFlows(s, x, y, p, w, dt_s)
  closeBalances(y, w)
}

/** Advances the four cells of a tile by dt_s; `first` is 0 for later steps under one input. */
export function advanceTile(
  s: usize,
  x: usize,
  y: usize,
  p: usize,
  q: usize,
  w: usize,
  dt_s: f64,
  first: i32,
): void {
  compose(s, p, w)
  compose(s + HALF, p + HALF, w + HALF)
  evaluate(w)
  begin(s, x, p, q, w, dt_s)
  begin(s + HALF, x + HALF, p + HALF, q + HALF, w + HALF, dt_s)
  setAnodes(s, x, q, w, first)
  scaleCurrents(s, x)
  channelInputs(s, x, p, w, dt_s)
  scaleCurrents(s + HALF, x + HALF)
  channelInputs(s + HALF, x + HALF, p + HALF, w + HALF, dt_s)
  advanceChannels(
    TABLE,
    s + V_dissolvedA_kg,
    q + Q_channels,
    w + K_channelInput,
    w + K_channelOutput,
    w + K_inner,
  )
  tapChannels(s, w)
  tapChannels(s + HALF, w + HALF)
  offerWalls(s, p, w, dt_s)
  offerWalls(s + HALF, p + HALF, w + HALF, dt_s)
  const lining = <i32>LINING
  const ledge = <i32>LEDGE
  advanceWall(lining, ledge, s + V_bathLedge_m, q + Q_bathWall, w + K_bathExchange, w + K_inner)
  advanceWall(lining, ledge, s + V_metalLedge_m, q + Q_metalWall, w + K_metalExchange, w + K_inner)
  settleMasses(s, x, p, w, dt_s)
  settleMasses(s + HALF, x + HALF, p + HALF, w + HALF, dt_s)
  advanceAnodes(
    ANODES,
    q + Q_anodes,
    s + V_acd_m,
    dt_s,
    w + W_efficiency,
    w + W_rise_m,
    w + W_cold_J,
  )
  recompose(s, p, w)
  recompose(s + HALF, p + HALF, w + HALF)
  evaluate(w)
  electrics(s, x, q, w)
  finish(s, x, y, p, q, w, dt_s)
  finish(s + HALF, x + HALF, y + HALF, p + HALF, q + HALF, w + HALF, dt_s)
}

/** Fills the outputs that follow from state and input alone, without a step. */
export function settleTile(s: usize, x: usize, y: usize, p: usize, q: usize, w: usize): void {
  compose(s, p, w)
  compose(s + HALF, p + HALF, w + HALF)
  evaluate(w)
  for (let half: usize = 0; half < STEP; half += HALF) {
    efficiency(s + half, p + half, w + half)
    scaleCurrents(s + half, x + half)
    set(w + half + K_channelInput, C_bath_kg, get(w + half, W_bath_kg))
  }
  anodeAlumina(TABLE, s + V_dissolvedA_kg, w + K_channelInput, w + K_channelOutput)
  electrics(s, x, q, w)
  for (let half: usize = 0; half < STEP; half += HALF) {
    voltageOutputs(s + half, x + half, y + half, p + half, w + half)
    const bath_kg = get(w + half, W_bath_kg)
    stateOutputs(
      s + half,
      x + half,
      y + half,
      p + half,
      w + half,
      get(w + half, W_dissolved_kg),
      bath_kg,
    )
  }
}

/** Sets the new anodes of the input, and notes the heat that they lack over the old ones. */
function setAnodes(s: usize, x: usize, q: usize, w: usize, first: i32): void {
  const none = put(0.0)
  set(w, W_changed_J, none)
  set(w + HALF, W_changed_J, none)
  if (first == 0) return
  const change = x + X_anodeChange
  if (
    !v128.any_true(
      v128.or(f64x2.ne(v128.load(change), none), f64x2.ne(v128.load(change + HALF), none)),
    )
  )
    return
  for (let half: usize = 0; half < STEP; half += HALF) {
    const which = v128.load(change + half)
    const cold_J = get(q + half, Q_anodes + COLD_ANODE_J)
    let changed_J = none
    for (let i: usize = 0; i < ANODES; i++) {
      const hit = f64x2.eq(which, put(<f64>i + 1.0))
      changed_J = choose(sub(cold_J, get(s + half, V_deficit_J + STEP * i)), changed_J, hit)
    }
    set(w + half, W_changed_J, changed_J)
  }
  changeAnodes(ANODES, q + Q_anodes, s + V_acd_m, change)
}

/** Solves the anode networks; a tilt of the metal moves the rows against each other meanwhile. */
function electrics(s: usize, x: usize, q: usize, w: usize): void {
  const tilt_m = get(x, X_metalTilt_m)
  const tiltHigh_m = get(x + HALF, X_metalTilt_m)
  const still = put(0.0)
  const tilts = v128.any_true(v128.or(f64x2.ne(tilt_m, still), f64x2.ne(tiltHigh_m, still)))
  if (tilts) {
    tilt(s, mul(put(0.5), tilt_m))
    tilt(s + HALF, mul(put(0.5), tiltHigh_m))
  }
  solveAnodes(
    ANODES,
    ANODE_ITERATIONS,
    q + Q_anodes,
    w + K_bath,
    w + K_channelOutput + ANODE_ALUMINA_PLACE,
    s + V_acd_m,
    x + X_line_A,
    w + K_parts,
    w + K_inner,
  )
  if (tilts) {
    tilt(s, mul(put(-0.5), tilt_m))
    tilt(s + HALF, mul(put(-0.5), tiltHigh_m))
  }
}

function tilt(s: usize, half_m: v128): void {
  const first = s + V_acd_m
  const row = STEP * (ANODES / 2)
  for (let i = first; i < first + row; i += STEP) {
    v128.store(i, sub(v128.load(i), half_m))
    v128.store(i + row, add(v128.load(i + row), half_m))
  }
}
