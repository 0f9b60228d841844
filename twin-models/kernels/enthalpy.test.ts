import { expect, test } from 'vitest'
import {
  advanceEnthalpy,
  type EnthalpyGrid,
  heat_J_m3,
  liquidShare,
  longestStep_s,
  solid_m,
  temperature_K,
} from './enthalpy.ts'
import { enthalpyFront_m } from './stefan-cases.ts'
import { CRYOLITE_CASE, neumann } from './stefan-exact.ts'

const CELLS = 40
const fill = (value: number) => new Float64Array(CELLS).fill(value)
const GRID: EnthalpyGrid = {
  width_m: 0.005,
  melting_K: 1230,
  conductivity_W_mK: fill(1.5),
  liquidConductivity_W_mK: fill(1),
  heat_J_m3K: fill(4e6),
  liquidHeat_J_m3K: fill(5e6),
  latent_J_m3: fill(1.5e9).map((latent, i) => (i < 10 ? 0 : latent)),
  outside_W_m2K: 25,
  outer_K: 303,
  inner_K: undefined,
}

test('temperature and heat are inverse of each other away from the melting point', () => {
  for (const cell_K of [400, 1229, 1231, 1400]) {
    expect(temperature_K(GRID, 20, heat_J_m3(GRID, 20, cell_K))).toBeCloseTo(cell_K, 9)
  }
  expect(temperature_K(GRID, 20, 7e8)).toBe(1230)
  expect(liquidShare(GRID, 20, 7.5e8)).toBe(0.5)
  expect(liquidShare(GRID, 5, 7.5e8)).toBe(0)
})

test('what the cells gain is what crossed the ends, to rounding', () => {
  const heat = fill(0).map((_, i) => heat_J_m3(GRID, i, i < 20 ? 900 : 1230))
  const step_s = longestStep_s(GRID)
  const sum = () => heat.reduce((a, b) => a + b, 0) * GRID.width_m
  let worst = 0
  let scale = 0
  for (let i = 0; i < 5000; i++) {
    const toFront_W_m2 = i < 2500 ? 60_000 : 0
    const before = sum()
    const outside_W_m2 = advanceEnthalpy(GRID, heat, step_s, toFront_W_m2)
    const gained = step_s * (toFront_W_m2 - outside_W_m2)
    worst = Math.max(worst, Math.abs(sum() - before - gained))
    scale = Math.max(scale, Math.abs(before))
  }
  expect(worst / scale).toBeLessThan(1e-12)
})

test('heat from a stirred bath melts from the inside and never below the lining', () => {
  const heat = fill(0).map((_, i) => heat_J_m3(GRID, i, 1229))
  const step_s = longestStep_s(GRID)
  const start_m = solid_m(GRID, heat)
  expect(start_m).toBeCloseTo(0.2, 12)
  for (let i = 0; i < 4000; i++) advanceEnthalpy(GRID, heat, step_s, 200_000)
  expect(solid_m(GRID, heat)).toBeCloseTo(0.05, 12)
  expect(liquidShare(GRID, CELLS - 1, heat[CELLS - 1]!)).toBe(1)
})

test('finer cells come closer to Neumann', () => {
  const exact_m = neumann(CRYOLITE_CASE).front_m(3600)
  const error = (cells: number) =>
    Math.abs(enthalpyFront_m(CRYOLITE_CASE, 0.12, cells, 3600) / exact_m - 1)
  expect(error(30)).toBeLessThan(2e-3)
  expect(error(240)).toBeLessThan(1e-4)
})
