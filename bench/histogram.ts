import { build } from 'hdr-histogram-js'

const LONGEST_US = 600_000_000

/** Latencies in ms, kept to three digits from 1 us to 10 minutes. */
export interface LatencyHistogram {
  add(latency_ms: number, count?: number): void
  count(): number
  /** Percentiles as `<name>_ms_p50` and so on; null without a measurement. */
  percentiles(name: string): Record<string, number | null>
}

const PERCENTILES = { p50: 50, p90: 90, p99: 99, p999: 99.9, max: 100 } as const

export function latencyHistogram(): LatencyHistogram {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
  })
  return {
    add(latency_ms, count = 1) {
      const latency_us = Math.min(LONGEST_US, Math.max(1, Math.round(1000 * latency_ms)))
      if (count > 0) histogram.recordValueWithCount(latency_us, count)
    },
    count: () => histogram.totalCount,
    percentiles: name =>
      Object.fromEntries(
        Object.entries(PERCENTILES).map(([key, percent]) => [
          `${name}_ms_${key}`,
          histogram.totalCount === 0 ? null : histogram.getValueAtPercentile(percent) / 1000,
        ]),
      ),
  }
}
