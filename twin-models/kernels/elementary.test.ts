import { expect, test } from 'vitest'
import { asinh, exp, log, log10, pow, pow10 } from './elementary.ts'

/** A seeded sequence in [0, 1), so that the arguments are the same in every run. */
function seeded(): () => number {
  let state = 12345
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Largest distance of `own` from `reference` over many arguments, in units of the last place. */
function worst_ulp(
  own: (x: number) => number,
  reference: (x: number) => number,
  argument: () => number,
): number {
  let worst = 0
  for (let i = 0; i < 20_000; i++) {
    const x = argument()
    const want = reference(x)
    const ulp = 2 ** (Math.floor(Math.log2(Math.abs(want))) - 52)
    worst = Math.max(worst, Math.abs(own(x) - want) / ulp)
  }
  return worst
}

test('every function is within 2 units of the last place of the built-in one', () => {
  const random = seeded()
  const wide = () => 10 ** (600 * (random() - 0.5))
  const near = () => 0.5 + 1.5 * random()
  const signed = () => 2 * random() - 1
  expect(worst_ulp(exp, Math.exp, () => 1400 * (random() - 0.5))).toBeLessThanOrEqual(2)
  expect(worst_ulp(exp, Math.exp, signed)).toBeLessThanOrEqual(1)
  expect(worst_ulp(log, Math.log, wide)).toBeLessThanOrEqual(1)
  expect(worst_ulp(log, Math.log, near)).toBeLessThanOrEqual(1)
  expect(worst_ulp(log10, Math.log10, wide)).toBeLessThanOrEqual(2)
  expect(worst_ulp(log10, Math.log10, near)).toBeLessThanOrEqual(2)
  expect(
    worst_ulp(
      pow10,
      x => 10 ** x,
      () => 600 * (random() - 0.5),
    ),
  ).toBeLessThanOrEqual(2)
  expect(worst_ulp(asinh, Math.asinh, () => 20 * signed())).toBeLessThanOrEqual(2)
  expect(worst_ulp(asinh, Math.asinh, () => 1e-3 * signed())).toBeLessThanOrEqual(2)
  for (const exponent of [2.2, 1.5, 0.56, 0.5, -0.1, 2, 3, 4.8, -1, -4.8]) {
    const power = (x: number) => pow(x, exponent)
    const built = (x: number) => x ** exponent
    expect(worst_ulp(power, built, () => 10 ** (18 * (random() - 0.5)))).toBeLessThanOrEqual(2)
    expect(worst_ulp(power, built, near)).toBeLessThanOrEqual(2)
  }
})

test('exact values come out exact', () => {
  expect(exp(0)).toBe(1)
  expect(log(1)).toBe(0)
  expect(pow(5, 0)).toBe(1)
  expect(pow(2, 10)).toBe(1024)
  expect(log10(1000)).toBe(3)
  expect(asinh(0)).toBe(0)
  expect(Object.is(asinh(-0), -0)).toBe(true)
  expect(asinh(-3)).toBe(-asinh(3))
})

test('the ends of the range are infinite, zero or not a number', () => {
  expect(exp(710)).toBe(Number.POSITIVE_INFINITY)
  expect(exp(709.78)).toBeLessThan(Number.POSITIVE_INFINITY)
  expect(exp(-709)).toBe(0)
  expect(exp(Number.NaN)).toBeNaN()
  expect(log(0)).toBe(Number.NEGATIVE_INFINITY)
  expect(log(1e-310)).toBe(Number.NEGATIVE_INFINITY)
  expect(log(Number.POSITIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY)
  expect(log(-1)).toBeNaN()
  expect(log10(0)).toBe(Number.NEGATIVE_INFINITY)
  expect(pow(0, 2.2)).toBe(0)
  expect(pow(0, -1)).toBe(Number.POSITIVE_INFINITY)
  expect(pow(0, 0)).toBe(1)
  expect(pow(-1, 2.2)).toBeNaN()
  expect(pow(1e300, 2)).toBe(Number.POSITIVE_INFINITY)
  expect(pow10(400)).toBe(Number.POSITIVE_INFINITY)
  expect(pow10(-400)).toBe(0)
  expect(asinh(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY)
  expect(asinh(1e200)).toBeCloseTo(Math.asinh(1e200), 12)
})
