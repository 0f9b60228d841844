import { expect, test } from 'vitest'
import { seededRandom } from '#engine/core/random.ts'
import { inputPlace, outputPlace, statePlace } from './cell/layout.ts'
import { balanceHeat } from './cell/nominal.ts'
import { cellParameters, parameterOf, spreadParameters } from './cell/parameters.ts'
import { SMALL } from './cell/test-day.ts'
import { type LineParameters, lineParameters, openLine } from './line.ts'
import line350 from './parameters/line-350.json' with { type: 'json' }
import potline350 from './parameters/potline-350.json' with { type: 'json' }

const CELLS = 200

function open(changes: Partial<LineParameters> = {}, cells = CELLS) {
  const parameters = cellParameters(potline350, cells, SMALL)
  const { normal } = seededRandom(3)
  spreadParameters(parameters, { anode_Ohm: 0.05, bathTransfer_W_m2K: 0.05 }, normal)
  balanceHeat(parameters)
  return openLine({ ...lineParameters(line350), ...changes }, parameters)
}

test('a line of cells that differ stands at its set current', () => {
  const line = open()
  const { bank } = line
  const first = parameterOf(bank.parameters, 0, 'anode_Ohm')
  expect(parameterOf(bank.parameters, 1, 'anode_Ohm')).not.toBe(first)
  for (let i = 0; i < 120; i++) line.advance(1)
  expect(line.state.current_A).toBeCloseTo(350e3, -1)
  expect(line.state.rectifier_V / line.lineVoltage_V()).toBeCloseTo(1, 5)
  expect(line.lineVoltage_V() / CELLS).toBeGreaterThan(4)
  const voltages = Array.from(
    { length: CELLS },
    (_, cell) => bank.output[bank.outputAt(cell, outputPlace.voltage_V)]!,
  )
  expect(Math.max(...voltages) - Math.min(...voltages)).toBeGreaterThan(0.02)
  expect(bank.input[bank.inputAt(CELLS - 1, inputPlace.line_A)]).toBeCloseTo(350e3, -1)
})

test('an anode effect of one cell dips the current of all, and the controller takes it back', () => {
  const line = open()
  const { bank, state } = line
  for (let i = 0; i < 10; i++) line.advance(1)
  bank.state[bank.stateAt(17, statePlace.anodeEffect)] = 1
  let lowest_A = Number.POSITIVE_INFINITY
  const before_V = bank.output[bank.outputAt(3, outputPlace.voltage_V)]!
  let lowest_V = before_V
  for (let i = 0; i < 20; i++) {
    line.advance(1)
    lowest_A = Math.min(lowest_A, state.current_A)
    lowest_V = Math.min(lowest_V, bank.output[bank.outputAt(3, outputPlace.voltage_V)]!)
  }
  expect(bank.output[bank.outputAt(17, outputPlace.voltage_V)]).toBe(25)
  expect(lowest_A).toBeLessThan(349e3)
  expect(lowest_A).toBeGreaterThan(340e3)
  expect(lowest_V).toBeLessThan(before_V - 0.003)
  for (let i = 0; i < 120; i++) line.advance(1)
  expect(Math.abs(state.current_A - 350e3)).toBeLessThan(200)
  expect(state.rectifier_V).toBeLessThan(line.limit_V)
})

test('at its highest voltage the rectifier cannot hold the current', () => {
  const line = open({ reserve_share: 0.005 })
  line.bank.state[line.bank.stateAt(0, statePlace.anodeEffect)] = 1
  for (let i = 0; i < 300; i++) line.advance(1)
  expect(line.state.rectifier_V).toBe(line.limit_V)
  expect(line.state.current_A).toBeLessThan(345e3)
  expect(line.state.rectifier_V / line.lineVoltage_V()).toBeCloseTo(1, 3)
})

test('a set current is reached at the rate of the inductance and the rectifier', () => {
  const line = open()
  line.setpoint_A = 330e3
  line.advance(1)
  expect(line.state.current_A).toBeGreaterThan(345e3)
  for (let i = 0; i < 120; i++) line.advance(1)
  expect(Math.abs(line.state.current_A - 330e3)).toBeLessThan(200)
})

test('a changed anode tilts the metal of the neighbours when they are coupled', () => {
  const tilts = [0, 0.004].map(coupling_m => {
    const line = open({ coupling_m }, 8)
    const { bank } = line
    for (let i = 0; i < 3; i++) line.advance(1)
    bank.input[bank.inputAt(4, inputPlace.anodeChange)] = 2
    line.advance(1)
    bank.input[bank.inputAt(4, inputPlace.anodeChange)] = 0
    for (let i = 0; i < 5; i++) line.advance(1)
    return [3, 5, 1].map(cell => bank.input[bank.inputAt(cell, inputPlace.metalTilt_m)]!)
  })
  expect(tilts[0]).toEqual([0, 0, 0])
  expect(Math.abs(tilts[1]![0]!)).toBeGreaterThan(1e-4)
  expect(tilts[1]![1]).toBeCloseTo(tilts[1]![0]!, 4)
  expect(Math.abs(tilts[1]![2]!)).toBeLessThan(1e-4)
})

test('a snapshot brings a line back to the same bits', () => {
  const line = open({}, 6)
  for (let i = 0; i < 5; i++) line.advance(1)
  const then = line.snapshot()
  const course = () => {
    line.setpoint_A = 345e3
    for (let i = 0; i < 20; i++) line.advance(1)
    return [line.state.current_A, ...line.bank.state]
  }
  const once = course()
  line.restore(then)
  expect(course()).toEqual(once)
})

test('an impossible line number is refused with its name and range', () => {
  const wrong = {
    ...line350,
    parameters: { ...line350.parameters, slew_V_s: { value: 0, source: '' } },
  }
  expect(() => lineParameters(wrong)).toThrow('parameter slew_V_s is 0; 0.1 to 10000 is possible')
  expect(() => lineParameters({ name: 'x', parameters: {} })).toThrow('inductance_H is missing')
})
