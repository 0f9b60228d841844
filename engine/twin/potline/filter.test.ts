import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import {
  FILTER_ROWS,
  filterRow,
  filterTuning,
  loosenAlumina,
  loosenBias,
  predictedVariance,
  predictFilter,
  startFilter,
  updateFilter,
} from './filter.ts'

const created = () => {
  const state = new Float64Array(FILTER_ROWS)
  startFilter(state, 1, 0, filterTuning)
  return state
}

/** Leading minors of the covariance; all positive when it is one. */
function minors(s: Float64Array): number[] {
  const [cc, cb, ce] = [
    s[filterRow.varAlumina]!,
    s[filterRow.covAluminaBias]!,
    s[filterRow.covAluminaFeed]!,
  ]
  const [bb, be, ee] = [s[filterRow.varBias]!, s[filterRow.covBiasFeed]!, s[filterRow.varFeed]!]
  const full = cc * (bb * ee - be * be) - cb * (cb * ee - be * ce) + ce * (cb * be - bb * ce)
  return [cc, cc * bb - cb * cb, full]
}

describe('the cell filter', () => {
  it('agrees with the textbook update of a scalar state', () => {
    const state = created()
    const variance = state[filterRow.varAlumina]!
    const by = updateFilter(state, 1, 0, 1, 0, 0.5, 0.09)
    expect(by).toBeCloseTo((0.5 * variance) / (variance + 0.09), 12)
    expect(state[filterRow.varAlumina]).toBeCloseTo((variance * 0.09) / (variance + 0.09), 12)
    expect(state[filterRow.bias_uOhm]).toBe(0)
  })

  it('keeps a positive covariance through hundreds of thousands of steps', () => {
    const state = created()
    const random = seededRandom(3)
    for (let second = 0; second < 200_000; second++) {
      predictFilter(
        state,
        1,
        0,
        filterTuning,
        0.0008 * random.uniform(),
        { bias: 1 + random.integer(3), feed: 1 },
        1,
      )
      const slope = -0.4 * random.uniform()
      updateFilter(
        state,
        1,
        0,
        slope,
        0.35,
        0.005 * random.normal(),
        1e-6 + 1e-4 * random.uniform(),
      )
      if (second % 5000 === 0) {
        loosenBias(state, 1, 0, 0.2)
        loosenAlumina(state, 1, 0, 0.2)
      }
      if (second % 1000 === 0) for (const minor of minors(state)) expect(minor).toBeGreaterThan(0)
    }
  })

  it('never outgrows its caps, however long it hears nothing', () => {
    const state = created()
    for (let hour = 0; hour < 400; hour++)
      predictFilter(state, 1, 0, filterTuning, 2.8, { bias: 3, feed: 1 }, 3600)
    const cap = (row: number) => Math.sqrt(state[row]!)
    expect(cap(filterRow.varAlumina)).toBeLessThanOrEqual(filterTuning.aluminaStdMax_wtpct + 1e-9)
    expect(cap(filterRow.varBias)).toBeLessThanOrEqual(filterTuning.biasStdMax_uOhm + 1e-9)
    expect(cap(filterRow.varFeed)).toBeLessThanOrEqual(filterTuning.feedStdMax_1 + 1e-9)
  })

  it('learns feed efficiency from alumina that rises less than was fed', () => {
    const state = created()
    let alumina = 2.5
    let truth = 2.5
    for (let second = 0; second < 7200; second++) {
      alumina += 0.0008 * (state[filterRow.feedEfficiency]! - 1)
      truth += 0.0008 * (0.8 - 1)
      predictFilter(state, 1, 0, filterTuning, 0.0008, { bias: 1, feed: 1 }, 1)
      alumina += updateFilter(state, 1, 0, 1, 0, truth - alumina, 0.01)
    }
    expect(state[filterRow.feedEfficiency]).toBeCloseTo(0.8, 1)
    expect(alumina).toBeCloseTo(truth, 1)
  })

  it('cannot tell alumina from bias by one voltage: their errors are tied', () => {
    const state = created()
    for (let i = 0; i < 100; i++) updateFilter(state, 1, 0, -0.12, 0.35, 0, 1e-5)
    expect(Math.sqrt(predictedVariance(state, 1, 0, -0.12, 0.35))).toBeLessThan(0.001)
    expect(Math.sqrt(state[filterRow.varAlumina]!)).toBeGreaterThan(0.5)
    const tie = state[filterRow.covAluminaBias]! ** 2
    expect(tie / (state[filterRow.varAlumina]! * state[filterRow.varBias]!)).toBeGreaterThan(0.9)
  })
})
