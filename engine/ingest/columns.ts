import { assert } from '../core/assert.ts'
import { scanColumns } from './column-scan.ts'
import { readText, WireReader, WireType } from './wire.ts'

/** One measured quantity as a producer names it. */
export interface SeriesDefinition {
  readonly ref: number
  readonly asset_path: string
  readonly tag: string
  readonly unit: string
}

/** A ReadingBatch message as typed arrays, checked for shape but not yet for meaning. */
export interface Columns {
  readonly sequence: number
  readonly mode: 'live' | 'backfill'
  readonly count: number
  readonly series: readonly SeriesDefinition[]
  readonly refs: Uint32Array // [reading]
  readonly times_ms: Float64Array // [reading]
  readonly values: Float64Array // [reading], in the unit of the series
  readonly qualities: Uint8Array // [reading], or empty: all good
}

/** Why bytes are not a ReadingBatch. */
export interface DecodeProblem {
  readonly problem: string
}

/** Longest asset path, tag or unit, in bytes. */
export const TEXT_BYTES_MAX = 256
/** Most series definitions in one batch. */
export const SERIES_PER_BATCH_MAX = 65_536

const Field = {
  sequence: 1,
  mode: 2,
  series: 3,
  base: 4,
  refs: 5,
  offsets: 6,
  values: 7,
  qualities: 8,
} as const
const BACKFILL = 2

assert(new Uint8Array(new Uint32Array([1]).buffer)[0] === 1, 'the machine is little-endian')

/** True when decodeColumns could not read the bytes. */
export function isDecodeProblem(decoded: Columns | DecodeProblem): decoded is DecodeProblem {
  return 'problem' in decoded
}

/** Arrays that all calls of readColumns fill, and the bytes behind them; they grow as needed. */
let refs = new Uint32Array(1024)
let offsets = new Int32Array(1024)
let values = new Float64Array(1024)
let times_ms = new Float64Array(1024)
let refBytes = new Uint8Array(refs.buffer)
let offsetBytes = new Uint8Array(offsets.buffer)
let valueBytes = new Uint8Array(values.buffer)
const NO_QUALITIES = new Uint8Array(0)
const NO_SERIES: readonly SeriesDefinition[] = []

function reserve(count: number): void {
  if (count <= refs.length) return
  const size = 2 ** Math.ceil(Math.log2(count))
  refs = new Uint32Array(size)
  offsets = new Int32Array(size)
  values = new Float64Array(size)
  times_ms = new Float64Array(size)
  refBytes = new Uint8Array(refs.buffer)
  offsetBytes = new Uint8Array(offsets.buffer)
  valueBytes = new Uint8Array(values.buffer)
}

/**
 * Decodes the bytes of one ReadingBatch message into arrays that the next call overwrites and that
 * may be longer than `count`. Never throws.
 */
export function readColumns(bytes: Uint8Array): Columns | DecodeProblem {
  const places = scanColumns(bytes)
  if (!places) return readCarefully(bytes)
  const { sequence, mode, base_ms, qualities_at, qualities_size } = places
  const count = places.refs_size / 4
  reserve(count)
  copyBytes(bytes, places.refs_at, places.refs_size, refBytes)
  copyBytes(bytes, places.offsets_at, places.offsets_size, offsetBytes)
  copyBytes(bytes, places.values_at, places.values_size, valueBytes)
  for (let i = 0; i < count; i++) times_ms[i] = base_ms + offsets[i]!
  const qualities =
    qualities_size === 0
      ? NO_QUALITIES
      : bytes.subarray(qualities_at, qualities_at + qualities_size)
  return {
    sequence,
    mode: mode === BACKFILL ? 'backfill' : 'live',
    count,
    series: NO_SERIES,
    refs,
    times_ms,
    values,
    qualities,
  }
}

/** Decodes the bytes of one ReadingBatch message into arrays of its own. Pure; never throws. */
export function decodeColumns(bytes: Uint8Array): Columns | DecodeProblem {
  const read = readColumns(bytes)
  if (isDecodeProblem(read)) return read
  const { count } = read
  return {
    ...read,
    refs: read.refs.slice(0, count),
    times_ms: read.times_ms.slice(0, count),
    values: read.values.slice(0, count),
    qualities: Uint8Array.from(read.qualities),
  }
}

/** A view of a few bytes costs more than copying them one by one. */
const FEW_BYTES = 256

function copyBytes(bytes: Uint8Array, from: number, size: number, into: Uint8Array): void {
  if (size > FEW_BYTES) into.set(new Uint8Array(bytes.buffer, bytes.byteOffset + from, size))
  else for (let i = 0; i < size; i++) into[i] = bytes[from + i]!
}

