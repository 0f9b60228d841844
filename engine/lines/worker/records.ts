import { assert } from '../../core/assert.ts'
import type { LogRecord } from '../../store/port.ts'

/** Log records in a row, in one buffer that can be handed to another thread as it is. */
export interface PackedRecords {
  /** Position of the first; the others follow without gaps. */
  readonly first: number
  readonly sizes: Uint32Array // [record]
  readonly bytes: Uint8Array
}

/** Copies the records into a buffer of their own. */
export function packRecords(records: readonly LogRecord[]): PackedRecords {
  const sizes = Uint32Array.from(records, ({ bytes }) => bytes.length)
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0))
  const first = records[0]?.position ?? 0
  let at = 0
  for (const [i, record] of records.entries()) {
    assert(record.position === first + i, 'log entries come without gaps')
    bytes.set(record.bytes, at)
    at += record.bytes.length
  }
  return { first, sizes, bytes }
}

/** The records as views of the buffer. */
export function unpackRecords({ first, sizes, bytes }: PackedRecords): readonly LogRecord[] {
  let at = 0
  return Array.from(sizes, (size, i) => {
    const from = at
    at += size
    return { position: first + i, bytes: bytes.subarray(from, at) }
  })
}

/** The buffers of packed records, to be moved instead of copied. */
export function buffersOf({ sizes, bytes }: PackedRecords): ArrayBuffer[] {
  return [sizes.buffer as ArrayBuffer, bytes.buffer as ArrayBuffer]
}
