import type { LogEntry } from '../flow.ts'
import { assert } from './assert.ts'

const VERSION = 1
const Kind = { batch: 1, json: 2 } as const
/** version, kind, mode, spare, epoch u32, sequence f64, received f64, producer u16, runs u32 */
const BATCH_HEAD_BYTES = 30

const toUtf8 = new TextEncoder()
const fromUtf8 = new TextDecoder()

/** Producers whose names are kept as bytes; a few send most batches. */
const NAMES_MAX = 1000
const names = new Map<string, Uint8Array>()

function utf8Of(name: string): Uint8Array {
  const known = names.get(name)
  if (known) return known
  if (names.size >= NAMES_MAX) names.clear()
  const bytes = toUtf8.encode(name)
  names.set(name, bytes)
  return bytes
}

/** Writes a log entry: batches in a compact form around their wire bytes, the rest as JSON. */
export function encodeEntry(entry: LogEntry): Uint8Array {
  if (entry.kind !== 'batch') {
    const json = toUtf8.encode(JSON.stringify(entry))
    const bytes = new Uint8Array(2 + json.length)
    bytes[0] = VERSION
    bytes[1] = Kind.json
    bytes.set(json, 2)
    return bytes
  }
  const producer = utf8Of(entry.producer)
  assert(producer.length <= 0xffff, 'a producer id fits in 65535 bytes')
  const runs_at = BATCH_HEAD_BYTES + producer.length
  const wire_at = runs_at + 8 * entry.rejected.length
  // Not filled with zeros first: every byte is written below, the spare one too.
  const bytes = Buffer.allocUnsafe(wire_at + entry.wire.length)
  bytes[0] = VERSION
  bytes[1] = Kind.batch
  bytes[2] = entry.mode === 'backfill' ? 1 : 0
  bytes[3] = 0
  bytes.writeUInt32LE(entry.epoch, 4)
  bytes.writeDoubleLE(entry.sequence, 8)
  bytes.writeDoubleLE(entry.received_ms, 16)
  bytes.writeUInt16LE(producer.length, 24)
  bytes.writeUInt32LE(entry.rejected.length, 26)
  bytes.set(producer, BATCH_HEAD_BYTES)
  entry.rejected.forEach(([first, count], i) => {
    bytes.writeUInt32LE(first, runs_at + 8 * i)
    bytes.writeUInt32LE(count, runs_at + 8 * i + 4)
  })
  bytes.set(entry.wire, wire_at)
  return bytes
}

/** Reads what encodeEntry wrote; a batch's `wire` is a view of `bytes`. */
export function decodeEntry(bytes: Uint8Array): LogEntry {
  assert(bytes.length >= 2 && bytes[0] === VERSION, 'a log entry starts with a known version')
  if (bytes[1] === Kind.json) return JSON.parse(fromUtf8.decode(bytes.subarray(2))) as LogEntry
  assert(bytes[1] === Kind.batch, 'a log entry is a batch or JSON')
  assert(bytes.length >= BATCH_HEAD_BYTES, 'a batch entry has a whole head')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const runs_at = BATCH_HEAD_BYTES + view.getUint16(24, true)
  const run_count = view.getUint32(26, true)
  const wire_at = runs_at + 8 * run_count
  assert(wire_at <= bytes.length, 'a batch entry holds all its rejected runs')
  return {
    kind: 'batch',
    producer: fromUtf8.decode(bytes.subarray(BATCH_HEAD_BYTES, runs_at)),
    epoch: view.getUint32(4, true),
    sequence: view.getFloat64(8, true),
    received_ms: view.getFloat64(16, true),
    mode: bytes[2] === 1 ? 'backfill' : 'live',
    rejected: Array.from({ length: run_count }, (_, i) => [
      view.getUint32(runs_at + 8 * i, true),
      view.getUint32(runs_at + 8 * i + 4, true),
    ]),
    wire: new Uint8Array(bytes.buffer, bytes.byteOffset + wire_at, bytes.length - wire_at),
  }
}
