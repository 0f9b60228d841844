import type { LineDefinition } from '../flow.ts'

export interface ReplaySeries {
  readonly ref: number
  readonly asset_path: string
  readonly tag: string
  readonly unit: string
}

/** A reading on its way: when it is due on the recording's clock, and what it says. */
export interface ReplayReading {
  /** When it became known; samples are reported long after they were taken. */
  readonly due_ms: number
  readonly ref: number
  readonly time_ms: number
  readonly value: number
}

/** A recording as a line and its readings in the order in which they became known. */
export interface ReplaySource {
  readonly definition: LineDefinition
  readonly series: readonly ReplaySeries[]
  /** What of the recording is left out, and why. */
  readonly notes: readonly string[]
  /** Size of the files, for progress. */
  readonly readings_estimate: number
  readings(): AsyncIterable<readonly ReplayReading[]>
}
