/** Wire types of the protocol buffers encoding. */
export const WireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const

/**
 * Bounds-checked cursor over protocol buffer bytes. It never throws: the first problem is kept in
 * `problem`, the cursor stands at the end, and what it returns from then on is 0.
 */
export class WireReader {
  readonly bytes: Uint8Array
  position: number
  end: number
  problem = ''
  field = 0
  wireType = 0

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes
    this.position = start
    this.end = end
  }

  fail(problem: string): void {
    if (this.problem === '') this.problem = problem
    this.position = this.end
  }

  /** Moves to the next field; false at the end or after a problem. */
  next(): boolean {
    if (this.position >= this.end) return false
    const tag = this.varint()
    this.field = Math.floor(tag / 8)
    this.wireType = tag % 8
    if (this.problem === '' && (this.field === 0 || tag > 0xffffffff)) {
      this.fail(`byte ${this.position}: not a field`)
    }
    return this.problem === ''
  }

  /** An unsigned varint as a number; values from 2^53 on lose their last bits. */
  varint(): number {
    const low = this.#varintLow()
    return this.#high * 4294967296 + low
  }

  /** A signed 64-bit varint (int64) as a number. */
  signedVarint(): number {
    const low = this.#varintLow()
    return (this.#high | 0) * 4294967296 + low
  }

  /** The length of a length-delimited field; the field's bytes start at `position`. */
  length(): number {
    const size = this.varint()
    if (this.problem === '' && size > this.end - this.position) {
      this.fail(`byte ${this.position}: a field of ${size} bytes runs past the end`)
      return 0
    }
    return this.problem === '' ? size : 0
  }

  skip(): void {
    if (this.wireType === WireType.varint) this.varint()
    else if (this.wireType === WireType.fixed64) this.#step(8)
    else if (this.wireType === WireType.bytes) this.#step(this.length())
    else if (this.wireType === WireType.fixed32) this.#step(4)
    else this.fail(`byte ${this.position}: wire type ${this.wireType} is not used here`)
  }

  #high = 0

  #step(size: number): void {
    if (size > this.end - this.position) this.fail('the message ends inside a field')
    else this.position += size
  }

  /** Returns the low 32 bits and leaves the high ones in #high, both unsigned. */
  #varintLow(): number {
    const { bytes, end } = this
    let low = 0
    this.#high = 0
    for (let i = 0; i < 10; i++) {
      if (this.position >= end) {
        this.fail('the message ends inside a number')
        this.#high = 0
        return 0
      }
      const byte = bytes[this.position++]!
      const bits = byte & 0x7f
      if (i < 4) low = (low | (bits << (7 * i))) >>> 0
      else if (i === 4) {
        low = (low | (bits << 28)) >>> 0
        this.#high = bits >>> 4
      } else this.#high = (this.#high | (bits << (7 * i - 32))) >>> 0
      if (byte < 0x80) return low
    }
    this.fail(`byte ${this.position}: a number is longer than 64 bits`)
    this.#high = 0
    return 0
  }
}

const utf8 = new TextDecoder()

/** The text of a length-delimited field, at most `size_max` bytes of it allowed. */
export function readText(reader: WireReader, size_max: number, what: string): string {
  const size = reader.length()
  if (size > size_max) {
    reader.fail(`${what} is ${size} bytes long; the limit is ${size_max}`)
    return ''
  }
  const text = utf8.decode(reader.bytes.subarray(reader.position, reader.position + size))
  reader.position += size
  return text
}
