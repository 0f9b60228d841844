import { expect, test } from 'vitest'
import { formatBytes, formatCount, formatMs, formatShare } from './engine-format.ts'

test('counts, bytes and times show about three figures and their unit', () => {
  expect([0, 3.21, 61_810, 1_000_000, Number.NaN].map(formatCount)).toEqual([
    ...['0', '3.21', '61.8 k', '1.00 M', '–'],
  ])
  expect([0, 900, 65_536, 4 << 20, 694_378_496].map(formatBytes)).toEqual([
    ...['0 B', '900 B', '64.0 KiB', '4.00 MiB', '662 MiB'],
  ])
  expect([0.0843, 25.68, 302.2, 12_345, null].map(formatMs)).toEqual([
    ...['0.08 ms', '25.7 ms', '302 ms', '12345 ms', '–'],
  ])
  expect(formatShare(0.473)).toBe('47.3 %')
})
