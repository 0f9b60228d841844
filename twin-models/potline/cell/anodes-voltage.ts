/** Parts of the cell voltage from those of its anodes; see anodes.ts. */
import { asinh, log } from '../../kernels/elementary.ts'
import { bathValue } from '../bath-lane.ts'
import { BUBBLE_COVER_MAX } from '../voltage.ts'
import {
  branch_V,
  branchSlope_S,
  CRITICAL_RATIO_MAX,
  evaluate,
  ONSET_DISTANCE_MIN_WTPCT,
  OWN_COVER,
  OWN_FIRST,
  OWN_USED,
  WEIGHTED,
} from './anodes-branch.ts'
import {
  ANODE_PARTS,
  anodeFactor,
  anodePart,
  anodeVector,
  anodeWork,
  anodeWorkAt,
  CATHODE_EXCHANGE_A_CM2,
} from './anodes-places.ts'
import { LANES } from './layout.ts'

const PER_CATHODE_EXCHANGE = 1 / CATHODE_EXCHANGE_A_CM2
const CATHODE_TWICE_SQUARE = 4 * CATHODE_EXCHANGE_A_CM2 * CATHODE_EXCHANGE_A_CM2

/** Parts of the cell voltage, as means over the anodes weighted by their current. */
export function sumParts(
  m: Float64Array,
  anodes: number,
  factorsAt: number,
  bathAt: number,
  aluminaAt: number,
  anodesAt: number,
  line_A: number,
  partsAt: number,
  workAt: number,
): void {
  const next = LANES * anodes
  const first = anodeWorkAt(workAt, anodes, 0)
  // Without much current the shares of the conductance weigh, which are always sane.
  const byCurrent = line_A >= m[factorsAt + LANES * anodeFactor.lowLine_A]!
  let all_S = 0
  for (let i = 0; i < anodes; i++) all_S += m[first + next * anodeWork.branch_S + LANES * i]!
  const perAll = 1 / (byCurrent ? line_A : all_S)
  const starvedBelow = m[factorsAt + LANES * anodeFactor.onset_wtpct]! + ONSET_DISTANCE_MIN_WTPCT
  for (let part = 0; part < ANODE_PARTS; part++) m[partsAt + LANES * part] = 0
  let slope_S = 0
  let highest_V = Number.NEGATIVE_INFINITY
  let lowest_V = Number.POSITIVE_INFINITY
  for (let i = 0; i < anodes; i++) {
    const at = first + LANES * i
    const current_A = m[anodesAt + LANES * (anodeVector.current_A * anodes + i)]!
    const acd_m = m[anodesAt + LANES * (anodeVector.acd_m * anodes + i)]!
    const weight = (byCurrent ? current_A : m[at + next * anodeWork.branch_S]!) * perAll
    evaluate(m, at, next, factorsAt, workAt, current_A, acd_m)
    const reversible_V = m[at + next * anodeWork.reversible_V]!
    const whole_V = branch_V(m, workAt, reversible_V)
    const slope = branchSlope_S(m, workAt)
    const cover = m[workAt + LANES * OWN_COVER]!
    const starved =
      cover >= BUBBLE_COVER_MAX ||
      m[workAt + LANES * OWN_USED]! >= CRITICAL_RATIO_MAX ||
      100 * m[aluminaAt + LANES * i]! <= starvedBelow
        ? 1
        : 0
    m[at + next * anodeWork.branch_V] = whole_V
    m[at + next * anodeWork.branch_S] = slope
    m[at + next * anodeWork.cover] = cover
    m[at + next * anodeWork.starved] = starved
    slope_S += slope
    highest_V = Math.max(highest_V, whole_V)
    lowest_V = Math.min(lowest_V, whole_V)
    addTo(m, partsAt, anodePart.reversible_V, weight * reversible_V)
    for (let term = 0; term < WEIGHTED.length; term++) {
      addTo(m, partsAt, WEIGHTED[term]!, weight * m[workAt + LANES * (OWN_FIRST + term)]!)
    }
    addTo(m, partsAt, anodePart.bubbleCover, cover)
    addTo(m, partsAt, anodePart.starved, starved)
  }
  const perAnode = 1 / anodes
  m[partsAt + LANES * anodePart.bubbleCover]! *= perAnode
  m[partsAt + LANES * anodePart.starved]! *= perAnode
  m[partsAt + LANES * anodePart.mismatch_V] = highest_V - lowest_V
  addCommon(m, factorsAt, bathAt, line_A, 1 / slope_S, partsAt)
}

function addTo(m: Float64Array, partsAt: number, part: number, value: number): void {
  m[partsAt + LANES * part] = m[partsAt + LANES * part]! + value
}

/** Cathode and bus bars, which all anodes share, and the sum of all parts. */
function addCommon(
  m: Float64Array,
  factorsAt: number,
  bathAt: number,
  line_A: number,
  anodes_Ohm: number,
  partsAt: number,
): void {
  const perArea = m[factorsAt + LANES * anodeFactor.perCathode_1_cm2]!
  const density = line_A * perArea
  const scale_V =
    m[factorsAt + LANES * anodeFactor.cathode_V_K]! *
    m[bathAt + LANES * bathValue.bath_K]! *
    (1.375 - 0.25 * m[bathAt + LANES * bathValue.ratio]!)
  let rise: number
  let perDensity: number
  if (line_A >= m[factorsAt + LANES * anodeFactor.lowLine_A]!) {
    rise = log(density * PER_CATHODE_EXCHANGE)
    perDensity = 1 / density
  } else {
    const scale = m[factorsAt + LANES * anodeFactor.lowCathode]!
    rise = scale * asinh(density * (0.5 * PER_CATHODE_EXCHANGE))
    perDensity = scale / Math.sqrt(density * density + CATHODE_TWICE_SQUARE)
  }
  const common_Ohm = m[factorsAt + LANES * anodeFactor.common_Ohm]!
  m[partsAt + LANES * anodePart.cathode_V] = scale_V * rise
  addTo(m, partsAt, anodePart.ohmic_V, line_A * common_Ohm)
  m[partsAt + LANES * anodePart.slope_Ohm] =
    anodes_Ohm + common_Ohm + scale_V * (perArea * perDensity)
  let cell_V = m[partsAt]!
  for (let part = 1; part < anodePart.cell_V; part++) cell_V += m[partsAt + LANES * part]!
  m[partsAt + LANES * anodePart.cell_V] = cell_V
}
