/** Voltage of one anode of the network, term by term; see anodes.ts. */
import { asinh, exp, log } from '../../kernels/elementary.ts'
import { bathValue } from '../bath-lane.ts'
import { BUBBLE_COVER_MAX } from '../voltage.ts'
import { anodeFactor, anodePart, anodeVector, anodeWork, anodeWorkAt } from './anodes-places.ts'
import { LANES } from './layout.ts'

const ALUMINA_MIN_WTPCT = 0.2
const SATURATION_RATIO_MIN = 0.02
/** Alumina less its onset is not followed below this: an anode there is starved. */
export const ONSET_DISTANCE_MIN_WTPCT = -0.05
/** Share of the critical density beyond which its logarithm goes on as a straight line. */
export const CRITICAL_RATIO_MAX = 0.99
const BEYOND_CRITICAL = 1 / (1 - CRITICAL_RATIO_MAX)
const CRITICAL_MIN_A_CM2 = 0.01
/** Share of the slope kept under full gas cover: without it Newton swings about the kink. */
const CLAMPED_SLOPE = 0.25
/** ln 0.0029, the anode exchange current density at 1 % alumina. */
const EXCHANGE_LOG = log(0.0029)
/** The bath gap never gets thinner. */
const GAP_MIN_M = 0.001

// Places of the single values in the scratch.
const surface_V = 0
const concentration_V = 1
const activity_V = 2
const supply = 3
const ratioConstant = 4
const perGap = 5
const aluminaMean = 6
/** Terms of the last anode evaluated; the first five are those of WEIGHTED. */
export const OWN_FIRST = 7
const OWN_CONCENTRATION = 7
const OWN_SURFACE = 8
const OWN_BATH = 9
const OWN_BUBBLE = 10
const OWN_OHMIC = 11
export const OWN_COVER = 12
/** Current density over the critical one. */
export const OWN_USED = 13
const OWN_SLOPE = 14
/** The parts of the voltage that differ from anode to anode with their current. */
export const WEIGHTED = [
  anodePart.anodeConcentration_V,
  anodePart.anodeSurface_V,
  anodePart.bath_V,
  anodePart.bubble_V,
  anodePart.ohmic_V,
]

/** Values that all anodes of a cell share, into the scratch. */
export function prepareCell(
  m: Float64Array,
  factorsAt: number,
  bathAt: number,
  workAt: number,
): void {
  const bath_K = m[bathAt + LANES * bathValue.bath_K]!
  const ratio = m[bathAt + LANES * bathValue.ratio]!
  m[workAt + LANES * surface_V] = m[factorsAt + LANES * anodeFactor.anodeSurface_V_K]! * bath_K
  m[workAt + LANES * concentration_V] =
    m[factorsAt + LANES * anodeFactor.anodeConcentration_V_K]! * bath_K
  m[workAt + LANES * activity_V] = m[factorsAt + LANES * anodeFactor.reversible_V_K]! * bath_K * 2
  m[workAt + LANES * supply] =
    (5.5 + 0.018 * (bath_K - 1323)) * m[factorsAt + LANES * anodeFactor.critical]!
  m[workAt + LANES * ratioConstant] = 0.509 + (0.4322 - 0.3781 * ratio) / (1 + 1.637 * ratio)
  m[workAt + LANES * perGap] =
    m[factorsAt + LANES * anodeFactor.perArea_1_m2]! /
    m[bathAt + LANES * bathValue.conductivity_S_m]!
  m[workAt + LANES * aluminaMean] = m[bathAt + LANES * bathValue.alumina_wtpct]!
}

