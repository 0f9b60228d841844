import type { Channel, Quantity } from '../../flow.ts'

/** Tags that the twin of a motor knows; the first three are what it needs. */
export const machineTag = {
  current: 'current',
  /** Root mean square velocity at the bearing. */
  vibration: 'vibration',
  /** Of the iron or housing. */
  temperature: 'temperature',
  windingTemperature: 'winding_temperature',
  ambientTemperature: 'ambient_temperature',
} as const

/** Field names of the motor twin. */
export const machineField = {
  winding: 'winding_K',
  housing: 'housing_K',
  ambient: 'ambient_K',
  cooling: 'cooling_1',
  duty: 'duty_1',
  dutyFor: 'duty_for_s',
  load: 'load_1',
  utilisation: 'utilisation_1',
  loss: 'loss_W',
  margin: 'winding_margin_K',
  ageing: 'ageing_1',
  vibrationZone: 'vibration_zone_1',
} as const

const celsius = { unit: 'C', scale: 1, offset: -273.15, digits: 1 }
const percent = { unit: '%', scale: 100, offset: 0, digits: 0 }
const same = (unit: string, digits: number) => ({ unit, scale: 1, offset: 0, digits })

function field(
  name: string,
  unit: string,
  text: string,
  [low, high]: readonly [low: number, high: number],
  display: Quantity['display'],
): Quantity {
  return { name, unit, text, low, high, display }
}

const DUTY = 'duty: 0 off, 1 start, 2 idle, 3 loaded, 4 overloaded'
const ZONE = 'vibration zone: 1 A, 2 B, 3 C, 4 D'

/** What the motor twin estimates of each motor, in the order of the frame. */
export const machineFields: readonly Quantity[] = [
  field(machineField.winding, 'K', 'winding temperature', [200, 1500], celsius),
  field(machineField.housing, 'K', 'housing temperature', [200, 1500], celsius),
  field(machineField.ambient, 'K', 'ambient temperature', [220, 350], celsius),
  field(machineField.cooling, '1', 'cooling against a clean motor', [0, 5], percent),
  field(machineField.duty, '1', DUTY, [0, 4], same('1', 0)),
  field(machineField.dutyFor, 's', 'time in this duty', [0, 1e9], {
    ...{ unit: 'min', scale: 1 / 60, offset: 0, digits: 0 },
  }),
  field(machineField.load, '1', 'current against rated', [0, 20], percent),
  field(machineField.utilisation, '1', 'share of time under load', [0, 1], percent),
  field(machineField.loss, 'W', 'heat made in the motor', [0, 1e8], same('W', 0)),
  field(machineField.margin, 'K', 'winding below its limit', [-1200, 300], same('K', 1)),
  field(machineField.ageing, '1', 'ageing against that at the limit', [0, 1e40], same('1', 4)),
  field(machineField.vibrationZone, '1', ZONE, [1, 4], same('1', 0)),
]

/** Row of each field in the frame. */
export const machineFieldRow = Object.fromEntries(
  machineFields.map((each, row) => [each.name, row]),
) as Record<string, number>

const temperature = (tag: string, name: string, text: string): Channel => ({
  ...field(name, 'K', text, [200, 1500], celsius),
  tag,
})

/** Channels foretold by heat balance, in the order of the estimator's channels. */
export const machineChannels: readonly Channel[] = [
  temperature(machineTag.temperature, 'housing_K', 'housing temperature'),
  temperature(machineTag.windingTemperature, 'winding_K', 'winding temperature'),
  temperature(machineTag.ambientTemperature, 'ambient_K', 'ambient temperature'),
]
