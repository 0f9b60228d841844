import { type RunningScale, runningScale, scaleTake } from '../running-scale.ts'
import type { Stateful } from '../state.ts'
import type { FusionPlan } from './plan.ts'

/** Brings every signal of every cell to its own quiet centre and spread, and makes rows of ticks. */
export interface Front extends Stateful {
  /** This tick in standard deviations; NaN where nothing is known. */
  readonly standard: Float64Array // [channel][cell]
  /** `open`: cells that can be judged now; `quiet`: those that may be learnt from. */
  tick(values: Float64Array, open: Uint8Array, quiet: Uint8Array): void
  /** Ends the rows of the open cells `first`, `first + step` and so on. */
  endRows(first: number, step: number, open: Uint8Array, quiet: Uint8Array): void
  /** Rows that just ended; of use where `has` is 1: the scale is known, and something came. */
  readonly rows: Float64Array // [channel][cell]
  readonly has: Uint8Array // [cell]
  restart(cell: number): void
}

/** Nothing has been seen yet. */
export function front(cells: number, channels: number, plan: FusionPlan): Front {
  const { every, scale_ticks, scale_min } = plan
  const scale = runningScale(channels * cells, scale_ticks)
  const learnt = new Float32Array(cells) // quiet ticks
  const standard = new Float64Array(channels * cells).fill(Number.NaN)
  const means = every === 1 ? undefined : rowMeans(cells, channels, plan)
  const rows = means ? new Float64Array(channels * cells) : standard
  const has = new Uint8Array(cells)
  return {
    standard,
    tick(values, open, quiet) {
      standardise(scale, values, open, quiet, standard)
      means?.add(standard)
      for (let cell = 0; cell < cells; cell++) {
        if (quiet[cell] === 1 && learnt[cell]! < scale_min) learnt[cell]!++
      }
    },
    endRows(first, step, open, quiet) {
      if (means) {
        has.fill(0)
        for (let cell = first; cell < cells; cell += step) {
          if (open[cell] === 0) continue
          const ready = learnt[cell]! >= scale_min
          const known = means.end(cell, quiet[cell] === 1 && ready, rows)
          has[cell] = Number(known && ready)
        }
        return
      }
      markKnown(standard, has)
      for (let cell = 0; cell < cells; cell++) {
        if (open[cell] === 0 || learnt[cell]! < scale_min) has[cell] = 0
      }
    },
    rows,
    has,
    restart(cell) {
      learnt[cell] = 0
      for (let c = 0; c < channels; c++) scale.restart(c * cells + cell)
      means?.restart(cell)
    },
    save(out) {
      scale.save(out)
      out.array(learnt)
      means?.save(out)
    },
    load(from) {
      scale.load(from)
      from.array(learnt)
      means?.load(from)
    },
  }
}

/** Scores a tick, and learns it where it is quiet; a function of arrays, as the scales are. */
function standardise(
  scale: RunningScale,
  values: Float64Array, // [channel][cell]
  open: Uint8Array, // [cell]
  quiet: Uint8Array, // [cell]
  into: Float64Array, // [channel][cell]
): void {
  const cells = open.length
  for (let first = 0; first < into.length; first += cells) {
    for (let cell = 0; cell < cells; cell++) {
      const i = first + cell
      const value = values[i]!
      if (open[cell] === 0 || Number.isNaN(value)) {
        into[i] = Number.NaN
        continue
      }
      into[i] = scaleTake(scale, i, value, quiet[cell] === 1)
    }
  }
}

/** Marks the cells of which something is known. */
function markKnown(values: Float64Array, has: Uint8Array): void {
  const cells = has.length
  has.fill(0)
  for (let first = 0; first < values.length; first += cells) {
    for (let cell = 0; cell < cells; cell++) if (!Number.isNaN(values[first + cell]!)) has[cell] = 1
  }
}

/** Means of some ticks, in the spread that such means have: neighbours in time are alike. */
function rowMeans(cells: number, channels: number, { every, scale_ticks }: FusionPlan) {
  const scale: RunningScale = runningScale(channels * cells, scale_ticks / every)
  const sums = new Float32Array(channels * cells)
  const counts = new Float32Array(channels * cells)
  return {
    add(values: Float64Array) {
      for (let i = 0; i < values.length; i++) {
        const value = values[i]!
        if (Number.isNaN(value)) continue
        sums[i]! += value
        counts[i]!++
      }
    },
    end(cell: number, quiet: boolean, into: Float64Array): boolean {
      let known = false
      for (let c = 0, i = cell; c < channels; c++, i += cells) {
        const mean = counts[i]! > 0 ? sums[i]! / counts[i]! : Number.NaN
        sums[i] = counts[i] = 0
        if (Number.isNaN(mean)) {
          into[i] = mean
          continue
        }
        known = true
        into[i] = scaleTake(scale, i, mean, quiet)
      }
      return known
    },
    restart(cell: number) {
      for (let c = 0; c < channels; c++) scale.restart(c * cells + cell)
    },
    save(out: Parameters<Stateful['save']>[0]) {
      scale.save(out)
      out.array(sums)
      out.array(counts)
    },
    load(from: Parameters<Stateful['load']>[0]) {
      scale.load(from)
      from.array(sums)
      from.array(counts)
    },
  }
}
