/** What the rarer faults do to a cell or to the line. */
import type { Fault } from './faults.ts'
import type { CellParameters } from './parameters.ts'
import type { CellState } from './state.ts'

/** Heat that a kilogram of cold alumina takes, dissolved or not. */
const HEAT_JPERKG = 1.0548e6
/** A hundred kilograms of sludge on the cathode hinder the current this much. */
const SLUDGE_OHMPERKG = 0.04e-6 / 100
/** A covered anode still carries a little current through the gaps in the gas. */
const COVERED = 0.95
/** The line current falls and comes back over this time. */
const DIP_RAMP_S = 20

/** Alumina that sinks through the bath and settles on the cathode. */
export function sink(p: CellParameters, s: CellState, kg: number): void {
  s.sludge_kg += kg
  s.added_kg += kg
  s.bath_C -= (kg * HEAT_JPERKG) / p.liquidCapacity_JperK
  s.sludge_Ohm += kg * SLUDGE_OHMPERKG
}

/**
 * Gas covers one anode after the other, from the first along both rows: the others must carry
 * the current, until the cell tips over. Stirring wets all of them again.
 */
export function coverAnodes(s: CellState, fault: Fault | undefined, now_s: number): void {
  const { film_share } = s
  if (!fault || s.stirred) {
    film_share.fill(0)
    return
  }
  const columns = film_share.length / 2
  const first = ((fault.anode ?? 1) - 1) % columns
  const minutes = (now_s - fault.start_s) / 60
  const reach = 0.5 + (fault.magnitude * minutes * columns) / 2
  for (let a = 0; a < film_share.length; a++) {
    const off = Math.abs((a % columns) - first)
    film_share[a] = COVERED * Math.max(0, Math.min(1, reach - off))
  }
}

/** Share of the line current that is lost in this second. */
export function lostCurrent(dips: readonly Fault[], second: number): number {
  let lost = 0
  for (const { start_s, duration_s, magnitude } of dips) {
    const into_s = second - start_s
    const left_s = start_s + duration_s - second
    const share = Math.max(0, Math.min(1, into_s / DIP_RAMP_S, left_s / DIP_RAMP_S))
    lost = Math.max(lost, magnitude * share)
  }
  return lost
}
