import { createCellWork } from '#twin-models/potline/lumped/balance.ts'
import {
  advanceCell,
  inputIndex,
  outputIndex,
  potlineModel,
  stateIndex,
} from '#twin-models/potline/lumped/cell.ts'
import type { Forecast, Plan } from '../../flow.ts'
import { potlineField } from './fields.ts'
import { filterRow, filterTuning } from './filter.ts'
import { line, own, type PotlineState } from './state.ts'

/** Fields of a forecast, in the order of its arrays. */
export const forecastFields: readonly string[] = [
  potlineField.alumina,
  potlineField.anodeEffectMargin,
  potlineField.superheat,
  potlineField.bath,
  potlineField.liquidus,
  potlineField.voltage,
  potlineField.energy,
  potlineField.currentEfficiency,
  potlineField.acd,
]
const FIELDS = 9
/** Places of the voltage and of what a shift of the bias moves. */
const VOLTAGE_AT = 5
const ALUMINA_AT = [0, 1]
const STEPS_MAX = 2000
const FEED_NUDGE = 0.02
// Bands that no run shows: temperature knowledge, efficiency constant, distance scale.
const FLOOR = [0.001, 0.0016, 0, 0, 2, 0.005, 6e5, 0.012, 0.003]

const work = createCellWork()
const states = potlineModel.states.length
const output = new Float64Array(potlineModel.outputs.length)

interface Fork {
  readonly state: Float64Array // [stateIndex]
  readonly input: Float64Array // [inputIndex]
  bias_uOhm: number
}

function forkCell(state: PotlineState, cell: number, plan: Plan): Fork {
  const { cells } = state
  const fork: Fork = {
    state: new Float64Array(states),
    input: new Float64Array(potlineModel.inputs.length),
    bias_uOhm: state.filter[filterRow.bias_uOhm * cells + cell]!,
  }
  for (let i = 0; i < states; i++) fork.state[i] = state.model[i * cells + cell]!
  fork.state[stateIndex.acd_m]! += plan.acd_change_m ?? 0
  const average_kg_s = state.own[own.feed_kg_s * cells + cell]!
  const commanded_kg_s = Number.isFinite(average_kg_s) ? average_kg_s : 0
  fork.input[inputIndex.line_A] = state.line[line.current_A]!
  fork.input[inputIndex.aluminaFeed_kg_s] =
    commanded_kg_s * state.filter[filterRow.feedEfficiency * cells + cell]! * (plan.feed_ratio ?? 1)
  fork.input[inputIndex.heat_W] = state.own[own.heat_W * cells + cell]!
  return fork
}

/** Moves a fork's dissolved alumina by `by_wtpct`. */
function shiftAlumina(fork: Fork, by_wtpct: number): void {
  let mass_kg = 0
  for (let i: number = stateIndex.dissolved_kg; i <= (stateIndex.cryolite_kg as number); i++) {
    if (i !== (stateIndex.undissolved_kg as number)) mass_kg += fork.state[i]!
  }
  const moved = fork.state[stateIndex.dissolved_kg]! + (by_wtpct / 100) * mass_kg
  fork.state[stateIndex.dissolved_kg] = Math.max(0, moved)
}

function runFork(
  state: PotlineState,
  cell: number,
  fork: Fork,
  steps: number,
  step_s: number,
): Float64Array {
  const { parameters } = state
  const path = new Float64Array(FIELDS * steps)
  const onset = parameters.anodeEffectAlumina_share[cell]!
  const current_A = fork.input[inputIndex.line_A]!
  for (let step = 0; step < steps; step++) {
    advanceCell(parameters, cell, fork.state, fork.input, step_s, output, work)
    const cell_V = output[outputIndex.voltage_V]! + current_A * 1e-6 * fork.bias_uOhm
    const made_kg_s = output[outputIndex.metalMade_kg_s]!
    const values = [
      output[outputIndex.alumina]!,
      output[outputIndex.alumina]! - onset,
      output[outputIndex.superheat_K]!,
      fork.state[stateIndex.bath_K]!,
      output[outputIndex.liquidus_K]!,
      cell_V,
      made_kg_s > 0 ? (current_A * cell_V) / made_kg_s : Number.NaN,
      output[outputIndex.efficiency]!,
      fork.state[stateIndex.acd_m]!,
    ]
    for (let field = 0; field < FIELDS; field++) path[field * steps + step] = values[field]!
  }
  return path
}

