import { LANES, statePlace } from '#twin-models/potline/cell/layout.ts'
import type { PotlineState } from './state.ts'

/** Alumina is kept this far above the onset, where the published curve has its pole. */
export const ONSET_GAP_WTPCT = 0.06
const ALUMINA_MAX_SHARE = 0.08

/** Sums the bath of a cell; due after each change of its masses. */
export function refreshBath(state: PotlineState, cell: number): void {
  const { bank } = state
  const { first, count } = bank.layout.state.dissolvedA_kg
  const start = bank.stateAt(cell, first)
  const end = start + LANES * 2 * count
  let dissolved_kg = 0
  for (let i = start; i < end; i += LANES) dissolved_kg += bank.state[i]!
  state.dissolved_kg[cell] = dissolved_kg
  state.bath_kg[cell] =
    dissolved_kg +
    bank.state[bank.stateAt(cell, statePlace.alf3_kg)]! +
    bank.state[bank.stateAt(cell, statePlace.caf2_kg)]! +
    bank.state[bank.stateAt(cell, statePlace.mgf2_kg)]! +
    bank.state[bank.stateAt(cell, statePlace.lif_kg)]! +
    bank.state[bank.stateAt(cell, statePlace.cryolite_kg)]!
}

/** Undissolved alumina of a cell. */
export function undissolved_kg(state: PotlineState, cell: number): number {
  const { bank } = state
  const { first, count } = bank.layout.state.undissolvedA_kg
  const start = bank.stateAt(cell, first)
  const end = start + LANES * 2 * count
  let sum_kg = 0
  for (let i = start; i < end; i += LANES) sum_kg += bank.state[i]!
  return sum_kg
}

/** Dissolved alumina, wt%. */
export function alumina_wtpct(state: PotlineState, cell: number): number {
  return (100 * state.dissolved_kg[cell]!) / state.bath_kg[cell]!
}

/** Moves dissolved alumina by `by_wtpct`, inside what a bath can hold. */
export function correctAlumina(state: PotlineState, cell: number, by_wtpct: number): void {
  holdAlumina(state, cell, (by_wtpct / 100) * state.bath_kg[cell]!)
}

/** Keeps alumina above the onset: below it the voltage curve is not one. */
export function clampAlumina(state: PotlineState, cell: number): void {
  holdAlumina(state, cell, 0)
}

/** Scales the alumina of all nodes, so that its profile keeps its form. */
function holdAlumina(state: PotlineState, cell: number, by_kg: number): void {
  const bath_kg = state.bath_kg[cell]!
  const before_kg = state.dissolved_kg[cell]!
  const low_kg = (state.onset_share[cell]! + ONSET_GAP_WTPCT / 100) * bath_kg
  const after_kg = Math.min(ALUMINA_MAX_SHARE * bath_kg, Math.max(low_kg, before_kg + by_kg))
  if (after_kg === before_kg) return
  const { bank } = state
  const { first, count } = bank.layout.state.dissolvedA_kg
  const start = bank.stateAt(cell, first)
  const end = start + LANES * 2 * count
  const factor = after_kg / before_kg
  // A cell without any alumina gets it evenly.
  const even_kg = before_kg > 0 ? 0 : after_kg / (2 * count)
  for (let i = start; i < end; i += LANES) {
    bank.state[i] = before_kg > 0 ? bank.state[i]! * factor : even_kg
  }
  refreshBath(state, cell)
}
