import { expect, it } from 'vitest'
import { smoothInto, urgencyOrder } from './cell-strip.tsx'
import { fixtureAlarm } from './fixture.ts'
import { layoutMap } from './map-layout.ts'

it('lists alarmed cells by priority, then the cells that deviate most', () => {
  const cells = ['cell-101', 'cell-102', 'cell-103', 'cell-104', 'cell-105']
  const deviations = Float64Array.of(0.5, -3, Number.NaN, 9, 1)
  const alarms = new Map([
    ['cell-105', fixtureAlarm({ cell: 'cell-105', priority: 'medium' })],
    ['cell-101', fixtureAlarm({ cell: 'cell-101', priority: 'critical' })],
  ])
  expect(urgencyOrder(cells, deviations, alarms)).toEqual([0, 4, 3, 1, 2])
})

it('does not put a cell first for the noise of one frame', () => {
  const smoothed = Float64Array.of(Number.NaN, Number.NaN, Number.NaN)
  const names = ['a', 'b', 'c']
  smoothInto(smoothed, Float64Array.of(0, 1.5, 0), 0.1)
  for (const noise of [3, -3, 3, -3, 3]) {
    smoothInto(smoothed, Float64Array.of(noise, 1.5, Number.NaN), 0.1)
    expect(urgencyOrder(names, smoothed, new Map())[0]).toBe(1)
  }
  expect(smoothed[2]).toBe(0)
})

it('gives the room between the rows to the cells where a line needs many rows', () => {
  const two = layoutMap(40, 900, 300)
  const many = layoutMap(444, 900, 300)
  expect(two.rows).toBe(2)
  expect(many.rows).toBe(12)
  expect(many.aisle).toBeLessThan(two.aisle)
  const first = many.boxes[0]!
  const below = many.boxes.find(box => box.row === 1 && box.column === 0)!
  expect(below.y - (first.y + first.height)).toBe(many.aisle)
  expect(many.height).toBeLessThan(12 * 41 + 5)
})
