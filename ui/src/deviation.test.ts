import { describe, expect, it } from 'vitest'
import { mapColumn, mapVariables, median, rampColour } from './deviation.ts'
import { fixtureLine, fixtureTelemetry } from './fixture.ts'
import { cellAfterKey, cellAtPoint, layoutMap } from './map-layout.ts'

describe('map', () => {
  it('starts with the deviation from the twin and offers the fields it knows', () => {
    const keys = mapVariables(fixtureLine, ['residual-pca']).map(variable => variable.key)
    expect(keys).toEqual([
      'residual:cell_voltage',
      'field:superheat_K',
      'field:bath_K',
      'score:residual-pca',
    ])
  })

  it('says which cells have no value and which cannot be observed', () => {
    const [residual, superheat] = mapVariables(fixtureLine)
    const frame = fixtureTelemetry()
    expect([...mapColumn(residual!, frame).observable]).toEqual([1, 1, 1, 0])
    const column = mapColumn(superheat!, frame)
    expect([...column.value]).toEqual([8, 9, 10, 11])
    expect([...column.observable]).toEqual([1, 1, 1, 0])
    expect(column.deviation[3]!).toBeCloseTo(1.5 / 1.4826, 6)
  })

  it('takes the median of what is finite', () => {
    expect(median(Float64Array.of(3, Number.NaN, 1))).toBe(2)
    expect(median(Float64Array.of(Number.NaN))).toBeNaN()
  })

  it('ends its ramp in blue for either sign', () => {
    expect(rampColour(9)).toBe(rampColour(-4))
    expect(rampColour(0)).toBe('rgb(194 197 200)')
  })

  it('lays two rows out as the current runs, and the keys follow the picture', () => {
    const layout = layoutMap(40, 1000, 250)
    expect([layout.rows, layout.columns]).toEqual([2, 20])
    expect(layout.boxes[19]!.x).toBe(layout.boxes[20]!.x)
    expect(cellAfterKey(layout, 0, 'ArrowDown')).toBe(39)
    expect(cellAfterKey(layout, 0, 'ArrowLeft')).toBe(0)
    expect(cellAfterKey(layout, 0, 'End')).toBe(39)
    const box = layout.boxes[7]!
    expect(cellAtPoint(layout, box.x + 2, box.y + 2)).toBe(7)
    expect(cellAtPoint(layout, -1, -1)).toBe(-1)
  })

  it('keeps every cell wide enough to point at in a long line', () => {
    const layout = layoutMap(444, 1000, 250)
    expect(Math.min(...layout.boxes.map(box => box.width))).toBeGreaterThan(20)
    expect(layout.boxes.length).toBe(444)
  })
})
