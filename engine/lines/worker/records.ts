import { assert } from '../../core/assert.ts'
import type { LogRecord } from '../../store/port.ts'

/** Log records in a row, in buffers that can be handed to another thread as they are. */
export interface PackedRecords {
  /** Position of the first; the others follow without gaps. */
  readonly first: number
  readonly sizes: Uint32Array // [record]
  /** Bytes of the small records, one after the other. */
  readonly bytes: Uint8Array
  /** The large ones, each in a buffer of its own. */
  readonly large: readonly Uint8Array[]
}

/** To move a buffer costs as much as to copy about this many bytes. */
const LARGE_BYTES = 4096

/** Packs records whose bytes nobody else uses any more: the large ones are moved, not copied. */
export function packRecords(records: readonly LogRecord[]): PackedRecords {
  const sizes = Uint32Array.from(records, ({ bytes }) => bytes.length)
  const small = sizes.reduce((sum, size) => sum + (size < LARGE_BYTES ? size : 0), 0)
  const bytes = new Uint8Array(small)
  const large: Uint8Array[] = []
  const first = records[0]?.position ?? 0
  let at = 0
  for (const [i, record] of records.entries()) {
    assert(record.position === first + i, 'log entries come without gaps')
    if (record.bytes.length >= LARGE_BYTES) large.push(alone(record.bytes))
    else {
      bytes.set(record.bytes, at)
      at += record.bytes.length
    }
  }
  return { first, sizes, bytes, large }
}

/** The bytes with nothing else in their buffer. */
function alone(bytes: Uint8Array): Uint8Array {
  const { buffer, length } = bytes
  const isAlone = buffer.byteLength === length && buffer instanceof ArrayBuffer
  // The slice of a Buffer would be another view of the same memory.
  return isAlone ? bytes : new Uint8Array(bytes)
}

/** The records as views of the buffers. */
export function unpackRecords(packed: PackedRecords): readonly LogRecord[] {
  const { first, sizes, bytes, large } = packed
  let at = 0
  let taken = 0
  return Array.from(sizes, (size, i) => {
    const position = first + i
    if (size >= LARGE_BYTES) return { position, bytes: large[taken++]! }
    const from = at
    at += size
    return { position, bytes: bytes.subarray(from, at) }
  })
}

/** The buffers of packed records, to be moved instead of copied. */
export function buffersOf({ sizes, bytes, large }: PackedRecords): ArrayBuffer[] {
  return [sizes, bytes, ...large].map(one => one.buffer as ArrayBuffer)
}
