import { expect, test } from 'vitest'
import { checkProcessModel } from '../../contract.ts'
import { aluminaSaturation_wtpct, bathComposition } from '../bath.ts'
import fixtures from '../fixtures.json' with { type: 'json' }
import { ALUMINA_KG_MOL, ALUMINIUM_KG_MOL } from '../heat.ts'
import { inputIndex, outputIndex, potlineModel, stateIndex } from './cell.ts'
import { balanceHeat } from './nominal.ts'
import type { PotlineParameters } from './parameters.ts'
import { rc350 } from './rc-350.ts'

const USE_KG_S = fixtures.nominal.aluminaUse_kg_s
const MADE_KG_S = (2 * USE_KG_S * ALUMINIUM_KG_MOL) / ALUMINA_KG_MOL

/** One cell that a test drives step by step. */
function rig(parameters: PotlineParameters = rc350(1)) {
  const state = new Float64Array(potlineModel.states.length)
  const input = new Float64Array(potlineModel.inputs.length)
  const output = new Float64Array(potlineModel.outputs.length)
  potlineModel.initialise(parameters, state)
  input[inputIndex.line_A] = 350e3
  input[inputIndex.aluminaFeed_kg_s] = USE_KG_S
  input[inputIndex.tap_kg_s] = MADE_KG_S
  const run = (duration_s: number, dt_s = 5) => {
    for (let time_s = 0; time_s < duration_s; time_s += dt_s) {
      potlineModel.advance(parameters, state, input, dt_s, output)
    }
  }
  const settle = () => potlineModel.advance(parameters, state, input, 0, output)
  settle()
  return { state, input, output, run, settle }
}

/** Inputs of each reference run: current, alumina feed, AlF3 feed, tap at a time. */
const SCENARIOS: Record<keyof typeof fixtures.scenarios, (time_s: number) => readonly number[]> = {
  S1: () => [350e3, USE_KG_S, 0, MADE_KG_S],
  S2: () => [340e3, (USE_KG_S * 34) / 35, 0, (MADE_KG_S * 34) / 35],
  S3: () => [350e3, 0, 0, MADE_KG_S],
  S4: time_s => [350e3, time_s < 3600 ? 1.4 * USE_KG_S : USE_KG_S, 0, MADE_KG_S],
  S5: time_s => [350e3, USE_KG_S, time_s < 600 ? 0.05 : 0, MADE_KG_S],
  S6: time_s => (time_s < 3600 ? [35e3, 0, 0, 0] : [350e3, USE_KG_S, 0, MADE_KG_S]),
}

for (const [name, inputAt] of Object.entries(SCENARIOS)) {
  const { text, columns, rows } = fixtures.scenarios[name as keyof typeof SCENARIOS]
  test(`the reference run ${name} is met within 1e-10: ${text}`, () => {
    const parameters = rc350(1)
    // The reference carries the logarithms to any current and knows no freezing in bulk.
    parameters.lowCurrent_A.fill(0)
    parameters.bulkFreezing_W_K.fill(0)
    const { state, input, output, run, settle } = rig(parameters)
    if (name === 'S1') state[stateIndex.acd_m] = state[stateIndex.acd_m]! + 1.5e-3
    let time_s = 0
    for (const row of rows) {
      for (; time_s < row[0]!; time_s += 5) {
        input.set(inputAt(time_s))
        run(5)
      }
      input.set(inputAt(time_s))
      settle()
      columns.forEach((column, i) => {
        if (column === 'time_s') return
        const actual = fieldOf(column, state, output)
        expect(Math.abs(actual / row[i]! - 1), `${column} at ${time_s} s`).toBeLessThan(1e-10)
      })
    }
  })
}

function fieldOf(column: string, state: Float64Array, output: Float64Array): number {
  if (column === 'bath_C') return state[stateIndex.bath_K]! - 273.15
  if (column === 'liquidus_C') return output[outputIndex.liquidus_K]! - 273.15
  const inState = stateIndex[column as keyof typeof stateIndex]
  return inState === undefined
    ? output[outputIndex[column as keyof typeof outputIndex]]!
    : state[inState]!
}

test('the nominal cell has its reference heat balance, and holds it for a day', () => {
  const parameters = rc350(1)
  const { state, output, run } = rig(parameters)
  const start = state.slice()
  const { nominal } = fixtures
  expect(parameters.top_K_W[0]).toBeCloseTo(nominal.top_K_W, 12)
  expect(parameters.bottom_K_W[0]).toBeCloseTo(nominal.bottom_K_W, 12)
  expect(output[outputIndex.internal_W]).toBeCloseTo(nominal.internal_W, 4)
  expect(output[outputIndex.reaction_W]).toBeCloseTo(nominal.reaction_W, 4)
  expect(output[outputIndex.feed_W]).toBeCloseTo(nominal.feed_W, 4)
  expect(output[outputIndex.side_W]).toBeCloseTo(nominal.side_W, 4)
  expect(output[outputIndex.energy_J_kg]! / 3.6e6).toBeCloseTo(13.5827, 4)
  expect(output[outputIndex.metalMade_kg_s]! * 86_400).toBeCloseTo(2663.776, 3)
  run(86_400, 60)
  for (let i = 0; i < start.length; i++) expect(state[i]).toBeCloseTo(start[i]!, 6)
})

