import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ReadingBatch } from '../../flow.ts'
import { orderByTime } from './row-order.ts'
import { tickSlices } from './tick-slices.ts'

type Row = readonly [series: number, time_ms: number, value: number, quality: number]

function batchOf(rows: readonly Row[]): ReadingBatch {
  return {
    producer: 'p',
    epoch: 1,
    sequence: 1,
    received_ms: 0,
    mode: 'live',
    count: rows.length,
    series: Uint32Array.from(rows, row => row[0]),
    times_ms: Float64Array.from(rows, row => row[1]),
    values: Float64Array.from(rows, row => row[2]),
    quality: Uint8Array.from(rows, row => row[3]),
  }
}

const rowsOf = ({ count, series, times_ms, values, quality }: ReadingBatch): Row[] =>
  Array.from({ length: count }, (_, i) => [series[i]!, times_ms[i]!, values[i]!, quality[i]!])

// Few of each, so that many rows are equal in time, series or value.
const row: fc.Arbitrary<Row> = fc.tuple(
  fc.nat(3),
  fc.nat(40).map(step => 100 * step),
  fc.constantFrom(Number.NaN, -1, 0, 1, Number.POSITIVE_INFINITY),
  fc.nat(2),
)
const rank = Uint32Array.of(3, 1, 70_000, 0) // [series]

const valueOrder = (value: number) => (Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value)
const compare = (a: Row, b: Row) =>
  a[1] - b[1] ||
  rank[a[0]]! - rank[b[0]]! ||
  (valueOrder(a[2]) === valueOrder(b[2]) ? a[3] - b[3] : valueOrder(a[2]) - valueOrder(b[2]))

const sortedBy = (rows: readonly Row[]): Row[] => {
  const order = orderByTime(batchOf(rows), rank)
  return order ? Array.from(order, i => rows[i]!) : [...rows]
}

describe('the order of rows', () => {
  it('is that of time, rank, value and quality, whatever order the rows came in', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 70 }), rows => {
        expect(sortedBy(rows)).toEqual(rows.toSorted(compare))
      }),
      { numRuns: 300 },
    )
  })

  it('is the same for times with fractions, and for times years apart', () => {
    const far = row.map(([s, time_ms, v, q]): Row => [s, 1e9 * time_ms, v, q])
    const fine = row.map(([s, time_ms, v, q]): Row => [s, time_ms / 7, v, q])
    for (const one of [far, fine]) {
      fc.assert(
        fc.property(fc.array(one, { minLength: 30, maxLength: 70 }), rows => {
          expect(sortedBy(rows)).toEqual(rows.toSorted(compare))
        }),
      )
    }
  })

  it('is the same for thousands of readings of one series and time', () => {
    const rows = Array.from({ length: 5000 }, (_, i): Row => [1, 0, 5000 - i, 0])
    expect(sortedBy(rows)).toEqual(rows.toReversed())
  })

  it('is the same for rows of one instant, each series once or more often', () => {
    // Ranks of the last fit beside no row in 32 bits.
    for (const most of [7, 40_000, 2 ** 31]) {
      const ranks = Uint32Array.from({ length: 200 }, (_, s) => most - ((most / 200) | 0) * s)
      const one = fc.tuple(fc.nat(199), fc.constant(500), fc.nat(3), fc.constant(0))
      fc.assert(
        fc.property(fc.array(one as fc.Arbitrary<Row>, { minLength: 25, maxLength: 90 }), rows => {
          const order = orderByTime(batchOf(rows), ranks)
          const sorted = order ? Array.from(order, i => rows[i]!) : rows
          expect(sorted).toEqual(
            rows.toSorted((a, b) => ranks[a[0]]! - ranks[b[0]]! || a[2] - b[2]),
          )
        }),
      )
    }
  })

  it('is undefined for rows that need no sorting', () => {
    expect(orderByTime(batchOf([]), rank)).toBeUndefined()
    expect(
      orderByTime(
        batchOf([
          [3, 0, 5, 0],
          [1, 0, 4, 0],
          [3, 10, 1, 0],
        ]),
        rank,
      ),
    ).toBeUndefined()
    expect(
      orderByTime(
        batchOf([
          [1, 0, 4, 0],
          [3, 0, 5, 0],
        ]),
        rank,
      ),
    ).toEqual(Uint32Array.of(1, 0))
  })
})

describe('tickSlices', () => {
  it('gives all rows in order, one tick a slice', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 70 }), rows => {
        const batch = batchOf(rows)
        const slices = tickSlices(batch, rank, { tick_ms: 1000 })
        const ticks = slices.map(one => new Set(rowsOf(one).map(r => Math.floor(r[1] / 1000))))
        if (rows.length === 0) {
          expect(slices).toEqual([batch])
          return
        }
        expect(ticks.every(one => one.size === 1)).toBe(true)
        expect(ticks.map(one => [...one][0]!)).toEqual(
          [...new Set(ticks.flatMap(one => [...one]))].toSorted((a, b) => a - b),
        )
        expect(slices.flatMap(rowsOf)).toEqual(rows.toSorted(compare))
      }),
      { numRuns: 300 },
    )
  })
})
