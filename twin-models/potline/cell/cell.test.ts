import { expect, test } from 'vitest'
import { checkProcessModel } from '../../contract.ts'
import { outputIndex, potlineModel, stateIndex } from '../lumped/cell.ts'
import { rc350 as lumpedRc350 } from '../lumped/rc-350.ts'
import boyne126 from '../parameters/boyne-126.json' with { type: 'json' }
import potline350 from '../parameters/potline-350.json' with { type: 'json' }
import rc350 from '../parameters/rc-350.json' with { type: 'json' }
import tsinghua500 from '../parameters/tsinghua-500.json' with { type: 'json' }
import type { CellBank } from './bank.ts'
import { openCells } from './cells.ts'
import {
  type CellSizes,
  inputPlace,
  LANES,
  type OutputKey,
  outputPlace,
  statePlace,
} from './layout.ts'
import { cellModel } from './model.ts'
import { balanceHeat } from './nominal.ts'
import { cellParameters, type ParameterSet, setParameter } from './parameters.ts'
import { eventfulInput, inputsOf, SMALL } from './test-day.ts'

const HOUR_S = 3600

function open(set: ParameterSet, sizes?: CellSizes): CellBank {
  const parameters = cellParameters(set, 1, sizes)
  balanceHeat(parameters)
  return openCells(parameters)
}

const outputOf = (bank: CellBank, key: OutputKey, cell = 0) =>
  bank.output[bank.outputAt(cell, outputPlace[key])]!

test('the nominal RC-350 has the heat balance of the lumped one, and holds it for a day', () => {
  const bank = open(rc350)
  bank.advance(1)
  expect(outputOf(bank, 'voltage_V')).toBeCloseTo(4.3073, 4)
  expect(outputOf(bank, 'internal_W') / 1e3).toBeCloseTo(1452.43, 2)
  expect(outputOf(bank, 'reaction_W') / 1e3).toBeCloseTo(587.753, 2)
  expect(outputOf(bank, 'feed_W') / 1e3).toBeCloseTo(124.989, 3)
  expect(outputOf(bank, 'side_W') / 1e3).toBeCloseTo(103.68, 4)
  expect(Math.abs(outputOf(bank, 'top_W') / 381_605 - 1)).toBeLessThan(1e-3)
  expect(outputOf(bank, 'energy_J_kg') / 3.6e6).toBeCloseTo(13.5827, 3)
  expect(outputOf(bank, 'metalMade_kg_s') * 86_400).toBeCloseTo(2663.776, 2)
  for (let i = 0; i < 24 * 60; i++) bank.advance(60)
  expect(outputOf(bank, 'superheat_K')).toBeCloseTo(8, 4)
  expect(outputOf(bank, 'voltage_V')).toBeCloseTo(4.3073, 4)
  expect(bank.state[bank.stateAt(0, statePlace.metal_kg)]).toBeCloseTo(20_000, 2)
})

test('the cell for use sits at 960 to 965 C with the usual split of its loss', () => {
  const bank = open(potline350)
  bank.advance(1)
  const bath_C = outputOf(bank, 'liquidus_K') + outputOf(bank, 'superheat_K') - 273.15
  expect(bath_C).toBeGreaterThan(960)
  expect(bath_C).toBeLessThan(965)
  const parts = ['top_W', 'side_W', 'rim_W', 'bottom_W', 'bars_W'] as const
  const [top, side, rim, bottom, bars] = parts.map(key => outputOf(bank, key))
  const all = top! + side! + rim! + bottom! + bars!
  expect(top! / all).toBeGreaterThan(0.45)
  expect(top! / all).toBeLessThan(0.5)
  expect((side! + rim!) / all).toBeCloseTo(0.35, 1.5)
  expect(bottom! / all).toBeCloseTo(0.08, 2)
  expect(bars! / all).toBeCloseTo(0.07, 2)
  const shell_C = outputOf(bank, 'shellMetal_K') - 273.15
  expect(shell_C).toBeGreaterThan(200)
  expect(shell_C).toBeLessThan(400)
})

