import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { checkRowDetector } from '../rows/contract.ts'
import { fitRowsSlowly, type RowPlan } from '../rows/detector.ts'
import { everyPlan, tiedRun } from '../rows/fixture.ts'
import { rowOf } from '../rows/run.ts'
import { fitModels } from '../rows/statistics.ts'
import { joinStreams, neutralValues } from '../rows/streams.ts'
import { type CombinerModel, combinerFitted, logitOf, scaleInto } from './model.ts'

const HIDDEN = 5
const fit = [tiedRun(1, 500)]
const run = tiedRun(3, 200, 120)

/** Streams of all linear models, weighed by drawn numbers that rise with each stream. */
function drawnModel(): CombinerModel {
  const streams = joinStreams(fitModels(everyPlan.models, fit), everyPlan.streams, 3)
  const neutral = neutralValues([{ fitted: streams, run: fit[0]!, from: 0 }])
  const random = seededRandom(1)
  const rising = (length: number) =>
    Float32Array.from({ length }, () => 0.1 + 0.3 * random.uniform())
  return {
    ...{ streams, neutral, mean: neutral, spread: neutral.map(() => 0.7) },
    weights: {
      hiddenKernel: rising(neutral.length * HIDDEN),
      hiddenBias: Float32Array.from({ length: HIDDEN }, random.normal),
      ...{ outKernel: rising(HIDDEN), outBias: Float32Array.of(-1) },
    },
  }
}

const model = drawnModel()
const plan: RowPlan = {
  ...{ name: 'odds', models: {}, streams: [{ model: 'network', statistic: 'odds', memory: 1 }] },
  threshold: { method: 'quantile', alpha: 0.01, block: 10 },
  persistence: { need: 1, of: 1 },
}
const { start } = await fitRowsSlowly(plan, fit, [tiedRun(2, 600)], async () => {
  return new Map([['network', combinerFitted(model)]])
})
checkRowDetector({ name: 'that weighs streams', start, run, other: tiedRun(4, 80, 20) })

describe('a network that weighs streams', () => {
  it('gives the logarithm of the odds as a network made by hand does', () => {
    const weights = {
      hiddenKernel: Float32Array.of(1, -1, 0.5, 2), // [input][hidden]
      hiddenBias: Float32Array.of(0, 0.25),
      ...{ outKernel: Float32Array.of(2, -3), outBias: Float32Array.of(0.5) },
    }
    const logit = logitOf(weights, Float64Array.of(0.5, -1), new Float64Array(2))
    expect(logit).toBeCloseTo(0.5 + 2 * Math.tanh(0) - 3 * Math.tanh(-0.5 - 2 + 0.25), 12)
  })

  it('holds its inputs where it has learnt', () => {
    const inputs = new Float64Array(2)
    const scaler = { mean: Float64Array.of(1, 1), spread: Float64Array.of(2, 2) }
    scaleInto(scaler, Float64Array.of(1e9, -1e9), inputs)
    expect(Array.from(inputs)).toEqual([12, -6])
    scaleInto(scaler, Float64Array.of(5, 0), inputs)
    expect(Array.from(inputs)).toEqual([2, -0.5])
  })

  it('blames the channels of the streams that pull its answer up', () => {
    const statistics = combinerFitted(model).start(1)
    const odds = new Float64Array(1)
    for (let row = 0; row < run.count; row++) statistics.take(rowOf(run, row), false, odds)
    const shares = new Float64Array(3)
    statistics.addShares(0, shares)
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9)
    expect(shares[2]).toBeLessThan(Math.max(shares[0]!, shares[1]!))
  })
})
