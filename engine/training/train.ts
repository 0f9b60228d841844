import { CELL_FEATURES } from '../anomaly/features.ts'
import { inputSchema } from '../anomaly/tensorflow/input-schema.ts'
import type { ModelRecord } from '../anomaly/tensorflow/model-record.ts'
import { scaledRows } from '../anomaly/tensorflow/reconstruction.ts'
import { networkScorer } from '../anomaly/tensorflow/scorer.ts'
import { spanOf, WINDOW_STEP_MS, windowProblem } from '../anomaly/tensorflow/window.ts'
import { LiquidusError } from '../core/errors.ts'
import type { Channel, LineDefinition, Quantity } from '../flow.ts'
import { calibrate } from './calibrate.ts'
import { codeHash } from './code-hash.ts'
import { type FeatureRows, featureCollector, type TrainingFrame } from './collect.ts'
import { fitLive } from './fit-live.ts'
import { livePlan, type NetworkKind, WINDOW_ROWS } from './networks.ts'
import type { ModelRegistry } from './registry.ts'
import { rowWindows } from './row-windows.ts'
import { sha256 } from './sha256.ts'
import type { TagSpread } from './tag-spread.ts'

/** One recording of normal running, replayed through the twin. */
export interface TrainingRun {
  readonly definition: LineDefinition
  readonly twin: { readonly fields: readonly Quantity[]; readonly channels: readonly Channel[] }
  readonly frames: AsyncIterable<TrainingFrame> | Iterable<TrainingFrame>
}

export interface TrainingOptions {
  readonly runs: readonly TrainingRun[]
  readonly registry: ModelRegistry
  readonly name: string
  /** Default: dense. */
  readonly network?: NetworkKind
  /** Rows of the window that it takes, where it takes one. */
  readonly window_rows?: number
  readonly seed: number
  readonly epochs: number
  /** What the data are, for people. */
  readonly data: string
  /** Where the rows come from, with a hash of each. */
  readonly sources?: () => readonly { readonly from: string; readonly sha256: string }[]
  /** Version of the engine that trains. */
  readonly code: string
  readonly author?: string
  /** False: train and tell, but add no version. */
  readonly keep?: boolean
  readonly onProgress?: (done: TrainingProgress) => void
}

export type TrainingProgress =
  | { readonly stage: 'collect'; readonly run: number; readonly rows: number }
  | { readonly stage: 'fit'; readonly epoch: number; readonly loss: number }

const FIT_SHARE = 0.6
const ROWS_MIN = 200
/** Windows to learn from; those of one row are as many as rows. */
const WINDOWS_MIN = 100
/** Rows on either side of the cut see the same hour; those are left out of the calibration. */
const GUARD_MS = 3600_000

/**
 * Trains a network on normal running and adds it to the registry as `shadow`: it scores
 * at once and alarms only after it is promoted.
 */
export async function trainFromFrames(options: TrainingOptions): Promise<ModelRecord> {
  const { name, seed, epochs, network: kind = 'dense', window_rows = WINDOW_ROWS } = options
  const plan = livePlan(kind, CELL_FEATURES.length, window_rows, WINDOW_STEP_MS)
  const misfit = plan.window ? windowProblem(plan.window) : ''
  if (misfit !== '') throw new LiquidusError('MODEL_INVALID', { model: name, problem: misfit })
  const { rows, spread } = await collect(options)
  const count = rows.times_ms.length
  const cut = Math.floor(count * FIT_SHARE)
  const ends = rowWindows(rows, plan.window)
    .ends()
    .filter(end => end < cut)
  requireEnough(name, count, ends.length, spanOf(plan.window))
  const inputs = inputSchema({
    ...{ tick_ms: spread.tick_ms(), tags: spread.tags() },
    ...(plan.window && { window: plan.window }),
  })
  const { centre, scale } = scaler(rows, cut)
  const shape = {
    ...{ name, version: await options.registry.nextVersion(name), features: rows.names },
    ...{ centre: Array.from(centre), scale: Array.from(scale), threshold: 1, inputs },
  }
  const scaled = { ...rows, values: scaledRows(shape, rows.values) }
  const trained = await fitLive({
    ...{ plan, ends, seed, epochs, windows: rowWindows(scaled, plan.window) },
    onProgress: (epoch, loss) => options.onProgress?.({ stage: 'fit', epoch, loss }),
  })
  const scorer = networkScorer(trained.network, shape, false)
  const { threshold, facts, metrics } = calibrate(scorer, rows, afterGuard(rows, cut))
  trained.network.dispose()
  const record: ModelRecord = {
    schema: 2,
    ...shape,
    origin: 'trained',
    network: kind,
    layers: plan.units,
    threshold,
    calibration: facts,
    training: { ...lineage(options, rows, cut, spread), seed, epochs, loss: trained.loss },
    metrics: { loss_fit: trained.loss.at(-1) ?? Number.NaN, ...metrics },
    author: options.author ?? '',
    weights_sha256: sha256(trained.weights),
  }
  if (options.keep === false) return record
  // Somebody else may have added a version meanwhile.
  return options.registry.addNext(record, trained.model, trained.weights)
}

