import { expect, test } from 'vitest'
import { checkProcessModel } from '../contract.ts'
import { Duty, machineInput, machineOutput, machineState } from './layout.ts'
import { advanceMotor, bearingFriction_W, createMotorWork, machineModel } from './motor.ts'
import { type MachineParameters, motors, vibrationZones } from './parameters.ts'

/** One motor that a test drives. */
function rig(parameters: MachineParameters = motors(1)) {
  const state = new Float64Array(machineModel.states.length)
  const input = new Float64Array(machineModel.inputs.length)
  const output = new Float64Array(machineModel.outputs.length)
  machineModel.initialise(parameters, state)
  input[machineInput.ambient_K] = 298.15
  input[machineInput.cooling_1] = 1
  const run = (duration_s: number, dt_s: number) => {
    for (let i = 0; i < Math.round(duration_s / dt_s); i++) {
      machineModel.advance(parameters, state, input, dt_s, output)
    }
  }
  return { parameters, state, input, output, run }
}

/** The balance written out once more, for a reference of its own: rates of both nodes at rated. */
function ratesAtRated(parameters: MachineParameters, winding_K: number, housing_K: number) {
  const copper_W = (820 * (winding_K - 38.15)) / (368.15 - 38.15)
  const between_W = 27 * (winding_K - housing_K)
  const heat_W = 300 + bearingFriction_W(parameters, 0)
  return [
    (copper_W - between_W) / 6000,
    (heat_W + between_W - 28 * (housing_K - 298.15)) / 43_000,
  ] as const
}

test('the motor keeps the contract of a process model', () => {
  const inputs = [
    [0, 14, 30],
    [1e-3, 3e-3, 8e-3],
    [290, 300, 310],
    [1, 0.8, 1.1],
  ]
  const input = Float64Array.from(inputs.flat())
  expect(checkProcessModel(machineModel, motors(3), 3, input)).toEqual([])
})

test('the step response is the closed form of two exponentials', () => {
  const { parameters, state, input, run } = rig()
  input[machineInput.current_A] = 28
  run(3600, 1)
  // Written out by hand: eigenvalues of the two nodes, constants from the first state and rate.
  const perK = 820 / 330
  const a = (perK - 27) / 6000
  const b = 27 / 6000
  const c = 27 / 43_000
  const d = -(27 + 28) / 43_000
  const root = Math.sqrt((a - d) * (a - d) + 4 * b * c)
  const [slow, fast] = [(a + d + root) / 2, (a + d - root) / 2]
  const heat_W = 300 + bearingFriction_W(parameters, 0)
  const p = (-perK * 38.15) / 6000
  const q = (heat_W + 28 * 298.15) / 43_000
  const det = a * d - b * c
  const settled = (b * q - d * p) / det
  const start = 298.15 - settled
  const rate0 = a * 298.15 + b * 298.15 + p
  const k1 = (rate0 - fast * start) / (slow - fast)
  const closed = settled + k1 * Math.exp(slow * 3600) + (start - k1) * Math.exp(fast * 3600)
  expect(Math.abs(state[machineState.winding_K]! - closed)).toBeLessThan(1e-9)
})

test('at rest the heat made is the heat given off, at temperatures of a class F motor', () => {
  const { parameters, state, input, output, run } = rig()
  input[machineInput.current_A] = 28
  run(86_400, 60)
  const [winding_K, housing_K] = [
    state[machineState.winding_K]!,
    state[machineState.housing_K]!,
  ] as const
  for (const rate of ratesAtRated(parameters, winding_K, housing_K)) {
    expect(Math.abs(rate)).toBeLessThan(1e-12)
  }
  expect(winding_K - 298.15).toBeGreaterThan(60)
  expect(winding_K - 298.15).toBeLessThan(105) // limit of temperature rise of class F
  expect(output[machineOutput.stored_W]).toBeCloseTo(0, 6)
  expect(output[machineOutput.windingMargin_K]).toBeCloseTo(428.15 - winding_K, 12)
})

test('explicit Euler on the same balance converges to the exact step with first order', () => {
  const { parameters, state, input, run } = rig()
  input[machineInput.current_A] = 28
  run(1200, 10)
  const errors = [40, 20, 10, 5].map(dt_s => {
    let [winding_K, housing_K] = [298.15, 298.15]
    for (let i = 0; i < 1200 / dt_s; i++) {
      const [w, h] = ratesAtRated(parameters, winding_K, housing_K)
      winding_K += dt_s * w
      housing_K += dt_s * h
    }
    return Math.abs(winding_K - state[machineState.winding_K]!)
  })
  for (let i = 1; i < errors.length; i++) {
    const order = Math.log2(errors[i - 1]! / errors[i]!)
    expect(order).toBeGreaterThan(0.9)
    expect(order).toBeLessThan(1.15)
  }
})

