import { expect, test } from 'vitest'
import {
  aluminaSaturation_wtpct,
  type BathComposition,
  bathComposition,
  bathRatio,
  conductivity_S_cm,
  density_kg_m3,
  liquidus_C,
} from './bath.ts'
import { bathCases } from './bath-cases.ts'
import fixtures from './fixtures.json' with { type: 'json' }

const bath = (alumina: number, alf3: number, caf2: number, mgf2 = 0, lif = 0): BathComposition =>
  bathComposition({
    alumina_wtpct: alumina,
    alf3_wtpct: alf3,
    caf2_wtpct: caf2,
    mgf2_wtpct: mgf2,
    lif_wtpct: lif,
  })

test('the liquidus hits all reference compositions', () => {
  expect(fixtures.liquidus.rows.length).toBe(10)
  for (const [alf3, alumina, caf2, lif, mgf2, kf, expected_C] of fixtures.liquidus.rows) {
    const given = { ...bath(alumina!, alf3!, caf2!, mgf2!, lif!), kf_wtpct: kf! }
    expect(liquidus_C(given)).toBeCloseTo(expected_C!, 9)
  }
})

test('the liquidus of the published example bath is 959.4 C', () => {
  expect(liquidus_C(bath(3, 10, 6.5, 0.3))).toBeCloseTo(959.4, 1)
})

test('alumina saturation hits its reference values', () => {
  const at = (composition: BathComposition, bath_C: number) =>
    aluminaSaturation_wtpct(composition, bath_C)
  expect(at(bath(0, 0, 0), 1000)).toBeCloseTo(11.9, 6)
  expect(at(bath(0, 10, 5), 960)).toBeCloseTo(8.358087, 6)
  expect(at(bath(0, 11, 5), 960)).toBeCloseTo(8.26772, 6)
  expect(at(bath(0, 12, 4.1, 0.25), 963)).toBeCloseTo(8.369703, 6)
  expect(at(bath(0, 11, 6, 1, 1.5), 965)).toBeCloseTo(7.589227, 6)
})

test('three conductivities hit their reference values and stay about 5 % apart', () => {
  const rows: readonly (readonly [BathComposition, number, number, number, number])[] = [
    [bath(3, 11, 5), 960, 2.15178, 2.201448, 2.092119],
    [bath(2.5, 12, 4.1, 0.25), 963, 2.156131, 2.215015, 2.100588],
    [bath(3, 10, 6.5, 0.3), 969.4, 2.169732, 2.221793, 2.114255],
  ]
  for (const [composition, bath_C, hives, wang, choudhary] of rows) {
    const bath_K = bath_C + 273.15
    expect(conductivity_S_cm('choudhary', composition, bath_K)).toBeCloseTo(choudhary, 6)
    expect(conductivity_S_cm('hives', composition, bath_C + 273.15)).toBeCloseTo(hives, 6)
    expect(conductivity_S_cm('wang', composition, bath_C + 273.15)).toBeCloseTo(wang, 6)
  }
})

test('the bath ratio agrees with its second published form where no LiF or MgF2 is present', () => {
  expect(bathRatio(bath(0, 0, 0))).toBeCloseTo(1.5, 14)
  const left = 100 - 5 - 3
  const second = (1.5 * (left - 11)) / (left + 1.5 * 11)
  expect(bathRatio(bath(3, 11, 5))).toBeCloseTo(second, 12)
})

test('the alternatives stay where their cases say', () => {
  for (const { id, expected, got, tolerance } of bathCases()) {
    expect(Math.abs(got - expected), `${id}: ${got}`).toBeLessThanOrEqual(tolerance)
  }
})

test('the density of cryolite at 1000 C is the known one, and excess AlF3 lowers it', () => {
  expect(density_kg_m3(bath(0, 0, 0), 1000)).toBeCloseTo(2112, 0)
  expect(density_kg_m3(bath(0, 11, 0), 1000)).toBeLessThan(density_kg_m3(bath(0, 0, 0), 1000))
})