/** What depends on alumina, age and cold of each anode, but not on its current. */
export function prepareAnodes(
  m: Float64Array,
  anodes: number,
  factorsAt: number,
  bathAt: number,
  aluminaAt: number,
  anodesAt: number,
  workAt: number,
): void {
  const standard_V = 1.896 - 0.000572 * m[bathAt + LANES * bathValue.bath_K]!
  const perSaturation = 1 / m[bathAt + LANES * bathValue.saturation_wtpct]!
  const lnSlope = m[bathAt + LANES * bathValue.conductivitySlope]!
  const mean_wtpct = m[workAt + LANES * aluminaMean]!
  const onset_wtpct = m[factorsAt + LANES * anodeFactor.onset_wtpct]!
  const anode_Ohm = m[factorsAt + LANES * anodeFactor.anode_Ohm]!
  const ageing = m[factorsAt + LANES * anodeFactor.anodeAgeing]!
  const perLife = 2 * m[factorsAt + LANES * anodeFactor.perLife_1_s]!
  const perCold =
    m[factorsAt + LANES * anodeFactor.frozen_Ohm]! *
    m[factorsAt + LANES * anodeFactor.perColdAnode_1_J]!
  for (let i = 0; i < anodes; i++) {
    const local_wtpct = 100 * m[aluminaAt + LANES * i]!
    const alumina = Math.max(local_wtpct, ALUMINA_MIN_WTPCT)
    const r = Math.max(alumina * perSaturation, SATURATION_RATIO_MIN)
    const activity = r * (-0.03791 + r * (2.364 + r * (-2.194 + r * 0.8686)))
    const over = Math.max(alumina - onset_wtpct, ONSET_DISTANCE_MIN_WTPCT)
    const reach = m[workAt + LANES * supply]! * (Math.sqrt(alumina) - 0.4)
    const critical = Math.max(reach, CRITICAL_MIN_A_CM2)
    const below = 1 + 7.353 * over
    // One division for both.
    const inverse = 1 / (critical * below)
    const overTerm = (0.431 - 0.1437 * over) * (inverse * critical)
    const x = lnSlope * (mean_wtpct - local_wtpct)
    // The series of exp; within 1e-7 of it for 5 wt% off the mean.
    const resistivity = 1 + x * (1 + x * (1 / 2 + x * (1 / 6 + x * (1 / 24))))
    const age_s = m[anodesAt + LANES * (anodeVector.age_s * anodes + i)]!
    const deficit_J = m[anodesAt + LANES * (anodeVector.deficit_J * anodes + i)]!
    const worn = 1 - Math.min(perLife * age_s, 2)
    const at = anodeWorkAt(workAt, anodes, 0) + LANES * i
    const next = LANES * anodes
    m[at + next * anodeWork.reversible_V] =
      standard_V - m[workAt + LANES * activity_V]! * log(activity)
    m[at + next * anodeWork.exchangeLog] = EXCHANGE_LOG + 0.56 * log(alumina)
    m[at + next * anodeWork.perCritical_cm2_A] = inverse * below
    m[at + next * anodeWork.coverConstant] =
      m[factorsAt + LANES * anodeFactor.bubbleCover]! *
      (m[workAt + LANES * ratioConstant]! + overTerm)
    m[at + next * anodeWork.gap_Ohm_m] = m[workAt + LANES * perGap]! * resistivity
    m[at + next * anodeWork.series_Ohm] = anode_Ohm * (1 + ageing * worn) + perCold * deficit_J
  }
}

