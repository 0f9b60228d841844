import { describe, expect, it } from 'vitest'
import { combinerFitted } from '../anomaly/combine/model.ts'
import { fitRowsSlowly, type RowPlan } from '../anomaly/rows/detector.ts'
import { tiedRun } from '../anomaly/rows/fixture.ts'
import { type Run, rowOf, runSlice } from '../anomaly/rows/run.ts'
import { fitScaler } from '../anomaly/rows/window.ts'
import { stateReader, stateWriter } from '../anomaly/state.ts'
import { seededRandom } from '../core/random.ts'
import { type CombinerPlan, fitCombiner } from './fit-combiner.ts'
import { withSyntheticFault } from './synthetic-faults.ts'

const network: CombinerPlan = {
  models: { cva: { kind: 'cva', lags: 2, states: 2, ridge: 0.01 } },
  streams: [
    { model: 'cva', statistic: 'Tr2', memory: 0.3 },
    { model: 'cva', statistic: 'Ts2', memory: 0.3 },
    { model: 'cva', statistic: 'Tr2', smooth: 0.1, memory: 0.3 },
  ],
  ...{ hidden: 6, epochs: 15, faults: 20, piece_rows: 150, size_most: 4 },
}
const plan: RowPlan = {
  name: 'combiner',
  models: {},
  streams: [{ model: 'network', statistic: 'odds', memory: 0.3 }],
  threshold: { method: 'quantile', alpha: 0.01, block: 10 },
  persistence: { need: 1, of: 1 },
}
const fit = [tiedRun(1, 500), tiedRun(2, 500), tiedRun(3, 500)]
const model = await fitCombiner(network, fit, 1)
const detector = await fitRowsSlowly(plan, fit, [tiedRun(4, 1500)], async () => {
  return new Map([['network', combinerFitted(model)]])
})

function scoresOf(run: Run, scorer = detector.start(), from = 0): number[] {
  return Array.from({ length: run.count - from }, (_, i) => scorer.take(rowOf(run, from + i)))
}

describe('combiner network', () => {
  it('finds a broken tie, though it was only shown made-up faults', () => {
    const run = tiedRun(7, 600, 400)
    const over = scoresOf(run).map(score => score > detector.threshold)
    const share = (from: number, to: number) =>
      over.slice(from, to).filter(Boolean).length / (to - from)
    expect(share(0, 400)).toBeLessThan(0.05)
    expect(share(420, 600)).toBeGreaterThan(0.7)
  })

  it('names the two signals of the broken tie before the third', () => {
    const run = tiedRun(8, 500, 300)
    const scorer = detector.start()
    let right = 0
    let alarms = 0
    for (let row = 0; row < run.count; row++) {
      scorer.take(rowOf(run, row))
      if (row < 320 || !scorer.alarm()) continue
      alarms++
      right += Number(scorer.causes(1)[0] !== 2)
    }
    expect(right / alarms).toBeGreaterThan(0.8)
  })

  it('scores a prefix, and goes on after a restore, bit for bit', () => {
    const run = tiedRun(9, 300, 200)
    const whole = scoresOf(run)
    expect(scoresOf(runSlice(run, 0, 170))).toEqual(whole.slice(0, 170))
    const first = detector.start()
    scoresOf(runSlice(run, 0, 170), first)
    const out = stateWriter()
    first.save(out)
    const second = detector.start()
    second.load(stateReader(out.bytes()))
    expect(scoresOf(run, second, 170)).toEqual(whole.slice(170))
  })

  it('is the same network for the same seed, and another for another', async () => {
    const again = await fitCombiner(network, fit, 1)
    expect(again.weights).toEqual(model.weights)
    const other = await fitCombiner({ ...network, epochs: 1 }, fit, 2)
    expect(other.weights.hiddenKernel).not.toEqual(model.weights.hiddenKernel)
  })

  it('refuses a single run, which leaves nothing to hold out', async () => {
    await expect(fitCombiner(network, [tiedRun(1, 500)], 1)).rejects.toThrow('two runs or more')
  })
})

describe('made-up faults', () => {
  const run = tiedRun(11, 200)
  const spread = fitScaler([run])
  const draw = (seed: number) => {
    const random = seededRandom(seed)
    return withSyntheticFault(run, [tiedRun(12, 200)], spread, { from: 80, size_most: 4, random })
  }

  it('leave all rows before the fault as they are, and the run they start from', () => {
    const before = run.values.slice()
    for (let seed = 1; seed < 30; seed++) {
      const faulty = draw(seed)
      expect(faulty.values.subarray(0, 240)).toEqual(run.values.subarray(0, 240))
      expect(faulty.values).not.toEqual(run.values)
    }
    expect(run.values).toEqual(before)
  })

  it('are the same for the same seed', () => {
    expect(draw(3)).toEqual(draw(3))
  })
})
