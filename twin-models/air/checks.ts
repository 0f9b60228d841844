/** Numbers that the room is held to, for its tests and for the validation table. */
import { airInput, airOutput, airState } from './layout.ts'
import { saturationPressure_Pa } from './moisture.ts'
import { officeRooms } from './parameters.ts'
import { airModel } from './room.ts'

/** One number against another. */
export interface AirCheck {
  readonly id: string
  /** For people, with the unit at the end. */
  readonly text: string
  readonly expected: number
  readonly got: number
  /** Relative to `expected`; absolute where that is 0. */
  readonly tolerance: number
  readonly source: string
}

const AIR_CHANGE_PER_S = 0.8 / 3600
const OUTDOORS = 410e-6
const PEOPLE = 3
const BALANCE = 'closed form of the single-zone balance, ASTM D6245'

/** One usual room under constant inputs. */
function room(people: number, start_1: number) {
  const parameters = officeRooms(1)
  const state = new Float64Array(airModel.states.length)
  const input = new Float64Array(airModel.inputs.length)
  const output = new Float64Array(airModel.outputs.length)
  airModel.initialise(parameters, state)
  state[airState.co2_1] = start_1
  input[airInput.ventilation_m3_s] = parameters.volume_m3[0]! * AIR_CHANGE_PER_S
  input[airInput.occupants_1] = people
  input[airInput.outdoorCo2_1] = OUTDOORS
  input[airInput.outdoorHumidity_1] = 0.005
  input[airInput.outdoorParticles_kg_m3] = 20e-9
  input[airInput.outdoor_K] = 283.15
  const run = (duration_s: number, dt_s: number) => {
    for (let time_s = 0; time_s < duration_s; time_s += dt_s) {
      airModel.advance(parameters, state, input, dt_s, output)
    }
  }
  return { parameters, state, input, output, run }
}

function co2Checks(): readonly AirCheck[] {
  const decay = room(0, 1500e-6)
  decay.run(7200, 30)
  const growth = room(PEOPLE, OUTDOORS)
  const breath_m3_s = PEOPLE * growth.parameters.co2PerPerson_m3_s[0]!
  const settled = OUTDOORS + breath_m3_s / growth.input[airInput.ventilation_m3_s]!
  growth.run(3600, 30)
  const afterHour = growth.state[airState.co2_1]!
  growth.run(400_000, 500)
  const at = { tolerance: 1e-12, source: BALANCE }
  return [
    {
      ...{ id: 'air-co2-decay', text: 'CO2 after 2 h without people, 0.8 air changes an hour, 1' },
      ...{ expected: OUTDOORS + 1090e-6 * Math.exp(-1.6), got: decay.state[airState.co2_1]! },
      ...at,
    },
    {
      ...{ id: 'air-co2-growth', text: 'CO2 after 1 h of 3 people, 1' },
      ...{ expected: settled + (OUTDOORS - settled) * Math.exp(-0.8), got: afterHour },
      ...at,
    },
    {
      ...{ id: 'air-co2-settled', text: 'CO2 of 3 people in the end, 1' },
      ...{ expected: settled, got: growth.state[airState.co2_1]! },
      ...at,
    },
  ]
}

function settledChecks(): readonly AirCheck[] {
  const { parameters, state, input, output, run } = room(2, OUTDOORS)
  input[airInput.heat_W] = 300
  run(100 * 86_400, 3600)
  const volume_m3 = parameters.volume_m3[0]!
  const flow_m3_s = input[airInput.ventilation_m3_s]!
  const cleared_m3_s = flow_m3_s + parameters.deposition_per_s[0]! * volume_m3
  const made_kg_s = 2 * parameters.particlesPerPerson_kg_s[0]!
  const dust = (flow_m3_s * parameters.penetration_1[0]! * 20e-9 + made_kg_s) / cleared_m3_s
  const made_W = 2 * parameters.heatPerPerson_W[0]! + 300
  const windows_W = parameters.windows_W_K[0]! * (state[airState.air_K]! - 283.15)
  const walls_W = parameters.walls_W_K[0]! * (state[airState.structure_K]! - 283.15)
  return [
    {
      ...{ id: 'air-particles-settled', text: 'PM2.5 in the end, kg/m3' },
      ...{ expected: dust, got: state[airState.particles_kg_m3]!, tolerance: 1e-12 },
      source: 'closed form; form of the balance as Riley et al. 2002',
    },
    {
      ...{ id: 'air-heat-settled', text: 'heat given off in the end, W' },
      ...{ expected: made_W, got: windows_W + walls_W + output[airOutput.ventilationLoss_W]! },
      ...{ tolerance: 1e-9, source: 'what is made is given off' },
    },
    {
      ...{ id: 'air-saturation', text: 'saturation pressure at 20 C, Pa' },
      ...{ expected: 2339, got: saturationPressure_Pa(293.15), tolerance: 3.84e-3 },
      source: 'steam tables; the form errs by 0.384 % at most (Alduchov and Eskridge 1996)',
    },
  ]
}

function closureChecks(): readonly AirCheck[] {
  const { input, output, run } = room(0, OUTDOORS)
  const worst = new Float64Array(4)
  for (let hour = 0; hour < 24; hour++) {
    input[airInput.occupants_1] = hour > 8 && hour < 17 ? (hour % 4) + 1 : 0
    input[airInput.ventilation_m3_s] = hour % 5 === 0 ? 0.1 : 0.01
    input[airInput.moisture_kg_s] = hour === 12 ? 1e-4 : 0
    for (let tick = 0; tick < 120; tick++) {
      run(30, 30)
      for (let i = 0; i < 4; i++) {
        worst[i] = Math.max(worst[i]!, Math.abs(output[airOutput.co2Residual_1 + i]!))
      }
    }
  }
  return ['CO2', 'water', 'particles', 'heat'].map((what, i) => ({
    ...{ id: `air-closure-${what.toLowerCase()}`, text: `largest residual of ${what} in a day, 1` },
    ...{ expected: 0, got: worst[i]!, tolerance: what === 'heat' ? 1e-6 : 1e-9 },
    source: 'conservation',
  }))
}

/** Runs every check of the room. */
export function airChecks(): readonly AirCheck[] {
  return [...co2Checks(), ...settledChecks(), ...closureChecks()]
}
