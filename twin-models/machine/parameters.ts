/** Everything the model needs of each motor; sources in README.md and references.bib. */
export interface MachineParameters {
  readonly cellCount: number
  readonly ratedCurrent_A: Float64Array // [cell]
  /** Loss in all windings at rated current and reference temperature. */
  readonly copper_W: Float64Array // [cell]
  readonly reference_K: Float64Array // [cell]
  readonly iron_W: Float64Array // [cell]
  readonly winding_J_K: Float64Array // [cell]
  readonly housing_J_K: Float64Array // [cell]
  readonly windingToHousing_W_K: Float64Array // [cell]
  /** Of the clean motor while its fan turns. */
  readonly housingToAmbient_W_K: Float64Array // [cell]
  /** Share of that cooling left at standstill. */
  readonly standstillCooling_1: Float64Array // [cell]
  /** Highest temperature of the insulation class. */
  readonly windingLimit_K: Float64Array // [cell]
  /** Coefficient of friction, load and bore of the bearings together, and the speed. */
  readonly bearingFriction_1: Float64Array // [cell]
  readonly bearingLoad_N: Float64Array // [cell]
  readonly bearingBore_m: Float64Array // [cell]
  readonly speed_rad_s: Float64Array // [cell]
  /** Vibration velocities between the zones A|B, B|C, C|D. */
  readonly zoneAB_m_s: Float64Array // [cell]
  readonly zoneBC_m_s: Float64Array // [cell]
  readonly zoneCD_m_s: Float64Array // [cell]
  /** Current over rated where a motor counts as off, loaded, overloaded, starting. */
  readonly off_1: Float64Array // [cell]
  readonly loaded_1: Float64Array // [cell]
  readonly overloaded_1: Float64Array // [cell]
  readonly start_1: Float64Array // [cell]
  /** A start that takes longer is an overload: the rotor does not turn up. */
  readonly startMax_s: Float64Array // [cell]
  /** Memory of the utilisation. */
  readonly utilisation_s: Float64Array // [cell]
  readonly nominalAmbient_K: Float64Array // [cell]
}

type MachineField = Exclude<keyof MachineParameters, 'cellCount'>

interface Place {
  readonly usual: number
  readonly low: number
  readonly high: number
}

const place = (usual: number, low: number, high: number): Place => ({ usual, low, high })

/** Usual values are a 15 kW four-pole motor of class IE3, 400 V, insulation class F. */
export const MACHINE_RANGES: Readonly<Record<MachineField, Place>> = {
  ratedCurrent_A: place(28, 0.01, 1e4),
  copper_W: place(820, 0.1, 1e6),
  reference_K: place(368.15, 250, 450),
  iron_W: place(300, 0, 1e6),
  winding_J_K: place(6000, 1, 1e8),
  housing_J_K: place(43_000, 1, 1e9),
  windingToHousing_W_K: place(27, 0.001, 1e6),
  housingToAmbient_W_K: place(28, 0.001, 1e6),
  standstillCooling_1: place(0.35, 0.05, 1),
  windingLimit_K: place(428.15, 350, 550),
  bearingFriction_1: place(0.0015, 0, 0.1),
  bearingLoad_N: place(1500, 0, 1e6),
  bearingBore_m: place(0.045, 0.001, 2),
  speed_rad_s: place(154, 0, 4000),
  zoneAB_m_s: place(1.4e-3, 1e-5, 0.1),
  zoneBC_m_s: place(2.8e-3, 1e-5, 0.1),
  zoneCD_m_s: place(4.5e-3, 1e-5, 0.1),
  off_1: place(0.03, 0.001, 0.3),
  loaded_1: place(0.5, 0.05, 1),
  overloaded_1: place(1.1, 0.5, 2),
  start_1: place(2.5, 1.1, 10),
  startMax_s: place(20, 0.1, 600),
  utilisation_s: place(8 * 3600, 60, 1e8),
  nominalAmbient_K: place(298.15, 220, 350),
}

const FIELDS = Object.keys(MACHINE_RANGES) as MachineField[]

/** Pairs that must rise. */
const RISING: readonly (readonly [MachineField, MachineField])[] = [
  ['zoneAB_m_s', 'zoneBC_m_s'],
  ['zoneBC_m_s', 'zoneCD_m_s'],
  ['off_1', 'loaded_1'],
  ['loaded_1', 'overloaded_1'],
  ['overloaded_1', 'start_1'],
]

/**
 * Parameters of `count` motors, the usual ones but for what is given; throws a RangeError that
 * names the parameter and its range where one is impossible.
 */
export function motors(
  count: number,
  given: Partial<Record<MachineField, number>> = {},
): MachineParameters {
  const machines = { cellCount: count } as Record<MachineField, Float64Array> & {
    cellCount: number
  }
  for (const field of FIELDS) {
    machines[field] = new Float64Array(count).fill(given[field] ?? MACHINE_RANGES[field].usual)
  }
  checkMachineParameters(machines)
  return machines
}

/** Throws a RangeError naming the first parameter that is impossible, and its range. */
export function checkMachineParameters(parameters: MachineParameters): void {
  for (const field of FIELDS) {
    const { low, high } = MACHINE_RANGES[field]
    const values = parameters[field]
    if (values.length !== parameters.cellCount) {
      throw new RangeError(
        `machine: ${field} has ${values.length} of ${parameters.cellCount} motors`,
      )
    }
    for (let cell = 0; cell < values.length; cell++) {
      const value = values[cell]!
      if (value >= low && value <= high) continue
      throw new RangeError(
        `machine: ${field} of motor ${cell} is ${value}; possible: ${low} to ${high}`,
      )
    }
  }
  for (const [less, more] of RISING) {
    for (let cell = 0; cell < parameters.cellCount; cell++) {
      if (parameters[less][cell]! < parameters[more][cell]!) continue
      throw new RangeError(`machine: ${less} of motor ${cell} must be below ${more}`)
    }
  }
}

/** Vibration zones of a machine on its bearings, ISO 20816-3 for 15 kW and more. */
export function vibrationZones(
  power_W: number,
  support: 'rigid' | 'flexible',
): Pick<Record<MachineField, number>, 'zoneAB_m_s' | 'zoneBC_m_s' | 'zoneCD_m_s'> {
  const large = power_W > 300e3
  if (large && support === 'flexible') {
    return { zoneAB_m_s: 3.5e-3, zoneBC_m_s: 7.1e-3, zoneCD_m_s: 11e-3 }
  }
  if (!large && support === 'rigid') {
    return { zoneAB_m_s: 1.4e-3, zoneBC_m_s: 2.8e-3, zoneCD_m_s: 4.5e-3 }
  }
  return { zoneAB_m_s: 2.3e-3, zoneBC_m_s: 4.5e-3, zoneCD_m_s: 7.1e-3 }
}
