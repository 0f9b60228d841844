/** Numbers that the anode network is held to: the closed form, and the voltage of one cell. */
import { bathComposition } from '../bath.ts'
import { rc350 } from '../lumped/rc-350.ts'
import { cellVoltage_V, VOLTAGE_PARTS } from '../voltage.ts'
import { shareCurrent } from './anodes.ts'
import {
  type AnodeImage,
  anode,
  anodeImage,
  type ImageBath,
  part,
  setAnode,
  solveImage,
  totalCurrent_A,
} from './anodes-image.ts'
import type { AnodeGiven } from './anodes-places.ts'
import { LANES } from './layout.ts'

/** One number against another, by their absolute difference. */
export interface AnodeCase {
  readonly id: string
  readonly text: string
  readonly expected: number
  readonly got: number
  readonly tolerance: number
  readonly source: string
}

const CLOSED_FORM = 'closed form, 20 straight branches'
const OWN = 'voltage of the cell as one anode, ../voltage.ts'

/** The anodes of RC-350, at half their age unless set otherwise. */
export const RC_350_ANODES: AnodeGiven = {
  anodeArea_m2: 36 * 1.55 * 0.7,
  fanning: 1.08,
  cathodeArea_m2: 56,
  anodeEffectAlumina_share: 0.02,
  bubbleCover: 1,
  gapLessBubbles: 1,
  anode_Ohm: 0.85e-6,
  anodeAgeing: 0.3,
  anodeLife_s: 28 * 86_400,
  cathode_Ohm: 0.8e-6,
  bus_Ohm: 0.45e-6,
  lowCurrent_A: 70e3,
  coldAnode_J: 8e8,
  anodeHeating_s: 18_000,
  carbonUse_kg_kg: 0.41,
  anodeDensity_kg_m3: 1550,
  acdDrift: 1,
}

/** The nominal bath of RC-350. */
export const RC_350_BATH: ImageBath = {
  alumina_wtpct: 2.6,
  alf3_wtpct: 11,
  caf2_wtpct: 5,
  mgf2_wtpct: 0.3,
  bath_K: 968.9560698490993 + 273.15,
}

/** 20 straight branches E + R I at 126.5 kA: what one step of the solver makes of them. */
export function straightBranches(): { readonly common_V: number; readonly current_A: number[] } {
  const anodes = 20
  const m = new Float64Array(3 * anodes * LANES)
  const branchAt = LANES * anodes
  const slopeAt = 2 * LANES * anodes
  for (let i = 0; i < anodes; i++) {
    const resistance_Ohm = 100e-6 * (1 + 0.1 * ((i % 3) - 1))
    const start_A = 126_500 / anodes
    m[LANES * i] = start_A
    m[branchAt + LANES * i] = 1.65 + 0.01 * ((i % 4) - 1.5) + resistance_Ohm * start_A
    m[slopeAt + LANES * i] = 1 / resistance_Ohm
  }
  const common_V = shareCurrent(m, anodes, 126_500, 0, branchAt, slopeAt)
  return { common_V, current_A: Array.from({ length: anodes }, (_, i) => m[LANES * i]!) }
}

/** RC-350 with anodes that differ in distance, age and alumina. */
export function unevenImage(line_A: number): AnodeImage {
  const image = anodeImage(36, RC_350_ANODES, RC_350_BATH, line_A, 0.042)
  for (let i = 0; i < 36; i++) {
    setAnode(image, i, 'acd_m', 0.042 + 0.001 * ((i % 5) - 2))
    setAnode(image, i, 'age_s', (i / 35) * RC_350_ANODES.anodeLife_s)
    image.m[image.aluminaAt + LANES * i] = 0.026 + 0.0008 * ((i % 7) - 3)
  }
  return image
}

/** All cases. */
export function anodeCases(): readonly AnodeCase[] {
  return [...closedFormCases(), ...uniformCases(), ...unevenCases()]
}

function closedFormCases(): AnodeCase[] {
  const { common_V, current_A } = straightBranches()
  const named = [7114.051145503958, 6302.646030953562, 5638.769119048694, 6780.717812170627]
  return [
    {
      id: '5.4-voltage',
      text: 'voltage over 20 straight branches, V',
      expected: 2.275264603095356,
      got: common_V,
      tolerance: 1e-12,
      source: CLOSED_FORM,
    },
    ...named.map((expected, i) => ({
      id: `5.4-current-${i}`,
      text: `current of branch ${i}, A`,
      expected,
      got: current_A[i]!,
      tolerance: 1e-8,
      source: CLOSED_FORM,
    })),
    {
      id: '5.4-sum',
      text: 'sum of the currents, A',
      expected: 126_500,
      got: current_A.reduce((sum, one) => sum + one, 0),
      tolerance: 1e-8,
      source: 'line current',
    },
  ]
}

function uniformCases(): AnodeCase[] {
  const cell = rc350(1)
  const parts = new Float64Array(VOLTAGE_PARTS)
  const bath = bathComposition(RC_350_BATH)
  return [350e3, 250e3, 100e3, 50e3, 1e3, 0].map(line_A => {
    const image = anodeImage(36, RC_350_ANODES, RC_350_BATH, line_A, 0.042)
    return {
      id: `5.4-uniform-${line_A / 1000}`,
      text: `36 equal anodes at ${line_A / 1000} kA: cell voltage, V`,
      expected: cellVoltage_V(cell, 0, line_A, 0.042, RC_350_BATH.bath_K, bath, parts),
      got: solveImage(image, line_A, 2),
      tolerance: 1e-9,
      source: OWN,
    }
  })
}

function unevenCases(): AnodeCase[] {
  const two = unevenImage(350e3)
  const five = unevenImage(350e3)
  const two_V = solveImage(two, 350e3, 2)
  const five_V = solveImage(five, 350e3, 5)
  let apart_A = 0
  for (let i = 0; i < 36; i++) {
    const off_A = anode(two, i, 'current_A') - anode(five, i, 'current_A')
    apart_A = Math.max(apart_A, Math.abs(off_A))
  }
  const zero = { expected: 0, source: 'five iterations' }
  return [
    {
      ...zero,
      id: '5.4-iterations-voltage',
      text: 'uneven anodes, cold start: two iterations less five, V',
      got: two_V - five_V,
      tolerance: 1e-5,
    },
    {
      ...zero,
      id: '5.4-iterations-current',
      text: 'uneven anodes: largest difference of a current, A',
      got: apart_A,
      tolerance: 5,
    },
    {
      ...zero,
      id: '5.4-mismatch',
      text: 'voltages over the anodes after five iterations, highest less lowest, V',
      got: part(five, 'mismatch_V'),
      tolerance: 1e-12,
      source: 'one voltage over all',
    },
    {
      id: '5.4-uneven-sum',
      text: 'sum of the currents of uneven anodes, A',
      expected: 350e3,
      got: totalCurrent_A(two),
      tolerance: 1e-6,
      source: 'line current',
    },
  ]
}
