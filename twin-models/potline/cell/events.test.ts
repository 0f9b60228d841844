import { expect, test } from 'vitest'
import potline350 from '../parameters/potline-350.json' with { type: 'json' }
import type { CellBank } from './bank.ts'
import { openCells } from './cells.ts'
import {
  copyVector,
  type InputKey,
  inputPlace,
  type OutputKey,
  outputPlace,
  type StateKey,
  type StateVector,
  statePlace,
} from './layout.ts'
import { balanceHeat } from './nominal.ts'
import { cellParameters } from './parameters.ts'

/** One cell of full size that a test drives. */
function rig() {
  const parameters = cellParameters(potline350, 1)
  balanceHeat(parameters)
  const bank: CellBank = openCells(parameters)
  const feed = bank.layout.input.feed_kg_s
  const nominal_kg_s = bank.input[bank.inputAt(0, feed.first)]!
  const set = (key: InputKey, value: number) => {
    bank.input[bank.inputAt(0, inputPlace[key])] = value
  }
  const setFeed = (...factors: readonly number[]) => {
    for (let j = 0; j < feed.count; j++) {
      const factor = factors[Math.min(j, factors.length - 1)]!
      bank.input[bank.inputAt(0, feed.first + j)] = factor * nominal_kg_s
    }
  }
  const get = (key: OutputKey) => bank.output[bank.outputAt(0, outputPlace[key])]!
  const stateOf = (key: StateKey) => bank.state[bank.stateAt(0, statePlace[key])]!
  const vector = (key: StateVector) => {
    const places = bank.layout.state[key]
    const into = new Float64Array(places.count)
    copyVector(bank.state, bank.layout.states.length, 0, places, into)
    return into
  }
  const run = (duration_s: number, dt_s = 5) => {
    for (let time_s = 0; time_s < duration_s; time_s += dt_s) bank.advance(dt_s)
  }
  bank.advance(0)
  return { bank, set, setFeed, get, stateOf, vector, run }
}

test('a blocked feeder starves the anodes next to it, although the others make up for it', () => {
  const { setFeed, vector, run, bank } = rig()
  setFeed(0, 1.25)
  run(3600)
  const current = vector('anode_A')
  const lowest = current.indexOf(Math.min(...current))
  expect(lowest % 18).toBeLessThan(4)
  const shares = bank.layout.output.anodeAlumina_share
  const alumina = new Float64Array(shares.count)
  copyVector(bank.output, bank.layout.outputs.length, 0, shares, alumina)
  expect(alumina[17]! - alumina[0]!).toBeGreaterThan(0.001)
  expect(alumina[35]! - alumina[18]!).toBeGreaterThan(0.001)
  const dissolved = vector('dissolvedA_kg')
  expect(dissolved[95]!).toBeGreaterThan(1.04 * dissolved[5]!)
})

test('without feed the cell goes into an anode effect, which alumina and a quench end', () => {
  const { set, setFeed, get, stateOf, run } = rig()
  setFeed(0)
  run(900)
  expect(get('anodeEffect')).toBe(0)
  expect(get('starved')).toBe(0)
  run(300)
  expect(get('starved')).toBe(1)
  expect(get('voltage_V')).toBe(25)
  const begun_s = stateOf('anodeEffect_s')
  run(60)
  expect(stateOf('anodeEffect_s') - begun_s).toBe(60)
  expect(get('efficiency')).toBeLessThan(0.5)

  setFeed(12)
  run(120)
  expect(get('anodeEffect'), 'alumina alone does not end it').toBe(1)
  set('quench', 1)
  run(5)
  set('quench', 0)
  run(120)
  expect(get('anodeEffect')).toBe(0)
  expect(get('alumina')).toBeGreaterThan(0.024)
  expect(get('voltage_V')).toBeLessThan(5)
})

test('cutting the current ends an anode effect and leaves the reversible potential', () => {
  const { bank, set, get, run } = rig()
  bank.state[bank.stateAt(0, statePlace.anodeEffect)] = 1
  run(5)
  expect(get('voltage_V')).toBe(25)
  set('line_A', 0)
  run(5)
  expect(get('anodeEffect')).toBe(0)
  expect(get('voltage_V')).toBeCloseTo(get('reversible_V'), 9)
  expect(get('pseudoResistance_Ohm')).toBe(0)
})

