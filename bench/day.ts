import type { Clock } from '#engine/core/clock.ts'
import { toSi } from '#engine/core/units.ts'
import type { LineDefinition } from '#engine/flow.ts'
import {
  type AlarmRecord,
  type OutputEvent,
  Quality,
  type ReadingBatch,
  seriesIndex,
} from '#engine/flow.ts'
import type { LineFold } from '#engine/lines/fold.ts'
import { anodeTagNames, potlineTag, shellTagNames } from '#engine/lines/potline.ts'
import type { Fault } from '#engine/sim/faults.ts'
import { createPlant, type PlantReadings } from '#engine/sim/plant.ts'
import { plantDefinition } from '#engine/sim/run.ts'

export interface DayOptions {
  readonly seed: number
  readonly cells: number
  readonly hours: number
  readonly faults: readonly Fault[]
  readonly buildFold: (definition: LineDefinition) => LineFold
  readonly clock: Clock
  readonly onProgress: (simulated_h: number) => void
}

export interface DayResult {
  readonly seed: number
  readonly cells: number
  readonly hours: number
  readonly ticks: number
  readonly alarms: readonly {
    readonly cell: string
    readonly kind: string
    readonly text: string
    readonly raised_h: number
  }[]
  readonly anomalies: number
  readonly advice: number
  readonly wall_s: number
  readonly us_per_tick: number
}

const FEEDERS = 5

/** Runs a simulated day through the whole fold, offline, and lists every alarm it raised. */
export function runDay(options: DayOptions): DayResult {
  const { seed, cells, hours, faults, clock } = options
  const definition = plantDefinition({ line: 'day', cells, feeders: FEEDERS, speed: 60 })
  const plant = createPlant({
    seed,
    cells,
    feeders: FEEDERS,
    start_ms: Date.UTC(2026, 0, 1),
    faults,
  })
  const fold = options.buildFold(definition)
  const toBatch = batchOf(definition)
  const raised = new Map<string, AlarmRecord>()
  const counts = { anomalies: 0, advice: 0, ticks: 0 }
  const onEvent = (event: OutputEvent) => {
    if (event.channel === 'anomaly') counts.anomalies += 1
    else if (event.channel === 'advice' && event.body.revision === 1) counts.advice += 1
    else if (event.channel === 'alarm' && !event.body.suppressed && !raised.has(event.id)) {
      const key = `${event.body.id}`
      if (!raised.has(key)) raised.set(key, event.body)
    }
  }
  const started_ms = clock.elapsed_ms()
  for (let second = 0; second < hours * 3600; second++) {
    step(fold, toBatch(plant.step()), onEvent, counts)
    if (second % 3600 === 0) options.onProgress(second / 3600)
  }
  const wall_s = (clock.elapsed_ms() - started_ms) / 1000
  return {
    seed,
    cells,
    hours,
    ...counts,
    alarms: [...raised.values()].map(alarm => ({
      cell: alarm.cell,
      kind: alarm.kind,
      text: alarm.text,
      raised_h: Math.round((alarm.raised_ms - plant.start_ms) / 36_000) / 100,
    })),
    wall_s: Math.round(wall_s * 10) / 10,
    us_per_tick: Math.round((wall_s * 1e6) / Math.max(1, counts.ticks)),
  }
}

function step(
  fold: LineFold,
  batch: ReadingBatch,
  onEvent: (event: OutputEvent) => void,
  counts: { ticks: number },
): void {
  fold.foldBatch(batch, result => {
    if (result.at === 'tick') counts.ticks += 1
    for (const event of result.events) onEvent(event)
  })
}

/** A plant's second as readings in SI, as the door and the decoder would make them. */
function batchOf(definition: LineDefinition): (readings: PlantReadings) => ReadingBatch {
  const tagIndex = new Map(definition.tags.map((tag, i) => [tag.tag, i]))
  const rows: { series: number; time_ms: number; value: number }[] = []
  const named = (tag: string) => tagIndex.has(tag)
  const anodes = anodeTagNames(definition.tags.length).filter(named)
  const shells = shellTagNames(definition.tags.length).filter(named)
  const put = (tag: string, cell: number, time_ms: number, value: number) => {
    const index = tagIndex.get(tag)!
    const series = seriesIndex(definition, index, cell)
    rows.push({ series, time_ms, value: toSi(value, definition.tags[index]!.unit) })
  }
  const putGauges = (
    { time_ms }: PlantReadings,
    cells: Iterable<number>,
    tags: readonly string[],
    values: ArrayLike<number>, // [cell][tag]
  ) => {
    for (const cell of cells) {
      for (let i = 0; i < tags.length; i++) {
        put(tags[i]!, cell, time_ms, values[cell * tags.length + i]!)
      }
    }
  }
  return readings => {
    rows.length = 0
    const { time_ms } = readings
    for (const event of readings.events) put(event.tag, event.cell, event.time_ms, event.value)
    for (const sample of readings.samples) {
      put(sample.tag, sample.cell, sample.taken_ms, sample.value)
    }
    putGauges(readings, readings.anodes_of, anodes, readings.anode_current_kA)
    putGauges(readings, readings.shell_of, shells, readings.shell_temperature_C)
    put(potlineTag.current, 0, time_ms, readings.line_current_kA)
    for (let cell = 0; cell < definition.cells.length; cell++) {
      put(potlineTag.voltage, cell, time_ms, readings.cell_voltage_V[cell]!)
      put(potlineTag.beam, cell, time_ms, readings.beam_position_mm[cell]!)
    }
    return {
      producer: 'day',
      epoch: 1,
      sequence: 1,
      received_ms: time_ms,
      mode: 'live',
      count: rows.length,
      series: Uint32Array.from(rows, row => row.series),
      times_ms: Float64Array.from(rows, row => row.time_ms),
      values: Float64Array.from(rows, row => row.value),
      quality: new Uint8Array(rows.length).fill(Quality.good),
    }
  }
}
