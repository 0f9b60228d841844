import type { StateReader, StateWriter } from '../state.ts'
import { type Run, rowOf } from './run.ts'

/** How raw rows become the vector that a linear model sees. */
export interface WindowShape {
  readonly centre: Float64Array // [channel]
  readonly scale: Float64Array // [channel], 0: channel left out
  readonly lags: number
  /** Rows between two lags. */
  readonly stride: number
  /** Share of the newest row in a running mean taken first; 1: none. */
  readonly share: number
  readonly adapt?: AdaptPlan
}

/** How the middle of normal running follows slow drift. */
export interface AdaptPlan {
  /** Share of the newest row in the running mean that is taken off. */
  readonly share: number
  /** The same while an alarm is active; 0: frozen. */
  readonly alarm: number
}

/** The newest rows, standardised, newest first. */
export interface Window {
  readonly stack: Float64Array // [lag][channel]
  /** Takes a row, and whether an alarm is active; true once all lags are known. */
  take(row: Float64Array, alarm: boolean): boolean
  reset(): void
  save(out: StateWriter): void
  load(from: StateReader): void
}

/** Standardised values beyond this are cut: a broken sensor is no better evidence than this. */
const CUT = 50

/** The adaptation of a plan, if it has one. */
export function adaptOf(plan: { readonly adapt?: AdaptPlan }): { adapt?: AdaptPlan } {
  return plan.adapt === undefined ? {} : { adapt: plan.adapt }
}

/** An empty window. */
export function rowWindow({ centre, scale, lags, stride, share, adapt }: WindowShape): Window {
  const width = centre.length
  const depth = (lags - 1) * stride + 1
  const kept = new Float64Array(depth * width) // [row, newest first][channel]
  const last = new Float64Array(width)
  const drift = new Float64Array(width)
  const seen = new Float64Array(1)
  const stack = new Float64Array(lags * width)
  /** What is not known keeps its last value: missing is not an anomaly. */
  const standardise = (row: Float64Array) => {
    for (let c = 0; c < width; c++) {
      if (!Number.isFinite(row[c]!) || scale[c] === 0) continue
      last[c] = Math.max(-CUT, Math.min(CUT, (row[c]! - centre[c]!) / scale[c]!))
    }
  }
  const push = (follow: number) => {
    kept.copyWithin(width, 0, (depth - 1) * width)
    for (let c = 0; c < width; c++) {
      const before = depth > 1 ? kept[width + c]! : kept[c]!
      const centred = last[c]! - drift[c]!
      drift[c]! += follow * centred
      kept[c] = share === 1 ? centred : before + share * (centred - before)
    }
  }
  const fillStack = () => {
    for (let lag = 0; lag < lags; lag++) {
      const from = lag * stride * width
      for (let c = 0; c < width; c++) stack[lag * width + c] = kept[from + c]!
    }
  }
  return {
    stack,
    take(row, alarm) {
      standardise(row)
      push(adapt === undefined ? 0 : alarm ? adapt.alarm : adapt.share)
      seen[0] = Math.min(depth, seen[0]! + 1)
      fillStack()
      return seen[0]! >= depth
    },
    reset() {
      for (const array of [kept, last, drift, seen, stack]) array.fill(0)
    },
    save(out) {
      for (const array of [kept, last, drift, seen]) out.array(array)
    },
    load(from) {
      for (const array of [kept, last, drift, seen]) from.array(array)
      fillStack()
    },
  }
}

/** Mean and spread of each channel over all rows; a channel that never moves is left out. */
export function fitScaler(runs: readonly Run[]): { centre: Float64Array; scale: Float64Array } {
  const width = runs[0]!.width
  const centre = new Float64Array(width)
  const scale = new Float64Array(width)
  for (let c = 0; c < width; c++) {
    const known = knownValues(runs, c)
    if (known.length < 2) continue
    const mean = known.reduce((sum, value) => sum + value, 0) / known.length
    const square = known.reduce((sum, value) => sum + (value - mean) ** 2, 0)
    const spread = Math.sqrt(square / (known.length - 1))
    centre[c] = mean
    scale[c] = spread > Math.abs(mean) * 1e-9 ? spread : 0
  }
  return { centre, scale }
}

function knownValues(runs: readonly Run[], channel: number): number[] {
  return runs.flatMap(({ values, width, count }) =>
    Array.from({ length: count }, (_, row) => values[row * width + channel]!).filter(
      Number.isFinite,
    ),
  )
}

/** Second moments of all full windows of the runs about zero, and how many windows there were. */
export function windowMoments(
  runs: readonly Run[],
  shape: WindowShape,
): { moments: Float64Array; count: number } {
  const window = rowWindow(shape)
  const n = window.stack.length
  const moments = new Float64Array(n * n) // [stack][stack]
  let count = 0
  for (const run of runs) {
    window.reset()
    for (let row = 0; row < run.count; row++) {
      if (!window.take(rowOf(run, row), false)) continue
      count++
      for (let i = 0; i < n; i++) {
        const x = window.stack[i]!
        for (let j = 0; j <= i; j++) moments[i * n + j]! += x * window.stack[j]!
      }
    }
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      const value = moments[i * n + j]! / Math.max(1, count)
      moments[i * n + j] = value
      moments[j * n + i] = value
    }
  }
  return { moments, count }
}
