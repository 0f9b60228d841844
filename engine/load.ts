/** How busy the engine is, and what limits its tenants: for metrics, traces and the Engine page. */

/** Where the time of a line goes; `commit` is the store's answer, the others are computing. */
export const loadStages = ['frames', 'twin', 'anomaly', 'advice', 'snapshot', 'commit'] as const
export type LoadStage = (typeof loadStages)[number]

/** Time spent since the line was opened; the mean is `sum_s / count`. */
export interface StageLoad {
  /** Log entries for `frames`, ticks for `twin`, steps for `anomaly` and `advice`, else calls. */
  readonly count: number
  readonly sum_s: number
}

/** How busy a line is now. */
export interface LineLoad {
  readonly tenant: string
  readonly line: string
  /** Name of the thread that folds the line, as in `threads`. */
  readonly thread: string
  /** Durable log entries whose effects are not yet committed. */
  readonly behind_entries: number
  readonly behind_bytes: number
  /** Bytes that its producers together may have unacknowledged; shrinks with lag. */
  readonly credit_bytes: number
  /** Credit of a line that keeps up. */
  readonly credit_max_bytes: number
  /** Restarts of the line after its thread was lost, since the engine started. */
  readonly restarts: number
  readonly stages: Readonly<Record<LoadStage, StageLoad>>
}

/** How busy a thread is; the lag is of the last whole second. */
export interface ThreadLoad {
  /** "io", or "fold-1", "fold-2", ... */
  readonly name: string
  readonly event_loop_lag_ms_p50: number
  readonly event_loop_lag_ms_p99: number
  readonly heap_used_bytes: number
  /** Time in garbage collection since the thread started. */
  readonly gc_pause_s: number
  /** Collections since the thread started. */
  readonly gc_count: number
}

/** How large a store is; what it cannot say cheaply is left out. */
export interface StoreUsage {
  /** All that is held: log, states, outboxes; of a database server, all that the server holds. */
  readonly used_bytes: number
  /** From here on it takes no more readings. */
  readonly used_bytes_max?: number
  /** Of it the log with the quarantine, and the states with all else. */
  readonly log_bytes?: number
  readonly state_bytes?: number
  /** Of the disk: what is free for the engine, and its size. */
  readonly disk_free_bytes?: number
  readonly disk_bytes?: number
}

/** How large the store is beside what is kept of the log. */
export interface StoreLoad extends StoreUsage {
  /** Bytes of log entries that are kept, all lines together. */
  readonly log_bytes_max?: number
}

/** How busy the engine is: for metrics, and for whoever looks for the bottleneck. */
export interface EngineLoad {
  /** The I/O thread first. */
  readonly threads: readonly ThreadLoad[]
  /** All lines of all tenants. */
  readonly lines: readonly LineLoad[]
  /** As of the last look; undefined where the store does not say. */
  readonly store?: StoreLoad | undefined
}

/** One kind of work that somebody waits for, such as an append; totals since the start. */
export interface OperationLoad {
  readonly name: string
  readonly count: number
  readonly failed: number
  readonly bytes: number
  readonly sum_s: number
  /** Calls that took at most `operationBounds_s[i]`, and in the last place those beyond. */
  readonly buckets: readonly number[] // [bound], not summed up
}

/** Upper bounds of the buckets of an operation. */
export const operationBounds_s: readonly number[] = [
  ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05],
  ...[0.1, 0.25, 0.5, 1, 2.5, 5, 10],
]

/** A batch that the door sends to the log, as a trace of it begins. */
export interface BatchTaken {
  readonly tenant: string
  readonly line: string
  readonly producer: string
  readonly epoch: number
  readonly sequence: number
  readonly readings: number
  readonly bytes: number
  /** When its bytes were there, on the monotonic clock. */
  readonly received_ms: number
  /** W3C trace context of the call, as it came. */
  readonly traceparent: string | undefined
  /** One call for one batch, not one of a stream's. */
  readonly alone: boolean
}

/** Limits of one tenant; of streams and connections without one, as many as are free for others. */
export interface TenantLimits {
  readonly readings_per_s_max?: number | undefined
  readonly bytes_per_s_max?: number | undefined
  /** Streams open at once. */
  readonly streams_max?: number | undefined
  /** WebSocket connections open at once. */
  readonly connections_max?: number | undefined
  readonly lines_max?: number | undefined
}

/** What one tenant sends in over gRPC; totals since the engine started. */
export interface TenantLoad {
  readonly tenant: string
  readonly limits: TenantLimits
  readonly streams: number
  readonly readings: number
  readonly bytes: number
  /** Calls, streams and lines that a limit of the tenant turned away. */
  readonly refused: number
  /** Time that producers were held back by the tenant's rates. */
  readonly paced_s: number
}