/** Lower Cholesky factor of the filter's covariance, in the order alumina, bias, feed. */
function factor(state: PotlineState, cell: number) {
  const p = (row: number) => state.filter[row * state.cells + cell]!
  const l11 = Math.sqrt(Math.max(p(filterRow.varAlumina), 1e-12))
  const l21 = p(filterRow.covAluminaBias) / l11
  const l31 = p(filterRow.covAluminaFeed) / l11
  const l22 = Math.sqrt(Math.max(p(filterRow.varBias) - l21 * l21, 1e-12))
  const l32 = (p(filterRow.covBiasFeed) - l31 * l21) / l22
  const l33 = Math.sqrt(Math.max(p(filterRow.varFeed) - l31 * l31 - l32 * l32, 0))
  return { l11, l21, l31, l22, l32, l33 }
}

/**
 * Forks one cell and runs it on under `plan`, with bands from the filter's covariance: one more
 * run along its alumina direction and one along feed efficiency.
 */
export function forecastCell(
  state: PotlineState,
  cell: number,
  plan: Plan,
  horizon_s: number,
  step_s: number,
): Forecast | undefined {
  const steps = Math.min(STEPS_MAX, Math.floor(horizon_s / step_s))
  const started = state.own[own.started * state.cells + cell] === 1
  if (!started || !(steps > 0) || !(step_s > 0)) return undefined
  const run = (fork: Fork) => runFork(state, cell, fork, steps, step_s)
  const efficiency = state.filter[filterRow.feedEfficiency * state.cells + cell]!
  const perFeed = (share: number) => 1 + share / Math.max(efficiency, 0.1)
  const l = factor(state, cell)

  const mean = run(forkCell(state, cell, plan))
  const leaner = forkCell(state, cell, plan)
  shiftAlumina(leaner, l.l11)
  leaner.bias_uOhm += l.l21
  leaner.input[inputIndex.aluminaFeed_kg_s]! *= Math.max(0, perFeed(l.l31))
  const alongAlumina = run(leaner)
  const fed = forkCell(state, cell, plan)
  fed.input[inputIndex.aluminaFeed_kg_s]! *= perFeed(FEED_NUDGE)
  const alongFeed = run(fed)

  const std = new Float64Array(mean.length)
  const current_A = state.line[line.current_A]!
  for (let field = 0; field < FIELDS; field++) {
    for (let step = 0; step < steps; step++) {
      const at = field * steps + step
      const first = alongAlumina[at]! - mean[at]!
      const perShare = (alongFeed[at]! - mean[at]!) / FEED_NUDGE
      const second = l.l32 * perShare + (field === VOLTAGE_AT ? 1e-6 * l.l22 * current_A : 0)
      const third = l.l33 * perShare
      const hours = ((step + 1) * step_s) / 3600
      const extra = extraVariance(state, cell, field, hours)
      std[at] = Math.sqrt(first * first + second * second + third * third + extra)
    }
  }
  const times_s = Float64Array.from({ length: steps }, (_, step) => (step + 1) * step_s)
  return { times_s, fields: forecastFields, mean, std }
}

function extraVariance(state: PotlineState, cell: number, field: number, hours: number): number {
  const floor = FLOOR[field]!
  const noise = filterTuning.aluminaNoise_perRoot_h / 100
  const wander = ALUMINA_AT.includes(field) ? noise * noise * hours : 0
  const superheat = state.own[own.varSuperheat_K2 * state.cells + cell]!
  const alf3 = state.own[own.varAlf3_wtpct2 * state.cells + cell]!
  if (forecastFields[field] === potlineField.superheat) return superheat + 2
  if (forecastFields[field] === potlineField.bath) return superheat + 18 * alf3 + 4
  if (forecastFields[field] === potlineField.liquidus) return 18 * alf3 + floor * floor
  return floor * floor + wander
}
