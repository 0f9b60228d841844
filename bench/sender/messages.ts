import type { LoadPlan } from '../schedule.ts'
import type { TwinPlan } from '../twin-444/plan.ts'

/** What the sender process is to send, and where. */
export interface SenderOrders {
  readonly address: string
  readonly offset_ms: number
  readonly rate?: LoadPlan | undefined
  readonly twin?: TwinPlan | undefined
}

/** What the bench tells its sender; each is answered before the next is given. */
export type ToSender =
  | { readonly type: 'connect'; readonly orders: SenderOrders }
  /** Sends what is due before the load begins, as fast as it is taken. */
  | { readonly type: 'learn'; readonly event_start_ms: number }
  /** Begins the load at a wall time; event time 0 of the load is `event_start_ms`. */
  | { readonly type: 'run'; readonly start_ms: number; readonly event_start_ms: number }
  /** TWIN-444: sends the next seconds as fast as they are taken, as after an outage. */
  | { readonly type: 'backlog'; readonly seconds: number }
  | { readonly type: 'drain' }
  | { readonly type: 'report' }

/** What a producer counted. */
export interface LineCounts {
  readonly line: string
  readonly sent: number
  readonly acknowledged: number
  readonly rejected: number
  readonly reconnects: number
}

/** What the sender knows at the end. */
export interface SenderReport {
  readonly lines: readonly LineCounts[]
  /** `ack_ms_*` and `sender_late_ms_*`, `readings_per_s`, `wire_MiB_per_s`. */
  readonly figures: Readonly<Record<string, number | null>>
}

/** What the sender answers. */
export type FromSender =
  | { readonly type: 'done'; readonly of: ToSender['type']; readonly report?: SenderReport }
  | { readonly type: 'failed'; readonly problem: string }
