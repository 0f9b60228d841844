import { type LinearModel, symmetricEigen } from '../rows/linear.ts'
import type { Run } from '../rows/run.ts'
import { type AdaptPlan, adaptOf, fitScaler, windowMoments } from '../rows/window.ts'

/** Multivariate exponentially weighted moving average. */
export interface MewmaPlan {
  readonly kind: 'mewma'
  readonly adapt?: AdaptPlan
  /** Share of the newest row. */
  readonly share: number
  readonly ridge: number
}

/** Fits T2 of the running mean of the rows, against the covariance of that mean. */
export function fitMewma(plan: MewmaPlan, runs: readonly Run[]): LinearModel {
  const shape = { ...fitScaler(runs), lags: 1, stride: 1, share: plan.share, ...adaptOf(plan) }
  const { moments } = windowMoments(runs, shape)
  const n = runs[0]!.width
  const { values, vectors } = symmetricEigen(moments, n)
  // White noise leaves this share of its variance in the running mean.
  const ridge = (plan.ridge * plan.share) / (2 - plan.share)
  for (let k = 0; k < n; k++) {
    const factor = 1 / Math.sqrt(Math.max(0, values[k]!) + ridge)
    for (let i = 0; i < n; i++) vectors[k * n + i]! *= factor
  }
  return { shape, statistics: [{ name: 'T2', weights: vectors, count: n }] }
}
