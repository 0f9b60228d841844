import {
  ROOM_READINGS,
  type RoomEstimate,
  roomEstimator,
  roomReading,
} from '#twin-models/air/estimator.ts'
import { AIR_STATES, airState } from '#twin-models/air/layout.ts'
import { humidityAt, relativeHumidity, saturationPressure_Pa } from '#twin-models/air/moisture.ts'
import { officeRooms } from '#twin-models/air/parameters.ts'
import { roomRow } from '#twin-models/air/tuning.ts'
import type { LineDefinition, LineFrame, Twin } from '../../flow.ts'
import { assetTwin, boundedScore, showEstimate } from '../asset-twin.ts'
import { twinFrame } from '../frame.ts'
import type { StateKind } from '../snapshot.ts'
import { type TagReader, tagReader } from '../tag-reader.ts'
import { airChannels, airField, airFieldRow, airFields, airTag } from './fields.ts'

const KIND: StateKind = { name: 'air', version: 1 }
/** Readings of CO2 before the room is trusted. */
const WARM_UP_READINGS = 60
/** A room whose CO2 is silent for this long is no longer trusted. */
const SILENT_S = 600
/** Air changes are told once their band is clearly inside what any room may have. */
const AIR_CHANGE_STD_MAX = 0.5

/** Rows of the twin's own memory beside the estimator's. */
const MEMORY = { readings: 0, co2Silent_s: 1, airSilent_s: 2, waterSilent_s: 3, dustSilent_s: 4 }
const MEMORY_ROWS = Object.keys(MEMORY).length
/** Place of each channel in the room's readings, in the order of `airChannels`. */
const READING_OF = [
  roomReading.co2_1,
  roomReading.air_K,
  roomReading.humidity_1,
  roomReading.particles_kg_m3,
] as const
const HUMIDITY = 2

/**
 * Twin of rooms (line kind `air`): estimates ventilation and people behind CO2, temperature and
 * what else is measured; a tag that is missing leaves its fields "not observable".
 */
