/** Composition of the bath, and the masses that move in one step. */

import { pow10 } from '../../kernels/elementary.ts'
import { anodeUsePlace, channelInput, channelOutput, FEED_PLACE } from '../../kernels/transport.ts'
import { bathLane, bathValue } from '../bath-lane.ts'
import {
  ALF3_MAX_WTPCT,
  ALF3_PER_CAO,
  ALF3_PER_NA2O,
  ALF3_PER_SODIUM,
  ALF3_STEP_MAX,
  ALUMINA_KG_C,
  ALUMINA_MAX_WTPCT,
  BACK_FEEDING_K,
  BACK_FEEDING_SHARE,
  BATH_HIGHEST_K,
  BATH_LOWEST_K,
  CAF2_PER_CAO,
  CRYOLITE_PER_NA2O,
  CRYOLITE_PER_SODIUM,
  FUMES_MOST_K,
  FUMES_PER_K,
  METAL_PER_ALUMINA,
  METAL_PER_SODIUM,
  OTHERS_MAX_WTPCT,
  SATURATION_BAND_SHARE,
  SATURATION_LEAST_WTPCT,
  SODIUM_STEP_MAX,
  TAP_REST,
} from './constants.ts'
import { inputPlace, LANES, statePlace } from './layout.ts'
import { type CellLane, workPlace } from './memory.ts'
import { parameterPlace } from './parameters.ts'

/** Values of the state `anodeEffect`. */
export const AnodeEffect = { none: 0, on: 1, quenched: 2 } as const

/** 0 below 0, 1 above 1. */
export function ramp(value: number): number {
  return Math.min(Math.max(value, 0), 1)
}

/** Sum over both channels of node values at `at`. */
export function channelTotal(m: Float64Array, at: number, nodes: number): number {
  const across = LANES * nodes
  let a = 0
  let b = 0
  for (let i = at; i < at + across; i += LANES) {
    a += m[i]!
    b += m[i + across]!
  }
  return a + b
}

/** Sums the alumina of the nodes; liquid bath into the scratch. */
export function sumBath(lane: CellLane): void {
  const { m, state: s, work: w, places } = lane
  const nodes = places.channels.nodes
  const dissolved_kg = channelTotal(m, s + LANES * places.layout.state.dissolvedA_kg.first, nodes)
  m[w + LANES * workPlace.dissolved_kg] = dissolved_kg
  m[w + LANES * workPlace.undissolved_kg] = channelTotal(
    m,
    s + LANES * places.layout.state.undissolvedA_kg.first,
    nodes,
  )
  m[w + LANES * workPlace.bath_kg] = liquidBath_kg(m, s, dissolved_kg)
}

/** Liquid bath of a cell with this much dissolved alumina. */
export function liquidBath_kg(m: Float64Array, s: number, dissolved_kg: number): number {
  return (
    dissolved_kg +
    m[s + LANES * statePlace.alf3_kg]! +
    m[s + LANES * statePlace.caf2_kg]! +
    m[s + LANES * statePlace.mgf2_kg]! +
    m[s + LANES * statePlace.lif_kg]! +
    m[s + LANES * statePlace.cryolite_kg]!
  )
}

/** Properties of a bath with the masses of the state and `dissolved_kg` in `bath_kg`. */
export function properties(lane: CellLane, dissolved_kg: number, bath_kg: number): void {
  const { m, state: s, parameters: p, work: w, places } = lane
  const b = w + LANES * places.work.bath
  const percent = 100 / bath_kg
  m[b + LANES * bathValue.alumina_wtpct] = Math.min(percent * dissolved_kg, ALUMINA_MAX_WTPCT)
  m[b + LANES * bathValue.alf3_wtpct] = Math.min(
    percent * m[s + LANES * statePlace.alf3_kg]!,
    ALF3_MAX_WTPCT,
  )
  m[b + LANES * bathValue.caf2_wtpct] = Math.min(
    percent * m[s + LANES * statePlace.caf2_kg]!,
    OTHERS_MAX_WTPCT,
  )
  m[b + LANES * bathValue.mgf2_wtpct] = Math.min(
    percent * m[s + LANES * statePlace.mgf2_kg]!,
    OTHERS_MAX_WTPCT,
  )
  m[b + LANES * bathValue.lif_wtpct] = Math.min(
    percent * m[s + LANES * statePlace.lif_kg]!,
    OTHERS_MAX_WTPCT,
  )
  m[b + LANES * bathValue.bath_K] = Math.min(
    Math.max(m[s + LANES * statePlace.bath_K]!, BATH_LOWEST_K),
    BATH_HIGHEST_K,
  )
  m[b + LANES * bathValue.wang] = m[p + LANES * parameterPlace.wangConductivity]!
  bathLane(m, b)
  m[b + LANES * bathValue.saturation_wtpct] = Math.max(
    m[b + LANES * bathValue.saturation_wtpct]!,
    SATURATION_LEAST_WTPCT,
  )
}