test('a new anode draws heat and little current at first, and both come back within a day', () => {
  const { set, get, vector, run } = rig()
  const full_A = vector('anode_A')[4]!
  const before_V = get('voltage_V')
  set('anodeChange', 5)
  run(5)
  set('anodeChange', 0)
  expect(vector('age_s')[4]).toBe(5)
  expect(get('coldAnodes_W')).toBeGreaterThan(15e3)
  expect(vector('anode_A')[4]! / full_A).toBeLessThan(0.1)
  expect(get('voltage_V')).toBeGreaterThan(before_V + 0.02)
  expect(get('asymmetry')).toBeLessThan(-0.02)
  run(24 * 3600, 30)
  expect(vector('anode_A')[4]! / full_A).toBeGreaterThan(0.9)
  expect(get('coldAnodes_W')).toBeLessThan(200)
  expect(vector('deficit_J')[4]! / 3e8).toBeLessThan(0.01)
})

test('tapping metal widens the distance, and the beam brings it back', () => {
  const { set, get, run } = rig()
  const start_m = get('acd_m')
  set('metalTap_kg_s', 2.5)
  run(600)
  set('metalTap_kg_s', 0)
  const drop_m = (2.5 * 600 - 600 * get('metalMade_kg_s')) / (2300 * 56)
  expect(get('acd_m') - start_m).toBeCloseTo(drop_m, 4)
  const wide_V = get('voltage_V')
  set('beam_m_s', -drop_m / 60)
  run(60)
  expect(get('acd_m')).toBeCloseTo(start_m, 4)
  expect(get('voltage_V')).toBeLessThan(wide_V - 0.3)
})

test('a bath tap takes every species alike, and the walls feel less bath', () => {
  const { set, get, stateOf, run } = rig()
  const before = { bath: get('bath_kg'), alf3: get('alf3'), sludge: stateOf('sludge_kg') }
  set('bathTap_kg_s', 5)
  run(100)
  expect(get('bath_kg') / (before.bath - 500)).toBeCloseTo(1, 2)
  expect(get('alf3')).toBeCloseTo(before.alf3, 4)
  expect(stateOf('sludge_kg') / before.sludge).toBeCloseTo(1, 2)
  set('bathTap_kg_s', 1000)
  run(100)
  expect(get('bath_kg'), 'a quarter always stays').toBeGreaterThan(1800)
})

test('overfeeding makes sludge, which feeds back while the bath is lean and hot', () => {
  const { set, setFeed, get, stateOf, run } = rig()
  const nominal_kg = stateOf('sludge_kg')
  set('heat_W', 6e4)
  setFeed(1.8)
  run(2 * 3600, 30)
  const sludge_kg = stateOf('sludge_kg')
  expect(sludge_kg).toBeGreaterThan(nominal_kg + 5)
  expect(get('undissolved_kg')).toBeGreaterThan(25)
  set('heat_W', 0)
  setFeed(0.3)
  run(3 * 3600, 30)
  expect(stateOf('sludge_kg')).toBeLessThan(sludge_kg - 8)
})

test('AlF3 lowers the liquidus and soda takes it up again', () => {
  const { set, get, stateOf, run } = rig()
  const before = { liquidus: get('liquidus_K'), alf3: stateOf('alf3_kg') }
  set('alf3Feed_kg_s', 0.05)
  run(600)
  expect(get('liquidus_K')).toBeLessThan(before.liquidus - 1)
  expect(stateOf('alf3_kg') - before.alf3).toBeGreaterThan(29)
  set('alf3Feed_kg_s', 0)
  const high_kg = stateOf('alf3_kg')
  run(6 * 3600, 30)
  // 0.4 % Na2O and 0.042 % CaO in 209.7 kg/h, fumes and the bath tap.
  expect((high_kg - stateOf('alf3_kg')) / 6).toBeGreaterThan(1.6)
  expect((high_kg - stateOf('alf3_kg')) / 6).toBeLessThan(2.2)
})

test('less current freezes the ledge at both heights, which raises AlF3', () => {
  const { set, get, vector, run } = rig()
  const before = [vector('bathLedge_m')[0]!, vector('metalLedge_m')[0]!, get('alf3')]
  set('line_A', 320e3)
  run(12 * 3600, 30)
  expect(vector('bathLedge_m')[0]).toBeGreaterThan(before[0]! + 0.003)
  expect(vector('metalLedge_m')[0]).toBeGreaterThan(before[1]! + 0.003)
  expect(get('alf3')).toBeGreaterThan(before[2]! + 0.002)
  const wall = vector('metalWall_K')
  for (let i = 1; i < wall.length; i++) expect(wall[i]!).toBeGreaterThan(wall[i - 1]!)
  expect(wall[wall.length - 1]!).toBeLessThan(get('liquidus_K'))
})