test('the published cells have their published voltage and temperature', () => {
  const boyne = open(boyne126)
  boyne.advance(1)
  // Notebook Vcell of [cellmodel]: 4.50842334 V at 2.5 % alumina and 963 C.
  expect(outputOf(boyne, 'liquidus_K') + outputOf(boyne, 'superheat_K') - 273.15).toBeCloseTo(
    963,
    0,
  )
  expect(Math.abs(outputOf(boyne, 'voltage_V') - 4.50842)).toBeLessThan(0.001)
  expect(outputOf(boyne, 'aluminaUse_kg_s')).toBeCloseTo(0.0210539 * (126 / 126.5), 5)
  const tsinghua = open(tsinghua500)
  tsinghua.advance(1)
  expect(outputOf(tsinghua, 'voltage_V')).toBeCloseTo(3.95, 1)
  expect(outputOf(tsinghua, 'efficiency')).toBeCloseTo(0.936, 1)
  expect(outputOf(tsinghua, 'liquidus_K') - 273.15).toBeCloseTo(953.4, -0.5)
})

/** Line current, feed and metal tap of nominal, AlF3 feed, and ACD step of the reference runs. */
const SCENARIOS: Record<string, (time_s: number) => readonly number[]> = {
  S1: () => [350e3, 1, 0, 1],
  S2: () => [340e3, 34 / 35, 0, 34 / 35],
  S3: () => [350e3, 0, 0, 1],
  S4: time_s => [350e3, time_s < HOUR_S ? 1.4 : 1, 0, 1],
  S5: time_s => [350e3, 1, time_s < 600 ? 0.05 : 0, 1],
}
const USE_KG_S = 0.05825358672662879
const MADE_KG_S = 0.030830743897946173

/** Runs lumped and full cell side by side and hands both over at each time. */
function beside(
  name: string,
  times_s: readonly number[],
  visit: (time_s: number, lumped: (key: string) => number, full: CellBank) => void,
): void {
  const full = open(rc350)
  const parameters = lumpedRc350(1)
  const state = new Float64Array(potlineModel.states.length)
  const input = new Float64Array(potlineModel.inputs.length)
  const output = new Float64Array(potlineModel.outputs.length)
  potlineModel.initialise(parameters, state)
  if (name === 'S1') {
    state[stateIndex.acd_m] = state[stateIndex.acd_m]! + 1.5e-3
    const { first, count } = full.layout.state.acd_m
    for (let i = first; i < first + count; i++) {
      full.state[full.stateAt(0, i)] = full.state[full.stateAt(0, i)]! + 1.5e-3
    }
  }
  const feeders = full.layout.input.feed_kg_s
  let time_s = 0
  for (const until_s of times_s) {
    for (; time_s < until_s; time_s += 20) {
      const [line_A, feed, alf3_kg_s, tap] = SCENARIOS[name]!(time_s) as [
        number,
        number,
        number,
        number,
      ]
      input.set([line_A, feed * USE_KG_S, alf3_kg_s, tap * MADE_KG_S])
      full.input[full.inputAt(0, inputPlace.line_A)] = line_A
      full.input[full.inputAt(0, inputPlace.alf3Feed_kg_s)] = alf3_kg_s
      full.input[full.inputAt(0, inputPlace.metalTap_kg_s)] = tap * MADE_KG_S
      for (let j = 0; j < feeders.count; j++) {
        full.input[full.inputAt(0, feeders.first + j)] = (feed * USE_KG_S) / feeders.count
      }
      potlineModel.advance(parameters, state, input, 20, output)
      full.advance(20)
    }
    const lumped = (key: string) =>
      key in stateIndex
        ? state[stateIndex[key as keyof typeof stateIndex]]!
        : output[outputIndex[key as keyof typeof outputIndex]]!
    visit(time_s, lumped, full)
  }
}

const bathOf = (bank: CellBank) => bank.state[bank.stateAt(0, statePlace.bath_K)]!

