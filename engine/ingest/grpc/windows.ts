import type { Http2Server, ServerHttp2Session } from 'node:http2'
import type * as grpc from '@grpc/grpc-js'
import type { GrpcLimits } from './limits.ts'

/**
 * Raises the receive windows of new connections. grpc-js has no server option for them, and the
 * default of 64 KiB holds a producer 20 ms away to 100,000 readings/s; hence its private field.
 */
export function raiseWindows(server: grpc.Server, limits: GrpcLimits): void {
  const { http2Servers } = server as unknown as { http2Servers?: Map<Http2Server, unknown> }
  for (const listener of http2Servers?.keys() ?? []) {
    listener.on('session', (session: ServerHttp2Session) => {
      session.settings({ initialWindowSize: limits.window_stream_bytes })
      session.setLocalWindowSize(limits.window_connection_bytes)
    })
  }
}
