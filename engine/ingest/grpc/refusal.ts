import * as grpc from '@grpc/grpc-js'
import { LiquidusError, problemOf } from '../../core/errors.ts'

const { status } = grpc

/** How a call is refused: a gRPC status with facts for machines in the trailers. */
export interface Refusal {
  readonly code: grpc.status
  readonly details: string
  readonly metadata: grpc.Metadata
}

/** A refusal; `facts` become trailers `liquidus-<name>`. */
export function refusal(
  code: grpc.status,
  details: string,
  facts: Readonly<Record<string, string | number>> = {},
): Refusal {
  const metadata = new grpc.Metadata()
  for (const [name, value] of Object.entries(facts)) {
    // Trailers carry printable ASCII only.
    metadata.set(
      `liquidus-${name}`,
      String(value)
        .replace(/[^ -~]/g, '?')
        .slice(0, 1024),
    )
  }
  return { code, details, metadata }
}

const STATUS_OF: Partial<Record<LiquidusError['code'], grpc.status>> = {
  PRODUCER_FENCED: status.ABORTED,
  SEQUENCE_GAP: status.OUT_OF_RANGE,
  LINE_UNKNOWN: status.NOT_FOUND,
  NOT_ALLOWED: status.PERMISSION_DENIED,
  CONFIG_INVALID: status.INVALID_ARGUMENT,
  CONFIG_UNKNOWN_KEY: status.INVALID_ARGUMENT,
  USAGE: status.INVALID_ARGUMENT,
}

/** What the engine threw, as a refusal; anything not in the table may work later. */
export function refusalOf(error: unknown): Refusal {
  if (!(error instanceof LiquidusError)) {
    return refusal(status.INTERNAL, `the engine failed: ${problemOf(error)}`)
  }
  const code = STATUS_OF[error.code] ?? status.UNAVAILABLE
  const fenced = error.code === 'PRODUCER_FENCED' ? 'fenced: ' : ''
  const gap = error.code === 'SEQUENCE_GAP' ? 'SEQUENCE_GAP: ' : ''
  return refusal(code, `${fenced}${gap}${error.message}`, { ...error.values, code: error.code })
}

/** The bytes are not the request they should be. */
export function noRequest(call: string, problem: string): Refusal {
  return refusal(status.INVALID_ARGUMENT, `no ${call}Request: ${problem}`)
}

/** The bytes are not a ReadingBatch. */
export function noBatch(problem: string): Refusal {
  return refusal(status.INVALID_ARGUMENT, `no ReadingBatch: ${problem}`)
}

/** The batch passes the limit that the welcome told. */
export function batchTooLarge(size: number, limit: number): Refusal {
  const cure = `the limit is ${limit} bytes; send smaller batches`
  return refusal(status.RESOURCE_EXHAUSTED, `batch of ${size} bytes: ${cure}`, { limit })
}

/** The line is too far behind to take more for now. */
export function lineBehind(line: string): Refusal {
  return refusal(status.UNAVAILABLE, `line "${line}" is behind what it was sent; try again later`)
}

/** Live readings leave no room for history for now. */
export function liveFirst(): Refusal {
  return refusal(status.UNAVAILABLE, 'live readings go before backfill; try again later')
}

/** The producer defines more series than one dictionary holds. */
export function tooManySeries(): Refusal {
  return refusal(status.RESOURCE_EXHAUSTED, 'too many series for one producer; use several')
}

/** A limit of the tenant is reached; with `retry_ms`, the same call may succeed after that time. */
export function tooMuch(tenant: string, problem: string, key: string, retry_ms?: number): Refusal {
  const cure = `the limit is tenants.${tenant}.${key} of the engine`
  const when = retry_ms === undefined ? '' : `; try again in ${retry_ms} ms`
  const refused = refusal(
    status.RESOURCE_EXHAUSTED,
    `tenant "${tenant}" ${problem}; ${cure}${when}`,
    { limit: key, ...(retry_ms === undefined ? {} : { 'retry-ms': retry_ms }) },
  )
  // Clients with a retry policy wait for as long as this name says.
  if (retry_ms !== undefined) refused.metadata.set('grpc-retry-pushback-ms', String(retry_ms))
  return refused
}