/** Current efficiency by superheat and composition, and less in an anode effect [dewing1991]. */
export function efficiency(lane: CellLane): void {
  const { m, state: s, parameters: p, work: w, places } = lane
  const b = w + LANES * places.work.bath
  const superheat_K = m[s + LANES * statePlace.bath_K]! - m[b + LANES * bathValue.liquidus_K]!
  const loss = pow10(
    0.0095 * superheat_K -
      0.019 * m[b + LANES * bathValue.alf3_wtpct]! -
      0.06 * m[b + LANES * bathValue.lif_wtpct]! +
      m[p + LANES * parameterPlace.efficiencyLossOffset]!,
  )
  const calm = Math.max(1 - 0.01 * loss, 0)
  const latched = m[s + LANES * statePlace.anodeEffect]! > AnodeEffect.none
  m[w + LANES * workPlace.superheat_K] = superheat_K
  m[w + LANES * workPlace.efficiency] = latched
    ? calm * m[p + LANES * parameterPlace.anodeEffectEfficiency]!
    : calm
}

/** What is fed, reacts with the bath and evaporates in the step. */
export function additions(lane: CellLane, dt_s: number): void {
  const { m, state: s, parameters: p, input: x, work: w, places } = lane
  const first = x + LANES * places.layout.input.feed_kg_s.first
  let feed_kg_s = 0
  for (let j = 0; j < places.layout.sizes.feeders; j++) feed_kg_s += m[first + LANES * j]!
  const fed_kg = feed_kg_s * dt_s
  const alf3_kg = m[s + LANES * statePlace.alf3_kg]!
  const na2o = m[p + LANES * parameterPlace.na2o_share]!
  const cao = m[p + LANES * parameterPlace.cao_share]!
  const most_kg = ALF3_STEP_MAX * alf3_kg
  const need = ALF3_PER_NA2O * na2o + ALF3_PER_CAO * cao
  // Where AlF3 runs out, the oxides stay and count as alumina.
  const sodaFed_kg = Math.min(need * fed_kg, most_kg)
  const part = sodaFed_kg / (need * fed_kg + 1e-300)
  const calcium_kg = CAF2_PER_CAO * cao * fed_kg * part
  const cryolite_kg = CRYOLITE_PER_NA2O * na2o * fed_kg * part
  const hotter_K = Math.min(
    m[w + LANES * workPlace.superheat_K]! - m[p + LANES * parameterPlace.nominalSuperheat_K]!,
    FUMES_MOST_K,
  )
  const evolution_kg =
    m[p + LANES * parameterPlace.evolution_kg_s]! *
    dt_s *
    ((alf3_kg /
      (m[p + LANES * parameterPlace.nominalAlf3_share]! * m[w + LANES * workPlace.bath_kg]! +
        1e-9)) *
      pow10(FUMES_PER_K * hotter_K))
  const lost = 1 - m[p + LANES * parameterPlace.scrubberReturn_share]!
  m[w + LANES * workPlace.fed_kg] = fed_kg
  m[w + LANES * workPlace.reacted_kg] = sodaFed_kg
  m[w + LANES * workPlace.calcium_kg] = calcium_kg
  m[w + LANES * workPlace.cryolite_kg] = cryolite_kg
  m[w + LANES * workPlace.alumina_kg] = fed_kg + (sodaFed_kg - calcium_kg - cryolite_kg)
  m[w + LANES * workPlace.evolved_kg] = Math.min(lost * evolution_kg, most_kg)
  m[w + LANES * workPlace.alf3Fed_kg] = m[x + LANES * inputPlace.alf3Feed_kg_s]! * dt_s
  m[w + LANES * workPlace.sodium_kg] = Math.min(
    m[p + LANES * parameterPlace.sodiumUptake_kg_s]! * dt_s,
    SODIUM_STEP_MAX * m[s + LANES * statePlace.cryolite_kg]!,
  )
  const back = m[p + LANES * parameterPlace.backFeeding_per_s]! * dt_s * backFeeding(lane)
  m[w + LANES * workPlace.back_kg] = m[s + LANES * statePlace.sludge_kg]! * (back / (1 + back))
}

