import { expect, test } from 'vitest'
import { TREND_COARSE_EVERY, trendRing } from './trend.ts'

const row = (...values: number[]) => [new Float64Array(values)]

test('rows of one cell come back in order with their own column', () => {
  const ring = trendRing({ cells: 2, columns: ['a', 'b'], capacity: 10 })
  ring.push(1000, row(1, 2, 3, 4))
  ring.push(2000, row(5, 6, 7, 8))
  const trend = ring.read(1, 0, 100)
  expect([...trend.times_ms]).toEqual([1000, 2000])
  expect([...trend.columns.get('a')!]).toEqual([2, 6])
  expect([...trend.columns.get('b')!]).toEqual([4, 8])
})

test('from_ms leaves out what is older, and a row that is not newer is not taken', () => {
  const ring = trendRing({ cells: 1, columns: ['a'], capacity: 10 })
  for (const t of [1, 2, 3, 3, 2]) ring.push(t * 1000, row(t))
  expect([...ring.read(0, 2000, 100).columns.get('a')!]).toEqual([2, 3])
})

test('decimation keeps a single peak and the number of points asked for', () => {
  const ring = trendRing({ cells: 1, columns: ['a'], capacity: 1000 })
  for (let t = 0; t < 1000; t++) ring.push(t, row(t === 617 ? 40 : 4))
  const trend = ring.read(0, 0, 100)
  expect(trend.times_ms.length).toBe(100)
  expect(Math.max(...trend.columns.get('a')!)).toBe(40)
  expect([...trend.times_ms]).toEqual([...trend.times_ms].sort((a, b) => a - b))
})

test('extremes come in the order they happened', () => {
  const ring = trendRing({ cells: 1, columns: ['a'], capacity: 100 })
  for (let t = 0; t < 100; t++) ring.push(t, row(100 - t))
  const values = [...ring.read(0, 0, 10).columns.get('a')!]
  expect(values).toEqual([...values].sort((x, y) => y - x))
  expect(values[0]).toBe(100)
  expect(values.at(-1)).toBe(1)
})

test('rows that left the ring live on as extremes, then the newest rows follow whole', () => {
  const ring = trendRing({ cells: 1, columns: ['a'], capacity: 20 })
  const count = 4 * TREND_COARSE_EVERY
  for (let t = 0; t < count; t++) ring.push(t, row(t === 30 ? 99 : 1))
  const trend = ring.read(0, 0, 1000)
  expect(trend.times_ms[0]).toBe(0)
  expect(Math.max(...trend.columns.get('a')!)).toBe(99)
  expect([...trend.times_ms.slice(-20)]).toEqual(
    Array.from({ length: 20 }, (_, i) => count - 20 + i),
  )
  expect([...trend.times_ms]).toEqual([...new Set(trend.times_ms)].sort((a, b) => a - b))
})

test('rings of another spread let rows go at other pushes, and keep as many whole at least', () => {
  const whole = [0, 0.3, 0.5, 0.99].map(spread => {
    const ring = trendRing({ cells: 1, columns: ['a'], capacity: 20, spread })
    for (let t = 0; t < 200; t++) ring.push(t, row(t === 30 ? 99 : 1))
    const { times_ms, columns } = ring.read(0, 0, 1000)
    expect(Math.max(...columns.get('a')!)).toBe(99)
    return times_ms.filter((at, i) => times_ms[i - 1] === at - 1 && times_ms.at(-1) === 199).length
  })
  for (const count of whole) expect(count).toBeGreaterThanOrEqual(19)
  expect(new Set(whole).size).toBeGreaterThan(1)
})

test('what is not known stays NaN and does not hide what is known', () => {
  const ring = trendRing({ cells: 1, columns: ['a', 'b'], capacity: 100 })
  for (let t = 0; t < 100; t++) ring.push(t, row(Number.NaN, t % 2 ? t : Number.NaN))
  const trend = ring.read(0, 0, 10)
  expect(trend.columns.get('a')!.every(Number.isNaN)).toBe(true)
  expect(trend.columns.get('b')!.some(Number.isNaN)).toBe(false)
})

test('an empty ring answers with empty columns', () => {
  const trend = trendRing({ cells: 1, columns: ['a'] }).read(0, 0, 100)
  expect(trend.times_ms.length).toBe(0)
  expect(trend.columns.get('a')!.length).toBe(0)
})

test('a row that is still whole can be amended, also where it later lives on as extremes', () => {
  const ring = trendRing({ cells: 1, columns: ['a'], capacity: 20 })
  for (let t = 0; t < 30; t++) ring.push(t, row(t === 25 ? 99 : 1))
  expect(Math.max(...ring.read(0, 0, 1000).columns.get('a')!)).toBe(99)
  ring.amend(25, row(2))
  ring.amend(26, row(3))
  for (const unknown of [-1, 25.5, 31]) ring.amend(unknown, row(77))
  expect([...ring.read(0, 24, 1000).columns.get('a')!]).toEqual([1, 2, 3, 1, 1, 1])
  for (let t = 30; t < 4 * TREND_COARSE_EVERY; t++) ring.push(t, row(1))
  expect(Math.max(...ring.read(0, 0, 1000).columns.get('a')!)).toBe(3)
})

test('every row that was pushed is seen, whole or in the extremes', () => {
  const ring = trendRing({ cells: 1, columns: ['a'], capacity: 20 })
  for (let t = 0; t < 3 * TREND_COARSE_EVERY; t++) {
    ring.push(t, row(t % 7 === 3 ? 100 + t : 1))
    const { times_ms, columns } = ring.read(0, 0, 1000)
    const values = columns.get('a')!
    const peak = t - ((t - 3 + 7) % 7)
    if (peak > 0) expect(Math.max(...values)).toBe(100 + peak)
    expect(times_ms[0]).toBe(0)
    expect([...times_ms]).toEqual([...times_ms].sort((a, b) => a - b))
  }
})

test('a wide line keeps two minutes of whole rows, within its bytes', () => {
  const bytes_max = 300 * 4 * 10
  const ring = trendRing({ cells: 10, columns: ['a'], bytes_max })
  const wide = [new Float64Array(10)]
  for (let t = 0; t < 10_000; t++) ring.push(t, wide)
  const { times_ms } = ring.read(0, 0, 4000)
  expect([...times_ms].filter(t => t >= 10_000 - 150)).toHaveLength(150)
  expect(times_ms.length).toBeLessThanOrEqual(300)
  expect(times_ms[0]).toBeLessThan(10_000 - 65 * TREND_COARSE_EVERY)
})
