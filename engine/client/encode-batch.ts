import { liquidus } from '#proto/gen/ingest.js'
import { assert } from '../core/assert.ts'

const { ReadingBatch } = liquidus.ingest.v1

/** What a ref means: a measured quantity of an asset in a unit (empty: the line's own). */
export interface ProducerSeries {
  readonly ref: number
  readonly asset_path: string
  readonly tag: string
  readonly unit: string
}

/** Readings to send, columnar; `count` entries of each array are used. */
export interface ProducerBatch {
  /** Definitions of refs that this batch uses for the first time, or anew. */
  readonly series?: readonly ProducerSeries[]
  readonly count: number
  readonly refs: Uint32Array // [reading]
  readonly times_ms: Float64Array // [reading]
  readonly values: Float64Array // [reading]
  /** 0 good, 1 uncertain, 2 bad; absent: all good. */
  readonly qualities?: Uint8Array // [reading]
  readonly mode?: 'live' | 'backfill'
}

/** A stretch of a batch that fits one message. */
export interface Segment {
  readonly first: number
  readonly count: number
}

const OFFSET_MS_MAX = 0x7fffffff
const READING_BYTES = 17
const BATCH_FIELD = 0x12 // field 2, length-delimited, of StreamReadingsRequest
const WRITE_BATCH_FIELD = 0x1a // field 3, length-delimited, of WriteReadingsRequest

/** Cuts a batch where it passes `bytes_max` or where its times span more than 32 bits of ms. */
export function segments(batch: ProducerBatch, bytes_max: number): readonly Segment[] {
  const readings_max = Math.max(1, Math.floor(bytes_max / READING_BYTES))
  const found: Segment[] = []
  let first = 0
  for (let row = 1; row < batch.count; row++) {
    const span_ms = Math.abs(batch.times_ms[row]! - batch.times_ms[first]!)
    if (row - first < readings_max && span_ms <= OFFSET_MS_MAX) continue
    found.push({ first, count: row - first })
    first = row
  }
  found.push({ first, count: batch.count - first })
  return found
}

/** Encodes mode, times and columns of a segment: a ReadingBatch without sequence and series. */
export function encodeColumns(batch: ProducerBatch, { first, count }: Segment): Uint8Array {
  const { refs, times_ms, values, qualities } = batch
  const whole = first + count
  assert(refs.length >= whole && times_ms.length >= whole && values.length >= whole, 'full columns')
  assert(!qualities || qualities.length >= whole, 'full columns')
  const base_ms = count === 0 ? 0 : Math.round(times_ms[first]!)
  const offsets = new Int32Array(count)
  for (let i = 0; i < count; i++) offsets[i] = Math.round(times_ms[first + i]!) - base_ms
  const mode = batch.mode === 'backfill' ? 2 : 1
  const head = ReadingBatch.encode({ mode, baseTimeMs: base_ms }).finish()
  if (count === 0) return head
  const parts = [
    head,
    ...column(0x2a, bytesOf(refs, first, count)),
    ...column(0x32, bytesOf(offsets)),
  ]
  parts.push(...column(0x3a, bytesOf(values, first, count)))
  if (qualities) parts.push(...column(0x42, qualities.subarray(first, whole)))
  return Buffer.concat(parts)
}

/** Encodes series definitions as fields of a ReadingBatch. */
export function encodeSeries(series: Iterable<ProducerSeries>): Uint8Array {
  const list = [...series].map(one => ({
    ref: one.ref,
    assetPath: one.asset_path,
    tag: one.tag,
    unit: one.unit,
  }))
  return ReadingBatch.encode({ series: list }).finish()
}

/** A StreamReadingsRequest that holds one batch. */
export function encodeBatchRequest(
  sequence: number,
  series: Uint8Array,
  columns: Uint8Array,
): Buffer {
  const number = ReadingBatch.encode({ sequence }).finish()
  const size = number.length + series.length + columns.length
  return Buffer.concat([new Uint8Array([BATCH_FIELD, ...varint(size)]), number, series, columns])
}

/** The batch field of a WriteReadingsRequest, to append to its other fields. */
export function encodeWriteBatch(
  sequence: number,
  series: Uint8Array,
  columns: Uint8Array,
): Buffer {
  const request = encodeBatchRequest(sequence, series, columns)
  request[0] = WRITE_BATCH_FIELD
  return request
}

function column(tag: number, bytes: Uint8Array): Uint8Array[] {
  return [new Uint8Array([tag, ...varint(bytes.length)]), bytes]
}

function bytesOf(
  array: Uint32Array | Int32Array | Float64Array,
  first = 0,
  count = array.length,
): Uint8Array {
  const width = array.BYTES_PER_ELEMENT
  return new Uint8Array(array.buffer, array.byteOffset + first * width, count * width)
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
  return bytes
}
