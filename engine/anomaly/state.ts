import { assert } from '../core/assert.ts'
import { joinPieces, type Pieces } from '../core/sections.ts'

/** Numbers a part of the stage keeps between ticks. */
export type StateArray = Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array

/** A part of the stage with memory; `load` after `save` gives the same memory, bit for bit. */
export interface Stateful {
  save(out: StateWriter): void
  load(from: StateReader): void
}

/** Collects state as length-prefixed parts, in a fixed order. */
export interface StateWriter {
  array(values: StateArray): void
  text(value: string): void
  bytes(): Uint8Array
  /** What `bytes` joins: the arrays themselves, no copies. */
  pieces(): Pieces
}

/** Gives the parts back in the order they were written. */
export interface StateReader {
  /** Fills `into`; the stored length must be its length. */
  array(into: StateArray): void
  text(): string
}

const PREFIX_SIZE = 4

/** An empty writer. */
export function stateWriter(): StateWriter {
  const pieces: Uint8Array[] = []
  const add = (part: Uint8Array) => {
    const prefix = new Uint8Array(PREFIX_SIZE)
    new DataView(prefix.buffer).setUint32(0, part.length, true)
    pieces.push(prefix, part)
  }
  const encoder = new TextEncoder()
  return {
    array(values) {
      add(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    },
    text(value) {
      add(encoder.encode(value))
    },
    bytes: () => joinPieces(pieces),
    pieces: () => pieces,
  }
}

/** Reads what a writer gave. */
export function stateReader(bytes: Uint8Array): StateReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  const next = () => {
    assert(at + PREFIX_SIZE <= bytes.length, 'the anomaly state has one more part')
    const length = view.getUint32(at, true)
    const from = at + PREFIX_SIZE
    assert(from + length <= bytes.length, 'a part of the anomaly state is whole')
    at = from + length
    return bytes.subarray(from, at)
  }
  const decoder = new TextDecoder()
  return {
    array(into) {
      const part = next()
      assert(part.length === into.byteLength, 'the anomaly state fits this line and these models')
      new Uint8Array(into.buffer, into.byteOffset, into.byteLength).set(part)
    },
    text: () => decoder.decode(next()),
  }
}
