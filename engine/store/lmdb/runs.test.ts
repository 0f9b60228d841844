import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { addToRuns, fromStart, type Run, runOf } from './runs.ts'

test('runs hold exactly the entries that were added, in any order and each once', () => {
  const property = fc.property(fc.array(fc.integer({ min: 1, max: 40 })), positions => {
    const runs: Run[] = []
    for (const position of positions) addToRuns(runs, position, 10)
    const held = new Set(positions)
    for (let position = 0; position <= 41; position++) {
      expect(runOf(runs, position) !== undefined).toBe(held.has(position))
      const after = [...held].filter(one => one >= position).length
      expect(fromStart(runs, position).entries).toBe(after)
      expect(fromStart(runs, position).bytes).toBeCloseTo(10 * after, 6)
    }
    for (const [i, run] of runs.entries()) {
      expect(run.first).toBeLessThanOrEqual(run.last)
      expect(run.first).toBeGreaterThan((runs[i - 1]?.last ?? -1) + 1)
    }
  })
  fc.assert(property, { numRuns: 300 })
})
