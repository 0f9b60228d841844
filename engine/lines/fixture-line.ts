/** A small generic line with its real stages, for tests of what drives them. */
import { adviceStage } from '../advice/stage.ts'
import { anomalyStage } from '../anomaly/stage.ts'
import type { CellModels } from '../anomaly/tensorflow/cell-scorer.ts'
import { encodeColumns, type encodeSeries } from '../client/encode-batch.ts'
import type { EventLoopGauge } from '../core/event-loop.ts'
import type { BatchEntry, LineDefinition, TagDefinition } from '../flow.ts'
import { batchDecoder } from '../ingest/batch-decoder.ts'
import { withDefinitions, withSequence } from '../ingest/grpc/lane.ts'
import { createTwin } from '../twin/catalog.ts'
import { type FoldStages, type LineFold, lineFold } from './fold.ts'
import type { LineTrend } from './fold-run.ts'

const signal: TagDefinition = {
  tag: 'pressure',
  unit: '1',
  scope: 'cell',
  kind: 'signal',
  period_ms: 1000,
  hold_max_ms: 3000,
  in_tick: 'mean',
  low: -1000,
  high: 1000,
  alarm_high: 100,
}

/** Two assets with a limit at 100; ticks of a second. */
export const tinyLine: LineDefinition = {
  tenant: 'local',
  line: 'tiny',
  kind: 'generic',
  clock: 'stream',
  origin: 'recorded',
  tick_ms: 1000,
  cells: ['a', 'b'],
  tags: [signal, { ...signal, tag: 'flow' }],
}

/** The fold of a line with its real stages, without a model unless one is given. */
export function realFold(
  definition: LineDefinition,
  cellModels?: CellModels,
  more: Partial<FoldStages> = {},
): LineFold {
  const twin = createTwin(definition)
  return lineFold(definition, {
    decoder: batchDecoder(definition),
    twin,
    anomaly: anomalyStage(definition, twin, cellModels ? { cellModels } : {}),
    advice: adviceStage(definition, twin, { twin: twin.version }),
    ...more,
  })
}

/** Columns of one batch and the refs it names, as a producer makes them. */
export type BatchColumns = Parameters<typeof encodeColumns>[0] & {
  readonly series: Parameters<typeof encodeSeries>[0]
}

/** The columns as the door would log them. */
export function loggedBatch(sequence: number, columns: BatchColumns, epoch = 1): BatchEntry {
  const rows = encodeColumns(columns, { first: 0, count: columns.count })
  const series = [...columns.series]
  return {
    kind: 'batch',
    producer: 'p',
    epoch,
    sequence,
    received_ms: 0,
    mode: columns.mode ?? 'live',
    rejected: [],
    wire: withSequence(withDefinitions(series, rows), sequence),
  }
}

/** One second of the tiny line; a value above 100 raises an alarm. */
export function tinySecond(
  second: number,
  value: (series: number) => number,
  mode: 'live' | 'backfill' = 'live',
): BatchColumns {
  const series = tinyLine.tags.flatMap(({ tag }, t) =>
    tinyLine.cells.map((asset_path, cell) => ({ ref: 2 * t + cell, asset_path, tag, unit: '' })),
  )
  return {
    series,
    mode,
    count: series.length,
    refs: Uint32Array.from(series, one => one.ref),
    times_ms: Float64Array.from(series, one => 1000 * second + 10 * one.ref),
    values: Float64Array.from(series, one => value(one.ref)),
  }
}

/** A history that keeps nothing. */
export const noTrend: LineTrend = {
  push() {},
  amend() {},
  read: () => ({ times_ms: new Float64Array(), columns: new Map() }),
}

/** A thread that is never late. */
export const calmGauge: EventLoopGauge = {
  load: () => ({
    ...{ name: 'io', event_loop_lag_ms_p50: 0, event_loop_lag_ms_p99: 0 },
    ...{ heap_used_bytes: 0, gc_pause_s: 0, gc_count: 0 },
  }),
  close() {},
}
