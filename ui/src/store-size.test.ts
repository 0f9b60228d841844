import { expect, test } from 'vitest'
import { sizeRows } from './store-size.ts'

const GIB = 1024 ** 3

test('the size of an embedded store is told with its limits and the room on its disk', () => {
  const rows = sizeRows({
    ...{ used_bytes: 3.5 * GIB, used_bytes_max: 14 * GIB, log_bytes: 3 * GIB },
    ...{ state_bytes: GIB / 2, log_bytes_max: 8 * GIB, disk_free_bytes: 40 * GIB },
    disk_bytes: 100 * GIB,
  })
  expect(rows.map(({ text, said, note }) => [text, said, note])).toEqual([
    ['Held in all', '3.50 GiB of 14.0 GiB', 'beyond it no more readings are taken'],
    ['Log', '3.00 GiB', 'the oldest beyond 8.00 GiB goes'],
    ['States and events', '512 MiB', ''],
    ['Disk', '40.0 GiB free of 100 GiB', ''],
  ])
  expect(rows.map(({ value, limit }) => (limit ? value / limit : undefined))).toEqual([
    ...[0.25, undefined, undefined, 0.6],
  ])
})

test('a store that says little shows little', () => {
  expect(sizeRows({ used_bytes: 1 << 20 })).toEqual([
    { text: 'Held in all', value: 1 << 20, said: '1.00 MiB', note: '' },
  ])
})
