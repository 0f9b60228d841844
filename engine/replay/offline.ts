import { toSi } from '../core/units.ts'
import {
  type LineDefinition,
  type LineFrame,
  Quality,
  type ReadingBatch,
  seriesIndex,
} from '../flow.ts'
import { frameBuilder } from '../lines/frames/builder.ts'
import type { ReplaySource } from './source.ts'

/** Frames of a recording, without an engine: for training and offline work. Each is a copy. */
export async function* recordedFrames(source: ReplaySource): AsyncGenerator<LineFrame> {
  const { definition } = source
  const builder = frameBuilder(definition)
  const places = source.series.map(one => placeOf(definition, one))
  for await (const chunk of source.readings()) {
    const known = chunk.filter(reading => {
      const place = places[reading.ref]!
      const value = toSi(reading.value, place.unit)
      return Number.isNaN(value) || (value >= place.low && value <= place.high)
    })
    const batch: ReadingBatch = {
      producer: 'recording',
      epoch: 1,
      sequence: 1,
      received_ms: 0,
      mode: 'live',
      count: known.length,
      series: Uint32Array.from(known, reading => places[reading.ref]!.series),
      times_ms: Float64Array.from(known, reading => reading.time_ms),
      values: Float64Array.from(known, ({ ref, value }) => toSi(value, places[ref]!.unit)),
      quality: Uint8Array.from(known, ({ value }) =>
        Number.isNaN(value) ? Quality.bad : Quality.good,
      ),
    }
    // Copied at once: the frame is reused by the next tick.
    yield* Array.from(builder.batch(batch), copyOf)
  }
}

function placeOf(definition: LineDefinition, named: ReplaySource['series'][number]) {
  const tagIndex = definition.tags.findIndex(tag => tag.tag === named.tag)
  const tag = definition.tags[tagIndex]!
  const cell = tag.scope === 'line' ? 0 : definition.cells.indexOf(named.asset_path)
  return {
    series: seriesIndex(definition, tagIndex, cell),
    unit: named.unit,
    low: toSi(tag.low, tag.unit),
    high: toSi(tag.high, tag.unit),
  }
}

function copyOf(frame: LineFrame): LineFrame {
  return {
    ...frame,
    values: frame.values.slice(),
    quality: frame.quality.slice(),
    age_ms: frame.age_ms.slice(),
  }
}
