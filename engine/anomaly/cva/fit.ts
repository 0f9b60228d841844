import {
  inverseRoot,
  type LinearModel,
  product,
  symmetricEigen,
  transposed,
} from '../rows/linear.ts'
import type { Run } from '../rows/run.ts'
import { type AdaptPlan, adaptOf, fitScaler, windowMoments } from '../rows/window.ts'

/** Canonical variates between the past and the future of the rows. */
export interface CvaPlan {
  readonly kind: 'cva'
  readonly adapt?: AdaptPlan
  /** Rows of the past, and as many of the future. */
  readonly lags: number
  readonly stride?: number
  /** Variates of the state, below 1 their share of all; those left over are the residual. */
  readonly states: number
  /** Variance of an independent noise added to each standardised signal. */
  readonly ridge: number
}

/** Fits Ts2 (state variates) and Tr2 (residual variates), both of the newest `lags` rows. */
export function fitCva(plan: CvaPlan, runs: readonly Run[]): LinearModel {
  const { lags, ridge } = plan
  const stride = plan.stride ?? 1
  const scaler = fitScaler(runs)
  const width = runs[0]!.width
  const n = lags * width
  const both = windowMoments(runs, {
    ...scaler,
    lags: 2 * lags,
    stride,
    share: 1,
    ...adaptOf(plan),
  }).moments
  const { variates } = canonicalVariates(both, n, ridge)
  const wanted = plan.states < 1 ? plan.states * n : plan.states
  const states = Math.max(1, Math.min(n - 1, Math.round(wanted)))
  return {
    shape: { ...scaler, lags, stride, share: 1, ...adaptOf(plan) },
    statistics: [
      { name: 'Tr2', weights: variates.slice(states * n), count: n - states },
      { name: 'Ts2', weights: variates.slice(0, states * n), count: states },
    ],
  }
}

/** Canonical variates of the newest half of a window. */
export interface CanonicalVariates {
  readonly variates: Float64Array // [variate][stack], the best foretelling first
  /** Squared correlation of each with the half that follows. */
  readonly correlations: Float64Array // [variate]
}

/** Canonical variates from the second moments of windows of `2 n` numbers, newest first. */
export function canonicalVariates(
  both: Float64Array, // [2 n][2 n]
  n: number,
  ridge: number,
): CanonicalVariates {
  const block = (row: number, column: number) => {
    const out = new Float64Array(n * n)
    for (let i = 0; i < n; i++) {
      const from = (row + i) * 2 * n + column
      out.set(both.subarray(from, from + n), i * n)
    }
    return out
  }
  // The window is newest first: its first half is the future of its second half.
  const pastRoot = inverseRoot(block(n, n), n, ridge)
  const cross = product(product(inverseRoot(block(0, 0), n, ridge), block(0, n), n), pastRoot, n)
  const { values, vectors } = symmetricEigen(product(transposed(cross, n), cross, n), n)
  return { variates: product(vectors, pastRoot, n), correlations: values }
}
