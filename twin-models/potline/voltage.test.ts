import { expect, test } from 'vitest'
import { bathComposition } from './bath.ts'
import fixtures from './fixtures.json' with { type: 'json' }
import { rc350 } from './lumped/rc-350.ts'
import {
  bubbleCoverage,
  bubbleLayer_cm,
  cellVoltage_V,
  EXACT_SLOPES,
  VOLTAGE_PARTS,
  type VoltageParameters,
  voltageIndex,
} from './voltage.ts'

const one = (value: number): Float64Array => Float64Array.of(value)

/** The cell of the published notebook, with its rounding of the constants. */
const published: VoltageParameters = {
  conductivity: 'wang',
  gapLessBubbles: false,
  slopes: {
    reversible_V_K: 8.3145 / (12 * 96485.3329),
    anodeSurface_V_K: 1 / 12533,
    anodeConcentration_V_K: 1 / 23209,
    cathode_V_K: 5.744815304e-5,
  },
  anodeArea_m2: one(10.4652),
  anodeCount: one(20),
  fanning: one(1.1382),
  cathodeArea_m2: one(11.5348),
  anodeEffectAlumina_share: one(0.018),
  bubbleCover: one(0.9),
  anode_Ohm: one(3.02e-6),
  cathode_Ohm: one(2.15e-6),
  bus_Ohm: one(2.01e-6),
  lowCurrent_A: one(0),
}

const parts = new Float64Array(VOLTAGE_PARTS)

function publishedVoltage_V(line_A: number, acd_m: number, alumina_wtpct: number): number {
  const bath = bathComposition({
    alumina_wtpct,
    alf3_wtpct: 12,
    caf2_wtpct: 4.1,
    mgf2_wtpct: 0.25,
  })
  return cellVoltage_V(published, 0, line_A, acd_m, 963 + 273.15, bath, parts)
}

test('all 50 points of the published voltage curve are met within 1e-8 V', () => {
  const { first_wtpct, step_wtpct, voltage_V } = fixtures.publishedCurve
  expect(voltage_V.length).toBe(50)
  voltage_V.forEach((expected_V, i) => {
    const actual_V = publishedVoltage_V(126_000, 0.029, first_wtpct + i * step_wtpct)
    expect(Math.abs(actual_V - expected_V)).toBeLessThan(1e-8)
  })
})

test('the curve has its minimum at 4.44 % alumina and is steep only on the lean side', () => {
  const at = (alumina: number) => publishedVoltage_V(126_500, 0.027, alumina)
  expect(at(4.44014)).toBeCloseTo(4.364255122, 6)
  expect(at(4.43)).toBeGreaterThan(at(4.44014))
  expect(at(4.45)).toBeGreaterThan(at(4.44014))
  const slope = (alumina: number) => (at(alumina + 1e-4) - at(alumina - 1e-4)) / 2e-4
  expect(slope(2)).toBeCloseTo(-1.0756, 3)
  expect(slope(2.5)).toBeCloseTo(-0.121, 3)
  expect(slope(4)).toBeCloseTo(-0.0068, 3)
})

test('the 36 anode example is met by component', () => {
  const line: VoltageParameters = {
    ...published,
    slopes: EXACT_SLOPES,
    gapLessBubbles: true,
    anodeArea_m2: one(30.744),
    anodeCount: one(36),
    fanning: one(1),
    cathodeArea_m2: one(1.1 * 30.744),
    bubbleCover: one(1),
    anode_Ohm: one(0.815 / 307_440),
    cathode_Ohm: one(0),
    bus_Ohm: one(0),
  }
  const bath = bathComposition({
    alumina_wtpct: 3,
    alf3_wtpct: 10,
    caf2_wtpct: 6.5,
    mgf2_wtpct: 0.3,
  })
  const cell_V = cellVoltage_V(line, 0, 307_440, 0.042, 969.4 + 273.15, bath, parts)
  expect(cell_V).toBeCloseTo(4.679064, 4)
  expect(parts[voltageIndex.reversible_V]).toBeCloseTo(1.213704, 6)
  expect(parts[voltageIndex.anodeConcentration_V]).toBeCloseTo(0.032802, 5)
  expect(parts[voltageIndex.anodeSurface_V]).toBeCloseTo(0.518298, 4)
  expect(parts[voltageIndex.cathode_V]).toBeCloseTo(0.098219, 5)
  expect(parts[voltageIndex.conductivity_S_m]).toBeCloseTo(222.1793, 4)
  expect(parts[voltageIndex.bubbleLayer_m]).toBeCloseTo(0.00489959, 8)
  expect(parts[voltageIndex.bubbleCover]).toBeCloseTo(0.600301, 6)
  expect(parts[voltageIndex.bath_V]).toBeCloseTo(1.669841, 5)
  expect(parts[voltageIndex.bubble_V]).toBeCloseTo(0.331201, 6)
})

