/**
 * Perfluorocarbons from anode effects: the slope and the overvoltage method of the inventories
 * [ipcc2006, eu2025], and the counting of anode effects that they need.
 */

/** Cell technologies of the inventories. */
export type PfcTechnology =
  | 'pfpb-legacy'
  | 'pfpb-modern'
  | 'pfpb-mw'
  | 'cwpb'
  | 'swpb'
  | 'vss'
  | 'hss'

/** Factor tables: IPCC 2006 Tier 2, and that of EU 2025/2547 in the style of IPCC 2019. */
export type PfcTable = 'ipcc-2006' | 'eu-2025'

/** Factors of the slope method. */
export interface SlopeFactors {
  /** kg CF4 per tonne of metal and anode effect minute per cell-day. */
  readonly slope: number
  /** kg C2F6 per kg CF4. */
  readonly c2f6_share: number
}

const factors = (slope: number, c2f6_share: number): SlopeFactors => ({ slope, c2f6_share })
const CWPB = factors(0.143, 0.121)

/** Slope factors; a technology that a table does not know is absent. */
export const SLOPE_FACTORS: Readonly<
  Record<PfcTable, Readonly<Partial<Record<PfcTechnology, SlopeFactors>>>>
> = {
  'ipcc-2006': {
    cwpb: CWPB,
    swpb: factors(0.272, 0.252),
    vss: factors(0.092, 0.053),
    hss: factors(0.099, 0.085),
  },
  'eu-2025': {
    'pfpb-legacy': factors(0.122, 0.097),
    'pfpb-modern': factors(0.104, 0.057),
    // To be measured on the own cells; until then as centre worked prebake.
    'pfpb-mw': CWPB,
    cwpb: CWPB,
    swpb: factors(0.233, 0.28),
    vss: factors(0.058, 0.086),
    hss: factors(0.165, 0.077),
  },
}

/** Overvoltage coefficients: kg CF4 per tonne of metal, mV of overvoltage and % of efficiency. */
export const OVERVOLTAGE_FACTORS: Readonly<
  Partial<Record<PfcTechnology, { readonly coefficient: number; readonly c2f6_share: number }>>
> = {
  cwpb: { coefficient: 1.16, c2f6_share: 0.121 },
  swpb: { coefficient: 3.65, c2f6_share: 0.252 },
}

/** Warming potentials over 100 years, kg CO2 per kg. */
export const WARMING = {
  ar2: { cf4: 6500, c2f6: 9200 },
  ar5: { cf4: 6630, c2f6: 11_100 },
} as const

/** Masses of the two gases, and what they count as CO2. */
export interface PfcEmission {
  readonly cf4_kg: number
  readonly c2f6_kg: number
  readonly co2e_kg: number
}

function emission(cf4_kg: number, c2f6_share: number, warming: keyof typeof WARMING): PfcEmission {
  const c2f6_kg = c2f6_share * cf4_kg
  const { cf4, c2f6 } = WARMING[warming]
  return { cf4_kg, c2f6_kg, co2e_kg: cf4 * cf4_kg + c2f6 * c2f6_kg }
}

/**
 * Slope method: anode effect minutes are those per cell-day, frequency times mean duration.
 * Throws a RangeError where the table has no factor for the technology.
 */
export function pfcBySlope(
  table: PfcTable,
  technology: PfcTechnology,
  minutesPerCellDay: number,
  metal_kg: number,
  warming: keyof typeof WARMING = 'ar5',
): PfcEmission {
  const found = SLOPE_FACTORS[table][technology]
  if (!found) throw new RangeError(`${table} has no slope factor for ${technology}`)
  const cf4_kg = (found.slope * minutesPerCellDay * metal_kg) / 1000
  return emission(cf4_kg, found.c2f6_share, warming)
}

/**
 * Overvoltage method. The inventories put the current efficiency in percent; here it is a share,
 * as everywhere, and is turned into percent inside.
 */
export function pfcByOvervoltage(
  technology: PfcTechnology,
  overvoltage_V: number,
  efficiency: number,
  metal_kg: number,
  warming: keyof typeof WARMING = 'ar5',
): PfcEmission {
  const found = OVERVOLTAGE_FACTORS[technology]
  if (!found) throw new RangeError(`no overvoltage coefficient for ${technology}`)
  const perTonne_kg = (found.coefficient * (1000 * overvoltage_V)) / (100 * efficiency)
  return emission((perTonne_kg * metal_kg) / 1000, found.c2f6_share, warming)
}

/** What counting anode effects needs to remember of one cell. */
export interface AnodeEffectCount {
  time_s: number
  inEffect: boolean
  effects: number
  effect_s: number
  /** Voltage above the target in effects, summed over time: V s. */
  overvoltage_Vs: number
}

/** Voltage above which an anode effect counts. */
export const ANODE_EFFECT_TRIP_V = 8

/** A count of nothing yet. */
export function anodeEffectCount(): AnodeEffectCount {
  return { time_s: 0, inEffect: false, effects: 0, effect_s: 0, overvoltage_Vs: 0 }
}

/** Counts dt_s at a voltage; `target_V` is what the cell would have without the effect. */
export function countAnodeEffect(
  count: AnodeEffectCount,
  cell_V: number,
  target_V: number,
  dt_s: number,
): void {
  const above = cell_V > ANODE_EFFECT_TRIP_V
  if (above && !count.inEffect) count.effects++
  count.inEffect = above
  count.time_s += dt_s
  if (!above) return
  count.effect_s += dt_s
  count.overvoltage_Vs += (cell_V - target_V) * dt_s
}

/** Anode effect minutes per cell-day of a count; 0 before any time has passed. */
export function minutesPerCellDay(count: Readonly<AnodeEffectCount>): number {
  return count.time_s > 0 ? (count.effect_s / 60) * (86_400 / count.time_s) : 0
}

/** Mean overvoltage of a count over all its time, for the overvoltage method. */
export function meanOvervoltage_V(count: Readonly<AnodeEffectCount>): number {
  return count.time_s > 0 ? count.overvoltage_Vs / count.time_s : 0
}
