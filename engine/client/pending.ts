import type { ProducerBatch, ProducerSeries } from './encode-batch.ts'
import { encodeColumns } from './encode-batch.ts'

/** A run of readings of one batch that went to quarantine. */
export interface ProducerRejection {
  readonly first_index: number
  readonly count: number
  /** e.g. "UNKNOWN_SERIES". */
  readonly reason: string
  readonly detail: string
}

/** A batch that the engine has not acknowledged yet. */
export interface Pending {
  sequence: number
  readonly count: number
  readonly mode: ProducerBatch['mode']
  /** What this batch defines, and the same as bytes. */
  readonly series: readonly ProducerSeries[]
  readonly named: Uint8Array
  readonly columns: Uint8Array
  rejections: ProducerRejection[]
  /**
   * It only names series, ahead of readings that have no room for them: `first` for those that
   * the caller names, `again` for those that a stream must hear again.
   */
  readonly ahead?: 'first' | 'again'
}

/** Bytes of the batch under way. */
export function sizeOf({ named, columns }: Pending): number {
  return named.length + columns.length
}

/** What a batch without readings consists of, but for the series. */
export function namesOnly(
  mode: ProducerBatch['mode'],
): Pick<Pending, 'count' | 'mode' | 'columns'> {
  const none = { refs: new Uint32Array(0), times_ms: NO_TIMES, values: NO_TIMES }
  const batch = { count: 0, ...none, ...(mode ? { mode } : {}) }
  return { count: 0, mode, columns: encodeColumns(batch, { first: 0, count: 0 }) }
}

const NO_TIMES = new Float64Array(0)
