import { expect, it } from 'vitest'
import { CHECKPOINT_BYTES_MAX, SHARE_OF_LOG } from './checkpoints.ts'
import { checkpointRoom, roomIn, roomSharing, sameModels, sameVersions } from './versions.ts'

const GiB = 1024 ** 3
/** The room of one of so many lines that are equally large. */
const roomOf = (log_bytes_max: number, lines: number) =>
  checkpointRoom(log_bytes_max, 10, { lines, series: 10 * lines })

it('lets the checkpoints of all lines take a quarter of the log, however many lines there are', () => {
  const rooms = new Set<number>()
  for (let lines = 1; lines <= 1000; lines++) {
    const room_bytes = roomIn(roomOf(8 * GiB, lines))
    expect(lines * room_bytes).toBeLessThanOrEqual(2 * GiB)
    expect(room_bytes).toBeGreaterThanOrEqual(Math.min(CHECKPOINT_BYTES_MAX, GiB / lines))
    rooms.add(room_bytes)
  }
  expect(roomOf(8 * GiB, 64)).toEqual({})
  // Each other room is an entry in the log of every line.
  expect(rooms.size).toBeLessThan(10)
})

it('tells another room from other models', () => {
  const one = { engine: '1', ...roomOf(GiB, 100) }
  const other = { engine: '1', ...roomOf(GiB, 300) }
  expect([sameVersions(one, other), sameModels(one, other)]).toEqual([false, true])
  expect([sameVersions(one, { ...one }), sameModels(one, { ...one, engine: '2' })]).toEqual([
    true,
    false,
  ])
  expect(sameModels({ engine: '1' }, one)).toBe(true)
})

const sized = (series: number) => ({ cells: ['a'], tags: Array.from({ length: series }) as never })

it('gives a large line its part of the room by its series, and each small one enough', () => {
  const sharing = roomSharing(8 * GiB)
  const motors = Array.from({ length: 800 }, (_, i) => [`motor${i}`, sized(5)] as const)
  sharing.expect(new Map([['pots', sized(9000)], ...motors]))
  expect(roomIn(sharing.of('pots'))).toBe(CHECKPOINT_BYTES_MAX)
  expect(roomIn(sharing.of('motor7'))).toBeGreaterThan(512 << 10)
})

it('gives all lines together no more than there is, however little and of whatever size', () => {
  for (const log_bytes_max of [64 << 20, 1 << 30, 2 ** 33]) {
    const sharing = roomSharing(log_bytes_max)
    const keys = Array.from({ length: 300 }, (_, i) => `line${i}`)
    sharing.expect(new Map(keys.map((key, i) => [key, sized(1 + ((i * i) % 977) * 4)])))
    const rooms = keys.map(key => roomIn(sharing.of(key)))
    const sum = rooms.reduce((total, one) => total + one, 0)
    expect(sum).toBeLessThanOrEqual(SHARE_OF_LOG * log_bytes_max)
    const least = Math.min(256 << 10, (SHARE_OF_LOG * log_bytes_max) / 600)
    expect(Math.min(...rooms)).toBeGreaterThanOrEqual(least * Math.SQRT1_2 - 1)
  }
})

it('tells when a new line takes room from the others', () => {
  const sharing = roomSharing(GiB)
  expect(sharing.expect(new Map([['a', sized(100)]]))).toBe(false)
  expect(sharing.expect(new Map([['b', sized(100)]]))).toBe(false)
  expect(sharing.expect(new Map([['c', sized(9900)]]))).toBe(true)
  expect(sharing.expect(new Map([['d', sized(1)]]))).toBe(false)
})
