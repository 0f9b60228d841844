/** Wire types of protocol buffers; 3 and 4 are the groups that nobody uses, 6 and 7 do not exist. */
export const Wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/** One field of a message before it is bytes, so that it can be moved, split or spoilt. */
export interface Field {
  readonly field: number
  readonly wire: number
  /** What stands behind the tag; for `Wire.bytes` without its length. */
  readonly body: Uint8Array
  /** Length to claim instead of the true one. */
  readonly claim?: number
}

/** A varint of any size up to 2^64 - 1; negative numbers as int64 takes them. */
export function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (;;) {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    if (rest === 0n) return Uint8Array.from([...bytes, low])
    bytes.push(low | 0x80)
  }
}

/** A varint field. */
export const number = (field: number, value: number | bigint): Field => ({
  ...{ field, wire: Wire.varint },
  body: varint(value),
})

/** A field of bytes or UTF-8 text. */
export const bytes = (field: number, body: Uint8Array | string): Field => ({
  ...{ field, wire: Wire.bytes },
  body: typeof body === 'string' ? Buffer.from(body) : body,
})

/** A column of fixed-width elements, packed. */
export const packed = (field: number, column: Uint32Array | Int32Array | Float64Array): Field =>
  bytes(field, new Uint8Array(column.buffer, column.byteOffset, column.byteLength))

/** The fields as bytes, in their order. */
export function message(fields: readonly Field[]): Buffer {
  const parts: Uint8Array[] = []
  for (const { field, wire, body, claim } of fields) {
    parts.push(varint(BigInt(field) * 8n + BigInt(wire)))
    if (wire === Wire.bytes) parts.push(varint(claim ?? body.length))
    parts.push(body)
  }
  return Buffer.concat(parts)
}
