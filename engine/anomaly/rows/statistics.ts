import { type CvaPlan, fitCva } from '../cva/fit.ts'
import { fitMewma, type MewmaPlan } from '../mewma/fit.ts'
import { fitPca, type PcaPlan } from '../pca/fit.ts'
import type { StateReader, StateWriter } from '../state.ts'
import { type Blame, nearestNormalDrops, reconstruction } from './explain.ts'
import type { LinearModel, Statistic } from './linear.ts'
import type { Run } from './run.ts'
import { rowWindow } from './window.ts'

/** How one linear detector is fitted. */
export type LinearPlan = PcaPlan | CvaPlan | MewmaPlan

/** Fits the linear detector that a plan names. */
export function fitLinear(plan: LinearPlan, runs: readonly Run[]): LinearModel {
  if (plan.kind === 'pca') return fitPca(plan, runs)
  return plan.kind === 'cva' ? fitCva(plan, runs) : fitMewma(plan, runs)
}

/** The statistics of a fitted model, row by row. */
export interface RowStatistics {
  /** Takes a row and fills the statistics; false while the window is not full. */
  take(row: Float64Array, alarm: boolean, out: Float64Array): boolean
  /** Adds each channel's share of a statistic of the newest row to `into`. */
  addShares(statistic: number, into: Float64Array): void
  /** What each channel takes off a statistic when it has its last value in control. */
  nearestNormal?(statistic: number): Float64Array
  reset(): void
  save(out: StateWriter): void
  load(from: StateReader): void
}

/** A model once it is fitted, of whatever kind. */
export interface FittedModel {
  /** Names of its statistics. */
  readonly statistics: readonly string[]
  /** Starts it on a new stream of rows, of which it sees a running mean; 1: the rows themselves. */
  start(smooth: number): RowStatistics
}

/** Fits models by name. */
export function fitModels(
  plans: Readonly<Record<string, LinearPlan>>,
  runs: readonly Run[],
): Map<string, FittedModel> {
  return new Map(
    Object.entries(plans).map(([name, plan]) => {
      const model = fitLinear(plan, runs)
      const { shape, statistics } = model
      const start = (smooth: number) =>
        linearStatistics(smooth === 1 ? model : { ...model, shape: { ...shape, share: smooth } })
      return [name, { statistics: statistics.map(one => one.name), start }]
    }),
  )
}

/** The value in control is a short mean: the row that raises an alarm is taken before it is known. */
const CALM_SHARE = 0.05

/** Starts a linear model on a new stream of rows. */
export function linearStatistics(model: LinearModel): RowStatistics {
  const window = rowWindow(model.shape)
  const { stack } = window
  const n = stack.length
  const width = model.shape.centre.length
  const blames: Blame[] = []
  const calm = new Float64Array(width)
  return {
    take(row, alarm, out) {
      const full = window.take(row, alarm)
      if (!alarm) for (let c = 0; c < width; c++) calm[c]! += CALM_SHARE * (stack[c]! - calm[c]!)
      if (!full) return false
      for (let s = 0; s < model.statistics.length; s++) {
        out[s] = sumOfSquares(model.statistics[s]!, stack)
      }
      return true
    },
    addShares(statistic, into) {
      blames[statistic] ??= reconstruction(model.statistics[statistic]!, n, width)
      const drops = blames[statistic].drops(stack)
      const total = drops.reduce((sum, drop) => sum + drop, 0)
      if (total <= 0) return
      for (let c = 0; c < width; c++) into[c]! += drops[c]! / total
    },
    nearestNormal: statistic =>
      nearestNormalDrops(x => sumOfSquares(model.statistics[statistic]!, x), stack, calm),
    reset() {
      window.reset()
      calm.fill(0)
    },
    save(out) {
      window.save(out)
      out.array(calm)
    },
    load(from) {
      window.load(from)
      from.array(calm)
    },
  }
}

function sumOfSquares({ weights, count }: Statistic, stack: Float64Array): number {
  let total = 0
  for (let k = 0, from = 0; k < count; k++, from += stack.length) {
    const sum = projection(weights, from, stack)
    total += sum * sum
  }
  return total
}

/** Four sums at once: one alone waits for each addition to end before the next begins. */
function projection(weights: Float64Array, from: number, stack: Float64Array): number {
  const n = stack.length
  const even = n - (n % 4)
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  let i = 0
  for (; i < even; i += 4) {
    a += weights[from + i]! * stack[i]!
    b += weights[from + i + 1]! * stack[i + 1]!
    c += weights[from + i + 2]! * stack[i + 2]!
    d += weights[from + i + 3]! * stack[i + 3]!
  }
  for (; i < n; i++) a += weights[from + i]! * stack[i]!
  return a + b + (c + d)
}
