import { toSi } from '../../core/units.ts'
import { type LineDefinition, Quality, type ReadingBatch, seriesIndex } from '../../flow.ts'
import { potlineSource } from '../../replay/potline.ts'
import type { ReplayReading, ReplaySource } from '../../replay/source.ts'
import { type BuildFold, type BuildRisk, foldBatch } from './line.ts'
import { LineWatch, type Watched } from './watch.ts'

/** Hours of a recorded day. */
const DAY_H = 24
/** Where the clock of such a recording begins. */
const START_MS = Date.UTC(2026, 0, 1)

/** Runs a recorded day of a potline through twin and anomaly stage. */
export async function runRecording(
  folder: string,
  buildFold: BuildFold,
  buildRisk: BuildRisk,
): Promise<Watched> {
  const source = potlineSource(folder, { line: 'recording', tenant: '', origin: 'synthetic' })
  const { definition } = source
  const fold = buildFold(definition)
  const watch = new LineWatch(definition, START_MS, DAY_H, buildRisk(definition, fold))
  const toBatch = batchOf(source)
  for await (const chunk of source.readings()) foldBatch(fold, toBatch(chunk), watch)
  return watch.result()
}

function batchOf({ definition, series }: ReplaySource) {
  const places = series.map(({ tag, asset_path, unit }) => ({
    series: placeOf(definition, tag, asset_path),
    unit,
  }))
  return (chunk: readonly ReplayReading[]): ReadingBatch => ({
    ...{ producer: 'recording', epoch: 1, sequence: 1, received_ms: 0, mode: 'live' },
    count: chunk.length,
    series: Uint32Array.from(chunk, ({ ref }) => places[ref]!.series),
    times_ms: Float64Array.from(chunk, ({ time_ms }) => time_ms),
    values: Float64Array.from(chunk, ({ ref, value }) => toSi(value, places[ref]!.unit)),
    quality: Uint8Array.from(chunk, ({ value }) =>
      Number.isNaN(value) ? Quality.bad : Quality.good,
    ),
  })
}

function placeOf(definition: LineDefinition, tag: string, cell: string): number {
  const tagIndex = definition.tags.findIndex(one => one.tag === tag)
  return seriesIndex(definition, tagIndex, cell === '' ? 0 : definition.cells.indexOf(cell))
}
