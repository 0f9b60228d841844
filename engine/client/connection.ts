import * as grpc from '@grpc/grpc-js'
import { liquidus } from '#proto/gen/ingest.js'
import { LiquidusError } from '../core/errors.ts'
import type { LineDefinition } from '../flow.ts'

const v1 = liquidus.ingest.v1
type StreamReadingsResponse = liquidus.ingest.v1.StreamReadingsResponse
type WriteReadingsResponse = liquidus.ingest.v1.WriteReadingsResponse

/** Where an engine is and who calls it. */
export interface EngineAddress {
  /** HOST:PORT of the gRPC door. */
  readonly address: string
  readonly line: string
  /** Name of this producer; it numbers its batches across restarts. */
  readonly producer: string
  /** Describes the line in case the engine does not know it. */
  readonly proposal?: LineDefinition
  readonly apiKey?: string
  /** PEM of the authority that signed the engine's certificate; given: the connection uses TLS. */
  readonly tls_ca?: string | Uint8Array
  /** Tenant the caller believes to be in; the engine refuses when the identity says otherwise. */
  readonly tenant?: string
}

const WINDOW_BYTES = 4 * 1024 * 1024
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024

const channelOptions: grpc.ChannelOptions = {
  // Without this, streaming many small messages costs quadratic time in grpc-js.
  'grpc.per_rpc_retry_buffer_size': 65536,
  'grpc-node.flow_control_window': WINDOW_BYTES,
  'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
  'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
  'grpc.keepalive_time_ms': 30_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // Each connection attempt is ours alone, so that another client's back-off does not delay it.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
}

const raw = (bytes: Buffer): Buffer => bytes
const SERVICE = '/liquidus.ingest.v1.TelemetryIngestService'

/** A channel to one engine with the two calls of the service. */
export interface EngineConnection {
  stream(): grpc.ClientDuplexStream<Buffer, StreamReadingsResponse>
  write(
    request: Buffer,
    deadline_ms: number,
    done: (error: grpc.ServiceError | null, response?: WriteReadingsResponse) => void,
  ): void
  close(): void
}

/** Opens a channel; nothing is sent before the first call. */
export function openConnection(to: EngineAddress): EngineConnection {
  const credentials =
    to.tls_ca === undefined
      ? grpc.credentials.createInsecure()
      : grpc.credentials.createSsl(Buffer.from(to.tls_ca))
  const client = new grpc.Client(to.address, credentials, channelOptions)
  const metadata = () => {
    const sent = new grpc.Metadata()
    if (to.apiKey !== undefined) sent.set('authorization', `Bearer ${to.apiKey}`)
    if (to.tenant !== undefined) sent.set('x-liquidus-tenant', to.tenant)
    return sent
  }
  return {
    stream: () =>
      client.makeBidiStreamRequest(
        `${SERVICE}/StreamReadings`,
        raw,
        bytes => v1.StreamReadingsResponse.decode(bytes),
        metadata(),
      ),
    write: (request, deadline_ms, done) => {
      client.makeUnaryRequest(
        `${SERVICE}/WriteReadings`,
        raw,
        bytes => v1.WriteReadingsResponse.decode(bytes),
        request,
        metadata(),
        { deadline: deadline_ms },
        done,
      )
    },
    close: () => client.close(),
  }
}

/** 64-bit fields arrive as numbers or as Long objects. */
export function whole(value: number | { toNumber(): number } | null | undefined): number {
  if (value === null || value === undefined) return 0
  return typeof value === 'number' ? value : value.toNumber()
}

const RETRY_CODES: ReadonlySet<grpc.status> = new Set([
  grpc.status.OK,
  grpc.status.CANCELLED,
  grpc.status.UNKNOWN,
  grpc.status.DEADLINE_EXCEEDED,
  grpc.status.INTERNAL,
  grpc.status.UNAVAILABLE,
])

/** How a call ended, as an error of the engine's table; `retry` when it may work later. */
export function connectionError(
  to: EngineAddress,
  status: { code: grpc.status; details: string; metadata?: grpc.Metadata },
  welcomed: boolean,
): LiquidusError {
  const details = status.details.replace(/\. Resolution note: $/, '')
  const problem = details || grpc.status[status.code]
  const { address, line, producer } = to
  const told = (key: string) => String(status.metadata?.get(`liquidus-${key}`)[0] ?? '')
  switch (told('code')) {
    case 'PRODUCER_FENCED':
      return new LiquidusError('PRODUCER_FENCED', {
        producer,
        line,
        epoch: told('epoch'),
        current: told('current'),
      })
    case 'SEQUENCE_GAP': {
      const facts = { producer, line, expected: told('expected'), got: told('got') }
      // In the middle of a stream it means that the store forgot; a new welcome tells from where on.
      return new LiquidusError('SEQUENCE_GAP', facts, { retry: welcomed })
    }
    case 'LINE_UNKNOWN':
      return new LiquidusError('LINE_UNKNOWN', { line, known: told('known') })
  }
  if (!RETRY_CODES.has(status.code)) {
    return new LiquidusError('INGEST_REFUSED', { address, problem })
  }
  const code = welcomed || status.code === grpc.status.OK ? 'CONNECTION_LOST' : 'CONNECTION_REFUSED'
  return new LiquidusError(code, { address, problem }, { retry: true })
}
