import { describe, expect, it } from 'vitest'
import type { LineDefinition } from '../flow.ts'
import { type ConfiguredLine, checkDefinition, definitionOf } from './define.ts'
import { tinyLine } from './fixture-line.ts'

const [tag] = tinyLine.tags
const refusals: readonly (readonly [change: Partial<LineDefinition>, said: RegExp])[] = [
  [{ line: 'Line 1' }, /line must match|line.*must match/],
  [{ tenant: '' }, /tenant.*must match/],
  [{ tick_ms: 5 }, /tick_ms.*between 10 and 3600000/],
  [{ tick_offset_ms: 1000 }, /tick_offset_ms.*less than tick_ms/],
  [{ tick_offset_ms: 0.5 }, /tick_offset_ms.*whole number/],
  [{ cells: [] }, /cells.*at least one/],
  [{ cells: ['a', 'a'] }, /cells/],
  [{ cells: ['a/b'] }, /cells.*"a\/b"/],
  [{ tags: [] }, /tags.*at least one/],
  [{ tags: [{ ...tag!, unit: 'furlong' }] }, /furlong.*known/],
  [{ tags: [{ ...tag!, low: 5, high: 5 }] }, /low.*below high/],
]

describe('a line of the configuration', () => {
  it('is taken as it should be', () => {
    expect(() => checkDefinition({ ...tinyLine, tick_offset_ms: 999 })).not.toThrow()
  })

  it.each(refusals)('is refused with what is wrong: %o', (change, said) => {
    expect(() => checkDefinition({ ...tinyLine, ...change })).toThrow(said)
  })

  it('keeps its offset, and has none where it is 0: equal lines are defined alike', () => {
    const configured: ConfiguredLine = {
      ...tinyLine,
      ...{ cells: 2, feeders: 5, anodes: 0, shell_temperatures: 0 },
    }
    for (const kind of ['generic', 'potline'] as const) {
      const made = (tick_offset_ms: number) => definitionOf({ ...configured, kind, tick_offset_ms })
      expect(made(250).tick_offset_ms).toBe(250)
      expect(made(0)).not.toHaveProperty('tick_offset_ms')
    }
  })
})