/** Takes all that the format allows: definitions, columns in pieces or unpacked, unknown fields. */
function readCarefully(bytes: Uint8Array): Columns | DecodeProblem {
  const reader = new WireReader(bytes)
  const shape = emptyShape()
  while (reader.next()) measure(reader, shape)
  const problem = reader.problem || shapeProblem(shape)
  if (problem !== '') return { problem }
  const count = shape.refs
  reserve(count)
  fill(bytes, Field.refs, refBytes, 4 * count, 4)
  fill(bytes, Field.offsets, offsetBytes, 4 * count, 4)
  fill(bytes, Field.values, valueBytes, 8 * count, 8)
  const { base_ms } = shape
  for (let i = 0; i < count; i++) times_ms[i] = base_ms + offsets[i]!
  return {
    sequence: shape.sequence,
    mode: shape.mode === BACKFILL ? 'backfill' : 'live',
    count,
    series: shape.series,
    refs,
    times_ms,
    values,
    qualities: bytes.subarray(shape.qualities_start, shape.qualities_end),
  }
}

/** What a first pass over the bytes finds: scalars, definitions, and lengths of the columns. */
interface Shape {
  sequence: number
  mode: number
  base_ms: number
  readonly series: SeriesDefinition[]
  refs: number
  offsets: number
  values: number
  qualities_start: number
  qualities_end: number
}

const emptyShape = (): Shape => ({
  sequence: 0,
  mode: 0,
  base_ms: 0,
  series: [],
  refs: 0,
  offsets: 0,
  values: 0,
  qualities_start: 0,
  qualities_end: 0,
})

/** Takes one field; a field of another wire type than ours is skipped, as everywhere. */
function measure(reader: WireReader, shape: Shape): void {
  const { field, wireType } = reader
  if (field === Field.refs) shape.refs += elements(reader, 4, 'series_refs')
  else if (field === Field.offsets) shape.offsets += elements(reader, 4, 'time_offsets_ms')
  else if (field === Field.values) shape.values += elements(reader, 8, 'values')
  else if (wireType === WireType.varint && field === Field.sequence) {
    shape.sequence = reader.varint()
  } else if (wireType === WireType.varint && field === Field.mode) shape.mode = reader.varint()
  else if (wireType === WireType.varint && field === Field.base) {
    shape.base_ms = reader.signedVarint()
  } else if (wireType === WireType.bytes && field === Field.series) addSeries(reader, shape.series)
  else if (wireType === WireType.bytes && field === Field.qualities) {
    const size = reader.length()
    shape.qualities_start = reader.position
    shape.qualities_end = reader.position += size
  } else reader.skip()
}

function shapeProblem(shape: Shape): string {
  if (shape.sequence > Number.MAX_SAFE_INTEGER) return 'sequence is 2^53 or more'
  const { refs, offsets, values } = shape
  if (refs !== offsets || refs !== values) {
    const lengths = `${refs} series_refs, ${offsets} time_offsets_ms, ${values} values`
    return `columns differ in length: ${lengths}`
  }
  const qualities = shape.qualities_end - shape.qualities_start
  if (qualities === 0 || qualities === refs) return ''
  return `columns differ in length: ${refs} readings, ${qualities} qualities`
}

function addSeries(reader: WireReader, series: SeriesDefinition[]): void {
  if (series.length < SERIES_PER_BATCH_MAX) series.push(readSeries(reader))
  else reader.fail(`more than ${SERIES_PER_BATCH_MAX} series definitions in one batch`)
}

/** Steps over one piece of a fixed-width column, packed or single, and counts its elements. */
function elements(reader: WireReader, width: 4 | 8, name: string): number {
  const single = width === 4 ? WireType.fixed32 : WireType.fixed64
  if (reader.wireType === single) {
    reader.skip()
    return 1
  }
  if (reader.wireType !== WireType.bytes) {
    reader.skip()
    return 0
  }
  const size = reader.length()
  if (size % width !== 0) reader.fail(`${name}: ${size} bytes are no whole number of elements`)
  else reader.position += size
  return size / width
}

/** Second pass over checked bytes: copies all pieces of one column, in order. */
function fill(
  bytes: Uint8Array,
  field: number,
  target: Uint8Array,
  size_bytes: number,
  width: 4 | 8,
): void {
  const reader = new WireReader(bytes)
  let filled = 0
  while (filled < size_bytes && reader.next()) {
    const single = reader.wireType === (width === 4 ? WireType.fixed32 : WireType.fixed64)
    if (reader.field !== field || (!single && reader.wireType !== WireType.bytes)) {
      reader.skip()
      continue
    }
    const size = single ? width : reader.length()
    target.set(bytes.subarray(reader.position, reader.position + size), filled)
    reader.position += size
    filled += size
  }
}

function readSeries(reader: WireReader): SeriesDefinition {
  const size = reader.length()
  const inner = new WireReader(reader.bytes, reader.position, reader.position + size)
  let ref = 0
  let asset_path = ''
  let tag = ''
  let unit = ''
  while (inner.next()) {
    const text = inner.wireType === WireType.bytes
    if (inner.field === 1 && inner.wireType === WireType.varint) ref = inner.varint() % 4294967296
    else if (inner.field === 2 && text) asset_path = readText(inner, TEXT_BYTES_MAX, 'asset_path')
    else if (inner.field === 3 && text) tag = readText(inner, TEXT_BYTES_MAX, 'tag')
    else if (inner.field === 4 && text) unit = readText(inner, TEXT_BYTES_MAX, 'unit')
    else inner.skip()
  }
  if (inner.problem !== '') reader.fail(inner.problem)
  else reader.position += size
  return { ref, asset_path, tag, unit }
}
