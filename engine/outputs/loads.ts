import type { OperationLoad, TenantLoad } from '../load.ts'

/** What the WebSocket's clients cost now; totals since the start. */
export interface WebSocketLoad {
  readonly clients: number
  readonly clients_max: number
  /** Bytes that wait for clients that do not read. */
  readonly buffered_bytes: number
  /** Frames that a slow or hidden client never got, because a newer one took their place. */
  readonly conflated_frames: number
  /** Clients that were closed because they were too slow. */
  readonly closed_slow: number
}

/** What a running OPC UA server holds. */
export interface OpcUaLoad {
  readonly sessions: number
  readonly subscriptions: number
  /** Notifications that wait for clients that do not ask for them. */
  readonly waiting: number
  /** Nodes of cells and assets that were made. */
  readonly nodes: number
  readonly nodes_max: number
}

/** What the parts of the engine around the lines carry; what is not there is left out. */
export interface Loads {
  readonly tenants?: () => readonly TenantLoad[]
  readonly store?: () => readonly OperationLoad[]
  readonly websocket?: () => WebSocketLoad | undefined
  readonly opcua?: () => OpcUaLoad | undefined
}
