import { expect, test } from 'vitest'
import { averagePrecision, curveOf, episodes, foretells, pointAt, scoredCells } from './curve.ts'
import { poissonUpper } from './poisson.ts'

const scores = (length: number, ...spans: [from: number, to: number, value: number][]) => {
  const row = new Float32Array(length)
  for (const [from, to, value] of spans) row.fill(value, from, to)
  return row
}

test('a score that comes back within ten minutes is one episode', () => {
  const row = scores(100, [10, 12, 0.6], [20, 22, 0.7], [40, 41, 0.9])
  expect(episodes(row, 0.5)).toEqual([
    { first: 10, last: 21 },
    { first: 40, last: 40 },
  ])
  expect(episodes(row, 0.8)).toEqual([{ first: 40, last: 40 }])
  expect(episodes(new Float32Array(5).fill(Number.NaN), 0)).toEqual([])
})

test('a warning must come a minute ahead, within the hour, and stand near the end', () => {
  const effect_s = 6000 // minute 100
  expect(foretells({ first: 98, last: 99 }, effect_s)).toBe(true)
  expect(foretells({ first: 99, last: 99 }, effect_s)).toBe(false)
  expect(foretells({ first: 101, last: 110 }, effect_s)).toBe(false)
  expect(foretells({ first: 30, last: 99 }, effect_s)).toBe(false)
  expect(foretells({ first: 60, last: 70 }, effect_s)).toBe(false)
  expect(foretells({ first: 60, last: 90 }, effect_s)).toBe(true)
})

test('two warnings of one effect count once, an episode elsewhere is false', () => {
  const cells = [
    { scores: scores(200, [88, 90, 0.9], [97, 99, 0.9]), effects_s: [6000] },
    { scores: scores(200, [50, 52, 0.9]), effects_s: [] },
    { scores: scores(200), effects_s: [9000] },
  ]
  expect(pointAt(cells, 0.5)).toMatchObject({ precision: 0.5, recall: 0.5, false_episodes: 1 })
  // What the score does right after an effect is neither right nor wrong.
  const after = [{ scores: scores(200, [95, 99, 0.9], [115, 120, 0.9]), effects_s: [6000] }]
  expect(pointAt(after, 0.5)).toMatchObject({ precision: 1, recall: 1, false_episodes: 0 })
})

test('a perfect score has the area 1, and what it never reaches is lost', () => {
  const right = { scores: scores(200, [90, 99, 0.9]), effects_s: [6000] }
  const missed = { scores: scores(200), effects_s: [6000] }
  const wrong = { scores: scores(200, [90, 99, 1]), effects_s: [] }
  expect(averagePrecision(curveOf([right]))).toBe(1)
  expect(averagePrecision(curveOf([right, missed]))).toBe(0.5)
  expect(averagePrecision(curveOf([right, wrong]))).toBe(0.5)
})

test('rows of a line go to its cells with their effects', () => {
  const row = Float32Array.of(1, 2, 3, 4)
  const cells = scoredCells(row, 2, [{ cell: 1, time_s: 90 }])
  expect(cells.map(cell => Array.from(cell.scores))).toEqual([
    [1, 2],
    [3, 4],
  ])
  expect(cells.map(cell => cell.effects_s)).toEqual([[], [90]])
})

test.each([
  [0, 0.95, 2.9957],
  [1, 0.95, 4.7439],
  [2, 0.95, 6.2958],
  [10, 0.95, 16.9622],
  [1, 0.9, 3.8897],
])('the upper bound of %i events at %f is %f', (count, level, bound) => {
  expect(poissonUpper(count, level)).toBeCloseTo(bound, 4)
})
