import { RefusedError } from './api.ts'

/** Time in one stage of a line. */
export interface StageTime {
  readonly mean_ms: number
  readonly share: number
}

/** Stages in the order a reading passes them. */
export const STAGES = ['frames', 'twin', 'anomaly', 'advice', 'snapshot', 'commit'] as const
export type Stage = (typeof STAGES)[number]

/** One line as the engine tells it. */
export interface EngineLine {
  readonly line: string
  readonly kind: string
  readonly thread: string
  readonly degraded: string
  readonly readings_per_s: number
  readonly rejected_per_s: number
  readonly late_per_s: number
  readonly ticks_per_s: number
  readonly behind_entries: number
  readonly behind_bytes: number
  readonly event_age_s: number | null
  readonly credit_bytes: number
  readonly credit_max_bytes: number
  readonly restarts: number
  readonly clock_problems: readonly string[]
  readonly stages: Readonly<Record<Stage, StageTime>>
}

/** How large the store is; what it cannot say is left out. */
export interface StoreSize {
  readonly used_bytes: number
  readonly used_bytes_max?: number
  readonly log_bytes?: number
  readonly state_bytes?: number
  readonly log_bytes_max?: number
  readonly disk_free_bytes?: number
  readonly disk_bytes?: number
}

/** What GET /api/engine says, as far as the page shows it. */
export interface EngineBody {
  readonly version: string
  readonly uptime_s: number
  readonly ready: boolean
  readonly problems: readonly string[]
  readonly window_s: number
  readonly process: {
    readonly cpu_cores: number
    readonly rss_bytes: number
    readonly heap_used_bytes: number
    readonly outside_heap_bytes: number
  }
  readonly threads: readonly {
    readonly name: string
    readonly event_loop_lag_ms_p50: number
    readonly event_loop_lag_ms_p99: number
    readonly heap_used_bytes: number
    readonly gc_pause_s: number
    readonly gc_count: number
  }[]
  readonly lines: readonly EngineLine[]
  readonly lines_not_told: number
  readonly store: {
    readonly name: string
    readonly size: StoreSize | null
    readonly operations: readonly {
      readonly name: string
      readonly per_s: number
      readonly bytes_per_s: number
      readonly failed: number
      readonly p50_ms: number | null
      readonly p99_ms: number | null
    }[]
  }
  readonly websocket: {
    readonly clients: number
    readonly clients_max: number
    readonly buffered_bytes: number
    readonly conflated_frames: number
    readonly closed_slow: number
  } | null
  readonly opcua: {
    readonly sessions: number
    readonly subscriptions: number
    readonly waiting: number
    readonly nodes: number
    readonly nodes_max: number
  } | null
  readonly tenant: {
    readonly tenant: string
    readonly streams: number
    readonly streams_max?: number
    readonly readings_per_s_max?: number
    readonly bytes_per_s: number
    readonly bytes_per_s_max?: number
    readonly refused: number
    readonly paced_s: number
  } | null
}

/** How busy the engine is now. */
export async function fetchEngine(): Promise<EngineBody> {
  const response = await fetch('/api/engine').catch(() => undefined)
  if (!response) throw new RefusedError('The engine does not answer. These figures are old.')
  const body = (await response.json().catch(() => ({}))) as { error?: { message?: string } }
  if (response.ok) return body as EngineBody
  throw new RefusedError(body.error?.message ?? `The engine answered ${response.status}.`)
}