/** Line current, feed and beam of an eventful day, from the time alone. */
function eventful(time_s: number, input: Float64Array): void {
  const hour = time_s / 3600
  input.fill(0)
  input[inputIndex.line_A] = hour > 6 && hour < 8 ? 330e3 : 352e3
  input[inputIndex.aluminaFeed_kg_s] = USE_KG_S * (Math.floor(hour) % 2 ? 0.92 : 1.1)
  input[inputIndex.alf3Feed_kg_s] = hour < 10 ? 0.001 : 0
  input[inputIndex.tap_kg_s] = hour > 12 && hour < 12.25 ? 2.5 : 0
  input[inputIndex.beam_m_s] = hour > 15 && hour < 15.01 ? 2e-5 : 0
}

test('over an eventful day every mass closes to rounding', () => {
  const parameters = rc350(1)
  const { state, input, run } = rig(parameters)
  const start = state.slice()
  const gained = (index: number) => state[index]! - start[index]!
  let fed_kg = 0
  let tapped_kg = 0
  for (let time_s = 0; time_s < 86_400; time_s += 15) {
    eventful(time_s, input)
    fed_kg += 15 * input[inputIndex.aluminaFeed_kg_s]!
    tapped_kg += 15 * input[inputIndex.tap_kg_s]!
    run(15, 15)
  }
  const used_kg = fed_kg - gained(stateIndex.dissolved_kg) - gained(stateIndex.undissolved_kg)
  const made_kg = gained(stateIndex.metal_kg) + tapped_kg
  expect(made_kg).toBeGreaterThan(2000)
  expect(made_kg / used_kg).toBeCloseTo((2 * ALUMINIUM_KG_MOL) / ALUMINA_KG_MOL, 9)
  const frozen_kg =
    gained(stateIndex.ledge_m) * parameters.ledgeDensity_kg_m3 * parameters.ledgeArea_m2[0]!
  expect(gained(stateIndex.cryolite_kg)).toBeCloseTo(-frozen_kg, 6)
  expect(Math.abs(frozen_kg)).toBeGreaterThan(10)
})

test('over an eventful day energy closes: power is need, losses and what is stored', () => {
  const parameters = rc350(1)
  const { state, input, output, settle, run } = rig(parameters)
  let power_J = 0
  let error_J = 0
  const balance_W = () =>
    output[outputIndex.internal_W]! -
    output[outputIndex.reaction_W]! -
    output[outputIndex.feed_W]! -
    output[outputIndex.side_W]! -
    output[outputIndex.top_W]! -
    output[outputIndex.bottom_W]!
  const capacity_J_K = () =>
    output[outputIndex.bath_kg]! * parameters.bathHeat_J_kgK +
    state[stateIndex.metal_kg]! * parameters.metalHeat_J_kgK
  for (let time_s = 0; time_s < 86_400; time_s += 5) {
    eventful(time_s, input)
    settle()
    const before = { W: balance_W(), J_K: capacity_J_K(), state: state.slice() }
    run(5)
    const risen_K = state[stateIndex.bath_K]! - before.state[stateIndex.bath_K]!
    const melted_kg = state[stateIndex.cryolite_kg]! - before.state[stateIndex.cryolite_kg]!
    const stored_J =
      (risen_K * (before.J_K + capacity_J_K())) / 2 + melted_kg * parameters.ledgeFusion_J_kg
    power_J += 5 * output[outputIndex.internal_W]!
    error_J += (5 * (before.W + balance_W())) / 2 - stored_J
  }
  expect(Math.abs(error_J / power_J)).toBeLessThan(1e-6)
})

test('a starved cell goes into an anode effect, which only alumina and a quench end', () => {
  const { state, input, output, run } = rig()
  input[inputIndex.aluminaFeed_kg_s] = 0
  run(900)
  expect(output[outputIndex.anodeEffect]).toBe(0)
  const calm = output[outputIndex.efficiency]!
  run(300)
  expect(output[outputIndex.anodeEffect]).toBe(1)
  expect(output[outputIndex.voltage_V]).toBe(25)
  expect(output[outputIndex.anodeEffect_V]).toBeGreaterThan(10)
  expect(output[outputIndex.efficiency]! / calm).toBeGreaterThan(0.4)
  expect(output[outputIndex.efficiency]! / calm).toBeLessThan(0.5)

  input[inputIndex.quench] = 1
  run(60)
  input[inputIndex.quench] = 0
  expect(state[stateIndex.anodeEffect]).toBe(2)
  expect(output[outputIndex.voltage_V]).toBe(25)
  input[inputIndex.aluminaFeed_kg_s] = 1
  run(120)
  expect(state[stateIndex.anodeEffect]).toBe(0)
  expect(output[outputIndex.alumina]).toBeGreaterThan(0.024)
  expect(output[outputIndex.voltage_V]).toBeLessThan(5)
})

