import { tmpdir } from 'node:os'
import { expect, test } from 'vitest'
import { diskRoom, takesSpace } from './space.ts'

const MIB = 1024 * 1024

test('a transaction that the disk has no room for is refused before it is begun', () => {
  let free = 100 * MIB
  let short = 0
  const room = diskRoom(
    '/data',
    () => {
      short += 1
    },
    () => free,
  )
  room(16 * MIB)
  expect(() => room(60 * MIB)).toThrow('no space left on the disk of /data: 102400 KiB free')
  free = MIB
  expect(() => room(0)).toThrow(/no space left/)
  expect(short).toBe(2)
})

test('the room on a real disk is asked of the system', () => {
  const room = diskRoom(tmpdir(), () => {})
  expect(() => room(1)).not.toThrow()
  expect(() => room(2 ** 60)).toThrow(/no space left on the disk of/)
})

test('appends are refused at seven eighths, commits at the whole', () => {
  let used = 0
  const space = takesSpace(() => used, 64 * MIB)
  space.take(MIB)
  used = 56 * MIB
  expect(() => space.take(MIB)).toThrow(/56 of 64 MiB hold data/)
  space.takeLast(MIB)
  used = 64 * MIB
  expect(() => space.takeLast(1)).toThrow(/hold data/)
})
