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

test('records that a store read into one buffer are copied out of it', () => {
  const reply = Buffer.alloc(30_000, 7)
  const records = [0, 1, 2].map(i => ({
    position: 1 + i,
    bytes: reply.subarray(10_000 * i, 10_000 * i + 9000),
  }))
  const packed = packRecords(records)
  const there = structuredClone(packed, { transfer: buffersOf(packed) })
  expect(unpackRecords(there).map(({ bytes }) => bytes.length)).toEqual([9000, 9000, 9000])
  expect(reply.length).toBe(30_000)
})

test('no records are no records', () => {
  expect(unpackRecords(packRecords([]))).toEqual([])
})

test('a gap is a bug', () => {
  const bytes = new Uint8Array(1)
  const gap = [1, 3].map(position => ({ position, bytes }))
  expect(() => packRecords(gap)).toThrow('without gaps')
})
