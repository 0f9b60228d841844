import type { Clock } from '../core/clock.ts'
import type { ReplayReading, ReplaySource } from './source.ts'

/** Readings a batch holds at most; equal recordings and speeds give equal batches. */
export const BATCH_READINGS_MAX = 1000

/** What replay needs of a producer; engine/client/producer.ts gives it. */
export interface ReplayProducer {
  readonly welcome: { readonly committed_sequence: number; readonly line_created: boolean }
  send(batch: {
    readonly series?: ReplaySource['series']
    readonly count: number
    readonly refs: Uint32Array
    readonly times_ms: Float64Array
    readonly values: Float64Array
  }): Promise<void>
  drain(): Promise<void>
}

export interface ReplayProgress {
  readonly sent: number
  readonly skipped: number
  /** Time of the recording that has been reached. */
  readonly due_ms: number
}

export interface ReplayOptions {
  /** Seconds of recording per second; Infinity: as fast as the engine takes it. */
  readonly speed: number
  readonly clock: Clock
  readonly sleep: (duration_ms: number) => Promise<void>
  readonly onProgress: (progress: ReplayProgress) => void
  readonly signal?: AbortSignal
}

/** Recording time that one batch may span at a speed: about a second of real time. */
export function batchSpan_ms(speed: number): number {
  return Number.isFinite(speed) ? Math.max(1, 1000 * Math.min(speed, 60)) : 3600_000
}

/**
 * Sends a recording in batches whose borders depend on the recording and the speed alone, so that
 * an interrupted replay goes on where the log ends: committed batches are skipped, not sent.
 */
export async function sendRecording(
  source: ReplaySource,
  producer: ReplayProducer,
  options: ReplayOptions,
): Promise<ReplayProgress> {
  const span_ms = batchSpan_ms(options.speed)
  const committed = producer.welcome.committed_sequence
  const refs = new Uint32Array(BATCH_READINGS_MAX)
  const times_ms = new Float64Array(BATCH_READINGS_MAX)
  const values = new Float64Array(BATCH_READINGS_MAX)
  const progress = { sent: 0, skipped: 0, due_ms: Number.NaN }
  const pace = pacer(options)
  let count = 0
  let sequence = 0
  let first_ms = Number.NaN
  let defined = false

  const flush = async (): Promise<void> => {
    if (count === 0) return
    sequence += 1
    if (sequence <= committed) {
      progress.skipped += count
    } else {
      await pace(first_ms)
      const columns = { count, refs, times_ms, values }
      await producer.send(defined ? columns : { ...columns, series: source.series })
      defined = true
      progress.sent += count
    }
    count = 0
    options.onProgress(progress)
  }
  const put = (reading: ReplayReading): void => {
    if (count === 0) first_ms = reading.due_ms
    refs[count] = reading.ref
    times_ms[count] = reading.time_ms
    values[count] = reading.value
    count += 1
    progress.due_ms = reading.due_ms
  }

  for await (const chunk of source.readings()) {
    for (const reading of chunk) {
      if (options.signal?.aborted) return progress
      const full = count === BATCH_READINGS_MAX || reading.due_ms - first_ms >= span_ms
      if (count > 0 && full) await flush()
      put(reading)
    }
  }
  await flush()
  await producer.drain()
  return progress
}

/** Waits until a moment of the recording is due at the chosen speed. */
function pacer(options: ReplayOptions): (due_ms: number) => Promise<void> {
  let origin_ms = Number.NaN
  let started_ms = 0
  return async due_ms => {
    if (!Number.isFinite(options.speed)) return
    if (Number.isNaN(origin_ms)) {
      origin_ms = due_ms
      started_ms = options.clock.elapsed_ms()
    }
    const wait_ms = (due_ms - origin_ms) / options.speed - (options.clock.elapsed_ms() - started_ms)
    if (wait_ms > 1) await options.sleep(wait_ms)
  }
}