test('within the hour the full RC-350 goes as the lumped one: before its two ledges differ', () => {
  for (const name of ['S1', 'S2', 'S4', 'S5']) {
    beside(name, [300, 900, 1800, 3600], (time_s, lumped, full) => {
      const at = `${name} at ${time_s} s`
      expect(Math.abs(bathOf(full) - lumped('bath_K')), at).toBeLessThan(0.15)
      expect(Math.abs(outputOf(full, 'superheat_K') - lumped('superheat_K')), at).toBeLessThan(0.15)
      expect(Math.abs(outputOf(full, 'voltage_V') - lumped('voltage_V')), at).toBeLessThan(0.002)
      expect(Math.abs(outputOf(full, 'alumina') - lumped('alumina')), at).toBeLessThan(1e-4)
      expect(Math.abs(outputOf(full, 'alf3') - lumped('alf3')), at).toBeLessThan(5e-4)
    })
  }
})

test('without feed both run into the steep part of the voltage curve', () => {
  beside('S3', [300, 600, 900], (time_s, lumped, full) => {
    const at = `at ${time_s} s`
    expect(Math.abs(outputOf(full, 'alumina') - lumped('alumina')), at).toBeLessThan(2e-5)
    expect(Math.abs(outputOf(full, 'voltage_V') - lumped('voltage_V')), at).toBeLessThan(0.02)
  })
})

test('over a day the ledges of both go the same way, and so do bath and AlF3', () => {
  for (const name of ['S1', 'S2', 'S4']) {
    let start = Number.NaN
    beside(name, [60, 86_400], (time_s, lumped, full) => {
      const ledge = (key: 'bathLedge_m' | 'metalLedge_m') =>
        full.state[full.stateAt(0, full.layout.state[key].first)]!
      const mean_m = (ledge('bathLedge_m') + ledge('metalLedge_m')) / 2
      if (time_s === 60) {
        start = mean_m
        return
      }
      // Two thicknesses in place of one: the lumped ledge is not their mean.
      const grown_m = lumped('ledge_m') - 0.11894918
      expect((mean_m - start) / grown_m, name).toBeGreaterThan(0.6)
      expect((mean_m - start) / grown_m, name).toBeLessThan(1.2)
      expect(Math.abs(bathOf(full) - lumped('bath_K')), name).toBeLessThan(2)
      expect(Math.abs(outputOf(full, 'alf3') - lumped('alf3')), name).toBeLessThan(0.003)
    })
  }
})

test('one long step comes to many short ones, in the first order of its length', () => {
  const errors = [60, 30, 15].map(step_s => {
    const ends = [step_s, 0.5].map(dt_s => {
      const bank = open(potline350, SMALL)
      const nominal = inputsOf(bank, 0)
      for (let time_s = 0; time_s < 600; time_s += dt_s) {
        eventfulInput(bank, 0, nominal, 3 * HOUR_S, 1)
        bank.advance(dt_s)
      }
      return [bathOf(bank), outputOf(bank, 'alumina'), outputOf(bank, 'voltage_V')]
    })
    return ends[0]!.map((value, i) => Math.abs(value - ends[1]![i]!))
  })
  for (const i of [0, 1, 2]) {
    expect(errors[0]![i]! / errors[1]![i]!).toBeGreaterThan(1.6)
    expect(errors[1]![i]! / errors[2]![i]!).toBeGreaterThan(1.6)
  }
  expect(errors[0]![0]).toBeLessThan(0.1)
  expect(errors[0]![1]).toBeLessThan(1e-4)
  expect(errors[0]![2]).toBeLessThan(0.01)
})

test('the pure model holds its contract with cells that differ', () => {
  const cells = 5
  const model = cellModel(SMALL)
  const parameters = cellParameters(potline350, cells, SMALL)
  for (let cell = 0; cell < cells; cell++)
    setParameter(parameters, cell, 'anode_Ohm', 8e-7 + 1e-8 * cell)
  balanceHeat(parameters)
  const bank = openCells(parameters)
  const input = new Float64Array(bank.input.length)
  expect(input.length).toBe(2 * LANES * model.inputs.length)
  input.set(bank.input)
  for (let cell = 0; cell < cells; cell++)
    input[bank.inputAt(cell, inputPlace.heat_W)] = 1000 * cell
  const check = { duration_s: 86_400, step_s: 60, tolerance: 1e-4 }
  expect(checkProcessModel(model, parameters, cells, input, check)).toEqual([])
  const clear = cellModel(SMALL, { form: 'clear' })
  expect(
    checkProcessModel(clear, parameters, cells, input, { ...check, duration_s: 3600 }),
  ).toEqual([])
})
