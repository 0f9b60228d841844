import { expect, test } from 'vitest'
import { spreadOf } from './spread.ts'

test('names in a row spread evenly, each always to the same place', () => {
  const tenths = new Array<number>(10).fill(0)
  for (let i = 1; i <= 1000; i++) tenths[Math.floor(10 * spreadOf(`local/bench-${i}`))]! += 1
  expect(Math.min(...tenths)).toBeGreaterThan(60)
  expect(Math.max(...tenths)).toBeLessThan(140)
  expect(spreadOf('local/potline-1')).toBe(spreadOf('local/potline-1'))
})
