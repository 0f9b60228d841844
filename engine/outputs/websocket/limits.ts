/** What one WebSocket server allows; every queue towards a client ends at one of these. */
export interface WsLimits {
  readonly clients_max: number
  /** Above this, telemetry is left out for the client and its newest state sent later. */
  readonly buffered_skip_bytes: number
  /** Above this, or `stalled_max_ms` above the skip limit, the client is closed with 1013. */
  readonly buffered_max_bytes: number
  readonly stalled_max_ms: number
  /** Reliable events under way to one client; more closes it with 1013. */
  readonly events_pending_max: number
  /** A client further behind gets a snapshot. */
  readonly replay_events_max: number
  /** A client that is ahead of a line waits until that has had nothing to do for so long. */
  readonly ahead_wait_ms: number
  readonly frame_interval_ms: number
  /** Alarm figures go out at most this often; a change of the incidents goes at once. */
  readonly summary_interval_ms: number
  readonly hidden_interval_ms: number
  readonly ping_interval_ms: number
  /** Messages a client may send in ten seconds. */
  readonly commands_max: number
  readonly payload_max_bytes: number
}

/** The limits in use unless told otherwise. */
export const defaultWsLimits: WsLimits = {
  clients_max: 500,
  buffered_skip_bytes: 256 * 1024,
  buffered_max_bytes: 4 * 1024 * 1024,
  stalled_max_ms: 10_000,
  events_pending_max: 5000,
  replay_events_max: 1000,
  ahead_wait_ms: 1000,
  frame_interval_ms: 250,
  summary_interval_ms: 5000,
  hidden_interval_ms: 5000,
  ping_interval_ms: 15_000,
  commands_max: 200,
  payload_max_bytes: 64 * 1024,
}

/** Length of the window of `commands_max`. */
export const COMMAND_WINDOW_ms = 10_000
/** A closed client that does not answer is cut off after this. */
export const CLOSE_GRACE_ms = 2000
/** Entries behind which a line says so in its telemetry. */
export const BEHIND_ENTRIES = 10
/** Connections without a place that are told so at a time; more are refused without a reason. */
export const REFUSALS_MAX = 50
/** Events read from the store at once. */
export const REPLAY_PAGE_EVENTS = 250