test('heat closes every second of a day of starts, load and standstill', () => {
  const { input, output, run } = rig()
  for (let minute = 0; minute < 600; minute++) {
    const phase = minute % 30
    input[machineInput.current_A] = phase === 5 ? 170 : phase > 5 && phase < 25 ? 10 + phase : 0
    for (let i = 0; i < 6; i++) {
      run(10, 10)
      expect(Math.abs(output[machineOutput.energyResidual_1]!)).toBeLessThan(1e-9)
    }
  }
})

test('a broken flux shows in the residual', () => {
  const { parameters, state, input, output } = rig()
  input[machineInput.current_A] = 28
  const whole = createMotorWork()
  // The mean of the housing is read 0.1 K too warm: 2.8 W that leave no store.
  const two = new Proxy(new Float64Array(4), {
    get: (target, key) => Reflect.get(target, key) + (key === '3' ? 0.1 : 0),
    set: (target, key, value: number) => Reflect.set(target, key, value),
  })
  advanceMotor(parameters, 0, state.slice(), input, 1, output, { ...whole, two })
  expect(Math.abs(output[machineOutput.energyResidual_1]!)).toBeGreaterThan(1e-3)
  advanceMotor(parameters, 0, state.slice(), input, 1, output, whole)
  expect(Math.abs(output[machineOutput.energyResidual_1]!)).toBeLessThan(1e-9)
})

test('the duty follows the current through start, load, overload, idling and standstill', () => {
  const { state, input, run } = rig()
  const after = (current_A: number, duration_s: number) => {
    input[machineInput.current_A] = current_A
    run(duration_s, 1)
    return state[machineState.duty]
  }
  expect(after(0, 10)).toBe(Duty.off)
  expect(after(170, 4)).toBe(Duty.start)
  expect(after(12, 10)).toBe(Duty.idle)
  expect(after(25, 600)).toBe(Duty.loaded)
  expect(after(32, 10)).toBe(Duty.overloaded)
  expect(after(30.2, 10)).toBe(Duty.overloaded) // within the hysteresis of 30.8 A
  expect(after(29, 10)).toBe(Duty.loaded)
  expect(after(100, 2)).toBe(Duty.overloaded) // jammed while running: no start
  expect(after(0, 5)).toBe(Duty.off)
  expect(after(170, 30)).toBe(Duty.overloaded) // does not come up
  expect(state[machineState.utilisation_1]).toBeGreaterThan(0.01)
  expect(state[machineState.dutyFor_s]).toBeCloseTo(10, 9)
})

test('a jammed motor heats until its winding opens, and then cools: never a NaN', () => {
  const { state, input, run } = rig()
  input[machineInput.current_A] = 280
  run(600, 1)
  expect(state[machineState.winding_K]).toBeGreaterThan(1200)
  run(7 * 86_400, 600)
  expect(Number.isFinite(state[machineState.winding_K]!)).toBe(true)
  expect(state[machineState.winding_K]).toBeLessThan(1500)
})

test('at standstill the housing cools as slowly as its share of cooling says', () => {
  const { parameters, state, run } = rig()
  state[machineState.winding_K] = 360
  state[machineState.housing_K] = 360
  run(6 * 3600, 10)
  const first = state[machineState.housing_K]! - 298.15
  run(1800, 10)
  const time_s = 1800 / Math.log(first / (state[machineState.housing_K]! - 298.15))
  const lumped_s = (6000 + 43_000) / (28 * parameters.standstillCooling_1[0]!)
  expect(time_s / lumped_s).toBeGreaterThan(0.99)
  expect(time_s / lumped_s).toBeLessThan(1.05)
})

test('dirt on the fins makes the motor hotter', () => {
  const rise_K = (cooling_1: number) => {
    const { state, input, run } = rig()
    input[machineInput.current_A] = 28
    input[machineInput.cooling_1] = cooling_1
    run(43_200, 60)
    return state[machineState.housing_K]! - 298.15
  }
  expect(rise_K(0.7)).toBeGreaterThan(1.3 * rise_K(1))
})

test('vibration falls into the zones of the standard', () => {
  const { input, output, run } = rig(motors(1, vibrationZones(15e3, 'rigid')))
  const zones = [1, 2, 4, 6].map(mm_s => {
    input[machineInput.vibration_m_s] = mm_s * 1e-3
    run(1, 1)
    return output[machineOutput.vibrationZone]
  })
  expect(zones).toEqual([1, 2, 3, 4])
  expect(vibrationZones(1e6, 'flexible').zoneCD_m_s).toBe(11e-3)
  expect(vibrationZones(1e6, 'rigid')).toEqual(vibrationZones(50e3, 'flexible'))
})

test('an impossible motor is refused by the name of the parameter and its range', () => {
  expect(() => motors(1, { winding_J_K: -5 })).toThrow(
    'machine: winding_J_K of motor 0 is -5; possible: 1 to 100000000',
  )
  expect(() => motors(1, { zoneAB_m_s: 5e-3 })).toThrow('zoneAB_m_s of motor 0 must be below')
  expect(() => motors(2, { copper_W: Number.NaN })).toThrow('copper_W')
})
