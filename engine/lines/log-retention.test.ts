import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { logRetention } from './log-retention.ts'

const NEVER = Number.POSITIVE_INFINITY

describe('logRetention', () => {
  it('keeps the newest entries up to a number of them', () => {
    const retention = logRetention(
      { entries_max: 100, bytes_max: () => NEVER, age_ms_max: NEVER },
      0,
      0,
    )
    for (let position = 1; position <= 100; position++) retention.note(position, 10, 0)
    expect(retention.expired(0)).toBe(0)
    for (let position = 101; position <= 150; position++) retention.note(position, 10, 0)
    expect(retention.expired(0)).toBe(50)
  })

  it('lets entries go by age, also when none comes any more', () => {
    const retention = logRetention(
      { entries_max: NEVER, bytes_max: () => NEVER, age_ms_max: 1000 },
      0,
      0,
    )
    for (let position = 1; position <= 200; position++) retention.note(position, 1, 10 * position)
    expect(retention.expired(2000)).toBeGreaterThan(90)
    expect(retention.expired(2000)).toBeLessThanOrEqual(100)
    expect(retention.expired(3001)).toBe(200)
  })

  it('lets what an earlier engine wrote go as soon as newer entries fill the limit', () => {
    const retention = logRetention(
      { entries_max: NEVER, bytes_max: () => 1000, age_ms_max: 500 },
      70,
      0,
    )
    retention.note(71, 900, 1)
    expect(retention.expired(2)).toBe(0)
    retention.note(72, 200, 2)
    expect(retention.expired(2)).toBe(70)
    expect(retention.expired(600)).toBe(72)
  })

  it('never lets go more than the limits say, and keeps little more than they say', () => {
    const entry = fc.record({ size: fc.integer({ min: 1, max: 900 }), wait_ms: fc.nat(40) })
    const property = fc.property(
      fc.array(entry, { minLength: 1, maxLength: 250, size: 'max' }),
      entries => {
        const limits = { entries_max: 150, bytes_max: () => 20_000, age_ms_max: 2000 }
        const retention = logRetention(limits, 0, 0)
        const log: { position: number; size: number; at_ms: number }[] = []
        let now_ms = 0
        let start = 1
        for (const [i, { size, wait_ms }] of entries.entries()) {
          now_ms += wait_ms
          retention.note(i + 1, size, now_ms)
          log.push({ position: i + 1, size, at_ms: now_ms })
          const to = retention.expired(now_ms)
          const gone = log.filter(one => one.position >= start && one.position <= to)
          const kept = log.filter(one => one.position > to)
          const keptBytes = kept.reduce((sum, one) => sum + one.size, 0)
          const early = gone.filter(
            ({ position, at_ms }) =>
              position > i + 1 - 150 && keptBytes < 20_000 && now_ms - at_ms <= 2000,
          )
          expect(early).toEqual([])
          expect(kept.length).toBeLessThanOrEqual(150)
          expect(keptBytes).toBeLessThan(20_000 + 20_000 / 128 + 900)
          start = Math.max(start, to + 1)
        }
      },
    )
    fc.assert(property, { numRuns: 30, endOnFailure: true })
  })
})