const nominalBath = bathComposition({
  alumina_wtpct: 2.6,
  alf3_wtpct: 11,
  caf2_wtpct: 5,
  mgf2_wtpct: 0.3,
})
const NOMINAL_K = fixtures.nominal.bath_C + 273.15

test('the nominal cell has its reference breakdown', () => {
  const cell_V = cellVoltage_V(rc350(1), 0, 350e3, 0.042, NOMINAL_K, nominalBath, parts)
  const { voltage } = fixtures.nominal
  expect(cell_V).toBeCloseTo(voltage.V, 12)
  expect(parts[voltageIndex.reversible_V]).toBeCloseTo(voltage.Erev, 12)
  expect(parts[voltageIndex.anodeConcentration_V]).toBeCloseTo(voltage.Eca, 12)
  expect(parts[voltageIndex.anodeSurface_V]).toBeCloseTo(voltage.Esa, 12)
  expect(parts[voltageIndex.cathode_V]).toBeCloseTo(voltage.Ecc, 12)
  expect(parts[voltageIndex.bath_V]).toBeCloseTo(voltage.Vbath, 12)
  expect(parts[voltageIndex.bubble_V]).toBeCloseTo(voltage.Vbub, 12)
  expect(parts[voltageIndex.ohmic_V]).toBeCloseTo(voltage.Vext, 12)
  expect(parts[voltageIndex.bubbleCover]).toBeCloseTo(voltage.phi, 12)
  expect(parts[voltageIndex.criticalDensity_A_m2]).toBeCloseTo(1e4 * voltage.ic, 8)
})

test('one millimetre of distance is worth 38 mV at nominal', () => {
  const at = (acd_m: number) =>
    cellVoltage_V(rc350(1), 0, 350e3, acd_m, NOMINAL_K, nominalBath, parts)
  expect(1000 * (at(0.0425) - at(0.0415))).toBeCloseTo(38, 0)
})

test('starving a cell raises its voltage until gas covers the anodes, where it stays', () => {
  const cell = rc350(1)
  let before_V = 0
  for (let alumina_wtpct = 2.6; alumina_wtpct > 0; alumina_wtpct -= 0.01) {
    const bath = { ...nominalBath, alumina_wtpct }
    const cell_V = cellVoltage_V(cell, 0, 350e3, 0.042, NOMINAL_K, bath, parts)
    if (parts[voltageIndex.bubbleCover]! < 0.97) expect(cell_V).toBeGreaterThan(before_V)
    else expect(cell_V).toBeGreaterThan(9.5)
    expect(cell_V).toBeLessThan(11)
    before_V = cell_V
  }
  expect(parts[voltageIndex.bubbleCover]).toBe(0.97)
})

test('bubble coverage does not run into the pole below the onset of anode effects', () => {
  expect(bubbleCoverage(0.83, 1.2, -0.136)).toBe(bubbleCoverage(0.83, 1.2, -0.05))
  expect(bubbleCoverage(0.83, 1.2, -0.05)).toBeGreaterThan(bubbleCoverage(0.83, 1.2, 0))
  expect(bubbleLayer_cm(1)).toBeCloseTo(0.489959, 6)
})

test('the voltage goes to the reversible potential with the current, without a jump', () => {
  const cell = rc350(1)
  const at = (line_A: number) =>
    cellVoltage_V(cell, 0, line_A, 0.042, NOMINAL_K, nominalBath, parts)
  expect(at(0)).toBeCloseTo(fixtures.nominal.voltage.Erev, 12)
  expect(at(1)).toBeCloseTo(at(0), 3)
  expect(at(70e3 - 1e-3)).toBeCloseTo(at(70e3 + 1e-3), 6)
  let before_V = at(0)
  for (let line_A = 1e3; line_A <= 350e3; line_A += 1e3) {
    const cell_V = at(line_A)
    expect(cell_V).toBeGreaterThan(before_V)
    before_V = cell_V
  }
})
