/** Every bound of the gRPC door, in one place. */
export interface GrpcLimits {
  /** Largest ReadingBatch. */
  readonly batch_bytes_max: number
  /** Largest message the transport takes, so that a batch too large gets a clear answer. */
  readonly message_bytes_max: number
  /** Streams open at the same time, all lines together. */
  readonly streams_max: number
  /** Appends of one stream that may wait for the log; beyond it the stream is paused. */
  readonly appends_max: number
  readonly append_bytes_max: number
  /** Rejections in one acknowledgement, and those waiting for a client that does not read. */
  readonly rejections_per_ack: number
  readonly rejections_waiting_max: number
  /** An acknowledgement goes out after so many batches or so long. */
  readonly ack_batches: number
  readonly ack_interval_ms: number
  readonly heartbeat_interval_ms: number
  /** A stream without a message for this long is closed. */
  readonly idle_ms: number
  /** How long streams may finish when the door closes. */
  readonly drain_ms: number
  /** Unary calls of one producer that may wait for each other. */
  readonly writes_waiting_max: number
  /** How long a unary call waits for a line that is behind before it is refused. */
  readonly write_held_ms: number
  /** Producers remembered for unary calls. */
  readonly writers_max: number
  readonly window_stream_bytes: number
  readonly window_connection_bytes: number
}

const MIB = 1024 * 1024

/** The bounds when nothing else is configured. */
export const defaultLimits: GrpcLimits = {
  batch_bytes_max: MIB,
  message_bytes_max: 16 * MIB,
  streams_max: 1000,
  appends_max: 64,
  append_bytes_max: 8 * MIB,
  rejections_per_ack: 512,
  rejections_waiting_max: 65_536,
  ack_batches: 16,
  ack_interval_ms: 5,
  heartbeat_interval_ms: 10_000,
  idle_ms: 30_000,
  drain_ms: 2_000,
  writes_waiting_max: 64,
  write_held_ms: 5_000,
  writers_max: 1000,
  window_stream_bytes: MIB,
  window_connection_bytes: 4 * MIB,
}