export function airTwin(definition: LineDefinition): Twin {
  const cells = definition.cells.length
  const parameters = officeRooms(cells)
  const estimator = roomEstimator(parameters)
  const range = (state: number) => [AIR_STATES[state]!.low, AIR_STATES[state]!.high] as const
  const readers: readonly TagReader[] = [
    tagReader(definition, airTag.co2, '1', ...range(airState.co2_1)),
    tagReader(definition, airTag.temperature, 'K', ...range(airState.air_K)),
    tagReader(definition, airTag.humidity, '1', 0, 1.05),
    tagReader(definition, airTag.particles, 'kg/m3', ...range(airState.particles_kg_m3)),
  ]
  const outdoor = tagReader(definition, airTag.outdoorTemperature, 'K', 220, 330)
  const motion = tagReader(definition, airTag.motion, '1', 0, 1e6)
  const light = tagReader(definition, airTag.light, 'lx', 0, 2e5)
  const used = readers.map((reader, i) => ({ reader, i })).filter(({ reader }) => reader.present)
  const channels = used.map(({ i }) => airChannels[i]!)
  const reading = new Float64Array(ROOM_READINGS)
  const memory = new Float64Array(MEMORY_ROWS * cells) // [row][cell]
  memory.fill(SILENT_S, MEMORY.co2Silent_s * cells)
  const frame = twinFrame(airFields, channels, cells)

  const takeReadings = (input: LineFrame, cell: number, dt_s: number) => {
    for (let i = 0; i < readers.length; i++) {
      const value = readers[i]!.read(input, cell)
      reading[READING_OF[i]!] = value
      const silent = (MEMORY.co2Silent_s + i) * cells + cell
      memory[silent] = Number.isFinite(value) ? 0 : Math.min(1e9, memory[silent]! + dt_s)
    }
    const readings = MEMORY.readings * cells + cell
    if (Number.isFinite(reading[roomReading.co2_1]!)) memory[readings]!++
    reading[roomReading.outdoor_K] = outdoor.read(input, cell)
    reading[roomReading.motion] = motion.read(input, cell)
    reading[roomReading.light_lx] = light.read(input, cell)
    // The room holds water by mass; what is measured is relative to saturation.
    const relative = reading[roomReading.humidity_1]!
    const air_K = reading[roomReading.air_K]!
    reading[roomReading.humidity_1] = humidityAt(
      relative * saturationPressure_Pa(air_K),
      parameters.pressure_Pa[cell]!,
    )
  }

  const alive = (row: number, cell: number) => memory[row * cells + cell]! < SILENT_S

  /** Relative humidity over humidity by mass, near the given air. */
  const relativePerMass = (cell: number, humidity: number, air_K: number) =>
    relativeHumidity(humidity, air_K, parameters.pressure_Pa[cell]!) / Math.max(humidity, 1e-6)

  const showChannels = (input: LineFrame, cell: number, estimate: RoomEstimate) => {
    const warm = memory[MEMORY.readings * cells + cell]! >= WARM_UP_READINGS
    for (let c = 0; c < used.length; c++) {
      const { reader, i } = used[c]!
      const at = c * cells + cell
      const toShown =
        i === HUMIDITY
          ? relativePerMass(cell, estimate.expected[i]!, estimate.expected[roomReading.air_K]!)
          : 1
      frame.observed[at] = reader.held(input, cell)
      frame.expected[at] = toShown * estimate.expected[READING_OF[i]!]!
      frame.expected_std[at] = toShown * estimate.expectedStd[READING_OF[i]!]!
      const off = reader.read(input, cell) - frame.expected[at]!
      const score = boundedScore(off, frame.expected_std[at]!)
      frame.residual[at] = warm ? score : Number.NaN
    }
  }

  const show = (name: string, cell: number, mean: number, std: number, observable: boolean) =>
    showEstimate(frame, airFieldRow[name]! * cells + cell, mean, std, observable)

  const showFields = (cell: number, estimate: RoomEstimate) => {
    const { mean, std, presence_1 } = estimate
    const co2 = alive(MEMORY.co2Silent_s, cell)
    const air = alive(MEMORY.airSilent_s, cell)
    const warm = co2 && memory[MEMORY.readings * cells + cell]! >= WARM_UP_READINGS
    const direct = (name: string, row: number, observable: boolean) =>
      show(name, cell, mean[row]!, std[row]!, observable)
    direct(airField.co2, roomRow.co2_1, co2)
    direct(airField.temperature, roomRow.air_K, air)
    direct(airField.occupants, roomRow.occupants_1, warm)
    direct(airField.heat, roomRow.heat_W, air)
    direct(airField.outdoorCo2, roomRow.outdoorCo2_1, warm)
    direct(airField.particles, roomRow.particles_kg_m3, alive(MEMORY.dustSilent_s, cell))
    const airChange_per_s = Math.exp(mean[roomRow.logAirChange]!)
    const share = std[roomRow.logAirChange]!
    const told = warm && share < AIR_CHANGE_STD_MAX
    const volume_m3 = parameters.volume_m3[cell]!
    show(airField.airChange, cell, airChange_per_s, share * airChange_per_s, told)
    const flow_m3_s = volume_m3 * airChange_per_s
    show(airField.ventilation, cell, flow_m3_s, share * flow_m3_s, told)
    const spread = Math.sqrt(presence_1 * (1 - presence_1))
    show(airField.presence, cell, presence_1, spread, warm)
    const perMass = relativePerMass(cell, mean[roomRow.humidity_1]!, mean[roomRow.air_K]!)
    const water = alive(MEMORY.waterSilent_s, cell)
    const humidity = perMass * mean[roomRow.humidity_1]!
    show(airField.humidity, cell, humidity, perMass * std[roomRow.humidity_1]!, water)
    frame.trusted[cell] = warm ? 1 : 0
  }

  return assetTwin(definition, {
    kind: KIND,
    fields: airFields,
    channels,
    frame,
    state: [estimator.memory, memory],
    step(input, cell, dt_s) {
      takeReadings(input, cell, dt_s)
      const estimate = estimator.step(cell, dt_s, reading)
      showChannels(input, cell, estimate)
      showFields(cell, estimate)
    },
  })
}
