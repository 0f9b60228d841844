import type { Clock } from './clock.ts'

/** Between two looks; a clock that is only slowed or hastened stays far below. */
const JUMP_MIN_MS = 1000

/** Tells by how much the wall clock jumped since the last look; 0: it went on as time did. */
export function clockJumps(clock: Clock): () => number {
  let ahead_ms = clock.now_ms() - clock.elapsed_ms()
  return () => {
    const before_ms = ahead_ms
    ahead_ms = clock.now_ms() - clock.elapsed_ms()
    const jump_ms = ahead_ms - before_ms
    return Math.abs(jump_ms) < JUMP_MIN_MS ? 0 : jump_ms
  }
}

/** What to tell people of a jump. */
export function clockJumpText(jump_ms: number): string {
  const direction = jump_ms > 0 ? 'ahead' : 'back'
  const seconds = Math.abs(jump_ms / 1000).toFixed(1)
  return (
    `the clock of this machine jumped ${seconds} s ${direction}; readings are judged by it: ` +
    'if it is wrong now, set it by NTP'
  )
}
