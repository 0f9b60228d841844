import { expect, test } from 'vitest'
import { LINING, PLAN } from '../../kernels/stefan.ts'
import potline350 from '../parameters/potline-350.json' with { type: 'json' }
import rc350 from '../parameters/rc-350.json' with { type: 'json' }
import { openCells } from './cells.ts'
import { ALUMINA_KG_C, METAL_PER_ALUMINA } from './constants.ts'
import { inputPlace, LANES, type OutputKey, outputPlace, statePlace } from './layout.ts'
import {
  bankMemory,
  cellPlaces,
  createLane,
  INVENTORY,
  type InventoryKey,
  inventoryPlace,
  moveLane,
} from './memory.ts'
import { balanceHeat, initialiseLane } from './nominal.ts'
import { cellParameters, setParameter } from './parameters.ts'
import { planCell } from './plan.ts'
import { advanceLane, createKernels } from './step.ts'
import { eventfulInput, inputsOf, SMALL } from './test-day.ts'

const DAY_S = 86_400

function eventfulCell() {
  const parameters = cellParameters(potline350, 1, SMALL)
  setParameter(parameters, 0, 'sodiumUptake_kg_s', 1e-5)
  balanceHeat(parameters)
  return openCells(parameters, { form: 'clear' })
}

test('over an eventful day every step closes mass and energy', () => {
  const bank = eventfulCell()
  const nominal = inputsOf(bank, 0)
  const seen = { effect: 0, frozen: 0, low: 0 }
  let mass = 0
  let energy = 0
  for (let time_s = 0; time_s < DAY_S; time_s += 30) {
    eventfulInput(bank, 0, nominal, time_s, 30)
    bank.advance(30)
    const get = (key: OutputKey) => bank.output[bank.outputAt(0, outputPlace[key])]!
    mass = Math.max(mass, get('massResidual'))
    energy = Math.max(energy, Math.abs(get('energyResidual')))
    seen.effect += get('anodeEffect')
    seen.frozen += bank.state[bank.stateAt(0, statePlace.frozen_kg)]! > 0 ? 1 : 0
    seen.low += get('pseudoResistance_Ohm') === 0 ? 1 : 0
  }
  expect(mass).toBeLessThan(1e-10)
  expect(energy).toBeLessThan(1e-9)
  // The day was eventful: an anode effect, freezing in the bath, hardly any current.
  expect(seen.effect).toBeGreaterThan(10)
  expect(seen.frozen).toBeGreaterThan(10)
  expect(seen.low).toBeGreaterThan(10)
})

test('over an eventful day masses and energy are what was fed, made, tapped and lost', () => {
  const bank = eventfulCell()
  const nominal = inputsOf(bank, 0)
  const before = new Float64Array(INVENTORY.length)
  const after = new Float64Array(INVENTORY.length)
  bank.inventory(0, before)
  let fed_kg = 0
  let used_kg = 0
  let made_kg = 0
  let power_J = 0
  let metalTap_kg = 0
  let residual_J = 0
  let ampereSeconds = 0
  const energyBefore = new Float64Array(INVENTORY.length)
  for (let time_s = 0; time_s < DAY_S; time_s += 30) {
    eventfulInput(bank, 0, nominal, time_s, 30)
    bank.inventory(0, energyBefore)
    bank.advance(30)
    const get = (key: OutputKey) => bank.output[bank.outputAt(0, outputPlace[key])]!
    const { first, count } = bank.layout.input.feed_kg_s
    for (let j = 0; j < count; j++) fed_kg += 30 * bank.input[bank.inputAt(0, first + j)]!
    used_kg += 30 * get('aluminaUse_kg_s')
    made_kg += 30 * get('metalMade_kg_s')
    metalTap_kg += 30 * bank.input[bank.inputAt(0, inputPlace.metalTap_kg_s)]!
    power_J += 30 * get('internal_W')
    residual_J += get('energyResidual') * 30 * get('internal_W')
    ampereSeconds += 30 * get('efficiency') * bank.input[bank.inputAt(0, inputPlace.line_A)]!
  }
  bank.inventory(0, after)
  const gained = (key: InventoryKey) => after[inventoryPlace[key]]! - before[inventoryPlace[key]]!
  const sodium_kg = 1e-5 * DAY_S
  expect(made_kg / (METAL_PER_ALUMINA * used_kg)).toBeCloseTo(1, 12)
  expect(used_kg / (ALUMINA_KG_C * ampereSeconds)).toBeCloseTo(1, 6)
  expect(gained('metal_kg')).toBeCloseTo(made_kg - metalTap_kg - 0.391 * sodium_kg, 6)
  expect(made_kg).toBeGreaterThan(2000)
  expect(fed_kg).toBeGreaterThan(4000)
  expect(Math.abs(residual_J / power_J)).toBeLessThan(1e-9)
})

/** One cell whose plan a test may spoil; returns the residuals after a step at less current. */
function residualsWith(spoil: (plan: Float64Array, wall: number) => void) {
  const parameters = cellParameters(rc350, 1, SMALL)
  balanceHeat(parameters)
  const places = cellPlaces(parameters)
  const memory = bankMemory(places, 1, 0)
  const m = new Float64Array(memory.end)
  m.set(parameters.values, memory.parametersAt)
  const lane = createLane(places, m)
  moveLane(lane, memory, 0)
  const kernels = createKernels(lane)
  planCell(parameters, lane, 30)
  initialiseLane(parameters, lane, kernels)
  m[lane.input + LANES * inputPlace.line_A] = 250e3
  for (let i = 0; i < 20; i++) advanceLane(lane, kernels, 30)
  spoil(m, lane.plan + LANES * places.plan.metalWall)
  advanceLane(lane, kernels, 30)
  return {
    mass: m[lane.output + LANES * outputPlace.massResidual]!,
    energy: Math.abs(m[lane.output + LANES * outputPlace.energyResidual]!),
  }
}

test('a flux that is broken shows in the residual', () => {
  const calm = residualsWith(() => {})
  expect(calm.mass).toBeLessThan(1e-12)
  expect(calm.energy).toBeLessThan(1e-12)
  // A hundredth more leaves the bath for the ledge than the ledge gets.
  const mass = residualsWith((plan, wall) => {
    plan[wall + LANES * PLAN.density_kg_m3] = 1.01 * plan[wall + LANES * PLAN.density_kg_m3]!
  })
  expect(mass.mass).toBeGreaterThan(1e-5)
  // The outermost volume of the lining takes up a hundredth more heat than it is given.
  const energy = residualsWith((plan, wall) => {
    const at = wall + LANES * (PLAN.lining + LINING.perCapacity)
    plan[at] = 1.01 * plan[at]!
  })
  expect(energy.mass).toBeLessThan(1e-12)
  expect(energy.energy).toBeGreaterThan(1e-9)
})
