import { expect, test } from 'vitest'
import { manualClock } from './clock.ts'
import { clockJumps, clockJumpText } from './clock-jumps.ts'

test('a jump is told once, in either direction, and time that passes is none', () => {
  const clock = manualClock(1e12)
  let wrong_ms = 0
  const { elapsed_ms, now_ms } = clock
  const look = clockJumps({ elapsed_ms, now_ms: () => now_ms() + wrong_ms })
  const looks = [0, 900, 3600_000, 3600_000, 0, 0].map(wrong_by_ms => {
    wrong_ms = wrong_by_ms
    clock.advance(5000)
    return look()
  })
  expect(looks).toEqual([0, 0, 3599_100, 0, -3600_000, 0])
})

test('people hear how far, which way and what to do', () => {
  expect(clockJumpText(3600_000)).toMatch(/jumped 3600\.0 s ahead;.* set it by NTP$/)
  expect(clockJumpText(-1500)).toMatch(/jumped 1\.5 s back;/)
})
