import { expect, test } from 'vitest'
import { checkProcessModel } from '../contract.ts'
import { airInput, airOutput, airState } from './layout.ts'
import { saturationHumidity, saturationPressure_Pa } from './moisture.ts'
import { type AirParameters, officeRooms } from './parameters.ts'
import { advanceRoom, airMass_kg, airModel, createRoomWork } from './room.ts'

/** One room that a test drives. */
function rig(parameters: AirParameters = officeRooms(1)) {
  const state = new Float64Array(airModel.states.length)
  const input = new Float64Array(airModel.inputs.length)
  const output = new Float64Array(airModel.outputs.length)
  airModel.initialise(parameters, state)
  input[airInput.ventilation_m3_s] = (parameters.volume_m3[0]! * 0.8) / 3600
  input[airInput.outdoorCo2_1] = 410e-6
  input[airInput.outdoorHumidity_1] = 0.005
  input[airInput.outdoorParticles_kg_m3] = 20e-9
  input[airInput.outdoor_K] = 283.15
  const run = (duration_s: number, dt_s: number) => {
    for (let i = 0; i < Math.round(duration_s / dt_s); i++) {
      airModel.advance(parameters, state, input, dt_s, output)
    }
  }
  return { parameters, state, input, output, run }
}

test('the room keeps the contract of a process model', () => {
  const inputs = [
    [0.01, 0.03, 0.002],
    [2, 0, 5],
    [100, 0, 500],
    [0, 1e-5, 0],
    [0, 1e-12, 1e-11],
    [0, 0.02, 0],
    [410e-6, 410e-6, 450e-6],
    [0.005, 0.004, 0.007],
    [1e-8, 2e-8, 5e-8],
    [283, 275, 295],
  ]
  expect(checkProcessModel(airModel, officeRooms(3), 3, Float64Array.from(inputs.flat()))).toEqual(
    [],
  )
})

test('CO2 of an empty room decays to the outdoors as its air changes say', () => {
  const { state, run } = rig()
  state[airState.co2_1] = 1500e-6
  run(2 * 3600, 30)
  expect(state[airState.co2_1]).toBeCloseTo(410e-6 + 1090e-6 * Math.exp(-1.6), 15)
})

test('CO2 builds up by the closed form and settles at outdoors plus breath over ventilation', () => {
  const { parameters, state, input, run } = rig()
  input[airInput.occupants_1] = 3
  const flow_m3_s = input[airInput.ventilation_m3_s]!
  const settled = 410e-6 + (3 * parameters.co2PerPerson_m3_s[0]!) / flow_m3_s
  run(3600, 30)
  expect(state[airState.co2_1]).toBeCloseTo(settled + (410e-6 - settled) * Math.exp(-0.8), 15)
  run(100 * 3600, 600)
  expect(state[airState.co2_1]).toBeCloseTo(settled, 15)
})

test('without ventilation CO2 grows linearly, and all of the breath is in the room', () => {
  const { parameters, state, input, output, run } = rig()
  input[airInput.ventilation_m3_s] = 0
  input[airInput.occupants_1] = 4
  run(3600, 60)
  const grown = state[airState.co2_1]! - parameters.nominalOutdoorCo2_1[0]!
  expect(grown * parameters.volume_m3[0]!).toBeCloseTo(4 * 5e-6 * 3600, 12)
  expect(Math.abs(output[airOutput.co2Residual_1]!)).toBeLessThan(1e-9)
})

test('particles settle where penetration, deposition and the filter say', () => {
  const { parameters, state, input, run } = rig()
  input[airInput.cleaned_m3_s] = 0.05
  input[airInput.particleSource_kg_s] = 5e-11
  run(50 * 3600, 300)
  const flow = input[airInput.ventilation_m3_s]!
  const cleared =
    flow +
    parameters.deposition_per_s[0]! * parameters.volume_m3[0]! +
    0.05 * parameters.filter_1[0]!
  const expected = (flow * parameters.penetration_1[0]! * 20e-9 + 5e-11) / cleared
  expect(state[airState.particles_kg_m3]! / expected).toBeCloseTo(1, 12)
})

test('heat settles at the temperatures of two conductances in parallel and series', () => {
  const { parameters, state, input, output, run } = rig()
  input[airInput.occupants_1] = 2
  input[airInput.heat_W] = 300
  run(200 * 86_400, 3600)
  const carried = (airMass_kg(parameters, 0) * 0.8 * 1006) / 3600
  const throughWalls = 1 / (1 / 300 + 1 / 15)
  const rise_K = (2 * 70 + 300) / (carried + 10 + throughWalls)
  expect(state[airState.air_K]).toBeCloseTo(283.15 + rise_K, 9)
  expect(state[airState.structure_K]).toBeCloseTo(283.15 + (rise_K * throughWalls) / 15, 9)
  expect(Math.abs(output[airOutput.stored_W]!)).toBeLessThan(1e-6)
})

