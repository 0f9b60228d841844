import { type CombinerModel, scaleInto } from '../anomaly/combine/model.ts'
import { type Run, rowOf, runSlice } from '../anomaly/rows/run.ts'
import { fitModels, type LinearPlan } from '../anomaly/rows/statistics.ts'
import {
  type FittedStreams,
  joinStreams,
  neutralValues,
  type StreamPlan,
  startStreams,
} from '../anomaly/rows/streams.ts'
import { fitScaler } from '../anomaly/rows/window.ts'
import { LiquidusError } from '../core/errors.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { fitClassifier } from './classifier.ts'
import { type ChannelSpread, withSyntheticFault } from './synthetic-faults.ts'

/** How a network learns to weigh the streams of linear detectors. */
export interface CombinerPlan {
  readonly models: Readonly<Record<string, LinearPlan>>
  readonly streams: readonly StreamPlan[]
  readonly hidden: number
  readonly epochs: number
  /** Made-up faults per run. */
  readonly faults: number
  /** Rows of a piece with a made-up fault; it begins after the first 40 to 60. */
  readonly piece_rows: number
  /** Largest fault, in spreads of a channel. */
  readonly size_most: number
}

/** Where a fault begins in its piece. */
const FAULT_FROM_ROW = 40
const FAULT_FROM_SPREAD = 20
/** Rows at the start of a run, when the memories are still filling. */
const START_ROWS = 30
/** One row of so many after a fault is learnt: those beside it say the same. */
const FAULT_STEP = 4

/**
 * Fits on runs of normal running alone. Every run is seen through linear detectors that were
 * fitted on the other runs, as new rows will be; the faults are made up.
 */
export async function fitCombiner(
  plan: CombinerPlan,
  runs: readonly Run[],
  seed: number,
): Promise<CombinerModel> {
  const shortest = Math.min(...runs.map(run => run.count))
  if (runs.length < 2 || shortest < plan.piece_rows) {
    const problem = `needs two runs or more of at least ${plan.piece_rows} rows`
    throw new LiquidusError('MODEL_INVALID', { model: 'combiner', problem })
  }
  const width = runs[0]!.width
  const fitted = (some: readonly Run[]) =>
    joinStreams(fitModels(plan.models, some), plan.streams, width)
  const spread = fitScaler(runs)
  const draw = { spread, random: seededRandom(seed).fork('faults') }
  const held = runs.map((run, i) => {
    const others = runs.filter((_, k) => k !== i)
    return { run, others, fitted: fitted(others), from: 0 }
  })
  const neutral = neutralValues(held)
  const rows: Float64Array[] = []
  const labels: number[] = []
  const keep = (some: readonly Float64Array[], label: number) => {
    for (const row of some) {
      rows.push(row)
      labels.push(label)
    }
  }
  for (const one of held) {
    keep(streamRows(one.fitted, neutral, one.run, START_ROWS, 1), 0)
    for (let k = 0; k < plan.faults; k++) keep(faultRows(plan, one, neutral, draw), 1)
  }
  const normal = rows.filter((_, i) => labels[i] === 0)
  const scaler = momentsOf(normal, plan.streams.length)
  const { hidden, epochs } = plan
  const weights = await fitClassifier({
    rows: scaledRows(rows, scaler),
    labels: Float32Array.from(labels),
    ...{ hidden, epochs, seed },
  })
  return { streams: fitted(runs), neutral, ...scaler, weights }
}

interface HeldOut {
  readonly run: Run
  readonly others: readonly Run[]
  readonly fitted: FittedStreams
}

function faultRows(
  { piece_rows, size_most }: CombinerPlan,
  { run, others, fitted }: HeldOut,
  neutral: Float64Array,
  { spread, random }: { spread: ChannelSpread; random: Random },
): Float64Array[] {
  const start = random.integer(run.count - piece_rows + 1)
  const piece = runSlice(run, start, start + piece_rows)
  const from = FAULT_FROM_ROW + random.integer(FAULT_FROM_SPREAD)
  const faulty = withSyntheticFault(piece, others, spread, { from, size_most, random })
  return streamRows(fitted, neutral, faulty, from, FAULT_STEP)
}

/** Values of all streams at every `step`-th row from a row on. */
function streamRows(
  fitted: FittedStreams,
  neutral: Float64Array,
  run: Run,
  from: number,
  step: number,
): Float64Array[] {
  const streams = startStreams(fitted, neutral)
  const rows: Float64Array[] = []
  for (let row = 0; row < run.count; row++) {
    streams.take(rowOf(run, row), false)
    if (row >= from && (row - from) % step === 0) rows.push(streams.values.slice())
  }
  return rows
}

function momentsOf(rows: readonly Float64Array[], width: number) {
  const mean = new Float64Array(width)
  const spread = new Float64Array(width)
  for (const row of rows) for (let s = 0; s < width; s++) mean[s]! += row[s]! / rows.length
  for (const row of rows) {
    for (let s = 0; s < width; s++) spread[s]! += (row[s]! - mean[s]!) ** 2 / rows.length
  }
  return { mean, spread: spread.map(square => Math.max(1e-9, Math.sqrt(square))) }
}

function scaledRows(
  rows: readonly Float64Array[],
  scaler: Pick<CombinerModel, 'mean' | 'spread'>,
): Float32Array {
  const width = scaler.mean.length
  const out = new Float32Array(rows.length * width)
  const scaled = new Float64Array(width)
  rows.forEach((row, i) => {
    scaleInto(scaler, row, scaled)
    out.set(scaled, i * width)
  })
  return out
}
