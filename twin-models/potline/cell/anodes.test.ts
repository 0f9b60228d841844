import { expect, test } from 'vitest'
import { bathComposition, conductivityWang_S_cm } from '../bath.ts'
import { bathLane, bathValue } from '../bath-lane.ts'
import { rc350 } from '../lumped/rc-350.ts'
import { cellVoltage_V, VOLTAGE_PARTS, voltageIndex } from '../voltage.ts'
import { advanceAnodes, changeAnode } from './anodes.ts'
import { anodeCases, RC_350_ANODES, RC_350_BATH, unevenImage } from './anodes-cases.ts'
import {
  type AnodeImage,
  anode,
  anodeImage,
  anodeResult,
  part,
  setAnode,
  solveImage,
  totalCurrent_A,
} from './anodes-image.ts'
import { anodePart } from './anodes-places.ts'
import { LANES } from './layout.ts'

const LINE_A = 350e3

/** A seeded sequence in [0, 1). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

const nominal = (line_A = LINE_A): AnodeImage =>
  anodeImage(36, RC_350_ANODES, RC_350_BATH, line_A, 0.042)

const setAlumina = (image: AnodeImage, index: number, share: number): void => {
  image.m[image.aluminaAt + LANES * index] = share
}

test('the network meets its closed form and the voltage of the cell as one anode', () => {
  for (const { id, expected, got, tolerance } of anodeCases()) {
    expect(Math.abs(got - expected), id).toBeLessThanOrEqual(tolerance)
  }
})

test('every part of the voltage of equal anodes is that of the cell as one anode', () => {
  const parts = new Float64Array(VOLTAGE_PARTS)
  const bath = bathComposition(RC_350_BATH)
  for (const line_A of [LINE_A, 30e3]) {
    cellVoltage_V(rc350(1), 0, line_A, 0.042, RC_350_BATH.bath_K, bath, parts)
    const image = nominal(line_A)
    solveImage(image, line_A, 2)
    for (const key of Object.keys(voltageIndex).slice(0, 8) as (keyof typeof voltageIndex)[]) {
      expect(part(image, key as keyof typeof anodePart)).toBeCloseTo(parts[voltageIndex[key]]!, 10)
    }
  }
})

test('the parts add up to the cell voltage, and its slope is the true one', () => {
  const image = unevenImage(LINE_A)
  const cell_V = solveImage(image, LINE_A, 6)
  let sum_V = 0
  for (let i = 0; i < anodePart.cell_V; i++) sum_V += image.m[image.partsAt + LANES * i]!
  expect(sum_V).toBeCloseTo(cell_V, 13)
  const slope_Ohm = part(image, 'slope_Ohm')
  const more_V = solveImage(image, LINE_A + 10, 6)
  expect((more_V - cell_V) / 10 / slope_Ohm).toBeCloseTo(1, 3)
})

test('the cell voltage times the line current is the power of all anodes', () => {
  const image = unevenImage(LINE_A)
  solveImage(image, LINE_A, 6)
  let power_W = 0
  for (let i = 0; i < 36; i++) {
    power_W += anode(image, i, 'current_A') * anodeResult(image, i, 'branch_V')
  }
  const common_V = part(image, 'cathode_V') + LINE_A * 1.25e-6
  expect(power_W / LINE_A + common_V).toBeCloseTo(part(image, 'cell_V'), 12)
})

test('any anodes at any current stay finite, add up, and converge', () => {
  const random = seeded(5)
  const image = nominal()
  for (let round = 0; round < 300; round++) {
    const line_A = round % 10 === 0 ? 0 : 450e3 * random()
    for (let i = 0; i < 36; i++) {
      setAlumina(image, i, random() < 0.1 ? -0.001 : 0.08 * random())
      setAnode(image, i, 'acd_m', 0.01 + 0.06 * random())
      setAnode(image, i, 'age_s', 3e6 * random())
      setAnode(image, i, 'deficit_J', random() < 0.1 ? 8e8 * random() : 0)
      setAnode(image, i, 'current_A', (line_A / 36) * 2 * random())
    }
    const rough_V = solveImage(image, line_A, 2)
    expect(Math.abs(totalCurrent_A(image) - line_A)).toBeLessThan(1e-6)
    expect(rough_V).toBeGreaterThan(0.5)
    expect(rough_V).toBeLessThan(100)
    const cell_V = solveImage(image, line_A, 30)
    expect(part(image, 'mismatch_V')).toBeLessThan(1e-9)
    expect(Math.abs(totalCurrent_A(image) - line_A)).toBeLessThan(1e-6)
    expect(cell_V).toBeGreaterThan(0.5)
  }
})

test('an anode short of alumina is starved and hands its current to the others', () => {
  const image = nominal()
  const calm_V = solveImage(image, LINE_A, 3)
  const before_A = anode(image, 4, 'current_A')
  expect(part(image, 'starved')).toBe(0)
  setAlumina(image, 4, 0.012)
  const cell_V = solveImage(image, LINE_A, 20)
  expect(anodeResult(image, 4, 'starved')).toBe(1)
  expect(part(image, 'starved')).toBeCloseTo(1 / 36, 12)
  expect(anode(image, 4, 'current_A')).toBeLessThan(0.5 * before_A)
  for (let i = 0; i < 36; i++) {
    if (i !== 4) expect(anode(image, i, 'current_A')).toBeGreaterThan(before_A)
  }
  expect(cell_V).toBeGreaterThan(calm_V)
})

test('a wider gap or less alumina takes current from an anode', () => {
  const image = nominal()
  setAnode(image, 3, 'acd_m', 0.045)
  setAlumina(image, 9, 0.023)
  solveImage(image, LINE_A, 5)
  expect(anode(image, 3, 'current_A')).toBeLessThan(anode(image, 0, 'current_A'))
  expect(anode(image, 9, 'current_A')).toBeLessThan(anode(image, 0, 'current_A'))
})

test('a new anode is cold, takes heat from the bath, and picks its current up in a day', () => {
  const image = nominal()
  const { m, anodes, factorsAt, anodesAt } = image
  solveImage(image, LINE_A, 5)
  const share_A = LINE_A / 36
  changeAnode(m, anodes, factorsAt, anodesAt, 7)
  expect(anode(image, 7, 'age_s')).toBe(0)
  let taken_J = 0
  const at: number[] = []
  for (let minute = 0; minute <= 36 * 60; minute++) {
    solveImage(image, LINE_A, 2)
    expect(part(image, 'mismatch_V')).toBeLessThan(0.02)
    if (minute % 720 === 0) at.push(anode(image, 7, 'current_A') / share_A)
    taken_J += advanceAnodes(m, anodes, factorsAt, anodesAt, 60, 0, 0)
  }
  expect(at[0]).toBeLessThan(0.1)
  expect(at[1]).toBeGreaterThan(0.3)
  expect(at[1]).toBeLessThan(0.7)
  expect(at[2]).toBeGreaterThan(0.8)
  expect(taken_J + anode(image, 7, 'deficit_J')).toBeCloseTo(RC_350_ANODES.coldAnode_J, 0)
})

test('burn-off and the rising metal move the distance as their volumes say', () => {
  const image = nominal()
  const { m, anodes, factorsAt, anodesAt } = image
  advanceAnodes(m, anodes, factorsAt, anodesAt, 86_400, 0.945, -0.02)
  const metal_kg = (0.945 * LINE_A * 0.026981538 * 86_400) / (3 * 96485.33212)
  const burnt_m = (0.41 * metal_kg) / (1550 * RC_350_ANODES.anodeArea_m2)
  for (const i of [0, 35]) expect(anode(image, i, 'acd_m')).toBeCloseTo(0.042 + burnt_m - 0.02, 12)
  expect(anode(image, 0, 'age_s')).toBe(15 * 86_400)
})

test('an old anode carries more current than a new one that is warm', () => {
  const image = nominal()
  setAnode(image, 0, 'age_s', 0)
  setAnode(image, 1, 'age_s', RC_350_ANODES.anodeLife_s)
  solveImage(image, LINE_A, 4)
  expect(anode(image, 1, 'current_A')).toBeGreaterThan(anode(image, 2, 'current_A'))
  expect(anode(image, 0, 'current_A')).toBeLessThan(anode(image, 2, 'current_A'))
})

test('the lanes of a tile do not touch each other', () => {
  const image = nominal()
  const apart = anodeImage(36, RC_350_ANODES, RC_350_BATH, LINE_A, 0.042, 3)
  solveImage(image, LINE_A, 2)
  solveImage(apart, LINE_A, 2)
  expect(part(apart, 'cell_V')).toBe(part(image, 'cell_V'))
  for (let i = 0; i < apart.m.length; i++) if (i % LANES !== 3) expect(apart.m[i]).toBe(0)
})

test('the bath of a lane is that of its correlations, with the slope of its conductivity', () => {
  const { m, bathAt } = nominal()
  const conductivity = () => m[bathAt + LANES * bathValue.conductivity_S_m]!
  m[bathAt + LANES * bathValue.wang] = 1
  bathLane(m, bathAt)
  const bath = bathComposition(RC_350_BATH)
  expect(conductivity()).toBe(100 * conductivityWang_S_cm(bath, RC_350_BATH.bath_K))
  for (const wang of [0, 1]) {
    m[bathAt + LANES * bathValue.wang] = wang
    const at = (alumina_wtpct: number): number => {
      m[bathAt + LANES * bathValue.alumina_wtpct] = alumina_wtpct
      bathLane(m, bathAt)
      return Math.log(conductivity())
    }
    const slope = (at(2.6 + 1e-3) - at(2.6 - 1e-3)) / 2e-3
    expect(m[bathAt + LANES * bathValue.conductivitySlope]! / slope).toBeCloseTo(1, 4)
  }
})
