import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Random, seededRandom } from '#engine/core/random.ts'
import potline350 from '../parameters/potline-350.json' with { type: 'json' }
import type { CellBank } from './bank.ts'
import { openCells } from './cells.ts'
import { cellLayout, inputPlace, outputPlace, type StateKey, statePlace } from './layout.ts'
import { balanceHeat } from './nominal.ts'
import { PARAMETER_SCALARS } from './parameter-fields.ts'
import {
  BALANCED,
  type CellParameters,
  cellParameters,
  type ParameterKey,
  parameterOf,
  setParameter,
} from './parameters.ts'
import { inputsOf, SMALL } from './test-day.ts'

const CELLS = 4
const WEEK_S = 7 * 86_400
const STEP_S = 60
const QUARTER_S = 21_600
const RUNS = 20

/** Inputs for six hours at a time: factors of nominal, and now and then the end of a range. */
function anyOperation(random: Random) {
  const either = (...values: readonly number[]) => values[random.integer(values.length)]!
  const between = (low: number, high: number) => low + (high - low) * random.uniform()
  return {
    line: either(1, 1, 0, between(0, 1), between(0.8, 1.3)),
    feed: Array.from({ length: SMALL.feeders }, () => either(1, 1, between(0, 2), 0, 4)),
    shot_kg_s: either(0, 0, 100),
    metalTap_kg_s: either(0, 10, 10_000),
    bathTap_kg_s: either(0, 0.01, 10_000),
    alf3_kg_s: either(0, 0.001, 5),
    beam_m_s: either(0, between(-1e-5, 1e-5)),
    heat_W: either(0, 0, between(-2e6, 2e6)),
    tilt_m: either(0, between(-0.02, 0.02)),
    anode: random.integer(SMALL.anodes + 1),
    quench: random.integer(2),
  }
}
type Operation = ReturnType<typeof anyOperation>

/** A few parameters anywhere in their range, the rest nearby. */
function vary(parameters: CellParameters, cell: number, random: Random): void {
  for (const [key, , , low, high] of PARAMETER_SCALARS) {
    const value = parameterOf(parameters, cell, key) * (0.8 + 0.45 * random.uniform())
    setParameter(parameters, cell, key, Math.min(Math.max(value, low), high))
  }
  for (let i = random.integer(4); i > 0; i--) {
    const [key, , , low, high] = PARAMETER_SCALARS[random.integer(PARAMETER_SCALARS.length)]!
    const at = random.uniform()
    const value = low > 0 ? low * Math.exp(at * Math.log(high / low)) : at * high
    setParameter(parameters, cell, key, Math.min(Math.max(value, low), high))
  }
  for (const key of ['wangConductivity', 'gapLessBubbles', 'acdDrift'] as const) {
    setParameter(parameters, cell, key, random.integer(2))
  }
}

function operate(
  bank: CellBank,
  cell: number,
  how: Operation,
  nominal: Float64Array,
  first: boolean,
) {
  const put = (place: number, value: number) => {
    bank.input[bank.inputAt(cell, place)] = value
  }
  put(inputPlace.line_A, how.line * nominal[inputPlace.line_A]!)
  const { first: feed, count } = bank.layout.input.feed_kg_s
  for (let j = 0; j < count; j++) put(feed + j, how.feed[j]! * nominal[feed + j]!)
  if (first) put(feed, how.shot_kg_s)
  put(inputPlace.metalTap_kg_s, first ? how.metalTap_kg_s : 0)
  put(inputPlace.bathTap_kg_s, first ? how.bathTap_kg_s : 0)
  put(inputPlace.alf3Feed_kg_s, first ? how.alf3_kg_s : 0)
  put(inputPlace.beam_m_s, how.beam_m_s)
  put(inputPlace.heat_W, how.heat_W)
  put(inputPlace.metalTilt_m, how.tilt_m)
  put(inputPlace.anodeChange, first ? how.anode : 0)
  put(inputPlace.quench, how.quench)
}

const MASSES = [
  'alf3_kg',
  'caf2_kg',
  'mgf2_kg',
  'lif_kg',
  'cryolite_kg',
  'frozen_kg',
  'metal_kg',
  'sludge_kg',
] as const satisfies readonly StateKey[]