test('alumina alone does not end an anode effect, and cutting the current does', () => {
  const { state, input, output, run } = rig()
  state[stateIndex.anodeEffect] = 1
  run(60)
  expect(output[outputIndex.alumina]).toBeGreaterThan(0.024)
  expect(output[outputIndex.voltage_V]).toBe(25)
  input[inputIndex.line_A] = 0
  run(5)
  expect(output[outputIndex.anodeEffect]).toBe(0)
  expect(output[outputIndex.voltage_V]).toBeCloseTo(output[outputIndex.reversible_V]!, 12)
  expect(output[outputIndex.pseudoResistance_Ohm]).toBeNaN()
})

test('without current for a day a cell freezes but stays finite', () => {
  const { state, input, output, run } = rig()
  input.fill(0)
  run(86_400, 60)
  expect(Math.abs(output[outputIndex.superheat_K]!)).toBeLessThan(5)
  expect(output[outputIndex.alf3]).toBeGreaterThan(0.2)
  expect(state[stateIndex.ledge_m]).toBeGreaterThan(0.2)
  expect(state[stateIndex.cryolite_kg]).toBeGreaterThan(0)
  expect(state.every(Number.isFinite)).toBe(true)
})

test('alumina fed beyond saturation stays undissolved', () => {
  const { state, input, output, run } = rig()
  input[inputIndex.aluminaFeed_kg_s] = 6 * USE_KG_S
  input[inputIndex.heat_W] = 6e5
  run(3 * 3600)
  const bath = bathComposition({
    alf3_wtpct: 100 * output[outputIndex.alf3]!,
    caf2_wtpct: 100 * output[outputIndex.caf2]!,
    mgf2_wtpct: (100 * state[stateIndex.mgf2_kg]!) / output[outputIndex.bath_kg]!,
  })
  const saturation_wtpct = aluminaSaturation_wtpct(bath, state[stateIndex.bath_K]! - 273.15)
  expect(100 * output[outputIndex.alumina]!).toBeLessThan(saturation_wtpct)
  expect(100 * output[outputIndex.alumina]!).toBeGreaterThan(saturation_wtpct - 0.5)
  expect(state[stateIndex.undissolved_kg]).toBeGreaterThan(500)
})

test('with drift the distance follows anode burn and metal level', () => {
  const parameters = rc350(1)
  parameters.acdDrift.fill(1)
  const { state, input, run } = rig(parameters)
  input[inputIndex.tap_kg_s] = 0
  const start_m = state[stateIndex.acd_m]!
  run(86_400, 60)
  const burn_mm = (0.41 * 2663.8) / (1550 * 39.06) / 1e-3
  const metal_mm = 2663.8 / (2300 * 56) / 1e-3
  expect(1000 * (state[stateIndex.acd_m]! - start_m)).toBeCloseTo(burn_mm - metal_mm, 1)
})

test('sodium and calcium in the alumina use up AlF3 and make cryolite and CaF2', () => {
  const parameters: PotlineParameters = {
    ...rc350(1),
    alumina_na2o_share: 0.004,
    alumina_cao_share: 0.0004,
  }
  const { state, run } = rig(parameters)
  const start = state.slice()
  run(3600)
  const fed_kg = 3600 * USE_KG_S
  const gained = (index: number) => state[index]! - start[index]!
  expect(gained(stateIndex.alf3_kg)).toBeCloseTo(-(1.807 * 0.004 + 0.998 * 0.0004) * fed_kg, 6)
  expect(gained(stateIndex.caf2_kg)).toBeCloseTo(1.392 * 0.0004 * fed_kg, 6)
})

test('the model holds its contract with cells that differ', () => {
  const cells = 5
  const parameters = rc350(cells)
  const input = new Float64Array(potlineModel.inputs.length * cells)
  for (let cell = 0; cell < cells; cell++) {
    parameters.anode_Ohm[cell] = parameters.anode_Ohm[cell]! * (1 + 0.02 * cell)
    parameters.nominalAcd_m[cell] = 0.042 - 0.0004 * cell
    input[inputIndex.line_A * cells + cell] = 348e3
    input[inputIndex.aluminaFeed_kg_s * cells + cell] = USE_KG_S * (0.995 + 0.005 * cell)
    input[inputIndex.alf3Feed_kg_s * cells + cell] = 1e-5 * cell
    input[inputIndex.tap_kg_s * cells + cell] = MADE_KG_S
  }
  balanceHeat(parameters)
  expect(checkProcessModel(potlineModel, parameters, cells, input)).toEqual([])
})
