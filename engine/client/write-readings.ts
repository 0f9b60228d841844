import { liquidus } from '#proto/gen/ingest.js'
import type { Clock } from '../core/clock.ts'
import type { EngineAddress } from './connection.ts'
import { connectionError, openConnection, whole } from './connection.ts'
import type { ProducerBatch } from './encode-batch.ts'
import { encodeColumns, encodeSeries, encodeWriteBatch, segments } from './encode-batch.ts'
import { lineProposal } from './line-proposal.ts'
import type { ProducerRejection } from './pending.ts'

const { RejectionReason, WriteReadingsRequest } = liquidus.ingest.v1
type WriteReadingsResponse = liquidus.ingest.v1.WriteReadingsResponse

/** What became of one batch that was written without a stream. */
export interface WriteResult {
  readonly committed_sequence: number
  readonly acknowledged_readings: number
  readonly rejected_readings: number
  readonly rejections: readonly ProducerRejection[]
  readonly line_created: boolean
}

const TIMEOUT_MS = 30_000
const BYTES_MAX = 1024 * 1024

/** Writes one batch with its series definitions; with sequence 0 the engine numbers it. */
export async function writeReadings(
  to: EngineAddress & { readonly clock: Clock; readonly sequence?: number },
  batch: ProducerBatch,
): Promise<WriteResult> {
  const [segment, more] = segments(batch, BYTES_MAX)
  const status = { code: 3, details: 'the batch does not fit one message; use a stream' }
  if (!segment || more) throw connectionError(to, status, true)
  const head = WriteReadingsRequest.encode({
    producerId: to.producer,
    line: to.line,
    ...(to.proposal ? { proposal: lineProposal(to.proposal) } : {}),
  }).finish()
  const columns = encodeColumns(batch, segment)
  const body = encodeWriteBatch(to.sequence ?? 0, encodeSeries(batch.series ?? []), columns)
  const connection = openConnection(to)
  try {
    const response = await new Promise<WriteReadingsResponse>((resolve, reject) => {
      const deadline_ms = to.clock.now_ms() + TIMEOUT_MS
      connection.write(Buffer.concat([head, body]), deadline_ms, (error, answer) => {
        if (error) reject(connectionError(to, error, false))
        else resolve(answer!)
      })
    })
    const rejections = (response.ack?.rejections ?? []).map(one => ({
      first_index: one.firstIndex ?? 0,
      count: one.count ?? 0,
      reason: (RejectionReason[one.reason ?? 0] ?? '').replace('REJECTION_REASON_', ''),
      detail: one.detail ?? '',
    }))
    const rejected = rejections.reduce((sum, one) => sum + one.count, 0)
    return {
      committed_sequence: whole(response.ack?.committedSequence),
      acknowledged_readings: batch.count - rejected,
      rejected_readings: rejected,
      rejections,
      line_created: response.lineCreated ?? false,
    }
  } finally {
    connection.close()
  }
}
