import { expect, it, vi } from 'vitest'
import type { ThreadLoad } from '../load.ts'
import { eventLoopGauge } from './event-loop.ts'

it('tells once a second how late the event loop was, and what garbage cost', async () => {
  const windows: ThreadLoad[] = []
  const gauge = eventLoopGauge('io', load => windows.push(load))
  try {
    expect(gauge.load()).toMatchObject({ name: 'io', event_loop_lag_ms_p99: 0, gc_count: 0 })
    // A loop that is held up, with garbage to collect.
    const busy = setInterval(() => {
      const until = Date.now() + 50
      while (Date.now() < until) Array.from({ length: 10_000 }, (_, i) => ({ i }))
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
