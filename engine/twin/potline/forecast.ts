import type { CellBank } from '#twin-models/potline/cell/bank.ts'
import { openCells } from '#twin-models/potline/cell/cells.ts'
import {
  inputPlace,
  LANES,
  outputPlace,
  placeOf,
  statePlace,
} from '#twin-models/potline/cell/layout.ts'
import { parameterPlace } from '#twin-models/potline/cell/parameters.ts'
import type { Forecast, Plan } from '../../flow.ts'
import { feederShare } from './feeders.ts'
import { potlineField } from './fields.ts'
import { filterRow, filterTuning } from './filter.ts'
import { FORECAST_STARVED } from './parameters.ts'
import { extraHeat_W, line, own, type PotlineState } from './state.ts'

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

/** What the three lanes of a forecast are: the mean, and along alumina and along feed. */
const Lane = { mean: 0, alumina: 1, feed: 2 } as const
const LANES_USED = 3

/** Forecasts of the cells of a line, all on one tile of their own. */
export interface Forecasts {
  run(cell: number, plan: Plan, horizon_s: number, step_s: number): Forecast | undefined
}

/** A tile that forecasts; the line's own cells stay as they are. */
export function createForecasts(state: PotlineState): Forecasts {
  let bank: CellBank | undefined
  return {
    run(cell, plan, horizon_s, step_s) {
      bank ??= openTile(state)
      return forecastCell(state, bank, cell, plan, horizon_s, step_s)
    },
  }
}

function openTile(state: PotlineState): CellBank {
  const { parameters } = state.bank
  const fields = parameters.layout.fields.length
  const tile = { ...parameters, cellCount: LANES, values: new Float64Array(fields * LANES) }
  copyParameters(state, 0, tile.values)
  return openCells(tile)
}

/** Gives all lanes the parameters of a cell; an anode effect begins as in the file. */
function copyParameters(state: PotlineState, cell: number, into: Float64Array): boolean {
  const { parameters } = state.bank
  const fields = parameters.layout.fields.length
  let changed = false
  for (let field = 0; field < fields; field++) {
    const value =
      field === parameterPlace.anodeEffectStarved
        ? FORECAST_STARVED
        : parameters.values[placeOf(fields, cell, field)]!
    for (let lane = 0; lane < LANES; lane++) {
      changed ||= into[LANES * field + lane] !== value
      into[LANES * field + lane] = value
    }
  }
  return changed
}

/** Puts the cell as it is, under the plan, into all lanes. */
function fork(state: PotlineState, tile: CellBank, cell: number, plan: Plan): void {
  const { bank, cells } = state
  if (copyParameters(state, cell, tile.parameters.values)) tile.replan()
  const fields = bank.layout.states.length
  const start = bank.stateAt(cell, 0)
  for (let field = 0; field < fields; field++) {
    tile.state.fill(bank.state[start + LANES * field]!, LANES * field, LANES * (field + 1))
  }
  const acd = bank.layout.state.acd_m
  const change_m = plan.acd_change_m ?? 0
  for (let i = LANES * acd.first; i < LANES * (acd.first + acd.count); i++) {
    tile.state[i]! += change_m
  }
  tile.input.fill(0)
  const average_kg_s = state.own[own.feed_kg_s * cells + cell]!
  const commanded_kg_s = Number.isFinite(average_kg_s) ? average_kg_s : 0
  const efficiency = state.filter[filterRow.feedEfficiency * cells + cell]!
  const fed_kg_s = commanded_kg_s * efficiency * (plan.feed_ratio ?? 1)
  const { first, count } = bank.layout.input.feed_kg_s
  for (let lane = 0; lane < LANES; lane++) {
    tile.input[LANES * inputPlace.line_A + lane] = state.line[line.current_A]!
    tile.input[LANES * inputPlace.heat_W + lane] = extraHeat_W(state, cell)
    for (let j = 0; j < count; j++) {
      const share = feederShare(state.feeders, cell, j) / count
      tile.input[LANES * (first + j) + lane] = fed_kg_s * share
    }
  }
}

