import { expect, test } from 'vitest'
import { log10, pow, pow10 } from './pow.ts'

test('powers agree with squares, cubes and roots', () => {
  for (const base of [1e-6, 0.3, 1, 2.6, 11, 10850, 1e9]) {
    expect(pow(base, 2) / (base * base)).toBeCloseTo(1, 13)
    expect(pow(base, 3) / (base * base * base)).toBeCloseTo(1, 13)
    expect(pow(base, 0.5) / Math.sqrt(base)).toBeCloseTo(1, 13)
    expect(pow(base, -1) * base).toBeCloseTo(1, 13)
  }
})

test('a power of zero is zero, and to the power zero it is one', () => {
  expect(pow(0, 2.2)).toBe(0)
  expect(pow(0, 0)).toBe(1)
  expect(pow(5, 0)).toBe(1)
  expect(pow(-1, 2.2)).toBeNaN()
})

test('powers of ten undo the logarithm to base ten', () => {
  expect(pow10(-3)).toBeCloseTo(0.001, 15)
  expect(log10(1000)).toBeCloseTo(3, 14)
  for (const x of [-2.5, 0.74, 3.2]) expect(log10(pow10(x))).toBeCloseTo(x, 13)
})
