import { expect, it, vi } from 'vitest'
import type { ThreadLoad } from '../load.ts'
import { eventLoopGauge } from './event-loop.ts'

it('tells once a second how late the event loop was, and what garbage cost', async () => {
  const windows: ThreadLoad[] = []
  const gauge = eventLoopGauge('io', load => windows.push(load))
  try {
    expect(gauge.load()).toMatchObject({ name: 'io', event_loop_lag_ms_p99: 0, gc_count: 0 })
    // A loop that is held up, asleep to leave the processor to others, with garbage to collect.
    const asleep = new Int32Array(new SharedArrayBuffer(4))
    const busy = setInterval(() => {
      for (let i = 0; i < 10; i++) Array.from({ length: 10_000 }, (_, i) => ({ i }))
      Atomics.wait(asleep, 0, 0, 50)
    }, 1)
    await vi.waitFor(() => expect(windows.length).toBeGreaterThan(1), 10_000)
    clearInterval(busy)
    const last = windows[1]!
    expect(last.event_loop_lag_ms_p50).toBeGreaterThan(10)
    expect(last.event_loop_lag_ms_p99).toBeGreaterThanOrEqual(last.event_loop_lag_ms_p50)
    expect(last.heap_used_bytes).toBeGreaterThan(1e6)
    expect(last.gc_count).toBeGreaterThan(0)
    expect(last.gc_pause_s).toBeGreaterThan(0)
    expect(gauge.load()).toEqual(windows.at(-1))
  } finally {
    gauge.close()
  }
})
