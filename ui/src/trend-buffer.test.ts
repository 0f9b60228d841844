import { describe, expect, it } from 'vitest'
import { decodeTelemetry, encodeTelemetry } from '#engine/outputs/websocket/protocol.ts'
import { fixtureLine, fixtureTelemetry } from './fixture.ts'
import { foldExtremes, trendBuffer, trendValues } from './trend-buffer.ts'

const values = (voltage: number) => new Map([['cell_voltage', voltage]])

describe('trend buffer', () => {
  it('puts history before what came live, without doubling the ticks both have', () => {
    const buffer = trendBuffer(60_000, 60)
    buffer.append(10_000, values(4.2))
    buffer.append(11_000, values(4.3))
    buffer.load({
      times_ms: [8000, 9000, 10_000],
      columns: [
        { name: 'cell_voltage', values: [4, null, 4.2] },
        { name: 'bath_K', values: [1230, 1231, 1232] },
      ],
    })
    expect(buffer.times_s).toEqual([8, 9, 10, 11])
    expect(buffer.column('cell_voltage')).toEqual([4, null, 4.2, 4.3])
    expect(buffer.column('bath_K')).toEqual([1230, 1231, 1232, null])
  })

  it('thins live ticks to the points of the span and stays within its bound', () => {
    const buffer = trendBuffer(1_000_000, 100)
    for (let tick = 0; tick < 10_000; tick++) buffer.append(1000 * tick, values(tick))
    expect(buffer.times_s.length).toBeLessThanOrEqual(200)
    expect(buffer.times_s.at(-1)).toBe(9999)
    expect(buffer.column('cell_voltage').length).toBe(buffer.times_s.length)
    expect(buffer.times_s[0]).toBeLessThanOrEqual(9000)
  })

  it('leaves out a tick that is not newer and shows unknown values as gaps', () => {
    const buffer = trendBuffer(60_000, 60)
    buffer.append(1000, values(Number.NaN))
    buffer.append(1000, values(4))
    expect(buffer.times_s).toEqual([1])
    expect(buffer.column('cell_voltage')).toEqual([null])
    expect(buffer.column('unheard')).toEqual([null])
  })

  it('draws two extremes of a span as one point between them, and newer rows by themselves', () => {
    const buffer = trendBuffer(600_000, 600)
    buffer.load({
      times_ms: [59_000, 60_000, 119_000, 120_000, 179_000, 180_000, 181_000, 182_000],
      columns: [{ name: 'cell_voltage', values: [4.9, 4.1, 4.3, 4.5, 4.2, 4.25, 4.26, 4.27] }],
    })
    expect(buffer.times_s).toEqual([89.5, 149.5, 180, 181, 182])
    expect(buffer.low('cell_voltage')).toEqual([4.1, 4.2, 4.25, 4.26, 4.27])
    expect(buffer.high('cell_voltage')).toEqual([4.3, 4.5, 4.25, 4.26, 4.27])
    expect(buffer.column('cell_voltage')[0]).toBeCloseTo(4.2, 9)
    expect(buffer.column('cell_voltage')[1]).toBeCloseTo(4.35, 9)
  })

  it('keeps the least and the greatest of the live ticks that share a point', () => {
    const buffer = trendBuffer(100_000, 10)
    for (const [i, voltage] of [4.2, 4.6, 4.1].entries()) buffer.append(1000 * i, values(voltage))
    expect(buffer.times_s).toEqual([2])
    expect(buffer.low('cell_voltage')).toEqual([4.1])
    expect(buffer.high('cell_voltage')).toEqual([4.6])
    expect(buffer.column('cell_voltage')[0]).toBeCloseTo(4.3, 9)
  })

  it('keeps what it had before the history begins, and does not join points over a gap', () => {
    const buffer = trendBuffer(600_000, 600, 30_000)
    buffer.append(1000, values(4.1))
    buffer.append(62_000, values(4.4))
    buffer.load({
      times_ms: [60_000, 61_000],
      columns: [{ name: 'cell_voltage', values: [4.2, 4.3] }],
    })
    expect(buffer.times_s).toEqual([1, 1.001, 60, 61, 62])
    expect(buffer.column('cell_voltage')).toEqual([4.1, null, 4.2, 4.3, 4.4])
  })

  it('takes rows of one rate for single points, whatever the rate', () => {
    expect(foldExtremes([0, 60, 120, 180]).map(point => point.rows.length)).toEqual([1, 1, 1, 1])
    expect(foldExtremes([])).toEqual([])
  })

  it('takes one cell of a decoded frame under the names that history uses', () => {
    const frame = fixtureTelemetry()
    const twin = {
      tick: 1,
      time_ms: 1000,
      estimate: Float64Array.from(frame.estimate),
      std: Float64Array.from(frame.std),
      observable: frame.observable,
      observed: Float64Array.from(frame.observed),
      expected: Float64Array.from(frame.expected),
      expected_std: Float64Array.from(frame.expected_std),
      residual: Float64Array.from(frame.residual),
      masked: frame.masked,
      trusted: frame.trusted,
    }
    const bytes = encodeTelemetry({
      lineNumber: 3,
      cells: 4,
      sent_ms: 0,
      status: 0,
      behind_entries: 0,
      frame: { tick: 1, time_ms: 1000, closed: 'complete' },
      twin,
      scores: [],
    })
    const decoded = decodeTelemetry(bytes.buffer)!
    const second = trendValues(fixtureLine, decoded, 1)
    expect(second.get('superheat_K')).toBe(9)
    expect(second.get('bath_K_std')).toBe(1)
    expect(second.get('cell_voltage')).toBeCloseTo(4.1, 6)
    expect(second.get('cell_voltage_expected')).toBeCloseTo(4.2, 6)
    expect(second.get('cell_voltage_expected_std')).toBeCloseTo(0.01, 6)
  })
})
