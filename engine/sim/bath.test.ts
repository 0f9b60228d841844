import { expect, test } from 'vitest'
import {
  plantBathRatio,
  plantConductivity_Spcm,
  plantLiquidus_C,
  plantSaturation_pct,
} from './bath.ts'

test('conductivity meets the published values of the Wang type fit', () => {
  expect(plantConductivity_Spcm(3, 11, 5, 0, 960)).toBeCloseTo(2.201448, 5)
  expect(plantConductivity_Spcm(2.5, 12, 4.1, 0.25, 963)).toBeCloseTo(2.215015, 5)
  expect(plantConductivity_Spcm(3, 10, 6.5, 0.3, 969.4)).toBeCloseTo(2.221793, 5)
})

test('saturation meets the published values of Skybakmoen', () => {
  expect(plantSaturation_pct(960, 10, 5, 0)).toBeCloseTo(8.358087, 5)
  expect(plantSaturation_pct(963, 12, 4.1, 0.25)).toBeCloseTo(8.369703, 5)
})

test('the liquidus lies within 4 K of Solheim and is not the same', () => {
  for (const [alumina, solheim_C] of [
    [2, 965.7845],
    [3, 959.8241],
    [4, 954.3649],
  ] as const) {
    const own_C = plantLiquidus_C(alumina, 11, 5, 0)
    expect(Math.abs(own_C - solheim_C)).toBeLessThan(4)
    expect(Math.abs(own_C - solheim_C)).toBeGreaterThan(0.05)
  }
})

test('the bath ratio falls with fluoride', () => {
  expect(plantBathRatio(2.6, 0, 5, 0)).toBeCloseTo(1.5, 9)
  expect(plantBathRatio(2.6, 12, 5, 0)).toBeLessThan(plantBathRatio(2.6, 10, 5, 0))
})