function backFeeding(lane: CellLane): number {
  const { m, work: w, places } = lane
  const b = w + LANES * places.work.bath
  const room_share =
    0.01 * (m[b + LANES * bathValue.saturation_wtpct]! - m[b + LANES * bathValue.alumina_wtpct]!)
  const hot = ramp(m[w + LANES * workPlace.superheat_K]! * (1 / BACK_FEEDING_K))
  return ramp(room_share * (1 / BACK_FEEDING_SHARE)) * hot
}

/** Hands the channels what they need: feed by feeder, use by anode. */
export function channelInputs(lane: CellLane, dt_s: number): void {
  const { m, state: s, parameters: p, input: x, work: w, places } = lane
  const c = w + LANES * places.work.channelInput
  const b = w + LANES * places.work.bath
  const { feeders, anodes } = places.layout.sizes
  m[c + LANES * channelInput.bath_kg] = m[w + LANES * workPlace.bath_kg]!
  m[c + LANES * channelInput.saturation_share] = 0.01 * m[b + LANES * bathValue.saturation_wtpct]!
  m[c + LANES * channelInput.band_share] = SATURATION_BAND_SHARE
  m[c + LANES * channelInput.prompt_share] = 1 - m[p + LANES * parameterPlace.slowAlumina_share]!
  m[c + LANES * channelInput.evenly_kg] = m[w + LANES * workPlace.back_kg]!
  const fed_kg = m[w + LANES * workPlace.fed_kg]!
  const alumina = (m[w + LANES * workPlace.alumina_kg]! / (fed_kg + 1e-300)) * dt_s
  const feedAt = c + LANES * FEED_PLACE
  const feed = x + LANES * places.layout.input.feed_kg_s.first
  for (let j = 0; j < feeders; j++) m[feedAt + LANES * j] = m[feed + LANES * j]! * alumina
  const perAmpere_kg = ALUMINA_KG_C * m[w + LANES * workPlace.efficiency]! * dt_s
  const useAt = c + LANES * anodeUsePlace(places.channels)
  const current = s + LANES * places.layout.state.anode_A.first
  let asked_kg = 0
  for (let i = 0; i < anodes; i++) {
    const use_kg = Math.max(m[current + LANES * i]!, 0) * perAmpere_kg
    m[useAt + LANES * i] = use_kg
    asked_kg += use_kg
  }
  m[w + LANES * workPlace.asked_kg] = asked_kg
}

/** Scales the currents of the anodes to the line current; even shares where none flowed. */
export function scaleCurrents(lane: CellLane): void {
  const { m, state: s, input: x, places } = lane
  const { anodes } = places.layout.sizes
  const current = s + LANES * places.layout.state.anode_A.first
  const line_A = m[x + LANES * inputPlace.line_A]!
  let sum_A = 0
  for (let i = 0; i < anodes; i++) sum_A += m[current + LANES * i]!
  const flows = sum_A > 1
  const factor = flows ? line_A / sum_A : 0
  const even_A = flows ? 0 : line_A * (1 / anodes)
  for (let i = 0; i < anodes; i++) {
    m[current + LANES * i] = m[current + LANES * i]! * factor + even_A
  }
}

