import * as grpc from '@grpc/grpc-js'
import { ReflectionService } from '@grpc/reflection'
import { HealthImplementation } from 'grpc-health-check'
import { LiquidusError } from '../../core/errors.ts'
import { type Allowances, tenantAllowances } from './allowance.ts'
import type { Door } from './door.ts'
import type { GrpcLimits } from './limits.ts'
import { defaultLimits } from './limits.ts'
import { livePrecedence } from './precedence.ts'
import { refusal, refusalOf } from './refusal.ts'
import { ingestService, reflectionPackage, SERVICE_NAME } from './service.ts'
import type { StreamRegistry } from './stream.ts'
import { serveStream } from './stream.ts'
import { raiseWindows } from './windows.ts'
import { UnaryWriter } from './write.ts'

/** What the gRPC door is built from. */
export interface GrpcSourceOptions extends Omit<Door, 'limits' | 'allowances' | 'precedence'> {
  readonly host: string
  /** 0: any free port; `start` tells which. */
  readonly port: number
  /** PEM; with `client_ca`, clients must present a certificate signed by it. */
  readonly tls?: {
    readonly cert: Uint8Array
    readonly key: Uint8Array
    readonly client_ca?: Uint8Array
  }
  readonly limits?: Partial<GrpcLimits>
  /** Without them, tenants are not limited. */
  readonly allowances?: Allowances
}

/** The server of TelemetryIngestService, with health and reflection. */
export interface GrpcSource {
  readonly name: 'grpc'
  /** Listens; throws PORT_IN_USE or BIND_NEEDS_TLS. Health says NOT_SERVING until told otherwise. */
  start(): Promise<{ readonly address: string }>
  /** Tells health clients whether the engine is ready. */
  setServing(serving: boolean): void
  /** Asks producers to finish, waits for their appends, and closes. */
  close(): Promise<void>
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '::1', 'localhost'])

/** Builds the gRPC door; nothing listens before `start`. */
export function grpcSource(options: GrpcSourceOptions): GrpcSource {
  const limits = { ...defaultLimits, ...options.limits }
  const { intake, authenticate, mayWrite, clock, log, host, port, tls } = options
  const allowances = options.allowances ?? tenantAllowances(() => ({}), clock)
  const { onTaken } = options
  const door: Door = {
    ...{ intake, authenticate, mayWrite, clock, log, limits, allowances },
    precedence: livePrecedence(clock),
    ...(onTaken ? { onTaken } : {}),
  }
  const registry: StreamRegistry = { open: new Set(), byProducer: new Map(), counts: new Map() }
  const writer = new UnaryWriter(door)
  let closing = false
  // What grpc-js would print is thrown or logged by us, with what to do about it.
  grpc.setLogVerbosity(grpc.logVerbosity.NONE)
  const server = new grpc.Server({
    'grpc.max_receive_message_length': limits.message_bytes_max,
    'grpc.max_send_message_length': limits.message_bytes_max,
    'grpc.max_concurrent_streams': limits.streams_max,
    'grpc.keepalive_time_ms': 30_000,
    'grpc.keepalive_timeout_ms': 10_000,
  })
  server.addService(ingestService, {
    StreamReadings: (call: Parameters<typeof serveStream>[0]) => {
      if (!closing) return serveStream(call, door, registry)
      const gone = refusal(grpc.status.UNAVAILABLE, 'the engine is closing')
      call.emit('error', gone)
    },
    WriteReadings: (
      call: Parameters<UnaryWriter['serve']>[0],
      answer: grpc.sendUnaryData<object>,
    ) => {
      writer.serve(call).then(
        result => ('details' in result ? answer(result) : answer(null, result)),
        error => answer(refusalOf(error)),
      )
    },
  })
  const health = new HealthImplementation({ '': 'NOT_SERVING', [SERVICE_NAME]: 'NOT_SERVING' })
  health.addToServer(server)
  new ReflectionService(reflectionPackage as never).addToServer(server)

  return {
    name: 'grpc',
    async start() {
      if (!LOOPBACK.has(host) && !tls) throw new LiquidusError('BIND_NEEDS_TLS', { host })
      const bound = await new Promise<number>((resolve, reject) => {
        const target = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
        server.bindAsync(target, credentials(tls), (error, actual) => {
          if (!error) return resolve(actual)
          reject(bindError(host, port, error))
        })
      })
      raiseWindows(server, limits)
      return { address: `${host}:${bound}` }
    },
    setServing(serving) {
      const status = serving ? 'SERVING' : 'NOT_SERVING'
      health.setStatus('', status)
      health.setStatus(SERVICE_NAME, status)
    },
    async close() {
      closing = true
      for (const stream of registry.open) stream.drain('the engine is closing')
      const finished = new Promise<void>(resolve => server.tryShutdown(() => resolve()))
      const last = setTimeout(() => {
        for (const stream of registry.open) {
          stream.end(refusal(grpc.status.UNAVAILABLE, 'the engine is closing'))
        }
        setTimeout(() => server.forceShutdown(), limits.drain_ms / 4)
      }, limits.drain_ms)
      await finished
      clearTimeout(last)
    },
  }
}

function bindError(host: string, port: number, cause: Error): LiquidusError {
  if (cause.message.includes('EADDRINUSE')) {
    const values = { what: 'gRPC', port, host, flag: '--grpc PORT' }
    return new LiquidusError('PORT_IN_USE', values, { cause })
  }
  const problem = `cannot be listened on: ${cause.message}`
  const values = { key: `${host}:${port}`, source: 'host and grpc_port', problem }
  return new LiquidusError('CONFIG_INVALID', values, { cause })
}

function credentials(tls: GrpcSourceOptions['tls']): grpc.ServerCredentials {
  if (!tls) return grpc.ServerCredentials.createInsecure()
  const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) }
  const ca = tls.client_ca ? Buffer.from(tls.client_ca) : null
  return grpc.ServerCredentials.createSsl(ca, [pair], ca !== null)
}
