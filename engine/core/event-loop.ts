import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { ThreadLoad } from '../load.ts'

/** Distance of two looks at the event loop; an idle loop shows this, which is taken off. */
const RESOLUTION_MS = 10
/** The lag is told of windows of this length. */
const WINDOW_MS = 1000

/** How late the event loop of this thread is, and what its garbage costs. */
export interface EventLoopGauge {
  /** Figures of the last whole window. */
  load(): ThreadLoad
  close(): void
}

/** Starts to measure the thread it is called in; `onWindow` hears the figures once a second. */
export function eventLoopGauge(
  name: string,
  onWindow: (load: ThreadLoad) => void = () => {},
): EventLoopGauge {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  let gc_pause_s = 0
  let gc_count = 0
  const collections = new PerformanceObserver(list => {
    for (const { duration } of list.getEntries()) {
      gc_pause_s += duration / 1000
      gc_count += 1
    }
  })
  collections.observe({ entryTypes: ['gc'] })
  const measured = (p50_ms: number, p99_ms: number): ThreadLoad => ({
    name,
    event_loop_lag_ms_p50: p50_ms,
    event_loop_lag_ms_p99: p99_ms,
    heap_used_bytes: getHeapStatistics().used_heap_size,
    gc_pause_s,
    gc_count,
  })
  let load = measured(0, 0)
  const timer = setInterval(() => {
    load = measured(lagOf(delay.percentile(50)), lagOf(delay.percentile(99)))
    delay.reset()
    onWindow(load)
  }, WINDOW_MS)
  timer.unref()
  return {
    load: () => load,
    close() {
      clearInterval(timer)
      delay.disable()
      collections.disconnect()
    },
  }
}

function lagOf(delay_ns: number): number {
  return Math.max(0, delay_ns / 1e6 - RESOLUTION_MS)
}
