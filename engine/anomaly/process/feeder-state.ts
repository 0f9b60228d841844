/** Memory of the feeder watch of a line. */
import { type FeedWitness, feedWitness } from './feed-witness.ts'
import { evidenceArrays, type FeederEvidence, feederEvidence } from './feeder-evidence.ts'
import type { FeederModel } from './feeder-model.ts'
import type { GaugeRow } from './gauges.ts'
import { type WaveFilter, waveFilter } from './wave-filter.ts'
import { type WaveFit, waveFit } from './wave-fit.ts'
import { rollMemory } from './wave-roll.ts'

/** Rows of a watch, [row][cell]. */
export const watchRow = {
  /** Seconds since the last scan. */
  since_s: 0,
  /** Seconds for which the cell has been followed. */
  met_s: 1,
  /** Seconds for which an effect still hides the feeders. */
  rest_s: 2,
  /** Seconds for which a change still makes others doubtful. */
  aftermath_s: 3,
  feed_kgps: 4,
  /** What the best ratio of a quiet scan usually is. */
  usual: 5,
  /** Scans for which one change has been clear, and of which feeder, from 1, with its sign. */
  held: 6,
  heldFeeder: 7,
  /** Scans for which a feeder at fault has seemed whole. */
  whole: 8,
  /** Seconds for which an effect still leaves it open what is alumina and what are the gauges. */
  stirred_s: 9,
  /** Seconds for which what the cell does unevenly anyway is not well known. */
  strange_s: 10,
} as const
const ROWS = 11
/** Time until what is usual in a cell, and how its gauges differ, is as well known as it gets. */
const FAMILIAR_S = 3 * 3600

/** All that a watch knows. */
export interface Watch {
  readonly cells: number
  readonly model: FeederModel
  readonly filter: WaveFilter
  readonly evidence: FeederEvidence
  readonly fit: WaveFit
  readonly witness: FeedWitness
  readonly gauges: GaugeRow
  readonly marginAt: number
  readonly rows: Float64Array // [row][cell]
  readonly baseline: Float64Array // [cell][anode]
  readonly followed_s: Float64Array // [cell][anode]
  readonly fresh_s: Float64Array // [cell][anode]
  readonly shot_kg: Float64Array // [cell][feeder], since the last scan
  readonly late_kg: Float64Array // [cell][feeder]
  readonly change: Float64Array // [cell][feeder], delivered of commanded, less one
  /** What the feeders delivered unevenly before one went wrong. */
  readonly usual: Float64Array // [cell][mode]
  readonly order: Float64Array // [cell]
  readonly roll: Float64Array // how the metal rolls
  readonly dissolved_kg: Float64Array // [feeder], in this scan
}

/** A watch that has seen nothing. */
export function createWatch(
  model: FeederModel,
  cells: number,
  beside: { readonly gauges: GaugeRow; readonly marginAt: number },
): Watch {
  const { anodes, feeders } = model
  const each = (count: number) => new Float64Array(cells * count)
  const rows = each(ROWS)
  rows.fill(FAMILIAR_S, watchRow.strange_s * cells, (watchRow.strange_s + 1) * cells)
  return {
    ...beside,
    ...{ cells, model, filter: waveFilter(model, cells), evidence: feederEvidence(model, cells) },
    ...{ witness: feedWitness(), fit: waveFit(model) },
    ...{ rows, baseline: each(anodes), followed_s: each(anodes) },
    ...{ fresh_s: each(anodes), shot_kg: each(feeders), late_kg: each(feeders) },
    ...{
      change: each(feeders),
      usual: each(model.modes),
      order: each(1),
      roll: rollMemory(cells),
      dissolved_kg: new Float64Array(feeders),
    },
  }
}

/** All that is memory, in a fixed order. */
export function watchArrays(watch: Watch): readonly Float64Array[] {
  const { filter, evidence, rows, baseline, followed_s, fresh_s, shot_kg, late_kg } = watch
  return [
    ...[filter.estimate, filter.covariance, filter.noise, ...evidenceArrays(evidence)],
    ...[rows, baseline, followed_s, fresh_s, shot_kg, late_kg],
    ...[watch.change, watch.usual, watch.roll],
  ]
}
