import type { StateReader, StateWriter } from '../state.ts'
import { adaptiveLevel, budgetThreshold } from './budget.ts'
import { dispersion, ranked } from './explain.ts'
import { type Run, rowOf, runSlice } from './run.ts'
import { type FittedModel, fitModels, type LinearPlan } from './statistics.ts'
import {
  type FittedStreams,
  joinStreams,
  neutralValues,
  type StreamPlan,
  startStreams,
} from './streams.ts'
import { fitTail, type PersistencePlan, rowPersistence, type Tail, type TailPlan } from './tail.ts'

/** All settings of a detector of rows: one file of these is one configuration. */
export interface RowPlan {
  readonly name: string
  readonly models: Readonly<Record<string, LinearPlan>>
  readonly streams: readonly StreamPlan[]
  readonly threshold: TailPlan
  readonly persistence: PersistencePlan
  /** The strangest stream or the mean of all; `max` when it is left out. */
  readonly fusion?: 'max' | 'mean'
  /** How a single run serves for both fit and calibration. */
  readonly split?: SplitPlan
}

/** Cross-conformal folds, or the share of the first rows that is fitted. */
export type SplitPlan = { readonly folds: number } | { readonly fit_share: number }

/** A fitted and calibrated detector; it does not change, `start` gives what does. */
export interface RowDetector {
  readonly plan: RowPlan
  readonly threshold: number
  start(): RowScorer
}

/** Scores the rows of one recording in turn; what it says of a row depends on no later one. */
export interface RowScorer {
  /** Score of the newest row: 0 as normal running is in the middle, 1 at its upper end. */
  readonly score: number
  /** Scores the next row of width channels, NaN where a value is not known; all NaN: no change. */
  take(row: Float64Array): number
  alarm(): boolean
  pValue(): number
  /** Channels that the newest score comes from, largest share first. */
  causes(count: number): number[]
  /** How evenly the newest score comes from all channels: near 0 a fault, near 1 a new regime. */
  dispersion(): number
  reset(): void
  save(out: StateWriter): void
  load(from: StateReader): void
}

/** Fits on some runs and calibrates on others that the fit has not seen. */
export function fitRowDetector(
  plan: RowPlan,
  fit: readonly Run[],
  calibrate: readonly Run[],
): RowDetector {
  const fitted = fitPlan(plan, fit)
  return calibrateRows(
    plan,
    fitted,
    calibrate.map(run => ({ fitted, run, from: 0 })),
  )
}

/** Fits and calibrates on one run, as the plan splits it. */
export function fitOneRun(plan: RowPlan, run: Run): RowDetector {
  const split = plan.split ?? { folds: 4 }
  if ('folds' in split) return fitByFolds(plan, run, split.folds)
  const cut = Math.round(split.fit_share * run.count)
  return fitRowDetector(plan, [runSlice(run, 0, cut)], [runSlice(run, cut, run.count)])
}

/**
 * Fits on all rows of one run and calibrates by cross-conformal prediction: each of `folds` parts
 * of the run is scored by what was fitted on the other parts.
 */
export function fitByFolds(plan: RowPlan, run: Run, folds: number): RowDetector {
  const pieces = foldsOf(run, folds).map(({ others, ...piece }) => ({
    ...piece,
    fitted: fitPlan(plan, others),
  }))
  return calibrateRows(plan, fitPlan(plan, [run]), pieces)
}

/** Fits models that take their time, such as networks; beside them the plan's own. */
export type SlowFit = (runs: readonly Run[]) => Promise<ReadonlyMap<string, FittedModel>>

/** As `fitRowDetector`, with models that `slow` fits beside those of the plan. */
export async function fitRowsSlowly(
  plan: RowPlan,
  fit: readonly Run[],
  calibrate: readonly Run[],
  slow: SlowFit,
): Promise<RowDetector> {
  const fitted = fitPlan(plan, fit, await slow(fit))
  return calibrateRows(
    plan,
    fitted,
    calibrate.map(run => ({ fitted, run, from: 0 })),
  )
}

/** As `fitByFolds`, with models that `slow` fits beside those of the plan. */
export async function fitByFoldsSlowly(
  plan: RowPlan,
  run: Run,
  folds: number,
  slow: SlowFit,
): Promise<RowDetector> {
  const pieces: Piece[] = []
  for (const { others, ...piece } of foldsOf(run, folds)) {
    pieces.push({ ...piece, fitted: fitPlan(plan, others, await slow(others)) })
  }
  return calibrateRows(plan, fitPlan(plan, [run], await slow([run])), pieces)
}

function fitPlan(
  plan: RowPlan,
  runs: readonly Run[],
  more: ReadonlyMap<string, FittedModel> = new Map(),
): FittedStreams {
  const models = new Map([...fitModels(plan.models, runs), ...more])
  return joinStreams(models, plan.streams, runs[0]!.width)
}