/** New masses of all species but the alumina in the channels, which the channels advance. */
export function advanceMasses(lane: CellLane): void {
  const { m, state: s, work: w, places } = lane
  const c = w + LANES * places.work.channelOutput
  const sodium_kg = m[w + LANES * workPlace.sodium_kg]!
  const lacking_kg = m[c + LANES * channelOutput.lacking_kg]!
  const used_kg = Math.max(m[w + LANES * workPlace.asked_kg]! - lacking_kg, 0)
  const made_kg = METAL_PER_ALUMINA * used_kg
  const rest = 1 - m[w + LANES * workPlace.tapped_share]!
  m[w + LANES * workPlace.used_kg] = used_kg
  m[w + LANES * workPlace.made_kg] = made_kg
  m[w + LANES * workPlace.dissolving_kg] =
    m[c + LANES * channelOutput.dissolving_kg]! + m[w + LANES * workPlace.back_kg]!
  m[s + LANES * statePlace.alf3_kg] =
    (m[s + LANES * statePlace.alf3_kg]! +
      m[w + LANES * workPlace.alf3Fed_kg]! -
      m[w + LANES * workPlace.reacted_kg]! -
      m[w + LANES * workPlace.evolved_kg]! +
      ALF3_PER_SODIUM * sodium_kg) *
    rest
  m[s + LANES * statePlace.caf2_kg] =
    (m[s + LANES * statePlace.caf2_kg]! + m[w + LANES * workPlace.calcium_kg]!) * rest
  m[s + LANES * statePlace.mgf2_kg] = m[s + LANES * statePlace.mgf2_kg]! * rest
  m[s + LANES * statePlace.lif_kg] = m[s + LANES * statePlace.lif_kg]! * rest
  m[s + LANES * statePlace.cryolite_kg] =
    (m[s + LANES * statePlace.cryolite_kg]! +
      m[w + LANES * workPlace.cryolite_kg]! -
      CRYOLITE_PER_SODIUM * sodium_kg -
      m[w + LANES * workPlace.bathFreezing_kg]! -
      m[w + LANES * workPlace.metalFreezing_kg]! -
      m[w + LANES * workPlace.bulk_kg]!) *
    rest
  m[s + LANES * statePlace.frozen_kg] =
    (m[s + LANES * statePlace.frozen_kg]! + m[w + LANES * workPlace.bulk_kg]!) * rest
  m[s + LANES * statePlace.sludge_kg] =
    m[s + LANES * statePlace.sludge_kg]! -
    m[w + LANES * workPlace.back_kg]! +
    m[c + LANES * channelOutput.settled_kg]!
  m[s + LANES * statePlace.metal_kg] =
    m[s + LANES * statePlace.metal_kg]! +
    made_kg -
    METAL_PER_SODIUM * sodium_kg -
    m[w + LANES * workPlace.metalTap_kg]!
}

/** What the taps take, without emptying the cell; a share for the bath, so that all species go. */
export function taps(lane: CellLane, dt_s: number): void {
  const { m, state: s, parameters: p, input: x, work: w } = lane
  const metalOver_kg = Math.max(
    m[s + LANES * statePlace.metal_kg]! - TAP_REST * m[p + LANES * parameterPlace.nominalMetal_kg]!,
    0,
  )
  const bath_kg = m[w + LANES * workPlace.bath_kg]!
  const bathOver_kg = Math.max(
    bath_kg - TAP_REST * m[p + LANES * parameterPlace.nominalBath_kg]!,
    0,
  )
  m[w + LANES * workPlace.metalTap_kg] = Math.min(
    m[x + LANES * inputPlace.metalTap_kg_s]! * dt_s,
    metalOver_kg,
  )
  m[w + LANES * workPlace.tapped_share] =
    Math.min(m[x + LANES * inputPlace.bathTap_kg_s]! * dt_s, bathOver_kg) / bath_kg
}

/** Takes the tapped share of the alumina in all nodes. */
export function tapChannels(lane: CellLane): void {
  const { m, state: s, work: w, places } = lane
  const rest = 1 - m[w + LANES * workPlace.tapped_share]!
  if (rest === 1) return
  const first = s + LANES * places.layout.state.dissolvedA_kg.first
  const end = first + LANES * 4 * places.channels.nodes
  for (let i = first; i < end; i += LANES) m[i] = m[i]! * rest
}
