import { assert } from '../core/assert.ts'
import { LiquidusError } from '../core/errors.ts'
import { joinPieces, type Pieces } from '../core/sections.ts'

/** What a twin keeps its state in. */
export type StateArray = Float64Array | Float32Array | Int16Array

const MAGIC = 0x4c515457 // "LQTW"
const HEADER_BYTES = 16

/** Identity of a twin's state; bytes of another one are refused. */
export interface StateKind {
  readonly name: string
  readonly version: number
}

/** FNV-1a of the name, so that a generic twin's bytes never enter a potline. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193)
  return value >>> 0
}

function bytesOf(arrays: readonly StateArray[]): number {
  let size = HEADER_BYTES
  for (const array of arrays) size += array.byteLength
  return size
}

/** Writes header and arrays into one fresh buffer, little-endian as all supported machines are. */
export function packState(kind: StateKind, arrays: readonly StateArray[]): Uint8Array {
  return joinPieces(statePieces(kind, arrays))
}

/** Header and arrays as they are, without a copy. */
export function statePieces(kind: StateKind, arrays: readonly StateArray[]): Pieces {
  const head = new Uint8Array(HEADER_BYTES)
  const header = new DataView(head.buffer)
  header.setUint32(0, MAGIC)
  header.setUint32(4, kind.version)
  header.setUint32(8, hash(kind.name))
  header.setUint32(12, bytesOf(arrays))
  return [
    head,
    ...arrays.map(array => new Uint8Array(array.buffer, array.byteOffset, array.byteLength)),
  ]
}

/** Fills the arrays from bytes of `packState`; throws MODEL_INVALID when they are of another twin. */
export function unpackState(
  kind: StateKind,
  arrays: readonly StateArray[],
  bytes: Uint8Array,
): void {
  const problem = problemWith(kind, arrays, bytes)
  if (problem) throw new LiquidusError('MODEL_INVALID', { model: kind.name, problem })
  let at = HEADER_BYTES
  for (const array of arrays) {
    const part = bytes.subarray(at, at + array.byteLength)
    assert(part.length === array.byteLength, 'a state array is whole')
    new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(part)
    at += array.byteLength
  }
}

function problemWith(kind: StateKind, arrays: readonly StateArray[], bytes: Uint8Array): string {
  if (bytes.length < HEADER_BYTES) return 'its stored state is truncated'
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (header.getUint32(0) !== MAGIC) return 'its stored state is not a twin state'
  if (header.getUint32(8) !== hash(kind.name)) return 'its stored state is of another twin'
  const version = header.getUint32(4)
  if (version !== kind.version)
    return `its stored state has version ${version}, not ${kind.version}`
  const size = bytesOf(arrays)
  if (bytes.length !== size || header.getUint32(12) !== size) {
    return `its stored state has ${bytes.length} bytes instead of ${size}: other cells or tags`
  }
  return ''
}
