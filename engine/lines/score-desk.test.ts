import { describe, expect, it, vi } from 'vitest'
import { manualClock } from '../core/clock.ts'
import type { RowScorer, ScoreCall } from '../flow.ts'
import { scoreDesk, scoreNow } from './score-desk.ts'

const WIDTH = 3

/** Scores a row by its sum, and writes down how many rows came in each call. */
function sumScorer(fails: (row: Float32Array) => boolean = () => false) {
  const asked: number[] = []
  const scorer: RowScorer = {
    score(features, rows, scores, shares) {
      asked.push(rows)
      for (let row = 0; row < rows; row++) {
        const values = features.subarray(row * WIDTH, (row + 1) * WIDTH)
        if (fails(values)) throw new Error('no such row')
        scores[row] = values.reduce((sum, value) => sum + value, 0)
        for (let f = 0; f < WIDTH; f++) shares![row * WIDTH + f] = values[f]! / scores[row]!
      }
    },
  }
  return { scorer, asked }
}

function callOf(scorer: RowScorer, rows: number, first: number): ScoreCall {
  const features = Float32Array.from({ length: rows * WIDTH }, (_, i) => first + i)
  const shares = new Float64Array(rows * WIDTH)
  return { scorer, features, rows, scores: new Float64Array(rows), shares }
}

/** What the calls give by themselves. */
function alone(calls: readonly ScoreCall[]) {
  const copies = calls.map(({ scorer, rows, features }) => {
    return { ...callOf(scorer, rows, 0), features: features.slice() }
  })
  scoreNow(copies)
  return copies.map(({ scores, shares }) => ({ scores, shares }))
}
const given = (calls: readonly ScoreCall[]) =>
  calls.map(({ scores, shares }) => ({ scores, shares }))

/** A desk whose turn of the loop ends when the test says so. */
function desk() {
  const clock = manualClock()
  const turns: (() => void)[] = []
  return {
    clock,
    desk: scoreDesk(clock, work => turns.push(work)),
    endTurn() {
      for (const work of turns.splice(0)) work()
    },
  }
}

describe('scoreDesk', () => {
  it('scores the lines that are ready in one call for each model, and gives each its own', async () => {
    const [lead, shadow] = [sumScorer(), sumScorer()]
    const { desk: shared, endTurn } = desk()
    const lines = [
      [callOf(lead.scorer, 40, 1), callOf(shadow.scorer, 40, 1)],
      [callOf(lead.scorer, 7, 900)],
      [callOf(lead.scorer, 1, 5), callOf(shadow.scorer, 1, 5)],
    ]
    const scored = lines.map(calls => shared.score(calls))
    expect(lead.asked).toEqual([])
    endTurn()
    await Promise.all(scored)
    expect(lead.asked).toEqual([48])
    expect(shadow.asked).toEqual([41])
    for (const calls of lines) expect(given(calls)).toEqual(alone(calls))
  })

  it('joins again in the next turn', async () => {
    const { scorer, asked } = sumScorer()
    const { desk: shared, endTurn } = desk()
    for (const rows of [2, 3]) {
      const scored = [
        shared.score([callOf(scorer, rows, 1)]),
        shared.score([callOf(scorer, 10, 1)]),
      ]
      endTurn()
      await Promise.all(scored)
    }
    expect(asked).toEqual([12, 13])
  })

  it('splits what would be too large, never a line', async () => {
    const { scorer, asked } = sumScorer()
    const { desk: shared, endTurn } = desk()
    const calls = [300, 300, 100, 2000].map(rows => callOf(scorer, rows, 1))
    const scored = calls.map(call => shared.score([call]))
    endTurn()
    await Promise.all(scored)
    expect(asked).toEqual([300, 400, 2000])
    expect(given(calls)).toEqual(alone(calls))
  })

  it('fails the line whose rows can not be scored, and no other', async () => {
    const { scorer } = sumScorer(row => row[0] === 666)
    const { desk: shared, endTurn } = desk()
    const [good, bad, last] = [1, 666, 8].map(first => callOf(scorer, 4, first)) as [
      ScoreCall,
      ScoreCall,
      ScoreCall,
    ]
    const scored = [good, bad, last].map(call => shared.score([call]))
    endTurn()
    const ended = await Promise.allSettled(scored)
    expect(ended.map(one => one.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(given([good, last])).toEqual(alone([good, last]))
  })

  it('is hurried only by one who has waited while the thread did other work', async () => {
    const { scorer, asked } = sumScorer()
    const { desk: shared, clock, endTurn } = desk()
    const scored = shared.score([callOf(scorer, 2, 1)])
    shared.hurry()
    expect(asked).toEqual([])
    clock.advance(1)
    shared.hurry()
    await scored
    endTurn()
    expect(asked).toEqual([2])
  })

  it('divides the time of a call by the rows', async () => {
    const clock = manualClock()
    const slow: RowScorer = { score: (_, rows) => clock.advance(rows) }
    const turns: (() => void)[] = []
    const shared = scoreDesk(clock, work => turns.push(work))
    const scored = [30, 10].map(rows => shared.score([callOf(slow, rows, 1)]))
    turns[0]!()
    expect(await Promise.all(scored)).toEqual([30, 10])
  })

  it('scores at the end of the turn of the loop by itself', async () => {
    const { scorer, asked } = sumScorer()
    const shared = scoreDesk(manualClock())
    void shared.score([callOf(scorer, 2, 1)])
    void shared.score([callOf(scorer, 3, 1)])
    await vi.waitFor(() => expect(asked).toEqual([5]))
  })
})

describe('lines whose model takes windows', () => {
  const TIMES = 2
  const scorer: RowScorer = {
    score(features, rows, scores, shares) {
      for (let row = 0; row < rows; row++) {
        const window = features.subarray(row * TIMES * WIDTH, (row + 1) * TIMES * WIDTH)
        scores[row] = window.reduce((sum, value, i) => sum + value * (i + 1), 0)
        for (let f = 0; shares && f < WIDTH; f++) {
          shares[row * WIDTH + f] = (window[f]! + window[WIDTH + f]!) / scores[row]!
        }
      }
    },
  }
  const windows = (rows: number, first: number, isShared: boolean): ScoreCall => ({
    ...{ scorer, rows, scores: new Float64Array(rows + 2) },
    features: Float32Array.from({ length: rows * TIMES * WIDTH }, (_, i) => first + i),
    ...(isShared && { shares: new Float64Array(rows * WIDTH) }),
  })

  it('get what they get alone, with shares of each feature where they ask for them', async () => {
    const calls = [windows(3, 1, false), windows(1, 50, true), windows(2, 9, true)]
    const { desk: shared, endTurn } = desk()
    const done = calls.map(call => shared.score([call]))
    endTurn()
    await Promise.all(done)
    const single = [windows(3, 1, false), windows(1, 50, true), windows(2, 9, true)]
    scoreNow(single)
    expect(given(calls)).toEqual(given(single))
    expect(calls[0]!.shares).toBeUndefined()
    expect(calls[1]!.shares![2]).toBeGreaterThan(0)
  })
})