/** Throws MODEL_INVALID where there is too little to learn from. */
function requireEnough(model: string, rows: number, windows: number, span: number): void {
  if (rows >= ROWS_MIN && windows >= WINDOWS_MIN) return
  const problem =
    rows < ROWS_MIN
      ? `needs ${ROWS_MIN} rows of normal running, got ${rows}; the first two hours of a ` +
        'recording are for warming up: give it three hours or more'
      : `needs ${WINDOWS_MIN} windows of ${span} rows a minute apart without a gap, got ${windows}`
  throw new LiquidusError('MODEL_INVALID', { model, problem })
}

/** Where the rows came from and what made them. */
function lineage(options: TrainingOptions, rows: FeatureRows, cut: number, spread: TagSpread) {
  return {
    rows: cut,
    from_ms: rows.times_ms[0]!,
    to_ms: rows.times_ms[cut - 1]!,
    data: options.data,
    data_sha256: sha256(new Uint8Array(rows.values.buffer)),
    sources: options.sources?.() ?? [],
    rows_alarmed: rows.alarmed_count,
    code: options.code,
    code_sha256: codeHash(),
    reference: spread.reference(),
  }
}

/** The rows of all runs, and how their signals are spread. */
export async function collect({
  runs,
  onProgress,
}: Pick<TrainingOptions, 'runs' | 'onProgress'>): Promise<{
  readonly rows: FeatureRows
  readonly spread: TagSpread
}> {
  const collector = featureCollector()
  for (const [run, { definition, twin, frames }] of runs.entries()) {
    collector.begin(definition, twin)
    for await (const tick of frames) collector.add(tick)
    onProgress?.({ stage: 'collect', run, rows: collector.rows().times_ms.length })
  }
  return { rows: collector.rows(), spread: collector.spread() }
}

/** Median and spread of the fit rows, so that a few odd rows do not set the scale. */
function scaler(rows: FeatureRows, count: number) {
  const width = rows.names.length
  const centre = new Float32Array(width)
  const scale = new Float32Array(width).fill(1)
  for (let f = 0; f < width; f++) {
    const known: number[] = []
    for (let row = 0; row < count; row++) {
      const value = rows.values[row * width + f]!
      if (Number.isFinite(value)) known.push(value)
    }
    if (known.length === 0) continue
    known.sort((a, b) => a - b)
    const at = (share: number) => known[Math.floor(share * (known.length - 1))]!
    const spread = (at(0.9) - at(0.1)) / 2.563
    centre[f] = at(0.5)
    scale[f] = spread > 0 ? spread : 1
  }
  return { centre, scale }
}

/** First row of the calibration; without a guard band when that would leave nothing. */
function afterGuard(rows: FeatureRows, cut: number): number {
  const from_ms = rows.times_ms[cut]! + GUARD_MS
  const sameRun = rows.times_ms.subarray(cut).findIndex(time_ms => time_ms >= from_ms)
  return sameRun < 0 || cut + sameRun > rows.times_ms.length - 10 ? cut : cut + sameRun
}
