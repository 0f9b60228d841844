import { describe, expect, it } from 'vitest'
import { worstDifference } from './c-program.ts'
import { sizeOptions, stepHeader } from './translate.ts'

describe('the translation of the fast form to C', () => {
  it('holds the whole step and nothing of the language it came from', () => {
    const text = stepHeader()
    for (const name of ['advanceTile', 'advanceWall', 'advanceChannels', 'solveAnodes']) {
      expect(text).toMatch(new RegExp(`^(static|INLINE) void (\\w+_)?${name}\\(.*\\) \\{$`, 'm'))
    }
    expect(text).not.toMatch(/v128|f64x2|i64x2|usize|=>|\bimport\b|\bconst __auto_type\b/)
  })

  it('writes sums and products in the order of the source', () => {
    const source: Record<string, string> = {
      elementary:
        '@inline export function next(a: f64, b: v128, c: v128): v128 {\n  return add(put(a), mul(b, c))\n}\n',
      tile: 'export const STEP: usize = 32\n',
    }
    const text = stepHeader(name => source[name] ?? '')
    expect(text).toContain('INLINE lanes next(double a, lanes b, lanes c) {')
    expect(text).toContain('return (put(a) + (b * c));')
    expect(text).toContain('STEP = 4 * sizeof(double) * LANES / 4;')
  })

  it('scales places to wider tiles, but not counts', () => {
    const sized = [
      ['ANODES', 36],
      ['K_bath', 320],
    ] as const
    expect(sizeOptions(sized, 8)).toEqual(['-DANODES=36', '-DK_bath=640'])
  })
})

describe('the comparison of results', () => {
  it('is 0 for equal bits and shows the largest relative difference otherwise', () => {
    expect(
      worstDifference(Float64Array.of(1, 0, Number.NaN), Float64Array.of(1, -0, Number.NaN)),
    ).toBe(0)
    expect(worstDifference(Float64Array.of(1, 2), Float64Array.of(1, 4))).toBe(0.5)
    expect(worstDifference(Float64Array.of(1), Float64Array.of(Number.NaN))).toBeNaN()
    expect(worstDifference(Float64Array.of(1), Float64Array.of(1, 1))).toBe(
      Number.POSITIVE_INFINITY,
    )
  })
})
