import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../core/random.ts'
import { rollMemory, withoutRoll } from './wave-roll.ts'

const SCANS = 2000
const NOISE = 0.002
const ROLL = 0.004
const SCAN_S = 10

/** Mean squares of what is left of a roll of such a period over a profile that stands still. */
function left(period_s: number, roll: number, cell = 0, cells = 1) {
  const random = seededRandom(5)
  const memory = rollMemory(cells)
  let before = 0
  let after = 0
  for (let scan = 0; scan < SCANS; scan++) {
    const swing = roll * Math.SQRT2 * Math.sin((2 * Math.PI * SCAN_S * scan) / period_s)
    const measured = 0.01 + swing + NOISE * random.normal()
    const still = withoutRoll(memory, cell, measured, 0.01)
    if (scan < SCANS / 2) continue
    before += ((measured - 0.01) ** 2 * 2) / SCANS
    after += ((still - 0.01) ** 2 * 2) / SCANS
  }
  return { before, after, memory }
}

describe('the roll of the metal', () => {
  it.each([90, 118, 160])('of %i s is found and taken out', period_s => {
    const { before, after } = left(period_s, ROLL)
    expect(before).toBeGreaterThan(4 * NOISE * NOISE)
    expect(after).toBeLessThan(1.8 * NOISE * NOISE)
  })

  it('leaves plain noise as it is', () => {
    const { before, after } = left(100, 0)
    expect(after / before).toBeGreaterThan(0.5)
    expect(after / before).toBeLessThan(1.3)
  })

  it('leaves a slow ramp as it is, but for less than a scan or two', () => {
    const { memory } = left(118, ROLL)
    const slope = 1e-5
    let still = 0
    for (let scan = 0; scan < 300; scan++) {
      still = withoutRoll(memory, 0, 0.01 + slope * scan, 0.01 + slope * scan)
    }
    expect(still).toBeGreaterThan(0.01 + slope * 296)
    expect(still).toBeLessThan(0.01 + slope * 299)
  })

  it('keeps the cells apart', () => {
    const { memory } = left(118, ROLL, 1, 3)
    const size = memory.length / 3
    expect(memory.subarray(0, size).every(value => value === 0)).toBe(true)
    expect(memory.subarray(size, 2 * size).some(value => value !== 0)).toBe(true)
  })
})
