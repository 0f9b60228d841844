import type { FaultKind } from './faults.ts'
import { meanLedge_m } from './heat.ts'
import type { CellParameters } from './parameters.ts'
import { bathMass_kg, type CellState, sum } from './state.ts'

/** What is true in a cell, for tests, recordings and benches; never sent. */
export interface PotTruth {
  readonly alumina_pct: number
  /** Mean over the part of the cell that a feeder serves. */
  readonly zones_pct: readonly number[] // [feeder]
  /** Under each anode. */
  readonly anodes_pct: readonly number[] // [anode]
  readonly anode_kA: readonly number[] // [anode]
  readonly anode_acd_mm: readonly number[] // [anode]
  /** What the gauge of an anode makes of its current. */
  readonly gauge_gain: readonly number[] // [anode]
  readonly undissolved_kg: number
  readonly sludge_kg: number
  readonly dissolved_kg: number
  readonly acd_mm: number
  readonly bath_C: number
  readonly liquidus_C: number
  readonly superheat_K: number
  readonly alf3_pct: number
  readonly ledge_cm: number
  readonly ledge_bath_cm: number
  readonly ledge_metal_cm: number
  /** At bath height side A and B, then at metal height. */
  readonly shell_C: readonly number[] // [wall]
  readonly efficiency_1: number
  readonly metal_kg: number
  readonly bath_kg: number
  readonly voltage_V: number
  readonly anode_effect: boolean
  /** Anode effects since the start. */
  readonly effects: number
  /** Alumina that entered and left since the start, kg. */
  readonly added_kg: number
  readonly consumed_kg: number
  /** What the controller wants to feed, kg/s. */
  readonly feed_kgps: number
  readonly faults: readonly FaultKind[]
}

/** The truth of a cell now. */
export function truthOf(
  p: CellParameters,
  s: CellState,
  known: Pick<PotTruth, 'effects' | 'feed_kgps' | 'faults'>,
): PotTruth {
  const bath_kg = bathMass_kg(s)
  const dissolved_kg = sum(s.dissolved_kg)
  const anodes_pct = Array.from(s.dissolved_kg, kg => (100 * kg * p.anodes) / bath_kg)
  return {
    alumina_pct: (100 * dissolved_kg) / bath_kg,
    zones_pct: Array.from({ length: p.feeders }, (_, feeder) => zone_pct(p, anodes_pct, feeder)),
    anodes_pct,
    anode_kA: Array.from(s.anode_A, A => A / 1000),
    anode_acd_mm: Array.from(s.offset_m, m => 1000 * (s.gap_m + m)),
    gauge_gain: p.gauge_gain,
    undissolved_kg: sum(s.undissolved_kg),
    sludge_kg: s.sludge_kg,
    dissolved_kg,
    acd_mm: s.gap_m * 1000,
    bath_C: s.bath_C,
    liquidus_C: s.liquidus_C,
    superheat_K: s.bath_C - s.liquidus_C,
    alf3_pct: (100 * s.alf3_kg) / bath_kg,
    ledge_cm: meanLedge_m(p, s) * 100,
    ledge_bath_cm: meanLedge_m(p, s, 0, 2) * 100,
    ledge_metal_cm: meanLedge_m(p, s, 2) * 100,
    shell_C: Array.from(s.lining_C),
    efficiency_1: s.efficiency,
    metal_kg: s.metal_kg,
    bath_kg,
    voltage_V: s.voltage_V,
    anode_effect: s.effect,
    added_kg: s.added_kg,
    consumed_kg: s.consumed_kg,
    ...known,
  }
}

/** Anode columns that only partly belong to a feeder count for that part. */
function zone_pct(p: CellParameters, anodes_pct: readonly number[], feeder: number): number {
  const columns = p.anodes / 2
  const from = (feeder * columns) / p.feeders
  const to = ((feeder + 1) * columns) / p.feeders
  let total = 0
  for (let c = 0; c < columns; c++) {
    const part = Math.min(to, c + 1) - Math.max(from, c)
    if (part > 0) total += part * (anodes_pct[c]! + anodes_pct[c + columns]!)
  }
  return total / (2 * (to - from))
}
