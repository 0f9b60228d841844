import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { canonicalVariates } from '../cva/fit.ts'
import { fitTriangle, packed } from './kind-fit.ts'
import { triangle } from './kind-plan.ts'

const LAGS = 2
const CHANNELS = 3
const N = LAGS * CHANNELS

/** Second moments of windows of three signals that follow one another. */
function momentsOf(silent = -1): Float64Array {
  const random = seededRandom(3)
  const moments = new Float64Array(4 * N * N)
  const window = new Float64Array(2 * N)
  const rows = 4000
  let x = 0
  for (let row = 0; row < rows; row++) {
    window.copyWithin(CHANNELS, 0)
    x = 0.9 * x + 0.4 * random.normal()
    window.set([x, 0.8 * x + 0.3 * random.normal(), -x + 0.5 * random.normal()])
    if (silent >= 0) window[silent] = 0
    for (let i = 0; i < 2 * N; i++) {
      for (let j = 0; j < 2 * N; j++) moments[i * 2 * N + j]! += (window[i]! * window[j]!) / rows
    }
  }
  return moments
}

function squaresOf(factor: Float64Array, x: Float64Array): number {
  let total = 0
  for (let k = 0; k < N; k++) {
    let sum = 0
    for (let i = k; i < N; i++) sum += factor[packed(k, i, N)]! * x[i]!
    total += sum * sum
  }
  return total
}

describe('the triangle of a model', () => {
  it('gives the sum of squares of the residual variates, per variate', () => {
    const moments = momentsOf()
    const factor = new Float64Array(triangle(N))
    expect(fitTriangle(moments, LAGS, CHANNELS, factor)).toBe(true)
    const { variates, correlations } = canonicalVariates(moments, N, 0.02)
    const states = correlations.filter(value => value > 0.64).length
    expect(states).toBeGreaterThan(0)
    const random = seededRandom(4)
    for (let trial = 0; trial < 20; trial++) {
      const x = Float64Array.from({ length: N }, () => random.normal())
      let wanted = 0
      for (let k = states; k < N; k++) {
        let sum = 0
        for (let i = 0; i < N; i++) sum += variates[k * N + i]! * x[i]!
        wanted += (sum * sum) / (N - states)
      }
      expect(squaresOf(factor, x)).toBeCloseTo(wanted, 9)
    }
  })

  it('leaves a signal out that did not move while it taught', () => {
    const factor = new Float64Array(triangle(N))
    expect(fitTriangle(momentsOf(1), LAGS, CHANNELS, factor)).toBe(true)
    expect(squaresOf(factor, Float64Array.of(0, 1, 0, 0, -1, 0))).toBe(0)
    expect(squaresOf(factor, Float64Array.of(1, 0, 0, 0, 0, 0))).toBeGreaterThan(0.1)
  })

  it('is not there where nothing moved', () => {
    const factor = new Float64Array(triangle(N)).fill(1)
    expect(fitTriangle(new Float64Array(4 * N * N), LAGS, CHANNELS, factor)).toBe(false)
    expect(factor.every(value => value === 0)).toBe(true)
  })
})
