/** Places of the states, inputs and outputs of a room, with their units and believable ranges. */
import type { Quantity } from '../model.ts'

export const airState = {
  co2_1: 0,
  humidity_1: 1,
  particles_kg_m3: 2,
  air_K: 3,
  structure_K: 4,
} as const

export const airInput = {
  ventilation_m3_s: 0,
  occupants_1: 1,
  heat_W: 2,
  moisture_kg_s: 3,
  particleSource_kg_s: 4,
  cleaned_m3_s: 5,
  outdoorCo2_1: 6,
  outdoorHumidity_1: 7,
  outdoorParticles_kg_m3: 8,
  outdoor_K: 9,
} as const

export const airOutput = {
  airChange_per_s: 0,
  relativeHumidity_1: 1,
  saturation_1: 2,
  condensing_kg_s: 3,
  occupantHeat_W: 4,
  ventilationLoss_W: 5,
  toStructure_W: 6,
  stored_W: 7,
  deposited_kg_s: 8,
  filtered_kg_s: 9,
  co2Residual_1: 10,
  waterResidual_1: 11,
  particleResidual_1: 12,
  energyResidual_1: 13,
} as const

type Display = readonly [unit: string, scale: number, offset: number, digits: number]

const plain = (unit: string, digits: number): Display => [unit, 1, 0, digits]
const PPM: Display = ['ppm', 1e6, 0, 0]
const GRAM_KG: Display = ['g/kg', 1e3, 0, 2]
const MICROGRAM: Display = ['ug/m3', 1e9, 0, 1]
const CELSIUS: Display = ['C', 1, -273.15, 1]
const PER_HOUR: Display = ['m3/h', 3600, 0, 0]
const WATT = plain('W', 0)
const RESIDUAL = plain('1', 12)

function quantity(
  name: string,
  unit: string,
  text: string,
  range: readonly [low: number, high: number],
  [shown, scale, offset, digits]: Display,
): Quantity {
  const display = { unit: shown, scale, offset, digits }
  return { name, unit, text, low: range[0], high: range[1], display }
}

/** States in the order of `airState`. */
export const AIR_STATES: readonly Quantity[] = [
  quantity('co2_1', '1', 'CO2 by volume', [0, 0.1], PPM),
  quantity('humidity_1', '1', 'water per dry air', [0, 0.2], GRAM_KG),
  quantity('particles_kg_m3', 'kg/m3', 'fine particles, PM2.5', [0, 1e-5], MICROGRAM),
  quantity('air_K', 'K', 'air temperature', [230, 340], CELSIUS),
  quantity('structure_K', 'K', 'temperature of walls and furniture', [230, 340], CELSIUS),
]

/** Inputs in the order of `airInput`; ventilation is air from outdoors at outdoor density. */
export const AIR_INPUTS: readonly Quantity[] = [
  quantity('ventilation_m3_s', 'm3/s', 'air from outdoors', [0, 20], PER_HOUR),
  quantity('occupants_1', '1', 'people in the room', [0, 500], plain('1', 1)),
  quantity('heat_W', 'W', 'other heat into the air; cooling is negative', [-1e5, 1e5], WATT),
  quantity('moisture_kg_s', 'kg/s', 'other water vapour', [0, 0.1], ['kg/h', 3600, 0, 2]),
  quantity('particleSource_kg_s', 'kg/s', 'particles made indoors', [0, 1e-5], ['ug/s', 1e9, 0, 2]),
  quantity('cleaned_m3_s', 'm3/s', 'air through the room filter', [0, 20], PER_HOUR),
  quantity('outdoorCo2_1', '1', 'CO2 outdoors', [0, 0.01], PPM),
  quantity('outdoorHumidity_1', '1', 'water per dry air outdoors', [0, 0.05], GRAM_KG),
  quantity('outdoorParticles_kg_m3', 'kg/m3', 'PM2.5 outdoors', [0, 1e-5], MICROGRAM),
  quantity('outdoor_K', 'K', 'outdoor temperature', [220, 330], CELSIUS),
]

/** Outputs in the order of `airOutput`; flows are means over the step. */
export const AIR_OUTPUTS: readonly Quantity[] = [
  quantity('airChange_per_s', '1/s', 'air changes', [0, 0.1], ['1/h', 3600, 0, 2]),
  quantity('relativeHumidity_1', '1', 'relative humidity', [0, 1.000001], ['%', 100, 0, 0]),
  quantity('saturation_1', '1', 'water per dry air at saturation', [0, 0.25], GRAM_KG),
  quantity('condensing_kg_s', 'kg/s', 'water condensing on surfaces', [0, 1], ['kg/h', 3600, 0, 3]),
  quantity('occupantHeat_W', 'W', 'sensible heat of people', [0, 1e5], WATT),
  quantity('ventilationLoss_W', 'W', 'heat carried out by ventilation', [-1e6, 1e6], WATT),
  quantity('toStructure_W', 'W', 'heat from air to walls and furniture', [-1e6, 1e6], WATT),
  quantity('stored_W', 'W', 'heat stored in air and structure', [-1e6, 1e6], WATT),
  quantity('deposited_kg_s', 'kg/s', 'particles deposited', [0, 1e-5], ['ug/s', 1e9, 0, 3]),
  quantity('filtered_kg_s', 'kg/s', 'particles filtered', [0, 1e-4], ['ug/s', 1e9, 0, 3]),
  quantity('co2Residual_1', '1', 'closure of CO2', [-1e-9, 1e-9], RESIDUAL),
  quantity('waterResidual_1', '1', 'closure of water', [-1e-9, 1e-9], RESIDUAL),
  quantity('particleResidual_1', '1', 'closure of particles', [-1e-9, 1e-9], RESIDUAL),
  quantity('energyResidual_1', '1', 'closure of heat', [-1e-9, 1e-9], RESIDUAL),
]
