import { describe, expect, it } from 'vitest'
import { fixtureLine } from './fixture.ts'
import {
  axisText,
  displayOf,
  displayOfTag,
  formatBand,
  formatElapsed,
  formatInterval,
  formatNumber,
  formatOtherDate,
  formatSigned,
  formatSpan,
  formatUnit,
  formatValue,
  formatZone,
} from './format.ts'
import { hashOf, parseRoute } from './route.ts'

describe('formatting', () => {
  it('shows a dash where nothing is known, and never minus zero', () => {
    expect(formatNumber(Number.NaN, 2)).toBe('–')
    expect(formatNumber(null, 2)).toBe('–')
    expect(formatNumber(-0.001, 2)).toBe('0.00')
    expect(formatNumber(-1.5, 1)).toBe('\u22121.5')
    expect(formatSigned(0.04, 1)).toBe('0.0')
    expect(formatSigned(1.25, 2)).toBe('+1.25')
  })

  it('gives large values no decimals that mean nothing', () => {
    const display = { text: '', unit: '', scale: 1, offset: 0, digits: 3 }
    expect(formatValue(display, 35_631_512)).toBe('35\u202f631\u202f512')
    expect(formatValue(display, -11_640.3804)).toBe('\u221211640.38')
    expect(formatValue(display, 47.0574)).toBe('47.057')
    expect(formatValue(display, 0)).toBe('0.000')
  })

  it('marks an axis with as many decimals as tell the marks apart', () => {
    const marks = (splits: number[]) => splits.map(axisText(splits))
    expect(marks([2, 2.25, 2.5])).toEqual(['2.00', '2.25', '2.50'])
    expect(marks([8_180_000])).toEqual(['8.18 M'])
    expect(marks([0, 200_000])).toEqual(['0 k', '200 k'])
    expect(marks([-5, 0, 5])).toEqual(['\u22125', '0', '5'])
  })

  it('names the date only when it is another day', () => {
    const noon_ms = Date.UTC(2026, 0, 1, 12)
    expect(formatOtherDate(noon_ms, noon_ms + 60_000)).toBe('')
    expect(formatOtherDate(noon_ms, noon_ms + 86_400_000)).toBe('01 Jan 2026')
    expect(formatOtherDate(0, noon_ms)).toBe('')
  })

  it('converts SI to what people read', () => {
    const bath = displayOf(fixtureLine.fields[1]!)
    expect(formatValue(bath, 1233.15)).toBe('960.0')
    expect(formatBand(bath, 1233.15, 1)).toBe('958.4 to 961.6')
    const current = displayOfTag({
      tag: 'line_current',
      unit: 'kA',
      scope: 'line',
      kind: 'signal',
      period_ms: 1000,
      hold_max_ms: 1000,
      in_tick: 'mean',
      low: 0,
      high: 1000,
    })
    expect(formatValue(current, 350_000)).toBe('350')
  })

  it('writes spans coarser as they grow', () => {
    expect(formatSpan(42_000)).toBe('0:42')
    expect(formatSpan(725_000)).toBe('12:05')
    expect(formatSpan(12_000_000)).toBe('3 h 20 min')
    expect(formatInterval(900_000)).toBe('15 min')
    expect(formatInterval(3_600_000)).toBe('1 h')
  })
})

describe('routes', () => {
  it('survive the address bar, odd names included', () => {
    const route = { screen: 'cell', line: 'pot/line ä', cell: 'cell 1' } as const
    expect(parseRoute(hashOf(route))).toEqual(route)
    expect(parseRoute('#/alarms')).toEqual({ screen: 'alarms' })
    expect(parseRoute('')).toEqual({ screen: 'line', line: '' })
    expect(parseRoute('#/line/%E0%A4%A')).toEqual({ screen: 'line', line: '%E0%A4%A' })
  })
})

describe('times', () => {
  it('says an age with its unit, so that nobody reads a time of day into it', () => {
    expect(formatElapsed(51_900)).toBe('51 s')
    expect(formatElapsed(23 * 60_000 + 7000)).toBe('23 min')
    expect(formatElapsed(3 * 3600_000 + 20 * 60_000)).toBe('3.3 h')
    expect(formatElapsed(26 * 3600_000)).toBe('26 h')
  })

  it('names the zone that the times are in', () => {
    expect(formatZone(Date.UTC(2026, 0, 1))).toMatch(/^UTC([+-]\d{1,2}(:\d\d)?)?$/)
    expect(formatZone(Number.NaN)).toMatch(/^UTC/)
  })
})

describe('large numbers and units', () => {
  it('groups the digits of large numbers alone', () => {
    expect(formatNumber(35_631_512, 0)).toBe('35\u202f631\u202f512')
    expect(formatNumber(-1_234_567.25, 2)).toBe('\u22121\u202f234\u202f567.25')
    expect([formatNumber(12_345, 0), formatNumber(0.123456, 6)]).toEqual(['12345', '0.123456'])
  })

  it('prints exponents and micro as people write them', () => {
    const units = ['m3/s', 'sm3/s', 'kg/m3', 'ug/m3', 'm/s2', 'mm', 'uOhm', '1']
    expect(units.map(formatUnit)).toEqual([
      'm³/s',
      'sm³/s',
      'kg/m³',
      'µg/m³',
      'm/s²',
      'mm',
      'µΩ',
      '',
    ])
  })
})