function foldsOf(run: Run, folds: number) {
  const cut = (k: number) => Math.floor((k * run.count) / folds)
  return Array.from({ length: folds }, (_, k) => {
    const parts = [runSlice(run, 0, cut(k)), runSlice(run, cut(k + 1), run.count)]
    const others = parts.filter(part => part.count > 0)
    return { others, run: runSlice(run, 0, cut(k + 1)), from: cut(k) }
  })
}

/** Rows to calibrate on; those before `from` only fill the memory. */
interface Piece {
  readonly fitted: FittedStreams
  readonly run: Run
  readonly from: number
}

function calibrateRows(
  plan: RowPlan,
  fitted: FittedStreams,
  pieces: readonly Piece[],
): RowDetector {
  const neutral = neutralValues(pieces)
  const total = pieces.reduce((sum, { run, from }) => sum + run.count - from, 0)
  const columns = plan.streams.map(() => new Float64Array(total))
  let at = 0
  for (const { fitted: own, run, from } of pieces) {
    const streams = startStreams(own, neutral)
    for (let row = 0; row < run.count; row++) {
      streams.take(rowOf(run, row), false)
      if (row < from) continue
      for (let s = 0; s < columns.length; s++) columns[s]![at] = streams.values[s]!
      at++
    }
  }
  const scales = columns.map(column => streamScale(column, plan.threshold.alpha))
  const scores = new Float64Array(total)
  const values = new Float64Array(columns.length)
  for (let row = 0; row < total; row++) {
    for (let s = 0; s < columns.length; s++) values[s] = columns[s]![row]!
    scores[row] = fuse(values, scales, plan.fusion).score
  }
  const runs: Float64Array[] = []
  for (const { run, from } of pieces) {
    const start = runs.reduce((sum, one) => sum + one.length, 0)
    runs.push(scores.subarray(start, start + run.count - from))
  }
  const tail = { ...fitTail(plan.threshold, scores), ...budgetOf(plan, runs) }
  return {
    plan,
    threshold: tail.threshold,
    start: () => startScorer(plan, fitted, neutral, scales, tail),
  }
}

/** The threshold that a plan's budget of false events asks for, if it has one. */
function budgetOf({ threshold, persistence }: RowPlan, runs: readonly Float64Array[]) {
  const { budget, block } = threshold
  if (budget === undefined) return {}
  return {
    threshold: budgetThreshold({ streams: 1, ...budget, persistence, block }, runs).threshold,
  }
}

/** Middle of a stream in normal running, and how far above it its upper end is. */
interface StreamScale {
  readonly middle: number
  readonly reach: number
}

function streamScale(column: Float64Array, alpha: number): StreamScale {
  const sorted = column.slice().sort()
  const at = (share: number) =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
  const middle = at(0.5)
  return { middle, reach: Math.max(1e-6, at(1 - alpha) - middle) }
}

/** Each stream counts by its own reach in normal running. */
function fuse(
  values: Float64Array,
  scales: readonly StreamScale[],
  fusion: RowPlan['fusion'] = 'max',
): { score: number; stream: number } {
  let most = -Infinity
  let sum = 0
  let stream = 0
  for (let s = 0; s < scales.length; s++) {
    const scaled = (values[s]! - scales[s]!.middle) / scales[s]!.reach
    sum += scaled
    if (scaled <= most) continue
    most = scaled
    stream = s
  }
  return { score: fusion === 'max' ? most : sum / scales.length, stream }
}

function startScorer(
  plan: RowPlan,
  fitted: FittedStreams,
  neutral: Float64Array,
  scales: readonly StreamScale[],
  tail: Tail,
): RowScorer {
  const streams = startStreams(fitted, neutral)
  const persistence = rowPersistence(plan.persistence)
  const { alpha, follow } = plan.threshold
  const level = follow === undefined ? undefined : adaptiveLevel(alpha, follow)
  const state = new Float64Array(3) // score, stream, alarm
  return {
    get score() {
      return state[0]!
    },
    take(row) {
      // A mean of repeated last values would wander off: what is wholly unknown says nothing.
      if (!row.some(Number.isFinite)) return state[0]!
      const alarmed = state[2] === 1
      streams.take(row, alarmed)
      const { score, stream } = fuse(streams.values, scales, plan.fusion)
      state[0] = score
      state[1] = stream
      const passed = level ? level.take(tail.pValue(score), alarmed) : score > tail.threshold
      state[2] = Number(persistence.take(passed))
      return score
    },
    alarm: () => state[2] === 1,
    pValue: () => tail.pValue(state[0]!),
    causes: count => ranked(streams.shares(state[1]!)).slice(0, count),
    dispersion: () => dispersion(streams.nearestNormal(state[1]!)),
    reset() {
      streams.reset()
      persistence.reset()
      level?.reset()
      state.fill(0)
    },
    save(out) {
      out.array(state)
      streams.save(out)
      persistence.save(out)
      level?.save(out)
    },
    load(from) {
      from.array(state)
      streams.load(from)
      persistence.load(from)
      level?.load(from)
    },
  }
}
