import { describe, expect, it } from 'vitest'
import { stateReader, stateWriter } from '../state.ts'
import { fitByFolds, fitOneRun, fitRowDetector, type RowPlan, type RowScorer } from './detector.ts'
import { everyPlan, tiedRun } from './fixture.ts'
import { type Run, rowOf, runSlice } from './run.ts'

const detector = fitRowDetector(everyPlan, [tiedRun(1, 800)], [tiedRun(2, 1500), tiedRun(3, 1500)])

function scoresOf(scorer: RowScorer, run: Run, from = 0): number[] {
  return Array.from({ length: run.count - from }, (_, i) => scorer.take(rowOf(run, from + i)))
}

describe('row detector', () => {
  it('scores a prefix bit for bit as it scores the whole', () => {
    const run = tiedRun(4, 600, 400)
    const whole = scoresOf(detector.start(), run)
    for (const cut of [1, 2, 37, 450]) {
      expect(scoresOf(detector.start(), runSlice(run, 0, cut))).toEqual(whole.slice(0, cut))
    }
  })

  it('goes on the same after snapshot and restore, bit for bit', () => {
    const run = tiedRun(5, 500, 300)
    const whole = scoresOf(detector.start(), run)
    const first = detector.start()
    for (let row = 0; row < 310; row++) first.take(rowOf(run, row))
    const out = stateWriter()
    first.save(out)
    const second = detector.start()
    second.load(stateReader(out.bytes()))
    expect(second.alarm()).toBe(first.alarm())
    expect(scoresOf(second, run, 310)).toEqual(whole.slice(310))
  })

  it('forgets all when it is reset', () => {
    const run = tiedRun(6, 200, 100)
    const scorer = detector.start()
    const first = scoresOf(scorer, run)
    scorer.reset()
    expect(scoresOf(scorer, run)).toEqual(first)
  })

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

  it('takes missing values for no anomaly', () => {
    const run = tiedRun(8, 300)
    const scorer = detector.start()
    for (let row = 0; row < run.count; row++) scorer.take(rowOf(run, row))
    const nothing = new Float64Array(3).fill(Number.NaN)
    for (let i = 0; i < 5; i++) expect(Number.isFinite(scorer.take(nothing))).toBe(true)
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