/** Terms of the voltage of one anode at its current, and their slope, into the scratch. */
export function evaluate(
  m: Float64Array,
  at: number,
  next: number,
  factorsAt: number,
  workAt: number,
  current_A: number,
  acd_m: number,
): void {
  const perArea = m[factorsAt + LANES * anodeFactor.perArea_1_cm2]!
  const exchangeLog = m[at + next * anodeWork.exchangeLog]!
  const low = m[factorsAt + LANES * anodeFactor.low_A_cm2]!
  const j = current_A * perArea
  const perCritical = m[at + next * anodeWork.perCritical_cm2_A]!
  const used = j * perCritical
  const logged = Math.min(used, CRITICAL_RATIO_MAX)
  const left = 1 - logged
  const flow = Math.max(j, 0)
  const factor = m[factorsAt + LANES * anodeFactor.bubbleCover]!
  const raw =
    m[at + next * anodeWork.coverConstant]! +
    factor * (flow * (0.1823 + flow * (-0.1723 + flow * 0.05504)))
  const cover = Math.min(Math.max(raw, 0), BUBBLE_COVER_MAX)
  const rising = factor * (0.1823 + flow * (-0.3446 + flow * 0.16512))
  const coverSlope = raw === cover ? rising : CLAMPED_SLOPE * rising
  // One division gives the inverses of all four.
  const held = Math.max(j, low)
  const layerBelow = 1 + 2.167 * flow
  const free = 1 - cover
  const heldLeft = held * left
  const belowFree = layerBelow * free
  const inverse = 1 / (heldLeft * belowFree)
  const perHeldLeft = inverse * belowFree
  const perBelowFree = inverse * heldLeft
  const perFree = perBelowFree * layerBelow
  const perLayer = perBelowFree * free
  const perLeft = perHeldLeft * held

  let surface: number
  let perDensity: number
  if (j >= low) {
    surface = log(held) - exchangeLog
    perDensity = perHeldLeft * left
  } else {
    // The same value scaled along asinh, which is odd and vanishes with the current.
    const twice = 2 * exp(exchangeLog)
    const lowLog = m[factorsAt + LANES * anodeFactor.lowLog]!
    const scale = (lowLog - exchangeLog) / asinh(low / twice)
    surface = scale * asinh(j / twice)
    perDensity = scale / Math.sqrt(j * j + twice * twice)
  }
  const concentration = (used - logged) * BEYOND_CRITICAL - log(left)
  const surfaceScale = m[workAt + LANES * surface_V]!
  const concentrationScale = m[workAt + LANES * concentration_V]!
  m[workAt + LANES * OWN_SURFACE] = surfaceScale * surface
  m[workAt + LANES * OWN_CONCENTRATION] = concentrationScale * concentration
  m[workAt + LANES * OWN_USED] = used
  const logarithms = surfaceScale * perDensity + concentrationScale * (perCritical * perLeft)

  const layer = (0.5517 + flow) * perLayer
  const layerSlope = (1 - 2.167 * 0.5517) * perLayer * perLayer
  const gas = cover * perFree
  const less = m[factorsAt + LANES * anodeFactor.gapLessBubbles]! * 0.01
  const perGap_Ohm_m = m[at + next * anodeWork.gap_Ohm_m]!
  const gap_Ohm = perGap_Ohm_m * Math.max(acd_m - less * layer, GAP_MIN_M)
  const bubble_Ohm = perGap_Ohm_m * (0.01 * layer * gas)
  const series_Ohm = m[at + next * anodeWork.series_Ohm]!
  m[workAt + LANES * OWN_BATH] = current_A * gap_Ohm
  m[workAt + LANES * OWN_BUBBLE] = current_A * bubble_Ohm
  m[workAt + LANES * OWN_OHMIC] = current_A * series_Ohm
  m[workAt + LANES * OWN_COVER] = cover
  const bending =
    flow *
    perGap_Ohm_m *
    (0.01 * (layerSlope * gas + layer * (coverSlope * perFree * perFree)) - less * layerSlope)
  m[workAt + LANES * OWN_SLOPE] = gap_Ohm + bubble_Ohm + series_Ohm + bending + perArea * logarithms
}

/** Voltage of the anode evaluated last, from the metal to the bus. */
export function branch_V(m: Float64Array, workAt: number, reversible_V: number): number {
  return (
    reversible_V +
    m[workAt + LANES * OWN_CONCENTRATION]! +
    m[workAt + LANES * OWN_SURFACE]! +
    m[workAt + LANES * OWN_BATH]! +
    m[workAt + LANES * OWN_BUBBLE]! +
    m[workAt + LANES * OWN_OHMIC]!
  )
}

/** Slope dI/dU of the anode evaluated last. */
export function branchSlope_S(m: Float64Array, workAt: number): number {
  return 1 / m[workAt + LANES * OWN_SLOPE]!
}
