import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CHECKPOINTS_MAX, checkpointRing, REACH_MS } from './checkpoints.ts'

const TICK_MS = 1000
const at = (tick: number, bytes = 10) => ({
  ...{ position: tick, floor: tick, clean: tick, newest_ms: tick * TICK_MS, accepted: 4 * tick },
  log_readings: 4 * tick,
  state: new Uint8Array(bytes).fill(tick % 251),
})

describe('checkpoints', () => {
  it('stay within number and bytes, reach back far enough, and stand closer the younger', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 5, max: 60 }), { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 40, max: 400 }),
        (steps, bytes_max) => {
          const ring = checkpointRing(TICK_MS, bytes_max)
          let tick = 0
          for (const step of steps) {
            tick += step
            ring.add(at(tick, 20))
            expect(ring.count).toBeLessThanOrEqual(Math.min(CHECKPOINTS_MAX, bytes_max / 20))
            expect(ring.newest()?.clean).toBe(tick)
          }
          const reach_ms = Math.min(REACH_MS, (tick - steps[0]!) * TICK_MS)
          expect((tick - ring.oldest()!.clean) * TICK_MS).toBeGreaterThanOrEqual(reach_ms)
        },
      ),
      { numRuns: 100, seed: 1 },
    )
  })

  it('give the newest that holds nothing of a tick, and let go of those that do', () => {
    const ring = checkpointRing(TICK_MS)
    for (const tick of [10, 20, 30]) ring.add(at(tick))
    expect(ring.before(29)?.clean).toBe(20)
    expect(ring.before(30)?.clean).toBe(30)
    expect(ring.before(9)).toBeUndefined()
    ring.dropFrom(20)
    expect([ring.count, ring.newest()?.clean]).toEqual([2, 20])
  })

  it('of a state that does not fit are none', () => {
    const ring = checkpointRing(TICK_MS, 100)
    ring.add(at(1, 101))
    expect(ring.count).toBe(0)
  })

  it('of a state that does not fit are not made again and again, unless there is more room', () => {
    const ring = checkpointRing(TICK_MS, 100)
    ring.add(at(1, 101))
    expect([ring.isDue(11), ring.isDue(600), ring.isDue(601)]).toEqual([false, false, true])
    const again = checkpointRing(TICK_MS, 100)
    again.restore(ring.snapshot(), new Set())
    expect([again.isDue(600), again.isDue(601), again.snapshot()]).toEqual([
      ...[false, true],
      ring.snapshot(),
    ])
    ring.limit(101)
    expect([ring.isDue(11), ring.takeKept()]).toEqual([true, { blobs: [], numbers: [] }])
  })

  it('that no longer fit go, the newest and the oldest last', () => {
    const ring = checkpointRing(TICK_MS)
    for (const tick of [10, 20, 30, 40, 50, 60]) ring.add(at(tick, 100))
    ring.limit(300)
    expect([ring.oldest()?.clean, ring.count, ring.newest()?.clean]).toEqual([10, 3, 60])
    ring.add(at(70, 100))
    expect([ring.oldest()?.clean, ring.count, ring.newest()?.clean]).toEqual([10, 3, 70])
    ring.limit(99)
    const unfit = { size_bytes: 100, room_bytes: 99 }
    expect([ring.count, ring.takeKept()]).toEqual([0, { blobs: [], numbers: [], unfit }])
  })

  it('of a large state stand further apart', () => {
    const ring = checkpointRing(TICK_MS)
    expect(ring.isDue(0)).toBe(true)
    ring.add(at(10))
    expect(ring.isDue(11)).toBe(true)
    ring.add(at(20, 4 << 20))
    expect([ring.isDue(30), ring.isDue(51), ring.isDue(52)]).toEqual([false, false, true])
  })

  it('are handed out once, and come back with what was kept', () => {
    const ring = checkpointRing(TICK_MS)
    ring.add(at(10))
    ring.add(at(20))
    const first = ring.takeKept()
    ring.dropFrom(10)
    ring.add(at(25))
    const second = ring.takeKept()
    expect(first).toMatchObject({ numbers: [1, 2], blobs: [{ number: 1 }, { number: 2 }] })
    expect(second).toMatchObject({ numbers: [1, 3], blobs: [{ number: 3 }] })
    expect(second.blobs[0]!.bytes).toEqual(at(25).state)
    const again = checkpointRing(TICK_MS)
    again.restore(ring.snapshot(), new Set([1, 3]))
    expect(again.snapshot()).toEqual(ring.snapshot())
    expect(again.newest()).toMatchObject({ number: 3, clean: 25, state: undefined })
    again.restore(ring.snapshot(), new Set([1]))
    expect(again.newest()).toMatchObject({ number: 1, clean: 10 })
    again.restore(ring.snapshot(), new Set([1, 3]))
    again.add(at(40))
    expect(again.takeKept()).toMatchObject({ numbers: [1, 3, 4], blobs: [{ number: 4 }] })
  })
})
