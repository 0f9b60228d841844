import { type RunningScale, runningScale } from '../running-scale.ts'
import type { Stateful } from '../state.ts'
import type { FusionPlan } from './plan.ts'

/** Brings every signal of every cell to its own quiet centre and spread, and makes rows of ticks. */
export interface Front extends Stateful {
  /** This tick in standard deviations; NaN where nothing is known. */
  readonly standard: Float64Array // [channel][cell]
  /** `open`: cells that can be judged now; `quiet`: those that may be learnt from. */
  tick(values: Float64Array, open: Uint8Array, quiet: Uint8Array): void
  /** Ends the row of a cell; false while its scale is not known or nothing came. */
  row(cell: number, quiet: boolean, into: Float64Array): boolean // [channel]
  restart(cell: number): void
}

/** Nothing has been seen yet. */
export function front(cells: number, channels: number, plan: FusionPlan): Front {
  const { every, scale_ticks, scale_min } = plan
  const scale = runningScale(channels * cells, scale_ticks)
  const learnt = new Float32Array(cells) // quiet ticks
  const standard = new Float64Array(channels * cells).fill(Number.NaN)
  const rows = every === 1 ? undefined : rowMeans(cells, channels, plan)
  return {
    standard,
    tick(values, open, quiet) {
      for (let c = 0, i = 0; c < channels; c++) {
        for (let cell = 0; cell < cells; cell++, i++) {
          const value = values[i]!
          if (open[cell] === 0 || Number.isNaN(value)) {
            standard[i] = Number.NaN
            continue
          }
          standard[i] = scale.score(i, value)
          if (quiet[cell] === 1) scale.learn(i, value)
          rows?.add(i, standard[i]!)
        }
      }
      for (let cell = 0; cell < cells; cell++) {
        if (quiet[cell] === 1 && learnt[cell]! < scale_min) learnt[cell]!++
      }
    },
    row(cell, quiet, into) {
      const ready = learnt[cell]! >= scale_min
      if (rows) return rows.end(cell, quiet && ready, into) && ready
      let known = false
      for (let c = 0; c < channels; c++) {
        into[c] = standard[c * cells + cell]!
        known ||= !Number.isNaN(into[c])
      }
      return known && ready
    },
    restart(cell) {
      learnt[cell] = 0
      for (let c = 0; c < channels; c++) scale.restart(c * cells + cell)
      rows?.restart(cell)
    },
    save(out) {
      scale.save(out)
      out.array(learnt)
      rows?.save(out)
    },
    load(from) {
      scale.load(from)
      from.array(learnt)
      rows?.load(from)
    },
  }
}

/** Means of some ticks, in the spread that such means have: neighbours in time are alike. */
function rowMeans(cells: number, channels: number, { every, scale_ticks }: FusionPlan) {
  const scale: RunningScale = runningScale(channels * cells, scale_ticks / every)
  const sums = new Float32Array(channels * cells)
  const counts = new Float32Array(channels * cells)
  return {
    add(i: number, value: number) {
      sums[i]! += value
      counts[i]!++
    },
    end(cell: number, quiet: boolean, into: Float64Array): boolean {
      let known = false
      for (let c = 0, i = cell; c < channels; c++, i += cells) {
        const mean = counts[i]! > 0 ? sums[i]! / counts[i]! : Number.NaN
        sums[i] = counts[i] = 0
        into[c] = Number.isNaN(mean) ? mean : scale.score(i, mean)
        if (Number.isNaN(mean)) continue
        known = true
        if (quiet) scale.learn(i, mean)
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
