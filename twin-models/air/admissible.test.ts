import fc from 'fast-check'
import { expect, test } from 'vitest'
import { AIR_INPUTS, airInput, airOutput, airState } from './layout.ts'
import { AIR_RANGES, officeRooms } from './parameters.ts'
import { airModel } from './room.ts'

/** A share of a range, spread over its orders of magnitude where it has many. */
function within(low: number, high: number, share: number): number {
  if (low > 0 && high / low > 100) {
    return Math.min(high, low * Math.exp(share * Math.log(high / low)))
  }
  return low + share * (high - low)
}

const PLACES = Object.entries(AIR_RANGES)
const shares = (count: number) =>
  fc.array(
    fc.integer({ min: 0, max: 1000 }).map(n => n / 1000),
    { minLength: count, maxLength: count },
  )

/** What is wrong after a step; empty when nothing is. */
function problems(state: Float64Array, output: Float64Array): string[] {
  const least = (name: keyof typeof airState) => state[airState[name]]! >= 0
  const closed = (name: keyof typeof airOutput, most: number) =>
    Math.abs(output[airOutput[name]]!) < most
  const right = {
    finite: state.every(Number.isFinite),
    co2: least('co2_1'),
    humidity: least('humidity_1'),
    particles: least('particles_kg_m3'),
    saturation: output[airOutput.relativeHumidity_1]! < 1 + 1e-9,
    co2Residual: closed('co2Residual_1', 1e-9),
    waterResidual: closed('waterResidual_1', 1e-9),
    particleResidual: closed('particleResidual_1', 1e-9),
    energyResidual: closed('energyResidual_1', 1e-6),
  }
  return Object.entries(right).flatMap(([name, is]) => (is ? [] : [name]))
}

test('no admissible room or input of a week gives a NaN, less than nothing, or an open balance', () => {
  fc.assert(
    fc.property(shares(PLACES.length), shares(4 * AIR_INPUTS.length), (where, fed) => {
      const given = PLACES.map(([name, { low, high }], i) => [name, within(low, high, where[i]!)])
      const parameters = officeRooms(1, Object.fromEntries(given))
      const state = new Float64Array(airModel.states.length)
      const output = new Float64Array(airModel.outputs.length)
      airModel.initialise(parameters, state)
      for (let hour = 0; hour < 168; hour++) {
        const input = Float64Array.from(AIR_INPUTS, ({ low, high }, i) =>
          within(low, high, fed[(hour % 4) * AIR_INPUTS.length + i]!),
        )
        // Without a heater that is set to the room, any room melts or freezes.
        input[airInput.heat_W] = 0
        input[airInput.occupants_1] = Math.min(
          input[airInput.occupants_1]!,
          parameters.volume_m3[0]! / 10,
        )
        airModel.advance(parameters, state, input, hour % 10 === 0 ? 3600 : 60, output)
        expect(problems(state, output), `hour ${hour}`).toEqual([])
      }
    }),
    { numRuns: 60, seed: 7 },
  )
})
