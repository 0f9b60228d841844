/** The compiled form of the full cell: cell.wasm. It owns no memory but what its host gives it. */
import { advanceTile, settleTile } from './cell'
import {
  configure,
  INPUT_BYTES,
  OUTPUT_BYTES,
  PARAMETER_BYTES,
  PLAN_BYTES,
  STATE_BYTES,
} from './places'

export { configure }

/** First free byte of the memory, for the host's blocks. */
export function freeFrom(): usize {
  return __heap_base
}

/**
 * Advances all tiles by `steps` steps of dt_s under one input; no steps only fill the outputs.
 * Addresses are those of the blocks of the first tile; one work block serves all.
 */
export function advance(
  tiles: i32,
  parameters: usize,
  plan: usize,
  state: usize,
  input: usize,
  output: usize,
  work: usize,
  dt_s: f64,
  steps: i32,
): void {
  for (let tile = 0; tile < tiles; tile++) {
    if (steps == 0) settleTile(state, input, output, parameters, plan, work)
    for (let i = 0; i < steps; i++) {
      advanceTile(state, input, output, parameters, plan, work, dt_s, i == 0 ? 1 : 0)
    }
    parameters += PARAMETER_BYTES
    plan += PLAN_BYTES
    state += STATE_BYTES
    input += INPUT_BYTES
    output += OUTPUT_BYTES
  }
}
