import { expect, test } from 'vitest'
import { seededRandom } from '../core/random.ts'
import { rectifier, resonance } from './noise.ts'

test('a resonance has unit variance and swings with its own period', () => {
  const wave = resonance(seededRandom(3), 0.01, 400, 1)
  const values = Array.from({ length: 200_000 }, () => wave.next())
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  const square = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length
  expect(square).toBeGreaterThan(0.85)
  expect(square).toBeLessThan(1.15)
  const at = (lag: number) =>
    values.slice(lag).reduce((sum, x, i) => sum + x * values[i]!, 0) / values.length
  expect(at(50)).toBeLessThan(-0.6)
  expect(at(100)).toBeGreaterThan(0.5)
})

test('the rectifier keeps the set current and sags for a moment when the line voltage rises', () => {
  const supply = rectifier(seededRandom(4), 350e3)
  let sum_A = 0
  for (let n = 0; n < 20_000; n++) sum_A += supply.next(170)
  expect(Math.abs(sum_A / 20_000 - 350e3)).toBeLessThan(300)
  const before_A = supply.next(170)
  const during_A = supply.next(200)
  expect(before_A - during_A).toBeGreaterThan(800)
  for (let n = 0; n < 60; n++) supply.next(200)
  expect(Math.abs(supply.next(200) - before_A)).toBeLessThan(800)
})
