import { expect, it } from 'vitest'
import { CHECKPOINT_BYTES_MAX } from './checkpoints.ts'
import { checkpointRoom, roomIn, sameModels, sameVersions } from './versions.ts'

const GiB = 1024 ** 3

it('lets the checkpoints of all lines take three eighths of the log, however many lines there are', () => {
  const rooms = new Set<number>()
  for (let lines = 1; lines <= 1000; lines++) {
    const room_bytes = roomIn(checkpointRoom(8 * GiB, lines))
    expect(lines * room_bytes).toBeLessThanOrEqual(3 * GiB)
    expect(room_bytes).toBeGreaterThanOrEqual(Math.min(CHECKPOINT_BYTES_MAX, (1.5 * GiB) / lines))
    rooms.add(room_bytes)
  }
  expect(checkpointRoom(8 * GiB, 96)).toEqual({})
  // Each other room is an entry in the log of every line.
  expect(rooms.size).toBeLessThan(10)
})

it('tells another room from other models', () => {
  const one = { engine: '1', ...checkpointRoom(GiB, 100) }
  const other = { engine: '1', ...checkpointRoom(GiB, 300) }
  expect([sameVersions(one, other), sameModels(one, other)]).toEqual([false, true])
  expect([sameVersions(one, { ...one }), sameModels(one, { ...one, engine: '2' })]).toEqual([
    true,
    false,
  ])
  expect(sameModels({ engine: '1' }, one)).toBe(true)
})
