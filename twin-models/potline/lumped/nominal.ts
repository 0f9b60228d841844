/** Nominal operation of a cell: the steady state it is set up for. */

import { bathComposition, liquidus_C, ZERO_C_IN_K } from '../bath.ts'
import { aluminaUse_kg_s, currentEfficiency, steadyLedge_m } from '../heat.ts'
import { balance, type CellWork, createCellWork } from './balance.ts'
import { INPUTS, inputIndex, OUTPUTS, outputIndex, STATES, stateIndex } from './layout.ts'
import type { PotlineParameters } from './parameters.ts'

/** Fills `state` [state] of one cell with its nominal operation. */
export function initialiseCell(
  parameters: PotlineParameters,
  cell: number,
  state: Float64Array,
): void {
  const p = parameters
  const bath_kg = p.nominalBath_kg[cell]!
  const alumina = p.nominalAlumina_share[cell]!
  const alf3 = p.nominalAlf3_share[cell]!
  const caf2 = p.nominalCaf2_share[cell]!
  const mgf2 = p.nominalMgf2_share[cell]!
  const superheat_K = p.nominalSuperheat_K[cell]!
  const liquidus_K = nominalLiquidus_K(p, cell)
  const use_kg_s = aluminaUse_kg_s(nominalEfficiency(p, cell), p.nominalLine_A[cell]!)
  state[stateIndex.dissolved_kg] = alumina * bath_kg
  state[stateIndex.undissolved_kg] =
    (p.slowAlumina_share[cell]! * use_kg_s) / p.dissolution_per_s[cell]!
  state[stateIndex.alf3_kg] = alf3 * bath_kg
  state[stateIndex.caf2_kg] = caf2 * bath_kg
  state[stateIndex.mgf2_kg] = mgf2 * bath_kg
  state[stateIndex.cryolite_kg] = (1 - alumina - alf3 - caf2 - mgf2) * bath_kg
  state[stateIndex.metal_kg] = p.nominalMetal_kg[cell]!
  state[stateIndex.acd_m] = p.nominalAcd_m[cell]!
  state[stateIndex.bath_K] = liquidus_K + superheat_K
  state[stateIndex.ledge_m] = steadyLedge_m(
    liquidus_K,
    p.ambient_K[cell]!,
    (p.ledgeTransfer_W_K[cell]! * superheat_K) / p.ledgeArea_m2[cell]!,
    p.ledgeConductivity_W_mK,
    p.wall_m2K_W[cell]!,
  )
  state[stateIndex.anodeEffect] = 0
}

/** Liquidus of the nominal bath of a cell. */
export function nominalLiquidus_K(parameters: PotlineParameters, cell: number): number {
  const bath = bathComposition({
    alumina_wtpct: 100 * parameters.nominalAlumina_share[cell]!,
    alf3_wtpct: 100 * parameters.nominalAlf3_share[cell]!,
    caf2_wtpct: 100 * parameters.nominalCaf2_share[cell]!,
    mgf2_wtpct: 100 * parameters.nominalMgf2_share[cell]!,
  })
  return liquidus_C(bath) + ZERO_C_IN_K
}

/** Current efficiency at nominal operation of a cell. */
export function nominalEfficiency(parameters: PotlineParameters, cell: number): number {
  return currentEfficiency(
    parameters.efficiencyLossOffset[cell]!,
    parameters.nominalSuperheat_K[cell]!,
    100 * parameters.nominalAlf3_share[cell]!,
  )
}

/** Fills `input` [input] of one cell with its nominal operation: feed equals use, no tap. */
export function nominalInput(
  parameters: PotlineParameters,
  cell: number,
  input: Float64Array,
): void {
  input.fill(0)
  const line_A = parameters.nominalLine_A[cell]!
  input[inputIndex.line_A] = line_A
  input[inputIndex.aluminaFeed_kg_s] = aluminaUse_kg_s(nominalEfficiency(parameters, cell), line_A)
}

/**
 * Sets top and bottom resistance of every cell so that its nominal operation is steady; call it
 * after changing other parameters of a cell. `topShare` is the top's part of both losses.
 */
export function balanceHeat(parameters: PotlineParameters, topShare = 0.6): void {
  const state = new Float64Array(STATES)
  const input = new Float64Array(INPUTS)
  const output = new Float64Array(OUTPUTS)
  const work: CellWork = createCellWork()
  for (let cell = 0; cell < parameters.cellCount; cell++) {
    initialiseCell(parameters, cell, state)
    nominalInput(parameters, cell, input)
    parameters.top_K_W[cell] = Number.POSITIVE_INFINITY
    parameters.bottom_K_W[cell] = Number.POSITIVE_INFINITY
    balance(parameters, cell, state, input, work, output, work.rates[0]!)
    const left_W = output[outputIndex.stored_W]!
    if (!(left_W > 0)) throw new RangeError(`cell ${cell}: nominal operation makes too little heat`)
    const over_K = state[stateIndex.bath_K]! - parameters.ambient_K[cell]!
    parameters.top_K_W[cell] = over_K / (topShare * left_W)
    parameters.bottom_K_W[cell] = over_K / ((1 - topShare) * left_W)
  }
}
