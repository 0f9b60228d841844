import { canonicalVariates } from '../cva/fit.ts'
import { triangle } from './kind-plan.ts'

/** Share of an independent unit noise in each standardised signal: few rows fit no less. */
const RIDGE = 0.02
/** A variate foretold by more than this squared correlation is dynamics, not residual. */
const DYNAMIC = 0.64
/** A signal with less of its usual variance than this while it taught is left out. */
const ALIVE_LEAST = 0.02

/**
 * The residual T2 of a window as the squares of a triangle of weights, per variate: fitted to the
 * second moments of windows of `2 n` numbers, newest first. False when nothing moved.
 */
export function fitTriangle(
  moments: Float64Array, // [2 n][2 n]
  lags: number,
  channels: number,
  into: Float64Array, // packed rows of the triangle of n
): boolean {
  const n = lags * channels
  const alive = aliveOf(moments, lags, channels)
  const kept = Array.from({ length: n }, (_, i) => i).filter(i => alive[i % channels])
  const m = kept.length
  into.fill(0)
  if (m === 0) return false
  const both = new Float64Array(4 * m * m)
  const place = (i: number) => (i < m ? kept[i]! : n + kept[i - m]!)
  for (let i = 0; i < 2 * m; i++) {
    for (let j = 0; j < 2 * m; j++) both[i * 2 * m + j] = moments[place(i) * 2 * n + place(j)]!
  }
  const { variates, correlations } = canonicalVariates(both, m, RIDGE)
  const states = Math.min(m - 1, correlations.filter(value => value > DYNAMIC).length)
  const rows = m - states
  const weights = variates.slice(states * m)
  const spread = Math.sqrt(rows)
  triangulate(weights, rows, m)
  for (let k = 0; k < rows; k++) {
    for (let i = k; i < m; i++) into[packed(kept[k]!, kept[i]!, n)] = weights[k * m + i]! / spread
  }
  return true
}

/** Place of row k, column i of a packed upper triangle of order n. */
export const packed = (k: number, i: number, n: number): number =>
  triangle(n) - triangle(n - k) + (i - k)

function aliveOf(moments: Float64Array, lags: number, channels: number): boolean[] {
  const size = 2 * lags * channels
  return Array.from({ length: channels }, (_, c) => moments[c * size + c]! > ALIVE_LEAST)
}

/** Householder reflections: the same sum of squares for every window, in half the numbers. */
function triangulate(a: Float64Array, rows: number, n: number): void {
  const v = new Float64Array(rows)
  for (let k = 0; k < Math.min(rows - 1, n); k++) {
    let square = 0
    for (let r = k; r < rows; r++) square += a[r * n + k]! ** 2
    const head = a[k * n + k]!
    const length = head > 0 ? -Math.sqrt(square) : Math.sqrt(square)
    const half = square - head * length
    if (!(half > 0)) continue
    for (let r = k; r < rows; r++) v[r] = a[r * n + k]!
    v[k]! -= length
    for (let i = k; i < n; i++) {
      let sum = 0
      for (let r = k; r < rows; r++) sum += v[r]! * a[r * n + i]!
      const share = sum / half
      for (let r = k; r < rows; r++) a[r * n + i]! -= share * v[r]!
    }
    for (let r = k + 1; r < rows; r++) a[r * n + k] = 0
  }
}
