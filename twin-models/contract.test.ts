import { expect, test } from 'vitest'
import { checkProcessModel } from './contract.ts'
import type { ProcessModel, Quantity } from './model.ts'

const level: Quantity = {
  name: 'level_m',
  unit: 'm',
  text: 'level',
  low: 0,
  high: 10,
  display: { unit: 'm', scale: 1, offset: 0, digits: 1 },
}

interface Tank {
  readonly drain_per_s: Float64Array // [cell]
}

/** A tank with inflow, solved exactly; `spoil` breaks one promise at a time. */
function tank(spoil: (state: Float64Array, dt_s: number) => void = () => {}): ProcessModel<Tank> {
  return {
    name: 'tank',
    version: '1',
    inputs: [{ ...level, name: 'inflow_m_s' }],
    states: [level],
    outputs: [{ ...level, name: 'shown_m' }],
    sources: [],
    initialise: (_, state) => state.fill(1),
    advance(parameters, state, input, dt_s, output) {
      for (let cell = 0; cell < state.length; cell++) {
        const rate = parameters.drain_per_s[cell]!
        const rest = input[cell]! / rate
        state[cell] = rest + (state[cell]! - rest) * Math.exp(-rate * dt_s)
      }
      spoil(state, dt_s)
      output.set(state)
    },
  }
}

const parameters: Tank = { drain_per_s: Float64Array.of(0.01, 0.02, 0.03) }
const input = Float64Array.of(0.01, 0.05, 0.02)
const check = { duration_s: 3600, step_s: 60, tolerance: 1e-6 }
const problemsOf = (model: ProcessModel<Tank>) =>
  checkProcessModel(model, parameters, 3, input, check).join('\n')

test('a model that keeps its promises has no problems', () => {
  expect(problemsOf(tank())).toBe('')
})

test('hidden memory is found', () => {
  let calls = 0
  const forgetful = tank(state => {
    calls += 1
    state[0] = state[0]! + 1e-9 * calls
  })
  expect(problemsOf(forgetful)).toContain('different bytes')
})

test('cells that reach into each other are found', () => {
  const leaky = tank(state => {
    state[0] = state[2]!
  })
  expect(problemsOf(leaky)).toContain('not independent')
})

test('a step that depends on its length is found', () => {
  const perCall = tank(state => {
    state[1] = state[1]! * 0.999
  })
  expect(problemsOf(perCall)).toContain('long step')
})

test('a field that leaves its range or is not a number is found', () => {
  expect(problemsOf(tank(state => void state.fill(11)))).toContain('leaves its range')
  expect(problemsOf(tank(state => void state.fill(Number.NaN)))).toContain('leaves its range')
})
