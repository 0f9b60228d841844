import { toSi } from '../../core/units.ts'
import { type LineDefinition, Quality, type ReadingBatch } from '../../flow.ts'
import type { LineFold } from '../../lines/fold.ts'
import { BatchBuilder } from '../../sim/batch.ts'
import type { Fault } from '../../sim/faults.ts'
import { createPlant } from '../../sim/plant.ts'
import { plantDefinition } from '../../sim/run.ts'
import { FEEDERS } from './plan.ts'
import { LineWatch, type RiskOf, type Watched } from './watch.ts'

/** Builds the product's own fold for a line, as a running engine does. */
export type BuildFold = (definition: LineDefinition) => LineFold
/** Makes the score of a coming anode effect for a line. */
export type BuildRisk = (definition: LineDefinition, fold: LineFold) => RiskOf

/** A simulated line to run. */
export interface LineOptions {
  readonly seed: number
  readonly cells: number
  readonly hours: number
  readonly faults: readonly Fault[]
  readonly buildFold: BuildFold
  readonly buildRisk: BuildRisk
  readonly onHour?: (hour: number) => void
}

const START_MS = Date.UTC(2026, 0, 1)
const HOUR_S = 3600

/** Runs a simulated line through twin and anomaly stage, as fast as it goes. */
export function runLine(options: LineOptions): Watched {
  const { seed, cells, hours, faults } = options
  const definition = plantDefinition({ line: 'evaluation', cells, feeders: FEEDERS, speed: 60 })
  const plant = createPlant({ seed, cells, feeders: FEEDERS, start_ms: START_MS, faults })
  const fold = options.buildFold(definition)
  const watch = new LineWatch(definition, START_MS, hours, options.buildRisk(definition, fold))
  const builder = new BatchBuilder(definition)
  const units = definition.tags.map(({ unit }) => unit)
  for (let second = 0; second < hours * HOUR_S; second++) {
    builder.clear()
    const readings = plant.step()
    builder.add(readings)
    foldBatch(fold, siBatch(builder, units, cells, readings.time_ms), watch)
    if (second % HOUR_S === 0) options.onHour?.(second / HOUR_S)
  }
  return watch.result()
}

/** Runs one batch through all stages and shows what they said to the watch. */
export function foldBatch(fold: LineFold, batch: ReadingBatch, watch: LineWatch): void {
  fold.foldBatch(batch, step => {
    if (step.at === 'tick') watch.tick(step.frame, step.twin!)
    for (const event of step.events) watch.event(event)
  })
}

function siBatch(
  { refs, times_ms, values, count }: BatchBuilder,
  units: readonly string[],
  cells: number,
  received_ms: number,
): ReadingBatch {
  const si = new Float64Array(count)
  for (let r = 0; r < count; r++) si[r] = toSi(values[r]!, units[Math.floor(refs[r]! / cells)]!)
  return {
    ...{ producer: 'plant', epoch: 1, sequence: 1, received_ms, mode: 'live', count },
    series: refs.slice(0, count),
    times_ms: times_ms.slice(0, count),
    values: si,
    quality: new Uint8Array(count).fill(Quality.good),
  }
}
