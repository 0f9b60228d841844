import { expect, test } from 'vitest'
import { grainLife_s, grainRadius_m, sheetUptake, sphereUptake } from './dissolution.ts'
import { SHEET, SPHERE } from './transport-cases.ts'

const grain = {
  radius_m: 50e-6,
  density_kg_m3: 3900,
  diffusivity_m2_s: 1e-9,
  drive_kg_m3: 100,
}

test("the uptake of sphere and sheet meets Crank's numbers", () => {
  for (const [fourier, expected] of SPHERE) {
    expect(Math.abs(sphereUptake(fourier) / expected - 1)).toBeLessThan(1e-11)
  }
  for (const [fourier, expected] of SHEET) {
    expect(Math.abs(sheetUptake(fourier) / expected - 1)).toBeLessThan(1e-11)
  }
})

test('the forms for short and long times meet, and uptake grows from none to all', () => {
  for (const uptake of [sphereUptake, sheetUptake]) {
    expect(Math.abs(uptake(0.02 - 1e-14) - uptake(0.02))).toBeLessThan(1e-12)
    expect(uptake(0)).toBe(0)
    expect(uptake(100)).toBe(1)
    let before = 0
    for (let fourier = 0.001; fourier < 2; fourier *= 1.3) {
      expect(uptake(fourier)).toBeGreaterThan(before)
      before = uptake(fourier)
    }
  }
})

test('a grain of 50 um lives 48.75 s and its surface shrinks in proportion to time', () => {
  expect(grainLife_s(grain)).toBeCloseTo(48.75, 12)
  expect(grainRadius_m(grain, 0)).toBe(50e-6)
  expect(grainRadius_m(grain, 0.75 * 48.75) / 25e-6).toBeCloseTo(1, 12)
  expect(grainRadius_m(grain, 48.8)).toBe(0)
  expect(grainLife_s({ ...grain, drive_kg_m3: 0 })).toBe(Number.POSITIVE_INFINITY)
})
