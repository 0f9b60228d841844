/**
 * The lumped cell of a potline: bath and metal at one temperature, a ledge of even thickness,
 * dissolved and undissolved alumina, and an anode effect that latches.
 * States: dissolved, undissolved, AlF3, CaF2, MgF2, cryolite, metal (kg), anode-cathode distance
 * (m), bath (K), ledge (m), anode effect. Inputs: line current, alumina feed, AlF3 feed, tap,
 * beam, quench, other heat. Places: stateIndex, inputIndex, outputIndex.
 */
import { cellByCell } from '../../cell-by-cell.ts'
import type { ProcessModel } from '../../model.ts'
import { balance, type CellWork, createCellWork, nextAnodeEffect } from './balance.ts'
import {
  INPUT_QUANTITIES,
  OUTPUT_QUANTITIES,
  STATE_QUANTITIES,
  STATES,
  stateIndex,
} from './layout.ts'
import { initialiseCell } from './nominal.ts'
import type { PotlineParameters } from './parameters.ts'

export { inputIndex, outputIndex, stateIndex } from './layout.ts'
export { initialiseCell } from './nominal.ts'

/** Longest step of the integration; the fastest process takes about ten times as long. */
export const SUBSTEP_MAX_S = 5

/**
 * Advances one cell in place: `state` [state] under `input` [input] by dt_s, and fills `output`
 * [output] at the new state. Estimators and forecasts use it; dt_s 0 only fills `output`.
 */
export function advanceCell(
  parameters: PotlineParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  dt_s: number,
  output: Float64Array,
  work: CellWork,
): void {
  const steps = Math.ceil(dt_s / SUBSTEP_MAX_S)
  const step_s = steps > 0 ? dt_s / steps : 0
  const start = work.rates[0]!
  balanceAndLatch(parameters, cell, state, input, output, work, start)
  for (let step = 0; step < steps; step++) {
    rungeKutta(parameters, cell, state, input, step_s, output, work)
    balanceAndLatch(parameters, cell, state, input, output, work, start)
  }
}

function balanceAndLatch(
  parameters: PotlineParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  output: Float64Array,
  work: CellWork,
  rate: Float64Array,
): void {
  balance(parameters, cell, state, input, work, output, rate)
  const next = nextAnodeEffect(parameters, cell, state, input, work)
  if (next === state[stateIndex.anodeEffect]!) return
  state[stateIndex.anodeEffect] = next
  balance(parameters, cell, state, input, work, output, rate)
}

/** One classical fourth order step; the first stage is already in `work.rates`. */
function rungeKutta(
  parameters: PotlineParameters,
  cell: number,
  state: Float64Array,
  input: Float64Array,
  step_s: number,
  output: Float64Array,
  work: CellWork,
): void {
  const { trial, rates } = work
  for (let stage = 1; stage < 4; stage++) {
    const before = rates[stage - 1]!
    const along_s = stage < 3 ? step_s / 2 : step_s
    for (let i = 0; i < STATES; i++) trial[i] = state[i]! + along_s * before[i]!
    balance(parameters, cell, trial, input, work, output, rates[stage]!)
  }
  const k1 = rates[0]!
  const k2 = rates[1]!
  const k3 = rates[2]!
  const k4 = rates[3]!
  for (let i = 0; i < STATES; i++) {
    state[i] = state[i]! + (step_s / 6) * (k1[i]! + 2 * k2[i]! + 2 * k3[i]! + k4[i]!)
  }
}

const cellWork = createCellWork()

/** All cells of a line in one call; cells meet only in their inputs. */
export const potlineModel: ProcessModel<PotlineParameters> = cellByCell({
  name: 'potline',
  version: '1',
  inputs: INPUT_QUANTITIES,
  states: STATE_QUANTITIES,
  outputs: OUTPUT_QUANTITIES,
  sources: [
    'solheim1996',
    'skybakmoen1997',
    'hives1996',
    'haupin1998',
    'grjotheim1988',
    'dewing1991',
    'nist2023',
  ],
  initialise: initialiseCell,
  advance: (parameters, cell, state, input, dt_s, output) =>
    advanceCell(parameters, cell, state, input, dt_s, output, cellWork),
})
