import { describe, expect, it } from 'vitest'
import { checkRowDetector } from './contract.ts'
import { fitByFolds, fitOneRun, fitRowDetector, type RowPlan, type RowScorer } from './detector.ts'
import { everyPlan, tiedRun } from './fixture.ts'
import { type Run, rowOf, runSlice } from './run.ts'

const detector = fitRowDetector(everyPlan, [tiedRun(1, 800)], [tiedRun(2, 1500), tiedRun(3, 1500)])

function scoresOf(scorer: RowScorer, run: Run, from = 0): number[] {
  return Array.from({ length: run.count - from }, (_, i) => scorer.take(rowOf(run, from + i)))
}

const kitRuns = { run: tiedRun(4, 400, 250), other: tiedRun(6, 200, 100) }
const following: RowPlan = {
  ...everyPlan,
  ...{ fusion: 'mean', threshold: { ...everyPlan.threshold, follow: 0.002 } },
}
checkRowDetector({ name: 'of every linear model', start: detector.start, ...kitRuns })
checkRowDetector({
  name: 'that takes the mean and follows drift',
  start: fitRowDetector(following, [tiedRun(1, 800)], [tiedRun(2, 1500)]).start,
  ...kitRuns,
})

describe('row detector', () => {
  it('keeps its false-alarm rate on runs it has not seen', () => {
    let alarms = 0
    for (const seed of [11, 12, 13, 14]) {
      const run = tiedRun(seed, 1000)
      const scorer = detector.start()
      for (let row = 0; row < run.count; row++) {
        scorer.take(rowOf(run, row))
        alarms += Number(scorer.alarm())
      }
    }
    expect(alarms / 4000).toBeLessThan(0.025)
  })

  it('finds a broken tie that no single signal shows, and names the two signals', () => {
    const run = tiedRun(7, 600, 400)
    const scorer = detector.start()
    let hits = 0
    let named = 0
    let rare = 0
    for (let row = 0; row < run.count; row++) {
      scorer.take(rowOf(run, row))
      if (row < 420 || !scorer.alarm()) continue
      hits++
      named += Number(scorer.causes(1)[0] !== 2)
      rare += Number(scorer.pValue() < 0.01)
    }
    expect(hits).toBeGreaterThan(150)
    expect(named / hits).toBeGreaterThan(0.85)
    expect(rare / hits).toBeGreaterThan(0.8)
  })

  it('changes nothing on a row of which nothing is known', () => {
    const run = tiedRun(8, 300)
    const [holed, whole] = [detector.start(), detector.start()]
    const nothing = new Float64Array(3).fill(Number.NaN)
    for (let row = 0; row < run.count; row++) {
      const score = whole.take(rowOf(run, row))
      expect(holed.take(rowOf(run, row))).toBe(score)
      if (row % 7 === 0) expect(holed.take(nothing)).toBe(score)
    }
  })

  it('leaves out a channel that never moved while learning', () => {
    const frozen = (run: Run): Run => {
      const values = run.values.map((value, i) => (i % 3 === 2 ? 7 : value))
      return { ...run, values }
    }
    const learnt = fitRowDetector(everyPlan, [frozen(tiedRun(1, 400))], [frozen(tiedRun(2, 400))])
    const run = tiedRun(9, 100)
    const moved = scoresOf(learnt.start(), run)
    expect(moved).toEqual(scoresOf(learnt.start(), frozen(run)))
  })
})

describe('threshold settings of a plan', () => {
  const fit = [tiedRun(1, 800)]
  const calibrate = [tiedRun(2, 6000), tiedRun(3, 6000)]
  const withThreshold = (more: Partial<RowPlan['threshold']>) =>
    fitRowDetector({ ...everyPlan, threshold: { ...everyPlan.threshold, ...more } }, fit, calibrate)

  it('takes a budget of false events instead of a share of rows', () => {
    const level = (events_per_day: number, streams = 1) =>
      withThreshold({ budget: { events_per_day, rows_per_day: 10_000, streams } }).threshold
    expect(level(2)).toBeGreaterThan(level(20))
    expect(level(20, 10)).toBe(level(2))
  })

  it('follows drift of normal running when told to', () => {
    const drifting = tiedRun(31, 6000)
    for (let i = 0; i < drifting.values.length; i++) drifting.values[i]! *= 1 + i / 90_000
    const share = (follow?: number) => {
      const scorer = withThreshold(follow === undefined ? {} : { follow }).start()
      let count = 0
      for (let row = 0; row < drifting.count; row++) {
        scorer.take(rowOf(drifting, row))
        if (row >= 3000) count += Number(scorer.alarm())
      }
      return count / 3000
    }
    expect(share(0.002)).toBeLessThan(share() / 2)
  })
})

describe('calibration by folds', () => {
  const run = tiedRun(21, 400)

  it('sets a higher threshold than the scores of the rows it was fitted on would', () => {
    const overfit: RowPlan = {
      ...everyPlan,
      models: { cva: { kind: 'cva', lags: 4, states: 2, ridge: 1e-6 } },
      streams: [{ model: 'cva', statistic: 'Tr2', memory: 1 }],
    }
    const share = (detector: ReturnType<typeof fitByFolds>) => {
      const fresh = tiedRun(22, 2000)
      const scorer = detector.start()
      let count = 0
      for (let row = 0; row < fresh.count; row++) {
        count += Number(scorer.take(rowOf(fresh, row)) > detector.threshold)
      }
      return count / fresh.count
    }
    const short = runSlice(run, 0, 60)
    const naive = share(fitRowDetector(overfit, [short], [short]))
    const folds = share(fitByFolds(overfit, short, 6))
    expect(naive).toBeGreaterThan(0.1)
    expect(folds).toBeLessThan(naive / 2)
  })

  it('splits one run as the plan says', () => {
    const byFolds = fitOneRun({ ...everyPlan, split: { folds: 5 } }, run)
    expect(byFolds.threshold).toBe(fitByFolds(everyPlan, run, 5).threshold)
    const parts = [[runSlice(run, 0, 200)], [runSlice(run, 200, 400)]] as const
    const byShare = fitOneRun({ ...everyPlan, split: { fit_share: 0.5 } }, run)
    expect(byShare.threshold).toBe(fitRowDetector(everyPlan, ...parts).threshold)
  })
})
