import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MACHINE_INPUTS, machineOutput, machineState } from './layout.ts'
import { machineModel } from './motor.ts'
import { MACHINE_RANGES, motors } from './parameters.ts'

/** A share of a range, spread over its orders of magnitude where it has many. */
function within(low: number, high: number, share: number): number {
  if (low > 0 && high / low > 100) {
    return Math.min(high, low * Math.exp(share * Math.log(high / low)))
  }
  return low + share * (high - low)
}

/** Parameters whose pairs must rise are left at their usual values. */
const FREE = Object.entries(MACHINE_RANGES).filter(
  ([name]) => !/^zone|_1$/.test(name) || /bearing|standstill/.test(name),
)
const shares = (count: number) =>
  fc.array(
    fc.integer({ min: 0, max: 1000 }).map(n => n / 1000),
    { minLength: count, maxLength: count },
  )

test('no admissible motor or input of a week gives a NaN, deep cold, or an open balance', () => {
  fc.assert(
    fc.property(shares(FREE.length), shares(4 * MACHINE_INPUTS.length), (where, fed) => {
      const given = FREE.map(([name, { low, high }], i) => [name, within(low, high, where[i]!)])
      const parameters = motors(1, Object.fromEntries(given))
      const state = new Float64Array(machineModel.states.length)
      const output = new Float64Array(machineModel.outputs.length)
      machineModel.initialise(parameters, state)
      for (let hour = 0; hour < 168; hour++) {
        const input = Float64Array.from(MACHINE_INPUTS, ({ low, high }, i) =>
          within(low, high, fed[(hour % 4) * MACHINE_INPUTS.length + i]!),
        )
        machineModel.advance(parameters, state, input, hour % 10 === 0 ? 3600 : 60, output)
        expect(state.every(Number.isFinite)).toBe(true)
        expect(state[machineState.winding_K]).toBeGreaterThan(200)
        expect(Math.abs(output[machineOutput.energyResidual_1]!)).toBeLessThan(1e-6)
      }
    }),
    { numRuns: 60, seed: 7 },
  )
})