/** Moves dissolved alumina of a lane by `by_wtpct`, its profile kept. */
function shiftAlumina(state: PotlineState, tile: CellBank, cell: number, by_wtpct: number): void {
  const { first, count } = tile.layout.state.dissolvedA_kg
  const before_kg = state.dissolved_kg[cell]!
  const after_kg = Math.max(0, before_kg + (by_wtpct / 100) * state.bath_kg[cell]!)
  const factor = before_kg > 0 ? after_kg / before_kg : 1
  for (let node = first; node < first + 2 * count; node++) {
    tile.state[LANES * node + Lane.alumina]! *= factor
  }
}

/** Multiplies the feed of a lane. */
function scaleFeed(tile: CellBank, lane: number, factor: number): void {
  const { first, count } = tile.layout.input.feed_kg_s
  for (let j = first; j < first + count; j++) tile.input[LANES * j + lane]! *= factor
}

/** Runs all lanes on; gives [lane][field][step]. */
function runTile(
  state: PotlineState,
  tile: CellBank,
  cell: number,
  bias_uOhm: readonly number[], // [lane]
  steps: number,
  step_s: number,
): readonly Float64Array[] {
  const paths = Array.from({ length: LANES_USED }, () => new Float64Array(FIELDS * steps))
  const onset = state.onset_share[cell]!
  const current_A = state.line[line.current_A]!
  for (let step = 0; step < steps; step++) {
    tile.advance(step_s)
    for (let lane = 0; lane < LANES_USED; lane++) {
      const out = (key: keyof typeof outputPlace) => tile.output[LANES * outputPlace[key] + lane]!
      const cell_V = out('voltage_V') + current_A * 1e-6 * bias_uOhm[lane]!
      const made_kg_s = out('metalMade_kg_s')
      const values = [
        out('alumina'),
        out('alumina') - onset,
        out('superheat_K'),
        tile.state[LANES * statePlace.bath_K + lane]!,
        out('liquidus_K'),
        cell_V,
        made_kg_s > 0 ? (current_A * cell_V) / made_kg_s : Number.NaN,
        out('efficiency'),
        out('acd_m'),
      ]
      for (let field = 0; field < FIELDS; field++)
        paths[lane]![field * steps + step] = values[field]!
    }
  }
  return paths
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
 * Forks one cell and runs it on under `plan`, with bands from the filter's covariance: beside the
 * mean one lane along its alumina direction and one along feed efficiency.
 */
function forecastCell(
  state: PotlineState,
  tile: CellBank,
  cell: number,
  plan: Plan,
  horizon_s: number,
  step_s: number,
): Forecast | undefined {
  const steps = Math.min(STEPS_MAX, Math.floor(horizon_s / step_s))
  const started = state.own[own.started * state.cells + cell] === 1
  if (!started || !(steps > 0) || !(step_s > 0)) return undefined
  const efficiency = state.filter[filterRow.feedEfficiency * state.cells + cell]!
  const perFeed = (share: number) => 1 + share / Math.max(efficiency, 0.1)
  const l = factor(state, cell)
  fork(state, tile, cell, plan)
  shiftAlumina(state, tile, cell, l.l11)
  scaleFeed(tile, Lane.alumina, Math.max(0, perFeed(l.l31)))
  scaleFeed(tile, Lane.feed, perFeed(FEED_NUDGE))
  const bias_uOhm = state.filter[filterRow.bias_uOhm * state.cells + cell]!
  const biases = [bias_uOhm, bias_uOhm + l.l21, bias_uOhm]
  const paths = runTile(state, tile, cell, biases, steps, step_s)
  const mean = paths[Lane.mean]!
  const alongAlumina = paths[Lane.alumina]!
  const alongFeed = paths[Lane.feed]!
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
