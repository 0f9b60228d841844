import { expect, test } from 'vitest'
import { joinPieces, packSections, piecesOf, sectionPieces, unpackSections } from './sections.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)

test('parts come back by name, whole or in pieces', () => {
  const packed = packSections([
    ['a', bytes(1, 2, 3)],
    ['in pieces', [bytes(4), bytes(), bytes(5, 6)]],
    ['nothing', []],
  ])
  const parts = unpackSections(packed)
  expect([...parts.keys()]).toEqual(['a', 'in pieces', 'nothing'])
  expect([...parts.values()].map(one => [...one])).toEqual([[1, 2, 3], [4, 5, 6], []])
})

test('sections within sections give the bytes that they give packed one by one', () => {
  const inner = [
    ['x', bytes(7, 8)],
    ['y', [bytes(9)]],
  ] as const
  const nested = packSections([['inner', sectionPieces(inner)]])
  expect(nested).toEqual(packSections([['inner', packSections(inner)]]))
})

test('what is packed has memory of its own, which alone can move to another thread', () => {
  const live = bytes(1, 2, 3)
  const packed = joinPieces([live, live])
  live.fill(0)
  expect([...packed]).toEqual([1, 2, 3, 1, 2, 3])
  expect(packed.buffer.byteLength).toBe(packed.length)
})

test('a part that knows no pieces gives its snapshot', () => {
  const snapshot = () => bytes(1)
  expect(piecesOf({ snapshot })).toEqual(bytes(1))
  expect(piecesOf({ snapshot, pieces: () => [bytes(2)] })).toEqual([bytes(2)])
})
