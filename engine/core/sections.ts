import { assert } from './assert.ts'

/**
 * One buffer of named parts: "LQS1", part count, then per part a name and its bytes.
 * The order is the caller's, so equal parts give equal bytes.
 */
const MAGIC = 0x3153514c // "LQS1", little endian

export function packSections(
  parts: readonly (readonly [name: string, bytes: Uint8Array])[],
): Uint8Array {
  const names = parts.map(([name]) => new TextEncoder().encode(name))
  let size = 8
  for (const [index, [, bytes]] of parts.entries()) size += 8 + names[index]!.length + bytes.length
  const packed = new Uint8Array(size)
  const view = new DataView(packed.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint32(4, parts.length, true)
  let at = 8
  for (const [index, [, bytes]] of parts.entries()) {
    const name = names[index]!
    view.setUint32(at, name.length, true)
    view.setUint32(at + 4, bytes.length, true)
    packed.set(name, at + 8)
    packed.set(bytes, at + 8 + name.length)
    at += 8 + name.length + bytes.length
  }
  return packed
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
