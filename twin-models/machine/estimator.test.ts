import { expect, test } from 'vitest'
import { MOTOR_READINGS, motorEstimator, motorReading, motorRow } from './estimator.ts'
import { Duty, machineInput, machineState } from './layout.ts'
import { machineModel } from './motor.ts'
import { motors } from './parameters.ts'

/** Repeatable noise, uniform with unit variance. */
function noise() {
  let seed = 99
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return Math.sqrt(12) * (seed / 4_294_967_296 - 0.5)
  }
}

/** Hours of a simulated motor in warm air with dirty fins, of which the estimator knows nothing. */
function simulated(hours: number, ambient_K: number, cooling_1: number, dt_s = 5) {
  const parameters = motors(1)
  const plant = new Float64Array(machineModel.states.length)
  const input = new Float64Array(machineModel.inputs.length)
  const output = new Float64Array(machineModel.outputs.length)
  machineModel.initialise(parameters, plant)
  plant[machineState.winding_K] = ambient_K
  plant[machineState.housing_K] = ambient_K
  input[machineInput.ambient_K] = ambient_K
  input[machineInput.cooling_1] = cooling_1
  const estimator = motorEstimator(parameters)
  const reading = new Float64Array(MOTOR_READINGS).fill(Number.NaN)
  const normal = noise()
  const rows: { winding: number; estimate: number; std: number }[] = []
  for (let t = 0; t < (hours * 3600) / dt_s; t++) {
    const minute = ((t * dt_s) / 60) % 90
    input[machineInput.current_A] = minute < 50 ? 26 : minute < 70 ? 12 : 0
    machineModel.advance(parameters, plant, input, dt_s, output)
    reading[motorReading.current_A] = input[machineInput.current_A]! * (1 + 0.01 * normal())
    reading[motorReading.housing_K] = plant[machineState.housing_K]! + 0.4 * normal()
    const { mean, std } = estimator.step(0, dt_s, reading)
    rows.push({
      winding: plant[machineState.winding_K]!,
      estimate: mean[motorRow.winding_K]!,
      std: std[motorRow.winding_K]!,
    })
  }
  return { estimator, reading, rows }
}

test('from current and housing alone the hidden winding is found inside its band', () => {
  for (const [ambient_K, cooling_1] of [
    [298.15, 1],
    [308.15, 0.75],
  ] as const) {
    const { rows } = simulated(12, ambient_K, cooling_1)
    const settled = rows.slice(rows.length / 4)
    const off = settled.map(row => Math.abs(row.winding - row.estimate))
    expect(off.reduce((sum, error) => sum + error, 0) / off.length).toBeLessThan(1.5)
    const inside = settled.filter((row, i) => off[i]! <= 1.96 * row.std).length
    expect(inside / settled.length).toBeGreaterThan(0.95)
  }
})

test('dirty fins and warm air are told apart over changes of load', () => {
  const { estimator } = simulated(24, 308.15, 0.7)
  const { mean, std } = estimator.estimate
  expect(Math.abs(mean[motorRow.ambient_K]! - 308.15)).toBeLessThan(3)
  expect(Math.abs(mean[motorRow.logCooling]! - Math.log(0.7))).toBeLessThan(0.15)
  expect(std[motorRow.logCooling]!).toBeLessThan(0.15)
})

test('without a current the band of the winding grows, unless stillness tells it is off', () => {
  const { estimator, reading } = simulated(1, 298.15, 1)
  const copy = estimator.memory.slice()
  const before = estimator.estimate.std[motorRow.winding_K]!
  const blind = reading.slice()
  blind[motorReading.current_A] = Number.NaN
  for (let i = 0; i < 360; i++) estimator.step(0, 5, blind)
  expect(estimator.estimate.dutyKnown).toBe(0)
  expect(estimator.estimate.std[motorRow.winding_K]!).toBeGreaterThan(4 * before)
  estimator.memory.set(copy)
  blind[motorReading.vibration_m_s] = 1e-5
  for (let i = 0; i < 360; i++) estimator.step(0, 5, blind)
  expect(estimator.estimate.dutyKnown).toBe(1)
  expect(estimator.estimate.duty).toBe(Duty.off)
  expect(estimator.estimate.std[motorRow.winding_K]!).toBeLessThan(2 * before)
})

test('its memory is all it remembers', () => {
  const { estimator, reading } = simulated(1, 300, 1)
  const other = motorEstimator(motors(1))
  other.memory.set(estimator.memory)
  estimator.step(0, 1, reading)
  other.step(0, 1, reading)
  expect(other.memory).toEqual(estimator.memory)
})
