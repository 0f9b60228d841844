import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { seededRandom } from '#engine/core/random.ts'
import boyne126 from '../parameters/boyne-126.json' with { type: 'json' }
import line350 from '../parameters/line-350.json' with { type: 'json' }
import potline350 from '../parameters/potline-350.json' with { type: 'json' }
import rc350 from '../parameters/rc-350.json' with { type: 'json' }
import tsinghua500 from '../parameters/tsinghua-500.json' with { type: 'json' }
import { openCells } from './cells.ts'
import { LANES, outputPlace } from './layout.ts'
import { balanceHeat } from './nominal.ts'
import { cellParameters, parameterOf, setParameter, spreadParameters } from './parameters.ts'
import { nodesOfLayers } from './plan.ts'
import { SMALL } from './test-day.ts'

const SETS = [rc350, potline350, boyne126, tsinghua500]

test('every number of a parameter file has a source, and every cited paper is listed', () => {
  const known = readFileSync(new URL('../../references.bib', import.meta.url), 'utf8')
  for (const set of [...SETS, line350]) {
    const sources = Object.entries(set.parameters).map(([key, { source }]) => ({ key, source }))
    if ('layers' in set) {
      for (const layer of [...set.layers.bath, ...set.layers.metal]) {
        sources.push({ key: layer.name, source: layer.source })
      }
      sources.push({ key: 'geometry', source: set.geometry.source })
    }
    for (const { key, source } of sources) {
      expect(source.length, `${set.name} ${key}`).toBeGreaterThan(4)
      for (const [, name] of source.matchAll(/\[(\w+)\]/g)) {
        expect(known.includes(`{${name},`), `${set.name} ${key} cites ${name}`).toBe(true)
      }
    }
  }
})

test('every parameter file opens to a steady cell, at its sizes and at small ones', () => {
  for (const set of SETS) {
    for (const sizes of [set.sizes, SMALL]) {
      const parameters = cellParameters(set, 1, sizes)
      balanceHeat(parameters)
      const bank = openCells(parameters)
      bank.advance(1)
      const superheat = bank.output[bank.outputAt(0, outputPlace.superheat_K)]!
      const wished = parameterOf(parameters, 0, 'nominalSuperheat_K')
      expect(superheat, set.name).toBeCloseTo(wished, 4)
      for (let i = 0; i < 60; i++) bank.advance(60)
      const later = bank.output[bank.outputAt(0, outputPlace.superheat_K)]!
      expect(Math.abs(later - wished), set.name).toBeLessThan(0.05)
    }
  }
})

test('a spread gives cells that differ, the same for the same seed, and fills the last tile', () => {
  const spread = () => {
    const parameters = cellParameters(potline350, 5, SMALL)
    spreadParameters(parameters, { anode_Ohm: 0.05, nominalAcd_m: 0.02 }, seededRandom(1).normal)
    balanceHeat(parameters)
    return parameters
  }
  const one = spread()
  expect(one.values).toEqual(spread().values)
  const ohms = Array.from({ length: 5 }, (_, cell) => parameterOf(one, cell, 'anode_Ohm'))
  expect(new Set(ohms).size).toBe(5)
  for (const value of ohms) expect(Math.abs(value / 0.85e-6 - 1)).toBeLessThan(0.126)
  expect(one.values.length).toBe(2 * LANES * one.layout.fields.length)
  for (const cell of [5, 6, 7]) {
    expect(parameterOf(one, cell, 'anode_Ohm')).toBe(ohms[4])
    expect(parameterOf(one, cell, 'top_W_K')).toBe(parameterOf(one, 4, 'top_W_K'))
  }
})

test('a cell that cannot be steady is refused, which says by how much', () => {
  const parameters = cellParameters(potline350, 2, SMALL)
  setParameter(parameters, 1, 'bathWallArea_m2', 60)
  setParameter(parameters, 1, 'metalWallArea_m2', 60)
  expect(() => balanceHeat(parameters)).toThrow(/^cell 2: nominal operation makes \d+ kW less heat/)
})

test('volumes go where layers are thickest', () => {
  expect(nodesOfLayers([0.012, 0.08], 20)).toEqual([3, 17])
  expect(nodesOfLayers([0.1, 0.1], 2)).toEqual([1, 1])
  expect(() => nodesOfLayers([0.1, 0.1], 1)).toThrow('size liningNodes is 1')
})