test('saturation follows the tables, and a crowded cold room never passes it', () => {
  expect(saturationPressure_Pa(293.15)).toBeGreaterThan(2330)
  expect(saturationPressure_Pa(293.15)).toBeLessThan(2345)
  expect(saturationHumidity(298.15, 101_325)).toBeCloseTo(0.0201, 3)
  const { state, input, output, run } = rig(officeRooms(1, { nominalAir_K: 278.15 }))
  input[airInput.ventilation_m3_s] = 1e-4
  input[airInput.outdoor_K] = 275
  input[airInput.occupants_1] = 20
  input[airInput.heat_W] = -1400
  run(6 * 3600, 60)
  expect(output[airOutput.condensing_kg_s]).toBeGreaterThan(1e-4)
  expect(output[airOutput.relativeHumidity_1]).toBeLessThanOrEqual(1 + 1e-12)
  expect(state[airState.humidity_1]).toBeLessThanOrEqual(output[airOutput.saturation_1]!)
  expect(Math.abs(output[airOutput.waterResidual_1]!)).toBeLessThan(1e-9)
  expect(Math.abs(output[airOutput.energyResidual_1]!)).toBeLessThan(1e-6)
})

test('condensation converges with first order in the step', () => {
  const after = (dt_s: number) => {
    const { state, input, run } = rig(officeRooms(1, { nominalAir_K: 278.15 }))
    input[airInput.ventilation_m3_s] = 1e-3
    input[airInput.outdoor_K] = 260
    input[airInput.occupants_1] = 20
    state[airState.structure_K] = 270
    run(960, dt_s)
    return state[airState.structure_K]!
  }
  const exact = after(0.25)
  const errors = [60, 30, 15, 7.5].map(dt_s => Math.abs(after(dt_s) - exact))
  for (let i = 1; i < errors.length; i++) {
    const order = Math.log2(errors[i - 1]! / errors[i]!)
    expect(order).toBeGreaterThan(0.85)
    expect(order).toBeLessThan(1.3)
  }
})

test('over a day of people and airing every balance closes', () => {
  const { input, output, run } = rig()
  for (let hour = 0; hour < 24; hour++) {
    input[airInput.occupants_1] = hour > 8 && hour < 17 ? (hour % 4) + 1 : 0
    input[airInput.ventilation_m3_s] = hour % 5 === 0 ? 0.1 : 0.01
    input[airInput.moisture_kg_s] = hour === 12 ? 1e-4 : 0
    for (let tick = 0; tick < 120; tick++) {
      run(30, 30)
      expect(Math.abs(output[airOutput.co2Residual_1]!)).toBeLessThan(1e-9)
      expect(Math.abs(output[airOutput.waterResidual_1]!)).toBeLessThan(1e-9)
      expect(Math.abs(output[airOutput.particleResidual_1]!)).toBeLessThan(1e-9)
      expect(Math.abs(output[airOutput.energyResidual_1]!)).toBeLessThan(1e-6)
    }
  }
})

test('a broken flux shows in the residual of its balance', () => {
  const { parameters, state, input, output } = rig()
  input[airInput.occupants_1] = 2
  const whole = createRoomWork()
  // The mean of the structure is read 0.1 K too warm: 1.5 W that leave no store.
  const two = new Proxy(new Float64Array(4), {
    get: (target, key) => Reflect.get(target, key) + (key === '3' ? 0.1 : 0),
    set: (target, key, value: number) => Reflect.set(target, key, value),
  })
  for (const [work, broken] of [
    [whole, false],
    [{ ...whole, two }, true],
  ] as const) {
    advanceRoom(parameters, 0, state.slice(), input, 30, output, work)
    const error = Math.abs(output[airOutput.energyResidual_1]!)
    if (broken) expect(error).toBeGreaterThan(1e-4)
    else expect(error).toBeLessThan(1e-6)
  }
})

test('an impossible room is refused by the name of the parameter and its range', () => {
  expect(() => officeRooms(2, { volume_m3: 0 })).toThrow(
    'air: volume_m3 of room 0 is 0; possible: 1 to 1000000',
  )
  expect(() => officeRooms(1, { penetration_1: Number.NaN })).toThrow('penetration_1')
  expect(() =>
    airModel.initialise({ ...officeRooms(2), cellCount: 3 }, new Float64Array(15)),
  ).toThrow('has 2 of 3 rooms')
})
