/** Everything the model needs of each room; sources in README.md and references.bib. */
export interface AirParameters {
  readonly cellCount: number
  readonly volume_m3: Float64Array // [cell]
  /** Pressure that the density of room air is taken at. */
  readonly pressure_Pa: Float64Array // [cell]
  /** CO2 that one person gives, by volume. */
  readonly co2PerPerson_m3_s: Float64Array // [cell]
  readonly waterPerPerson_kg_s: Float64Array // [cell]
  /** Sensible heat of one person into the air. */
  readonly heatPerPerson_W: Float64Array // [cell]
  readonly particlesPerPerson_kg_s: Float64Array // [cell]
  /** Deposition of PM2.5 on surfaces. */
  readonly deposition_per_s: Float64Array // [cell]
  /** Share of outdoor particles that comes through the envelope. */
  readonly penetration_1: Float64Array // [cell]
  /** Share of particles that one pass of the room filter takes. */
  readonly filter_1: Float64Array // [cell]
  /** Air and the furniture that follows it at once, times the heat of air. */
  readonly airMassFactor_1: Float64Array // [cell]
  readonly structure_J_K: Float64Array // [cell]
  readonly airToStructure_W_K: Float64Array // [cell]
  /** Windows and doors, from the air. */
  readonly windows_W_K: Float64Array // [cell]
  /** Outer walls and neighbours, from the structure. */
  readonly walls_W_K: Float64Array // [cell]

  readonly nominalAirChange_per_s: Float64Array // [cell]
  readonly nominalOutdoor_K: Float64Array // [cell]
  readonly nominalAir_K: Float64Array // [cell]
  readonly nominalOutdoorCo2_1: Float64Array // [cell]
  readonly nominalOutdoorHumidity_1: Float64Array // [cell]
  readonly nominalOutdoorParticles_kg_m3: Float64Array // [cell]
}

type AirField = Exclude<keyof AirParameters, 'cellCount'>

interface Place {
  readonly usual: number
  readonly low: number
  readonly high: number
}

const place = (usual: number, low: number, high: number): Place => ({ usual, low, high })

/** Usual value of an office for a few people, and what is possible at all. */
export const AIR_RANGES: Readonly<Record<AirField, Place>> = {
  volume_m3: place(83, 1, 1e6),
  pressure_Pa: place(101_325, 5e4, 1.1e5),
  // Persily and de Jonge 2017: adults seated at 1.2 to 1.4 met, 0.0040 to 0.0056 L/s.
  co2PerPerson_m3_s: place(5e-6, 1e-6, 2e-5),
  waterPerPerson_kg_s: place(1.4e-5, 1e-6, 2e-4),
  heatPerPerson_W: place(70, 20, 400),
  particlesPerPerson_kg_s: place(1e-12, 0, 1e-9),
  deposition_per_s: place(0.4 / 3600, 0, 0.01),
  penetration_1: place(0.8, 0, 1),
  filter_1: place(0.9, 0, 1),
  airMassFactor_1: place(5, 1, 50),
  structure_J_K: place(5e6, 1e3, 1e11),
  airToStructure_W_K: place(300, 0.1, 1e7),
  windows_W_K: place(10, 0, 1e6),
  walls_W_K: place(15, 0.01, 1e6),
  nominalAirChange_per_s: place(0.5 / 3600, 1e-6, 0.05),
  nominalOutdoor_K: place(288.15, 220, 330),
  nominalAir_K: place(296.15, 250, 330),
  nominalOutdoorCo2_1: place(410e-6, 0, 0.01),
  nominalOutdoorHumidity_1: place(0.006, 0, 0.05),
  nominalOutdoorParticles_kg_m3: place(10e-9, 0, 1e-5),
}

const FIELDS = Object.keys(AIR_RANGES) as AirField[]

/**
 * Parameters of `count` rooms, the usual ones but for what is given; throws a RangeError that
 * names the parameter and its range where one is impossible.
 */
export function officeRooms(
  count: number,
  given: Partial<Record<AirField, number>> = {},
): AirParameters {
  const rooms = { cellCount: count } as Record<AirField, Float64Array> & { cellCount: number }
  for (const field of FIELDS) {
    rooms[field] = new Float64Array(count).fill(given[field] ?? AIR_RANGES[field].usual)
  }
  checkAirParameters(rooms)
  return rooms
}

/** Throws a RangeError naming the first parameter that is impossible, and its range. */
export function checkAirParameters(parameters: AirParameters): void {
  for (const field of FIELDS) {
    const { low, high } = AIR_RANGES[field]
    const values = parameters[field]
    if (values.length !== parameters.cellCount) {
      throw new RangeError(`air: ${field} has ${values.length} of ${parameters.cellCount} rooms`)
    }
    for (let cell = 0; cell < values.length; cell++) {
      const value = values[cell]!
      if (value >= low && value <= high) continue
      throw new RangeError(`air: ${field} of room ${cell} is ${value}; possible: ${low} to ${high}`)
    }
  }
}
