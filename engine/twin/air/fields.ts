import type { Channel, Quantity } from '../../flow.ts'

/** Tags that the twin of a room knows; all but `co2` and `temperature` are optional. */
export const airTag = {
  co2: 'co2',
  temperature: 'temperature',
  /** Relative humidity. */
  humidity: 'humidity',
  /** PM2.5. */
  particles: 'particles',
  outdoorTemperature: 'outdoor_temperature',
  /** Above 0 when something moved, e.g. a PIR. */
  motion: 'pir',
  light: 'light',
} as const

/** Field names of the room twin. */
export const airField = {
  co2: 'co2_1',
  temperature: 'air_K',
  airChange: 'air_change_per_s',
  ventilation: 'ventilation_m3ps',
  occupants: 'occupants_1',
  presence: 'presence_1',
  heat: 'heat_W',
  outdoorCo2: 'outdoor_co2_1',
  humidity: 'relative_humidity_1',
  particles: 'particles_kgpm3',
} as const

const ppm = { unit: 'ppm', scale: 1e6, offset: 0, digits: 0 }
const percent = { unit: '%', scale: 100, offset: 0, digits: 0 }
const celsius = { unit: 'C', scale: 1, offset: -273.15, digits: 2 }
const microgram = { unit: 'ug/m3', scale: 1e9, offset: 0, digits: 1 }

function field(
  name: string,
  unit: string,
  text: string,
  [low, high]: readonly [low: number, high: number],
  display: Quantity['display'],
): Quantity {
  return { name, unit, text, low, high, display }
}

/** What the room twin estimates of each room, in the order of the frame. */
export const airFields: readonly Quantity[] = [
  field(airField.co2, '1', 'CO2', [0, 0.02], ppm),
  field(airField.temperature, 'K', 'air temperature', [230, 340], celsius),
  field(airField.airChange, '1/s', 'air changes', [0, 0.02], {
    ...{ unit: '1/h', scale: 3600, offset: 0, digits: 2 },
  }),
  field(airField.ventilation, 'm3/s', 'air from outdoors', [0, 20], {
    ...{ unit: 'm3/h', scale: 3600, offset: 0, digits: 0 },
  }),
  field(airField.occupants, '1', 'people', [0, 500], {
    ...{ unit: '1', scale: 1, offset: 0, digits: 1 },
  }),
  field(airField.presence, '1', 'probability that somebody is there', [0, 1], percent),
  field(airField.heat, 'W', 'heat besides people', [-1e5, 1e5], {
    ...{ unit: 'W', scale: 1, offset: 0, digits: 0 },
  }),
  field(airField.outdoorCo2, '1', 'CO2 outdoors, as the sensor reads it', [0, 0.002], ppm),
  field(airField.humidity, '1', 'relative humidity', [0, 1.05], percent),
  field(airField.particles, 'kg/m3', 'fine particles, PM2.5', [0, 1e-5], microgram),
]

/** Row of each field in the frame. */
export const airFieldRow = Object.fromEntries(
  airFields.map((each, row) => [each.name, row]),
) as Record<string, number>

/** Channels that the twin foretells, by tag. */
export const airChannels: readonly Channel[] = [
  { ...airFields[airFieldRow[airField.co2]!]!, tag: airTag.co2 },
  { ...airFields[airFieldRow[airField.temperature]!]!, tag: airTag.temperature },
  { ...airFields[airFieldRow[airField.humidity]!]!, tag: airTag.humidity },
  { ...airFields[airFieldRow[airField.particles]!]!, tag: airTag.particles },
]
