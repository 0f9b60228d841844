import { type LinearModel, symmetricEigen } from '../rows/linear.ts'
import type { Run } from '../rows/run.ts'
import { type AdaptPlan, adaptOf, fitScaler, windowMoments } from '../rows/window.ts'

/** Principal components of a window of rows; more than one lag makes it dynamic. */
export interface PcaPlan {
  readonly kind: 'pca'
  readonly adapt?: AdaptPlan
  readonly lags: number
  readonly stride?: number
  /** Components kept; below 1 it is the share of variance they hold. */
  readonly components: number
  readonly ridge?: number
}

/** Fits T2 in the components and Q, the squared distance from them. */
export function fitPca(plan: PcaPlan, runs: readonly Run[]): LinearModel {
  const shape = {
    ...fitScaler(runs),
    lags: plan.lags,
    stride: plan.stride ?? 1,
    share: 1,
    ...adaptOf(plan),
  }
  const { moments } = windowMoments(runs, shape)
  const n = plan.lags * runs[0]!.width
  const { values, vectors } = symmetricEigen(moments, n)
  const kept = componentsKept(values, plan.components)
  const inside = vectors.slice(0, kept * n)
  for (let k = 0; k < kept; k++) {
    const factor = 1 / Math.sqrt(Math.max(0, values[k]!) + (plan.ridge ?? 1e-6))
    for (let i = 0; i < n; i++) inside[k * n + i]! *= factor
  }
  return {
    shape,
    statistics: [
      { name: 'T2', weights: inside, count: kept },
      { name: 'Q', weights: vectors.slice(kept * n), count: n - kept },
    ],
  }
}

function componentsKept(values: Float64Array, components: number): number {
  if (components >= 1) return Math.min(values.length, Math.round(components))
  const total = values.reduce((sum, value) => sum + Math.max(0, value), 0)
  let sum = 0
  let kept = 0
  while (kept < values.length && sum < components * total) sum += Math.max(0, values[kept++]!)
  return kept
}
