import { expect, test } from 'vitest'
import { resistanceTrend } from './resistance-trend.ts'

const fill = (trend: ReturnType<typeof resistanceTrend>, seconds: number, slope: number) => {
  let blocks = 0
  for (let t = 0; t < seconds; t++) if (trend.add(7e-6 + slope * t)) blocks++
  return blocks
}

test('the slope of a straight line is found exactly, also after the ring has wrapped', () => {
  const slope = 0.02e-6 / 60
  const trend = resistanceTrend(10)
  expect(fill(trend, 470, slope)).toBe(47)
  expect(trend.slope()).toBeNaN()
  const long = resistanceTrend(10)
  fill(long, 1500, slope)
  expect(long.slope() / slope).toBeCloseTo(1, 9)
})

test('the level is the mean of the last two minutes', () => {
  const trend = resistanceTrend(10)
  fill(trend, 110, 0)
  expect(trend.level()).toBeNaN()
  fill(trend, 10, 0)
  expect(trend.level()).toBeCloseTo(7e-6, 15)
})

test('a known beam move is taken out of the slope', () => {
  const trend = resistanceTrend(10)
  fill(trend, 300, 0)
  trend.shift(0.05e-6)
  for (let t = 0; t < 300; t++) trend.add(7.05e-6)
  expect(Math.abs(trend.slope())).toBeLessThan(1e-16)
})

test('a restart forgets', () => {
  const trend = resistanceTrend(10)
  fill(trend, 600, 1e-9)
  trend.restart()
  expect(trend.slope()).toBeNaN()
  expect(trend.level()).toBeNaN()
})