/** What is wrong with a bank after a step; empty when nothing is. */
function problems(bank: CellBank, cell: number): string {
  for (const [i, { name }] of bank.layout.states.entries()) {
    const value = bank.state[bank.stateAt(cell, i)]!
    if (!Number.isFinite(value)) return `state ${name} is ${value}`
  }
  for (const [i, { name }] of bank.layout.outputs.entries()) {
    const value = bank.output[bank.outputAt(cell, i)]!
    if (!Number.isFinite(value)) return `output ${name} is ${value}`
  }
  for (const key of MASSES) {
    if (bank.state[bank.stateAt(cell, statePlace[key])]! < 0) return `${key} is negative`
  }
  const { dissolvedA_kg, undissolvedB_kg } = bank.layout.state
  for (let i = dissolvedA_kg.first; i < undissolvedB_kg.first + undissolvedB_kg.count; i++) {
    if (bank.state[bank.stateAt(cell, i)]! < 0) return 'a node has negative alumina'
  }
  const get = (key: keyof typeof outputPlace) => bank.output[bank.outputAt(cell, outputPlace[key])]!
  const solid_kg = get('undissolved_kg') + bank.state[bank.stateAt(cell, statePlace.sludge_kg)]!
  if (get('alumina') > 1.001 * get('saturation') && !(solid_kg > 0)) return 'above saturation'
  if (!(get('massResidual') < 1e-9)) return `massResidual is ${get('massResidual')}`
  if (!(Math.abs(get('energyResidual')) < 1e-6)) return `energyResidual ${get('energyResidual')}`
  return ''
}

/** One simulated week of four cells; false where one of them has no steady state to start from. */
function week(seed: number): boolean {
  const random = seededRandom(seed)
  const parameters = cellParameters(potline350, CELLS, SMALL)
  for (let cell = 0; cell < CELLS; cell++) vary(parameters, cell, random)
  try {
    balanceHeat(parameters)
  } catch (error) {
    expect(String(error)).toMatch(/RangeError: .*cell \d/)
    return false
  }
  const bank = openCells(parameters)
  const nominal = Array.from({ length: CELLS }, (_, cell) => inputsOf(bank, cell))
  const steps = Math.round(QUARTER_S / STEP_S)
  for (let quarter = 0; quarter < WEEK_S / QUARTER_S; quarter++) {
    const how = nominal.map(() => anyOperation(random))
    for (let step = 0; step < steps; step++) {
      if (step < 2) {
        how.forEach((one, cell) => {
          operate(bank, cell, one, nominal[cell]!, step === 0)
        })
      }
      bank.advance(STEP_S)
      if (step > 2 && step % 40 > 0) continue
      for (let cell = 0; cell < CELLS; cell++) {
        expect(problems(bank, cell), `quarter ${quarter}, step ${step}, cell ${cell}`).toBe('')
      }
    }
  }
  return true
}

test('a week of any admissible operation of any admissible cells keeps its promises', () => {
  let done = 0
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e9 }), seed => {
      if (week(seed)) done += 1
    }),
    { numRuns: RUNS, seed: 7 },
  )
  expect(done).toBeGreaterThan(RUNS / 2)
})

test('an impossible parameter is refused with its name and its range', () => {
  const scalar = fc.constantFrom(...PARAMETER_SCALARS.filter(([key]) => !BALANCED.includes(key)))
  fc.assert(
    fc.property(scalar, fc.boolean(), ([key, unit, , low, high], above) => {
      const set = structuredClone(potline350) as {
        parameters: Record<string, { value: number; source: string }>
      }
      const value = above ? high * 1.01 + 1e-9 : low - 0.01 * Math.abs(low) - 1e-9
      set.parameters[key] = { value, source: 'a test' }
      const wrong = () => cellParameters(set as never, 1)
      expect(wrong).toThrow(RangeError)
      expect(wrong).toThrow(`parameter ${key} of cell 1 is ${value} ${unit}; ${low} to ${high}`)
    }),
  )
  const missing = structuredClone(potline350) as { parameters: Record<string, unknown> }
  delete missing.parameters.fusion_J_kg
  expect(() => cellParameters(missing as never, 1)).toThrow('parameter fusion_J_kg is missing')
  expect(() => cellLayout({ ...SMALL, anodes: 7 })).toThrow(/even number/)
  const key: ParameterKey = 'nominalAcd_m'
  expect(parameterOf(cellParameters(potline350, 1), 0, key)).toBe(0.042)
})
