import { expect, test } from 'vitest'
import { buffersOf, packRecords, unpackRecords } from './records.ts'

const bytesOf = (size: number, fill: number) => Buffer.allocUnsafe(size).fill(fill)

test('records of all sizes come through another thread as they were', () => {
  const sizes = [10, 4095, 4096, 3, 20_000, 0, 70_000]
  const pool = new Uint8Array(10_000).fill(9)
  const records = [
    ...sizes.map((size, i) => ({ position: 5 + i, bytes: bytesOf(size, i) })),
    { position: 5 + sizes.length, bytes: pool.subarray(100, 5100) },
  ]
  const expected = records.map(({ position, bytes }) => ({ position, bytes: [...bytes] }))
  const packed = packRecords(records)
  const there = structuredClone(packed, { transfer: buffersOf(packed) })
  const found = unpackRecords(there).map(({ position, bytes }) => ({ position, bytes: [...bytes] }))
  expect(found).toEqual(expected)
  // What shares its buffer with others is copied, not taken from them.
  expect(pool.length).toBe(10_000)
})

test('no records are no records', () => {
  expect(unpackRecords(packRecords([]))).toEqual([])
})

test('a gap is a bug', () => {
  const bytes = new Uint8Array(1)
  const gap = [1, 3].map(position => ({ position, bytes }))
  expect(() => packRecords(gap)).toThrow('without gaps')
})
