import { describe, expect, it } from 'vitest'
import { manualClock } from '../core/clock.ts'
import { sendRecording } from './send.ts'
import type { ReplayReading, ReplaySource } from './source.ts'

const readings: ReplayReading[] = Array.from({ length: 2500 }, (_, i) => ({
  due_ms: i * 1000,
  ref: 0,
  time_ms: i * 1000,
  value: i,
}))
const source: ReplaySource = {
  definition: {} as ReplaySource['definition'],
  series: [{ ref: 0, asset_path: 'a', tag: 'x', unit: '1' }],
  notes: [],
  readings_estimate: readings.length,
  async *readings() {
    for (let i = 0; i < readings.length; i += 7) yield readings.slice(i, i + 7)
  },
}

async function send(committed_sequence: number, speed: number) {
  const clock = manualClock()
  const batches: { values: number[]; defines: boolean; at_ms: number }[] = []
  const done = await sendRecording(
    source,
    {
      welcome: { committed_sequence, line_created: false },
      async send(batch) {
        batches.push({
          values: Array.from(batch.values.subarray(0, batch.count)),
          defines: batch.series !== undefined,
          at_ms: clock.elapsed_ms(),
        })
      },
      async drain() {},
    },
    {
      speed,
      clock,
      sleep: async duration_ms => clock.advance(duration_ms),
      onProgress: () => {},
    },
  )
  return { batches, done }
}

describe('sendRecording', () => {
  it('sends every reading once, in order, and defines the series with the first batch', async () => {
    const { batches, done } = await send(0, Number.POSITIVE_INFINITY)
    expect(batches.flatMap(batch => batch.values)).toEqual(readings.map(r => r.value))
    expect(batches.map(batch => batch.defines)).toEqual([true, false, false])
    expect(done).toMatchObject({ sent: 2500, skipped: 0 })
  })

  it('skips what the log already has and sends the same batches from there on', async () => {
    const whole = await send(0, Number.POSITIVE_INFINITY)
    const resumed = await send(2, Number.POSITIVE_INFINITY)
    expect(resumed.batches.map(b => b.values)).toEqual(whole.batches.slice(2).map(b => b.values))
    expect(resumed.batches[0]!.defines).toBe(true)
    expect(resumed.done).toMatchObject({ sent: 500, skipped: 2000 })
  })

  it('keeps the pace of the recording at a given speed', async () => {
    const { batches } = await send(0, 60)
    expect(batches.length).toBe(42)
    expect(batches[41]!.at_ms).toBeCloseTo((41 * 60 * 1000) / 60, 0)
  })
})
