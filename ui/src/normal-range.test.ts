import { describe, expect, it } from 'vitest'
import { fixtureLine } from './fixture.ts'
import { displayOf } from './format.ts'
import { bandOf, normalOf, normalText, scaleWith } from './normal-range.ts'

const bath = { of: 'bath_K', low: 955, high: 968, source: 'configuration' } as const
const line = { ...fixtureLine, normal: [bath] }
const display = displayOf(fixtureLine.fields[1]!)

describe('normal ranges', () => {
  it('are those of the line, and none where the line has none', () => {
    expect(normalOf(line, 'bath_K')).toBe(bath)
    expect(normalOf(line, 'superheat_K')).toBeUndefined()
    expect(normalOf(fixtureLine, 'bath_K')).toBeUndefined()
  })

  it('widen the scale where the line runs outside of it, and only there', () => {
    expect(scaleWith([940, 990], bath)).toEqual([940, 990])
    expect(scaleWith([940, 990], undefined)).toEqual([940, 990])
    const [low, high] = scaleWith([940, 990], { ...bath, low: 920 })
    expect(low).toBeLessThan(920)
    expect(high).toBe(990)
  })

  it('may be open at one end', () => {
    const noise = { of: 'noise', high: 20, source: 'alarm-limits' } as const
    expect(bandOf(noise)).toEqual([Number.NEGATIVE_INFINITY, 20])
    expect(scaleWith([0, 60], noise)).toEqual([0, 60])
    expect(normalText(noise, display)).toBe('alarm limits at most 20.0 °C')
  })

  it('are said in words with their unit', () => {
    expect(normalText(bath, display)).toBe('normally 955.0 to 968.0 °C')
  })
})
