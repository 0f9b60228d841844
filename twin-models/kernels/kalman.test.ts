import { expect, test } from 'vitest'
import { capVariance, correctByReading, propagateCovariance, resetState } from './kalman.ts'

test('a reading corrects a scalar state as weighing by variance says', () => {
  const x = Float64Array.of(2)
  const P = Float64Array.of(4)
  correctByReading(x, P, 1, 0, 5 - 2, 1, new Float64Array(1))
  expect(x[0]).toBeCloseTo((2 / 4 + 5 / 1) / (1 / 4 + 1), 14)
  expect(P[0]).toBeCloseTo(1 / (1 / 4 + 1), 14)
})

test('repeated readings of position find the velocity behind it, as the batch solution does', () => {
  const x = Float64Array.of(0, 0)
  const P = Float64Array.of(1e6, 0, 0, 1e6)
  const F = Float64Array.of(1, 1, 0, 1)
  const q = new Float64Array(2)
  const work = new Float64Array(4)
  const noise = 0.25
  const readings = [1.2, 3.1, 4.8, 7.2, 9.1, 10.7]
  readings.forEach((reading, i) => {
    if (i > 0) {
      x[0] = x[0]! + x[1]!
      propagateCovariance(P, F, q, 2, work)
    }
    correctByReading(x, P, 2, 0, reading - x[0]!, noise, work)
  })
  // Least squares of a straight line through the same readings.
  const mean = readings.reduce((sum, y) => sum + y, 0) / 6
  const slope = readings.reduce((sum, y, i) => sum + (i - 2.5) * (y - mean), 0) / 17.5
  expect(x[1]).toBeCloseTo(slope, 5)
  expect(x[0]).toBeCloseTo(mean + 2.5 * slope, 5)
  expect(P[3]).toBeCloseTo(noise / 17.5, 6)
  expect(P[1]).toBe(P[2])
})

test('the cap keeps correlations and a reset forgets them', () => {
  const P = Float64Array.of(4, 3, 3, 9)
  capVariance(P, 2, 0, 1)
  expect([...P]).toEqual([1, 1.5, 1.5, 9])
  const x = Float64Array.of(7, 8)
  resetState(x, P, 2, 1, -1, 0.5)
  expect([...P]).toEqual([1, 0, 0, 0.5])
  expect([...x]).toEqual([7, -1])
})
