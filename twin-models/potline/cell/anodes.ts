/**
 * Anode network of one cell: N anodes between the bus above and the metal below, each with its
 * own distance, age, frozen bath and alumina; their currents add up to the line current. The
 * voltage of an anode has the terms of ../voltage.ts. Clear form, one cell at a time;
 * twin-models/assembly/anodes.ts does the same operations on two cells at once.
 */
import { exp } from '../../kernels/elementary.ts'
import { branch_V, branchSlope_S, evaluate, prepareAnodes, prepareCell } from './anodes-branch.ts'
import { anodeFactor, anodeVector, anodeWork, anodeWorkAt } from './anodes-places.ts'
import { sumParts } from './anodes-voltage.ts'
import { LANES } from './layout.ts'

/** Anodes do not come closer to the metal. */
const ACD_MIN_M = 0.01
/** Current of a new anode over that of the old one, for the iteration to start from. */
const NEW_CURRENT = 0.0625

/**
 * Solves the currents of all anodes by `iterations` Newton steps (2 or more) from those in the
 * state, and fills the parts of the voltage at the currents before the last step. Alumina per
 * anode is a mass share; the bath is that of `bathLane`. Currents add up to `line_A` after every
 * step, so the voltage times the line current is the power of all anodes.
 */
export function solveAnodes(
  m: Float64Array,
  anodes: number,
  iterations: number,
  factorsAt: number, // [anodeFactor]
  bathAt: number, // [bathValue]
  aluminaAt: number, // [anode]
  anodesAt: number, // [anodeVector][anode]
  line_A: number,
  partsAt: number, // [anodePart]
  workAt: number,
): void {
  prepareCell(m, factorsAt, bathAt, workAt)
  prepareAnodes(m, anodes, factorsAt, bathAt, aluminaAt, anodesAt, workAt)
  const currentAt = anodesAt + LANES * anodeVector.current_A * anodes
  const branchAt = anodeWorkAt(workAt, anodes, anodeWork.branch_V)
  const slopeAt = anodeWorkAt(workAt, anodes, anodeWork.branch_S)
  for (let k = 1; k < iterations; k++) {
    evaluateAll(m, anodes, factorsAt, anodesAt, workAt)
    shareCurrent(m, anodes, line_A, currentAt, branchAt, slopeAt)
  }
  sumParts(m, anodes, factorsAt, bathAt, aluminaAt, anodesAt, line_A, partsAt, workAt)
  shareCurrent(m, anodes, line_A, currentAt, branchAt, slopeAt)
}

/**
 * One Newton step: with the voltage U of every branch at its current and its slope dI/dU, moves
 * the currents to where the straight lines meet at one voltage and add up to the line current.
 * Returns that voltage; exact where the branches are straight.
 */
export function shareCurrent(
  m: Float64Array,
  anodes: number,
  line_A: number,
  currentAt: number, // [anode]
  branchAt: number, // [anode] V
  slopeAt: number, // [anode] S
): number {
  let conductance_S = 0
  let atZero_A = 0
  for (let i = 0; i < anodes; i++) {
    const slope = m[slopeAt + LANES * i]!
    conductance_S += slope
    atZero_A += m[currentAt + LANES * i]! - m[branchAt + LANES * i]! * slope
  }
  const common_V = (line_A - atZero_A) / conductance_S
  for (let i = 0; i < anodes; i++) {
    const at = currentAt + LANES * i
    m[at] = m[at]! + (common_V - m[branchAt + LANES * i]!) * m[slopeAt + LANES * i]!
  }
  return common_V
}

function evaluateAll(
  m: Float64Array,
  anodes: number,
  factorsAt: number,
  anodesAt: number,
  workAt: number,
): void {
  const next = LANES * anodes
  for (let i = 0; i < anodes; i++) {
    const at = anodeWorkAt(workAt, anodes, 0) + LANES * i
    const current_A = m[anodesAt + LANES * (anodeVector.current_A * anodes + i)]!
    const acd_m = m[anodesAt + LANES * (anodeVector.acd_m * anodes + i)]!
    evaluate(m, at, next, factorsAt, workAt, current_A, acd_m)
    m[at + next * anodeWork.branch_V] = branch_V(m, workAt, m[at + next * anodeWork.reversible_V]!)
    m[at + next * anodeWork.branch_S] = branchSlope_S(m, workAt)
  }
}

/**
 * Advances age, heat deficit and distance of all anodes by dt_s: the bottom burns off with the
 * anode's own current, and `rise_m` moves all of them over the metal (beam up, less the rise of
 * the metal). Returns the heat that cold anodes took from the bath, in J.
 */
export function advanceAnodes(
  m: Float64Array,
  anodes: number,
  factorsAt: number, // [anodeFactor]
  anodesAt: number, // [anodeVector][anode]
  dt_s: number,
  efficiency: number,
  rise_m: number,
): number {
  const burn_m_A = m[factorsAt + LANES * anodeFactor.burn_m_C]! * efficiency * dt_s
  const warmed = 1 - exp(-(m[factorsAt + LANES * anodeFactor.perHeating_1_s]! * dt_s))
  const next = LANES * anodes
  let taken_J = 0
  for (let i = 0; i < anodes; i++) {
    const at = anodesAt + LANES * i
    const current_A = Math.max(m[at + next * anodeVector.current_A]!, 0)
    const acd_m = m[at + next * anodeVector.acd_m]! + (burn_m_A * current_A + rise_m)
    m[at + next * anodeVector.acd_m] = Math.max(acd_m, ACD_MIN_M)
    m[at + next * anodeVector.age_s] = m[at + next * anodeVector.age_s]! + dt_s
    const deficit_J = m[at + next * anodeVector.deficit_J]!
    const part_J = deficit_J * warmed
    m[at + next * anodeVector.deficit_J] = deficit_J - part_J
    taken_J += part_J
  }
  return taken_J
}

/** Sets a new, cold anode at place `index`, at the distance of the one it replaces. */
export function changeAnode(
  m: Float64Array,
  anodes: number,
  factorsAt: number, // [anodeFactor]
  anodesAt: number, // [anodeVector][anode]
  index: number,
): void {
  const at = anodesAt + LANES * index
  const next = LANES * anodes
  m[at + next * anodeVector.age_s] = 0
  m[at + next * anodeVector.deficit_J] = m[factorsAt + LANES * anodeFactor.coldAnode_J]!
  const current = at + next * anodeVector.current_A
  m[current] = m[current]! * NEW_CURRENT
}
