import type { Clock } from '../core/clock.ts'
import { seededRandom } from '../core/random.ts'
import type { BatchTraces } from './batch-traces.ts'

/** How often traces are looked at that no change of their line comes for. */
const SETTLE_EVERY_ms = 1000

/** Batches that are followed, and the way to end it. */
export interface OpenTraces extends BatchTraces {
  close(): Promise<void>
}

/** Follows batches where a share and a collector are named; else nothing is even loaded. */
export async function openTraces(
  { share, otlp_url }: { readonly share: number; readonly otlp_url?: string | undefined },
  clock: Clock,
  version: string,
): Promise<OpenTraces | undefined> {
  if (share === 0 || otlp_url === undefined) return undefined
  const [{ openTracing }, { batchTraces }] = await Promise.all([
    import('./tracing.ts'),
    import('./batch-traces.ts'),
  ])
  const { tracer, close } = openTracing({ url: otlp_url, version })
  const random = seededRandom(Math.trunc(clock.now_ms()))
  const chance = () => random.uniform()
  const traces = batchTraces({ tracer, clock, share, chance })
  const timer = setInterval(traces.settle, SETTLE_EVERY_ms)
  timer.unref()
  return {
    ...traces,
    async close() {
      clearInterval(timer)
      traces.stop()
      await close()
    },
  }
}
