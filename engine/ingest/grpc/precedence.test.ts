import { afterEach, describe, expect, it, vi } from 'vitest'
import { connectProducer, type Producer } from '#engine/client/producer.ts'
import { manualClock } from '../../core/clock.ts'
import type { BatchEntry } from '../../flow.ts'
import { clock, closeAll, open, T0_MS } from './door-fixture.ts'
import { livePrecedence } from './precedence.ts'

afterEach(closeAll)

describe('livePrecedence', () => {
  it('holds nothing without live readings', () => {
    const precedence = livePrecedence(manualClock())
    expect(precedence.holds(1000)).toBe(false)
    expect(precedence.credit_bytes(4e6)).toBe(4e6)
  })

  it('leaves backfill little beside live readings, and all a second after the last of them', () => {
    const time = manualClock()
    const precedence = livePrecedence(time)
    precedence.live()()
    expect([precedence.holds(0), precedence.holds(1), precedence.holds(2)]).toEqual([
      false,
      false,
      true,
    ])
    expect(precedence.credit_bytes(4e6)).toBeLessThan(4e6)
    time.advance(1001)
    expect(precedence.holds(1000)).toBe(false)
    expect(precedence.credit_bytes(4e6)).toBe(4e6)
  })

  it('leaves it nothing while live batches wait long or in great number', () => {
    const time = manualClock()
    const many = livePrecedence(time)
    const settle = Array.from({ length: 64 }, () => many.live())
    expect(many.holds(0)).toBe(true)
    settle[0]!()
    expect(many.holds(0)).toBe(false)

    const slow = livePrecedence(time)
    for (let i = 0; i < 20; i++) {
      const settled = slow.live()
      time.advance(100)
      settled()
    }
    expect(slow.holds(0)).toBe(true)
    for (let i = 0; i < 40; i++) slow.live()()
    expect(slow.holds(0)).toBe(false)
  })
})

const SERIES = [{ ref: 1, asset_path: 'cell-101', tag: 'cell_voltage', unit: 'V' }]

/** Sends batches of ten until `done`, one after the other as fast as the engine takes them. */
async function sendOn(producer: Producer, mode: 'live' | 'backfill', done: () => boolean) {
  for (let k = 0; !done(); k++) {
    const first_ms = T0_MS - 100_000 + 10 * k
    await producer.send({
      ...(k === 0 ? { series: SERIES } : {}),
      mode,
      count: 10,
      refs: new Uint32Array(10).fill(1),
      times_ms: Float64Array.from({ length: 10 }, (_, i) => first_ms + i),
      values: new Float64Array(10).fill(4.2),
    })
  }
}

describe('a store that is too slow for all', () => {
  it('takes live batches at its full rate and backfill last, which goes on afterwards', async () => {
    // One append after the other, 4 ms each, as a disk would.
    let turn: Promise<unknown> = Promise.resolve()
    const flushed = (_: BatchEntry) => {
      turn = turn.then(() => new Promise(resolve => setTimeout(resolve, 4)))
      return turn as Promise<void>
    }
    const { address, line } = await open({ flushed, credit_bytes: () => 16_000 })
    const connect = (producer: string) =>
      connectProducer({ address, line: 'line-1', producer, clock })
    const [live, history] = await Promise.all([connect('live'), connect('history')])
    let over = false
    const sending = [sendOn(live, 'live', () => over), sendOn(history, 'backfill', () => over)]
    const some = (count: number) =>
      vi.waitFor(() => expect(line.entries.length).toBeGreaterThan(count), 10_000)
    await some(150)
    const half = line.entries.length
    await some(half + 150)
    over = true
    const later = line.entries.slice(half)
    const backfilled = later.filter(entry => entry.mode === 'backfill').length
    expect(backfilled / later.length).toBeLessThan(0.1)
    await Promise.all(sending)
    await Promise.all([live.drain(), history.drain()])
    for (const producer of [live, history]) {
      expect(producer.counts.acknowledged_readings).toBe(producer.counts.sent_readings)
      await producer.close()
    }
  })
})
