import type { Random } from '../core/random.ts'

/** What one simulated cell really is; nobody outside the plant sees it. */
export interface CellParameters {
  readonly feeders: number
  /** In two rows: the first half along side A, the second along side B. */
  readonly anodes: number
  /** Anode area times fanning of the whole cell, cm2. */
  readonly anodeArea_cm2: number
  readonly cathodeArea_cm2: number
  /** Alumina content at which the anodes lose their wetting, wt%. */
  readonly effectAlumina_pct: number
  readonly conductivity_share: number
  readonly bubble_share: number
  readonly anode_Ohm: number
  readonly cathode_Ohm: number
  readonly bus_Ohm: number
  /** Share of a shot that does not dissolve at once. */
  readonly slow_share: number
  readonly dissolution_perS: number
  readonly sludge_share: number
  readonly sludgeReturn_perS: number
  /** Mixing of the bath under neighbouring anodes of a row. */
  readonly exchange_perS: number
  readonly liquidCapacity_JperK: number
  readonly side_WperK: number
  readonly sideArea_m2: number
  readonly ledge_WpermK: number
  readonly liningIn_m2KperW: number
  /** From the middle of the lining to the air, by wall. */
  readonly liningOut_m2KperW: readonly number[] // [wall]
  /** Heat transfer from the liquids, relative to the mean of the sides, by wall. */
  readonly wall_share: readonly number[] // [wall]
  readonly lining_Jperm2K: number
  readonly ambient_C: number
  readonly loss_pct: number
  readonly alf3Loss_kgps: number
  readonly burn_mPerAs: number
  readonly rise_mPerkg: number
  readonly bubbleNoise_V: number
  readonly bubble_Hz: number
  readonly rollNoise_V: number
  readonly roll_Hz: number
  /** Feeder calibration: what arrives of a commanded kilogram. */
  readonly feeder_share: readonly number[]
  /** Where the alumina of a feeder falls. */
  readonly drop_share: Float64Array // [feeder][anode]
  /** Mixing of the bath under opposite anodes, through the centre channel. */
  readonly across_perS: number
  /** Slow circulation along side A and back along side B, columns per second; either way. */
  readonly loop_perS: number
  /** What a unit of current reads on an anode's gauge. */
  readonly gauge_gain: readonly number[] // [anode]
  // The point at which the crew set the cell up, and where its heat balance closes.
  readonly setup: {
    readonly current_A: number
    readonly voltage_V: number
    readonly alumina_pct: number
    readonly alf3_pct: number
    readonly caf2_pct: number
    readonly mgf2_pct: number
    readonly superheat_K: number
    readonly bath_kg: number
    readonly metal_kg: number
  }
}

/** Anodes of a cell. */
export const ANODES = 36
/** Heat that a cold anode takes from the bath until it carries its current, J. */
export const COLD_ANODE_J = 0.8e9
/** Time constant of a new anode's pick-up of current and heat. */
export const COLD_ANODE_S = 4.5 * 3600
/** Mean time between two anode changes of one cell. */
export const ANODE_PERIOD_S = 26 * 3600

/** Walls of a cell: at bath height side A and B, then at metal height side A and B. */
export const WALLS = 4
/** Share of the side area that lies at bath height. */
export const BATH_WALL_SHARE = 0.55

/** Draws a cell whose hidden numbers lie some per cent off a 350 kA design. */
export function drawCell(random: Random, feeders: number): CellParameters {
  const near = (value: number, share: number) =>
    value * (1 + share * Math.max(-2, Math.min(2, random.normal())))
  const between = (low: number, high: number) => low + (high - low) * random.uniform()
  const own = random.fork('places')
  const ownNear = (value: number, share: number) =>
    value * (1 + share * Math.max(-2.5, Math.min(2.5, own.normal())))
  return {
    feeders,
    anodes: ANODES,
    drop_share: dropShares(feeders, () => ownNear(0.5, 0.05)),
    across_perS: ownNear(4e-3, 0.15),
    loop_perS: 0.002 * Math.max(-2, Math.min(2, own.normal())),
    gauge_gain: Array.from({ length: ANODES }, () => ownNear(1, 0.02)),
    wall_share: Array.from({ length: WALLS }, (_, w) => ownNear(w < 2 ? 1.02 : 0.97, 0.025)),
    anodeArea_cm2: near(ANODES * 155 * 70 * 1.08, 0.015),
    cathodeArea_cm2: 560_000,
    effectAlumina_pct: near(1.9, 0.025),
    conductivity_share: near(1, 0.04),
    bubble_share: near(0.96, 0.05),
    anode_Ohm: near(0.85e-6, 0.05),
    cathode_Ohm: near(0.8e-6, 0.06),
    bus_Ohm: near(0.45e-6, 0.04),
    slow_share: near(0.6, 0.06),
    dissolution_perS: near(0.002, 0.08),
    sludge_share: near(0.03, 0.2),
    sludgeReturn_perS: near(1.5e-5, 0.1),
    exchange_perS: near(0.0194, 0.1),
    liquidCapacity_JperK: near(36.7e6, 0.05),
    side_WperK: near(13.4e3, 0.07),
    sideArea_m2: 14.4,
    ledge_WpermK: near(1.5, 0.06),
    liningIn_m2KperW: near(0.019, 0.06),
    liningOut_m2KperW: liningOf(near(0.031, 0.06), ownNear),
    lining_Jperm2K: near(2.4e5, 0.1),
    ambient_C: near(31, 0.1),
    loss_pct: between(4.7, 6.6),
    alf3Loss_kgps: near(31 / 86_400, 0.1),
    burn_mPerAs: near(17.1e-3 / 86_400 / 350e3, 0.03),
    rise_mPerkg: near(1 / (2300 * 56), 0.02),
    bubbleNoise_V: between(0.0045, 0.009),
    bubble_Hz: between(0.7, 0.9),
    rollNoise_V: between(0.002, 0.005),
    roll_Hz: between(0.006, 0.011),
    feeder_share: Array.from({ length: feeders }, () => near(1, 0.025)),
    setup: {
      current_A: 350e3,
      voltage_V: between(4.22, 4.29),
      alumina_pct: 2.6,
      alf3_pct: near(12.5, 0.02),
      caf2_pct: near(5, 0.04),
      mgf2_pct: near(0.3, 0.1),
      superheat_K: between(7.2, 9.5),
      bath_kg: near(7500, 0.06),
      metal_kg: near(20_000, 0.04),
    },
  }
}

const liningOf = (mean: number, near: (value: number, share: number) => number) =>
  Array.from({ length: WALLS }, (_, wall) => near(mean * (wall < 2 ? 1.03 : 0.96), 0.03))

/** Width of the patch that a shot covers, in anode columns. */
const PLUME_COLUMNS = 0.8

/** A shot spreads over the nearest anodes of both rows. */
function dropShares(feeders: number, sideA_share: () => number): Float64Array {
  const columns = ANODES / 2
  const shares = new Float64Array(feeders * ANODES)
  for (let feeder = 0; feeder < feeders; feeder++) {
    const at = ((feeder + 0.5) * columns) / feeders - 0.5
    const row = shares.subarray(feeder * ANODES, (feeder + 1) * ANODES)
    const first_share = sideA_share()
    let sum = 0
    for (let column = 0; column < columns; column++) {
      const off = (column - at) / PLUME_COLUMNS
      const weight = Math.exp(-0.5 * off * off)
      row[column] = weight * first_share
      row[column + columns] = weight * (1 - first_share)
      sum += weight
    }
    for (let anode = 0; anode < ANODES; anode++) row[anode]! /= sum
  }
  return shares
}
