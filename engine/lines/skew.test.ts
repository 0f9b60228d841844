import { describe, expect, it } from 'vitest'
import { SKEW_MAX_MS, skewWatch } from './skew.ts'

const at = (received_ms: number, ...times_ms: number[]) => ({
  ...({ producer: 'gate', received_ms, mode: 'live', count: times_ms.length } as const),
  times_ms: Float64Array.from(times_ms),
})

function watched(
  delay_ms: (batch: number) => number,
  batches = 30,
  clock: 'wall' | 'stream' = 'wall',
) {
  const watch = skewWatch(clock)
  for (let i = 0; i < batches; i++) {
    const now_ms = 1e12 + 1000 * i
    watch.take(at(now_ms, now_ms - delay_ms(i) - 900, now_ms - delay_ms(i)))
  }
  return watch
}

describe('the clock of a producer', () => {
  it('is judged by its smallest delay: a slow network is not a wrong clock', () => {
    const watch = watched(i => (i === 17 ? 40 : 20_000))
    expect(watch.skews()).toEqual([{ producer: 'gate', skew_ms: 40 }])
    expect(watch.problems()).toEqual([])
  })

  it('is named when it is ahead, and when it is behind', () => {
    expect(watched(() => -7500).problems()).toEqual([
      'the clock of producer gate is 7.5 s ahead: set it by NTP',
    ])
    expect(watched(() => SKEW_MAX_MS + 1).problems()[0]).toMatch(/gate are 5\.0 s old .* NTP/)
    expect(watched(() => SKEW_MAX_MS).problems()).toEqual([])
  })

  it('is judged again: one that was set is named no more', () => {
    const watch = watched(i => (i < 30 ? -9000 : 15), 60)
    expect(watch.skews()).toEqual([{ producer: 'gate', skew_ms: 15 }])
  })

  it('is not known before some batches came, nor from history, nor on a stream line', () => {
    expect(watched(() => -9000, 29).skews()).toEqual([])
    expect(watched(() => -9000, 60, 'stream').skews()).toEqual([])
    const watch = skewWatch('wall')
    for (let i = 0; i < 90; i++) watch.take({ ...at(1e12, 5), mode: 'backfill' })
    expect(watch.skews()).toEqual([])
  })

  it('is judged by a restored watch as by one that was never stopped', () => {
    const delay_ms = (batch: number) => (batch < 31 ? -7000 - batch : 9000 + batch)
    for (const cut of [0, 1, 29, 30, 45, 60]) {
      const before = watched(delay_ms, cut)
      const after = skewWatch('wall')
      after.restore(before.snapshot())
      const whole = watched(delay_ms, 75)
      for (let i = cut; i < 75; i++) {
        const now_ms = 1e12 + 1000 * i
        after.take(at(now_ms, now_ms - delay_ms(i) - 900, now_ms - delay_ms(i)))
      }
      expect(after.skews(), `${cut}`).toEqual(whole.skews())
      expect(after.snapshot()).toEqual(whole.snapshot())
    }
  })
})
