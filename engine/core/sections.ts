import { assert } from './assert.ts'

/**
 * One buffer of named parts: "LQS1", part count, then per part a name and its bytes.
 * The order is the caller's, so equal parts give equal bytes.
 */
const MAGIC = 0x3153514c // "LQS1", little endian

/** Bytes as the pieces that make them, one after the other: what is packed itself, no copies. */
export type Pieces = readonly Uint8Array[]

export function packSections(
  parts: readonly (readonly [name: string, bytes: Uint8Array | Pieces])[],
): Uint8Array {
  return joinPieces(sectionPieces(parts))
}

/** What `packSections` joins. */
export function sectionPieces(
  parts: readonly (readonly [name: string, bytes: Uint8Array | Pieces])[],
): Pieces {
  const head = new Uint8Array(8)
  const start = new DataView(head.buffer)
  start.setUint32(0, MAGIC, true)
  start.setUint32(4, parts.length, true)
  const pieces: Uint8Array[] = [head]
  for (const [text, bytes] of parts) {
    const own = bytes instanceof Uint8Array ? [bytes] : bytes
    const name = new TextEncoder().encode(text)
    const title = new Uint8Array(8 + name.length)
    const view = new DataView(title.buffer)
    view.setUint32(0, name.length, true)
    view.setUint32(4, sizeOf(own), true)
    title.set(name, 8)
    pieces.push(title, ...own)
  }
  return pieces
}

const sizeOf = (pieces: Pieces): number => pieces.reduce((sum, { length }) => sum + length, 0)

/** The bytes in memory of their own, each copied once: a state of megabytes is all pages anew. */
export function joinPieces(pieces: Pieces): Uint8Array {
  // Not filled with zeros first: every byte is written below.
  const joined = new Uint8Array(Buffer.allocUnsafeSlow(sizeOf(pieces)).buffer)
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/** What a part has to keep, as pieces where it can tell them. */
export function piecesOf(part: { snapshot(): Uint8Array; pieces?(): Pieces }): Uint8Array | Pieces {
  return part.pieces?.() ?? part.snapshot()
}

/** The parts by name, as copies that start on an 8-byte boundary. */
export function unpackSections(packed: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength)
  assert(packed.length >= 8 && view.getUint32(0, true) === MAGIC, 'sections start with LQS1')
  const count = view.getUint32(4, true)
  const parts = new Map<string, Uint8Array>()
  let at = 8
  for (let i = 0; i < count; i++) {
    const nameSize = view.getUint32(at, true)
    const size = view.getUint32(at + 4, true)
    const start = at + 8 + nameSize
    assert(start + size <= packed.length, 'a section ends inside its buffer')
    const name = new TextDecoder().decode(packed.subarray(at + 8, start))
    parts.set(name, packed.slice(start, start + size))
    at = start + size
  }
  return parts
}

/** JSON as bytes; keys keep their insertion order. */
export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}

export function parseJsonBytes<T>(bytes: Uint8Array): T {
  return JSON.parse(new TextDecoder().decode(bytes)) as T
}

/** The bytes behind a typed array, without a copy. */
export function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength)
}

/** Copies `bytes` over the whole of `target`; sizes must match. */
export function copyInto(
  target: ArrayBufferView,
  bytes: Uint8Array | undefined,
  name: string,
): void {
  assert(
    bytes !== undefined && bytes.length === target.byteLength,
    `section ${name} fits its array`,
  )
  bytesOf(target).set(bytes)
}
