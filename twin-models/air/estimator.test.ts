import { expect, test } from 'vitest'
import { ROOM_READINGS, roomEstimator, roomReading } from './estimator.ts'
import { airInput, airState } from './layout.ts'
import { officeRooms } from './parameters.ts'
import { airModel } from './room.ts'
import { roomRow } from './tuning.ts'

/** Repeatable noise of unit variance. */
function noise() {
  let seed = 12_345
  const uniform = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 4_294_967_296
  }
  return () => Math.sqrt(12) * (uniform() + uniform() + uniform() - 1.5) * (1 / Math.sqrt(3))
}

/** A simulated day: 0.9 air changes an hour; three people from hour 8 to 12 and 13 to 17. */
function simulatedDay(withMotion: boolean) {
  const parameters = officeRooms(1)
  const plant = new Float64Array(airModel.states.length)
  const input = new Float64Array(airModel.inputs.length)
  const output = new Float64Array(airModel.outputs.length)
  airModel.initialise(parameters, plant)
  input[airInput.ventilation_m3_s] = (0.9 * parameters.volume_m3[0]!) / 3600
  input[airInput.outdoorCo2_1] = 420e-6
  input[airInput.outdoorHumidity_1] = 0.006
  input[airInput.outdoor_K] = 285
  const estimator = roomEstimator(parameters)
  const reading = new Float64Array(ROOM_READINGS).fill(Number.NaN)
  const normal = noise()
  const rows: { hour: number; truth: number; people: number; std: number; airChange: number }[] = []
  for (let tick = 0; tick < 2880; tick++) {
    const hour = tick / 120
    const truth = (hour >= 8 && hour < 12) || (hour >= 13 && hour < 17) ? 3 : 0
    input[airInput.occupants_1] = truth
    airModel.advance(parameters, plant, input, 30, output)
    reading[roomReading.co2_1] = plant[airState.co2_1]! + 3e-6 * normal()
    reading[roomReading.air_K] = plant[airState.air_K]! + 0.03 * normal()
    if (withMotion) reading[roomReading.motion] = truth > 0 && tick % 3 === 0 ? 1 : 0
    const { mean, std } = estimator.step(0, 30, reading)
    rows.push({
      hour,
      truth,
      people: mean[roomRow.occupants_1]!,
      std: std[roomRow.occupants_1]!,
      airChange: 3600 * Math.exp(mean[roomRow.logAirChange]!),
    })
  }
  return { rows, estimator }
}

/** Of these days tests read the rows alone. */
const [still, moving] = [simulatedDay(false).rows, simulatedDay(true).rows]

test('the estimator counts the people of a simulated day and says how sure it is', () => {
  for (const withMotion of [false, true]) {
    const rows = withMotion ? moving : still
    const settled = rows.filter(row => row.hour > 1 && Math.abs((row.hour % 4) - 1) > 0.5)
    const mae = settled.reduce((sum, r) => sum + Math.abs(r.people - r.truth), 0) / settled.length
    const inside = settled.filter(r => Math.abs(r.people - r.truth) <= 1.96 * r.std).length
    expect(mae).toBeLessThan(withMotion ? 0.35 : 0.5)
    expect(inside / settled.length).toBeGreaterThan(0.85)
  }
})

test('once people have left, the decay tells the air changes within a quarter', () => {
  const evening = moving.filter(row => row.hour > 18.5 && row.hour < 20)
  const mean = evening.reduce((sum, row) => sum + row.airChange, 0) / evening.length
  expect(mean).toBeGreaterThan(0.9 * 0.75)
  expect(mean).toBeLessThan(0.9 * 1.25)
})

test('nothing measured leaves the band to grow to its cap and never a NaN', () => {
  const { estimator } = simulatedDay(false)
  const nothing = new Float64Array(ROOM_READINGS).fill(Number.NaN)
  const before = estimator.estimate.std[roomRow.co2_1]!
  for (let i = 0; i < 200; i++) estimator.step(0, 3600, nothing)
  const { mean, std, expected, expectedStd } = estimator.estimate
  for (const values of [mean, std, expected, expectedStd]) {
    expect(values.every(Number.isFinite)).toBe(true)
  }
  expect(std[roomRow.co2_1]!).toBeGreaterThan(5 * before)
  expect(std[roomRow.logAirChange]!).toBeLessThanOrEqual(0.81)
})

test('equal readings give equal bytes, and its memory is all it remembers', () => {
  const { estimator: one } = simulatedDay(true)
  const { estimator: other } = simulatedDay(true)
  const bytes = (values: Float64Array) => Buffer.from(values.buffer)
  expect(bytes(one.memory).equals(bytes(other.memory))).toBe(true)
  const fresh = roomEstimator(officeRooms(1))
  fresh.memory.set(one.memory)
  const reading = Float64Array.of(6e-4, 296, Number.NaN, Number.NaN, Number.NaN, 1, Number.NaN)
  one.step(0, 30, reading)
  fresh.step(0, 30, reading)
  expect(bytes(fresh.memory).equals(bytes(one.memory))).toBe(true)
})
