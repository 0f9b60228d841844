import { expect, test } from 'vitest'
import { ntnuDefects } from './defects.ts'
import { NTNU, NTNU_STATES, ntnuAdvance, ntnuHelpers, ntnuRates } from './model.ts'
import { ntnuModes } from './modes.ts'
import { BENCHMARK_INPUT, BENCHMARK_START, STEADY_INPUT } from './start.ts'

test('the derivatives at the start are the published ones', () => {
  const rate = new Float64Array(NTNU_STATES)
  ntnuRates(BENCHMARK_START, BENCHMARK_INPUT, rate)
  const expected = [
    0.912858271029, -0.0238, 0, -0.912858271029, 0.006202, 4.167170030334e-4, 4.199612390275e-2,
    1.598994398644e-3,
  ]
  for (const [i, value] of expected.entries()) expect(rate[i]).toBeCloseTo(value, 12)
  expect(NTNU.k1).toBeCloseTo(7.498221682916e-4, 15)
})

test('bath, metal and fluoride are kept while ledge and bath exchange mass', () => {
  const state = BENCHMARK_START.slice()
  ntnuAdvance(state, STEADY_INPUT, 10, 100)
  expect(state[1]).toBe(420)
  expect(state[2]).toBe(1500)
  expect(state[4]).toBe(9900)
  expect(state[0]! - 3260).toBeGreaterThan(400)
  const fed_kg = 1000 * NTNU.k5 * NTNU.k3 * 140e3
  expect(state[0]! + state[3]! - 3260 - 13_000).toBeCloseTo(fed_kg, 8)
})

test('a smaller step agrees to the fourth order', () => {
  const end = (dt_s: number) => {
    const state = BENCHMARK_START.slice()
    ntnuAdvance(state, STEADY_INPUT, dt_s, 2000 / dt_s)
    return state[5]!
  }
  const exact = end(5)
  const order = Math.log2((end(80) - exact) / (end(40) - exact))
  expect(order).toBeGreaterThan(3.7)
  expect(order).toBeLessThan(4.4)
})

test('each of the five defects is as large as documented', () => {
  const defects = ntnuDefects()
  expect(defects.published_C - defects.solheim_C).toBeCloseTo(10.85, 2)
  expect(defects.denominator_K).toBeCloseTo(-6.39, 2)
  expect(defects.sign_K).toBeCloseTo(-4.45, 2)
  expect(defects.metal_share).toBeCloseTo(0.5, 3)
  expect(defects.aluminaPerMetal / defects.aluminaPerMetalFaraday).toBeGreaterThan(2)
  expect(defects.fusion_ratio).toBeCloseTo(4.27, 2)
  expect(defects.cell_V).toBeLessThan(defects.need_V)
  expect(defects.feedCooling_share).toBeCloseTo(0.25, 2)
})

test('the modes of the ledge are minutes and that of the wall is hours', () => {
  const state = BENCHMARK_START.slice()
  ntnuAdvance(state, STEADY_INPUT, 10, 5000)
  const modes = ntnuModes(state, STEADY_INPUT)
  expect(-1 / modes[0]!.real_per_s / 3600).toBeCloseTo(7.4, 1)
  expect(-1 / modes[3]!.real_per_s / 60).toBeCloseTo(14.7, 1)
  expect(Math.abs(modes[1]!.imaginary_per_s)).toBeCloseTo(1.5e-4, 5)
  const { bubble_V, cell_V } = ntnuHelpers(state, STEADY_INPUT)
  expect(bubble_V).toBeLessThan(cell_V)
})
