import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { manualClock } from '../core/clock.ts'
import type { CloseEntry } from '../flow.ts'
import { arrivalCloser } from './closer.ts'
import { tinyLine } from './fixture-line.ts'

const START_MS = 1_000_000
const TICK = START_MS / 1000

/** A closer over a builder that stands where the test says; its log closes ticks as the fold does. */
function closerAt(tick_ms = 1000) {
  const clock = manualClock(START_MS)
  const first = Math.floor(START_MS / tick_ms)
  const at = { next: first, newest: first, jump_ms: 0 }
  const logged: CloseEntry[] = []
  const stand = () => ({ next_tick: at.next, newest_tick: at.newest, newest_ms: START_MS })
  const elapsing = { elapsed_ms: clock.elapsed_ms, now_ms: () => clock.now_ms() + at.jump_ms }
  const closer = arrivalCloser({ ...tinyLine, clock: 'wall', tick_ms }, stand, elapsing, entry => {
    logged.push(entry)
    at.next = Math.max(at.next, entry.tick + 1)
  })
  const pass = (duration_ms: number) => {
    for (let passed_ms = 0; passed_ms < duration_ms; passed_ms += 100) {
      clock.advance(100)
      vi.advanceTimersByTime(100)
    }
  }
  return { at, logged, closer, pass }
}

describe('arrivalCloser', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('gives stragglers a grace after readings of a newer tick, and then closes up to that one', () => {
    const { at, logged, closer, pass } = closerAt()
    at.newest = TICK + 2
    closer.arrived()
    pass(100)
    expect(logged).toEqual([])
    pass(200)
    expect(logged).toEqual([{ kind: 'close', tick: TICK + 1, reason: 'grace' }])
  })

  it('logs nothing when the stragglers came in time', () => {
    const { at, logged, closer, pass } = closerAt()
    at.newest = TICK + 1
    closer.arrived()
    at.next = TICK + 1
    pass(1000)
    expect(logged).toEqual([])
  })

  it('closes the ticks of a silent line as time passes, and stops when it stays silent', () => {
    const { logged, pass, closer } = closerAt()
    pass(2900)
    expect(logged).toEqual([])
    pass(30_000)
    expect(logged.every(one => one.reason === 'silent')).toBe(true)
    expect(logged.map(one => one.tick)).toEqual(Array.from({ length: 29 }, (_, i) => TICK + i))
    pass(900_000)
    const { length } = logged
    expect(length).toBeLessThan(610)
    pass(900_000)
    expect(logged.length).toBe(length)
    closer.close()
  })

  it('closes the same ticks whatever the wall clock says meanwhile', () => {
    const { at, logged, pass } = closerAt()
    pass(5000)
    at.jump_ms = 3600_000
    pass(5000)
    at.jump_ms = -3600_000
    pass(5000)
    expect(logged.map(one => one.tick)).toEqual(Array.from({ length: 12 }, (_, i) => TICK + i))
  })

  it('never closes a tick that is not over', () => {
    const { logged, pass } = closerAt(60_000)
    pass(20_000)
    expect(logged).toEqual([])
    pass(280_000)
    // They end 20, 80, 140, 200 and 260 s after the start.
    expect(logged.map(one => one.tick)).toEqual([16, 17, 18, 19, 20])
  })

  it('is quiet once it is closed, and on a line that goes by the time of its readings', () => {
    const { at, logged, closer, pass } = closerAt()
    at.newest = TICK + 1
    closer.arrived()
    closer.close()
    pass(60_000)
    expect(logged).toEqual([])
    const stream = arrivalCloser(tinyLine, {} as never, manualClock(), () => {
      throw new Error('a stream line needs no close')
    })
    stream.arrived()
    vi.advanceTimersByTime(60_000)
  })
})
