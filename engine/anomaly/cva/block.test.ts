import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { BLOCK_CELLS, compiledSquares, plainSquares } from './block.ts'

describe('squares of a block of cells', () => {
  it.each([1, 2, 3, 8, 9, 20, 64])('are the same bits in both forms for windows of %i', n => {
    const compiled = compiledSquares()
    expect(compiled).toBeDefined()
    const random = seededRandom(n)
    const weights = Float64Array.from({ length: n * n }, () => random.normal())
    const stacks = Float64Array.from({ length: n * BLOCK_CELLS }, () => random.normal())
    const results = [compiled!, plainSquares()].map(form => {
      form.weigh(weights, n, 1)
      form.stacks.set(stacks)
      return [[0, n] as const, [n >> 1, n] as const, [n, n] as const].flatMap(([first, last]) => {
        const out = new Float64Array(BLOCK_CELLS).fill(7)
        form.squares(first, last, out)
        return [...out]
      })
    })
    expect(results[0]).toEqual(results[1])
    expect(results[0]!.slice(0, BLOCK_CELLS).every(value => value > 0)).toBe(true)
    expect(results[0]!.slice(-BLOCK_CELLS)).toEqual([0, 0, 0, 0])
  })

  it('are sums of squared projections', () => {
    const form = compiledSquares()!
    form.weigh(Float64Array.of(1, 2, 3, -1), 2, 1)
    form.stacks.set([1, 0, 2, 1, 0, 1, 1, -1])
    const out = new Float64Array(BLOCK_CELLS)
    form.squares(0, 2, out)
    expect([...out]).toEqual([1 + 9, 4 + 1, 16 + 25, 1 + 16])
  })

  it('take weights anew when another model, or another fit of it, asks', () => {
    const form = compiledSquares()!
    const weights = Float64Array.of(1, 0, 0, 1)
    const out = new Float64Array(BLOCK_CELLS)
    const ask = (values: Float64Array, fit: number): number => {
      form.weigh(values, 2, fit)
      form.stacks.fill(1)
      form.squares(0, 2, out)
      return out[0]!
    }
    expect(ask(weights, 1)).toBe(2)
    weights.fill(2)
    expect(ask(weights, 2)).toBe(32)
    expect(ask(Float64Array.of(0, 0, 0, 3), 2)).toBe(9)
    expect(ask(weights, 2)).toBe(32)
  })
})
