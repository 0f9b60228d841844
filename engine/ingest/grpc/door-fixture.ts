import * as grpc from '@grpc/grpc-js'
import { encodeBatchRequest, encodeColumns, encodeSeries } from '#engine/client/encode-batch.ts'
import { liquidus } from '#proto/gen/ingest.js'
import { systemClock } from '../../core/clock.ts'
import type { Identity, LineDefinition } from '../../flow.ts'
import { cellNames, potlineDefinition } from '../../lines/potline.ts'
import type { BatchTaken, TenantLimits } from '../../load.ts'
import type { MemoryIntakeOptions } from '../memory-intake.ts'
import { memoryIntake } from '../memory-intake.ts'
import { tenantAllowances } from './allowance.ts'
import type { Authenticate } from './door.ts'
import type { GrpcLimits } from './limits.ts'
import { grpcSource } from './source.ts'

const { StreamReadingsRequest, StreamReadingsResponse } = liquidus.ingest.v1
type Response = liquidus.ingest.v1.StreamReadingsResponse

/** Now, for the door under test. */
export const T0_MS = 1_700_000_000_000
/** The line behind the door under test. */
export const POTLINE: LineDefinition = potlineDefinition({
  tenant: 'plant',
  line: 'line-1',
  cells: cellNames(4),
  feeders: 2,
  clock: 'wall',
  origin: 'simulated',
})
/** A series of that line. */
export const VOLTAGE = [{ ref: 1, asset_path: 'cell-101', tag: 'cell_voltage', unit: 'V' }]
/** Stands still for times, runs for durations. */
export const clock = { now_ms: () => T0_MS, elapsed_ms: () => systemClock.elapsed_ms() }
/** Says nothing. */
export const log = { info: () => {}, warn: () => {} }
/** Who calls unless a test says otherwise. */
export const IDENTITY: Identity = { subject: 'gateway', tenant: 'plant', role: 'device' }

const closers: (() => Promise<void> | void)[] = []

/** Closes what a test opened. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0).reverse()) await close()
}

/** Opens a door on a memory intake, and a bare gRPC client to it. */
export async function open(
  options: Partial<MemoryIntakeOptions> & {
    limits?: Partial<GrpcLimits>
    identity?: Identity | undefined
    tenants?: Readonly<Record<string, TenantLimits>>
    authenticate?: Authenticate
    onTaken?: (batch: BatchTaken) => void
  } = {},
) {
  const intake = memoryIntake({ tenant: 'plant', definitions: [POTLINE], ...options })
  const identity = 'identity' in options ? options.identity : IDENTITY
  const allowances = tenantAllowances(tenant => options.tenants?.[tenant] ?? {}, clock)
  const source = grpcSource({
    host: '127.0.0.1',
    port: 0,
    intake,
    clock,
    log,
    authenticate: options.authenticate ?? (() => identity),
    allowances,
    ...(options.onTaken ? { onTaken: options.onTaken } : {}),
    mayWrite: ({ role }) => role === 'device',
    limits: { drain_ms: 100, ...options.limits },
  })
  const { address } = await source.start()
  const client = new grpc.Client(address, grpc.credentials.createInsecure())
  closers.push(() => source.close())
  closers.push(() => client.close())
  return { intake, line: intake.line('line-1'), source, address, client, allowances }
}

/** A bare stream that remembers what came; it sends any bytes. */
export class RawStream {
  readonly call
  readonly heard: Response[] = []
  readonly status: Promise<grpc.StatusObject>
  #wake: () => void = () => {}

  constructor(client: grpc.Client, metadata = new grpc.Metadata()) {
    this.call = client.makeBidiStreamRequest(
      '/liquidus.ingest.v1.TelemetryIngestService/StreamReadings',
      (bytes: Buffer) => bytes,
      bytes => StreamReadingsResponse.decode(bytes),
      metadata,
    )
    this.call.on('data', (message: Response) => {
      this.heard.push(message)
      this.#wake()
    })
    this.call.on('error', () => {})
    this.status = new Promise(resolve => this.call.on('status', resolve))
  }

  hello(extra: liquidus.ingest.v1.ProducerHello.$Properties = {}) {
    const hello = { producerId: 'p', line: 'line-1', ...extra }
    this.call.write(Buffer.from(StreamReadingsRequest.encode({ hello }).finish()))
  }

  batch(sequence: number, readings: readonly number[][], series = sequence === 1 ? VOLTAGE : []) {
    const batch = {
      count: readings.length,
      refs: Uint32Array.from(readings, one => one[0]!),
      times_ms: Float64Array.from(readings, one => one[1]!),
      values: Float64Array.from(readings, one => one[2]!),
    }
    const columns = encodeColumns(batch, { first: 0, count: batch.count })
    this.call.write(encodeBatchRequest(sequence, encodeSeries(series), columns))
  }

  async until(condition: (heard: readonly Response[]) => boolean): Promise<void> {
    while (!condition(this.heard)) {
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
  }

  get committed(): number {
    const last = this.heard.findLast(message => message.ack)?.ack
    return Number(String(last?.committedSequence ?? 0))
  }
}

/** So many good readings of one voltage. */
export const good = (count = 1) => Array.from({ length: count }, () => [1, T0_MS, 4.2])
