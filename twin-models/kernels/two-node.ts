/** Exact steps of linear balances under constant inputs, with the mean over the step. */

/** Below this the closed forms lose digits and the series is exact to rounding. */
const SERIES_BELOW = 0.5
const TERMS = 16

/** (e^z - 1) / z. */
export function phi1(z: number): number {
  if (Math.abs(z) >= SERIES_BELOW) return (Math.exp(z) - 1) / z
  let sum = 1
  for (let k = TERMS; k >= 1; k--) sum = 1 + (z * sum) / (k + 1)
  return sum
}

/** (e^z - 1 - z) / z^2. */
export function phi2(z: number): number {
  if (Math.abs(z) >= SERIES_BELOW) return (Math.exp(z) - 1 - z) / (z * z)
  let sum = 1
  for (let k = TERMS; k >= 1; k--) sum = 1 + (z * sum) / (k + 2)
  return sum / 2
}

/**
 * Two stores of heat, coupled, each with a loss to one reference:
 * C1 dx1/dt = given1 - loss1 x1 + between (x2 - x1), and C2 alike. A loss below zero feeds itself.
 */
export interface TwoNodes {
  heat1_J_K: number
  heat2_J_K: number
  /** Above zero. */
  between_W_K: number
  loss1_W_K: number
  loss2_W_K: number
  given1_W: number
  given2_W: number
}

/**
 * Advances x, in kelvin over the reference, exactly by dt_s through the exponential of the
 * balances' matrix, and gives the exact mean over the step: `out` is [x1, x2, mean1, mean2].
 */
export function stepTwoNodes(
  nodes: TwoNodes,
  x1: number,
  x2: number,
  dt_s: number,
  out: Float64Array,
): void {
  const { heat1_J_K, heat2_J_K, between_W_K, loss1_W_K, loss2_W_K } = nodes
  const across_W = between_W_K * (x2 - x1)
  const rate1 = (nodes.given1_W - loss1_W_K * x1 + across_W) / heat1_J_K
  const rate2 = (nodes.given2_W - loss2_W_K * x2 - across_W) / heat2_J_K
  // The matrix [[a, b], [c, d]] has real, distinct eigenvalues, because b and c are above zero.
  const a = -(loss1_W_K + between_W_K) / heat1_J_K
  const b = between_W_K / heat1_J_K
  const c = between_W_K / heat2_J_K
  const d = -(loss2_W_K + between_W_K) / heat2_J_K
  const half = (a - d) / 2
  const apart = Math.sqrt(half * half + b * c)
  const middle = (a + d) / 2
  const fast = middle - apart
  const determinant =
    (loss1_W_K * loss2_W_K + between_W_K * (loss1_W_K + loss2_W_K)) / (heat1_J_K * heat2_J_K)
  const slow = middle < 0 ? determinant / fast : middle + apart
  // a - fast and d - fast, without the cancellation of the smaller one.
  const above1 = half >= 0 ? apart + half : (b * c) / (apart - half)
  const above2 = half <= 0 ? apart - half : (b * c) / (apart + half)
  // Share of the rate that lies on the slow mode; the rest is on the fast one.
  const slow1 = (above1 * rate1 + b * rate2) / (2 * apart)
  const slow2 = (c * rate1 + above2 * rate2) / (2 * apart)
  const fast1 = (above2 * rate1 - b * rate2) / (2 * apart)
  const fast2 = (above1 * rate2 - c * rate1) / (2 * apart)
  const toEndSlow = dt_s * phi1(slow * dt_s)
  const toEndFast = dt_s * phi1(fast * dt_s)
  const toMeanSlow = dt_s * phi2(slow * dt_s)
  const toMeanFast = dt_s * phi2(fast * dt_s)
  out[0] = x1 + toEndSlow * slow1 + toEndFast * fast1
  out[1] = x2 + toEndSlow * slow2 + toEndFast * fast2
  out[2] = x1 + toMeanSlow * slow1 + toMeanFast * fast1
  out[3] = x2 + toMeanSlow * slow2 + toMeanFast * fast2
}

/** All zero, for a caller to fill. */
export function emptyNodes(): TwoNodes {
  return {
    ...{ heat1_J_K: 0, heat2_J_K: 0, between_W_K: 0 },
    ...{ loss1_W_K: 0, loss2_W_K: 0, given1_W: 0, given2_W: 0 },
  }
}

/** Advances dx/dt = source - loss_per_s x exactly; `out` is [x, mean]. */
export function stepOneNode(
  x: number,
  source: number,
  loss_per_s: number,
  dt_s: number,
  out: Float64Array,
): void {
  const z = -loss_per_s * dt_s
  const toEnd = phi1(z)
  // Sums of what cannot be negative: rounding cannot make less than nothing.
  out[0] = x * Math.exp(z) + dt_s * toEnd * source
  out[1] = x * toEnd + dt_s * phi2(z) * source
}
