import { WALLS } from './parameters.ts'

/** Everything that changes in one simulated cell. Written only by its physics and the pot. */
export interface CellState {
  readonly dissolved_kg: Float64Array // [anode]
  readonly undissolved_kg: Float64Array // [anode]
  readonly density_Apcm2: Float64Array // [anode]
  readonly anode_A: Float64Array // [anode], sums up to the line current
  /** Share of an anode that is still too cold to carry current. */
  readonly idle_share: Float64Array // [anode]
  /** How much farther than the mean of the cell an anode hangs from the metal. */
  readonly offset_m: Float64Array // [anode]
  readonly age_s: Float64Array // [anode]
  /** Share of an anode that gas covers since the bath under it lost its wetting. */
  readonly film_share: Float64Array // [anode]
  /** Carbon lost per charge, relative to the usual. */
  readonly burn_share: Float64Array // [anode]
  /** Slow local properties, refreshed with the conditions. */
  readonly local: LocalBath
  readonly ledge_m: Float64Array // [wall]
  readonly lining_C: Float64Array // [wall]
  /** Heat transfer to a wall, relative to its usual. */
  readonly wall_gain: Float64Array // [wall]
  /** What sludge on the cathode adds to its resistance. */
  sludge_Ohm: number
  sludge_kg: number
  alf3_kg: number
  caf2_kg: number
  mgf2_kg: number
  cryolite_kg: number
  metal_kg: number
  /** Mean over the anodes. */
  gap_m: number
  bath_C: number
  /** Heat that new anodes still take up. */
  coldAnode_J: number
  liquidus_C: number
  saturation_pct: number
  conductivity_Spcm: number
  alumina_pct: number
  ratio: number
  cathode_V: number
  efficiency: number
  /** Without noise. */
  voltage_V: number
  extra_V: number
  effect: boolean
  effect_V: number
  /** True while crew or controller stir the bath. */
  stirred: boolean
  /** Relative loss of current efficiency by an unstable metal pad. */
  unrest: number
  /** Height of the metal's slow wave at the tap end. */
  wave_m: number
  /** Anode whose carbon has grown towards the metal, or -1, and the share of the gap it bridges. */
  spike: number
  spike_share: number
  topBottom_WperK: number
  added_kg: number
  consumed_kg: number
}

/** What the bath under each anode is like. */
export interface LocalBath {
  readonly oxide_pct: Float64Array // [anode]
  readonly bath_Spcm: Float64Array // [anode]
  /** Part of the bubble cover that leanness adds. */
  readonly lean: Float64Array // [anode]
  readonly limit_Apcm2: Float64Array // [anode]
  /** Voltage of the reaction but for what depends on the current. */
  readonly base_V: Float64Array // [anode]
  readonly anode_Ocm2: Float64Array // [anode]
}

/** Liquid bath, kg. */
export function bathMass_kg(s: CellState): number {
  return sum(s.dissolved_kg) + s.alf3_kg + s.caf2_kg + s.mgf2_kg + s.cryolite_kg
}

/** Sum of an array. */
export function sum(values: Float64Array): number {
  let total = 0
  for (let i = 0; i < values.length; i++) total += values[i]!
  return total
}

/** A state with its arrays made and nothing set up yet. */
export function blankState(anodes: number): CellState {
  const row = () => new Float64Array(anodes)
  return {
    dissolved_kg: row(),
    undissolved_kg: row(),
    density_Apcm2: row(),
    anode_A: row(),
    idle_share: row(),
    offset_m: row(),
    age_s: row(),
    film_share: row(),
    burn_share: row().fill(1),
    local: {
      oxide_pct: row(),
      bath_Spcm: row(),
      lean: row(),
      limit_Apcm2: row(),
      base_V: row(),
      anode_Ocm2: row(),
    },
    ledge_m: new Float64Array(WALLS),
    lining_C: new Float64Array(WALLS),
    wall_gain: new Float64Array(WALLS).fill(1),
    sludge_Ohm: 0,
    sludge_kg: 0,
    // Fractions keep V8 from taking these numbers for integers first.
    alf3_kg: 0.5,
    caf2_kg: 0.5,
    mgf2_kg: 0.5,
    cryolite_kg: 0.5,
    metal_kg: 0.5,
    gap_m: 0.042,
    bath_C: 960.5,
    coldAnode_J: 0.5,
    liquidus_C: 950.5,
    saturation_pct: 8.3,
    conductivity_Spcm: 2.2,
    alumina_pct: 2.6,
    ratio: 1.1,
    cathode_V: 0.07,
    efficiency: 0.94,
    voltage_V: 4.2,
    extra_V: 0,
    effect: false,
    effect_V: 30.5,
    stirred: false,
    unrest: 0,
    wave_m: 0,
    spike: -1,
    spike_share: 0,
    topBottom_WperK: 700.5,
    added_kg: 0,
    consumed_kg: 0,
  }
}
