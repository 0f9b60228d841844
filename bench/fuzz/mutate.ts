import type { Random } from '#engine/core/random.ts'
import { type Field, varint, Wire } from './wire-bytes.ts'

/** Picks one of the values. */
export const oneOf = <T>(random: Random, values: readonly T[]): T =>
  values[random.integer(values.length)]!

/** Random bytes. */
export const noise = (random: Random, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, () => random.integer(256)))

const LENGTHS = [0, 1, 7, 127, 128, 65_535, 2 ** 20, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40]
const FIELDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 100, 19_000, 2 ** 29 - 1, 2 ** 29, 2 ** 32]

type FieldMutation = (fields: Field[], random: Random) => void

const FIELD_MUTATIONS: readonly FieldMutation[] = [
  // Another order.
  (fields, random) => {
    for (let at = fields.length - 1; at > 0; at--) {
      const other = random.integer(at + 1)
      ;[fields[at], fields[other]] = [fields[other]!, fields[at]!]
    }
  },
  // A field twice.
  (fields, random) => {
    fields.splice(random.integer(fields.length + 1), 0, oneOf(random, fields))
  },
  // A field less.
  (fields, random) => {
    if (fields.length > 1) fields.splice(random.integer(fields.length), 1)
  },
  // A column in pieces.
  (fields, random) => {
    const at = random.integer(fields.length)
    const { wire, body, field } = fields[at]!
    if (wire !== Wire.bytes || body.length < 2) return
    const grain = oneOf(random, [1, 4, 8])
    const cut = grain * random.integer(Math.floor(body.length / grain) + 1)
    const pieces = [body.subarray(0, cut), body.subarray(cut)]
    fields.splice(at, 1, ...pieces.map(piece => ({ field, wire, body: piece })))
  },
  // A column as single elements.
  (fields, random) => {
    const at = fields.findIndex(one => one.field >= 5 && one.wire === Wire.bytes)
    if (at < 0) return
    const { field, body } = fields[at]!
    const width = field === 7 ? 8 : 4
    const wire = field === 7 ? Wire.fixed64 : Wire.fixed32
    const count = Math.min(64, Math.floor(body.length / width), 1 + random.integer(64))
    const singles = Array.from({ length: count }, (_, i) => ({
      ...{ field, wire },
      body: body.subarray(i * width, (i + 1) * width),
    }))
    fields.splice(at, 1, ...singles)
  },
  // A field that nobody knows.
  (fields, random) => {
    const wire = random.integer(8)
    const size = wire === Wire.fixed64 ? 8 : wire === Wire.fixed32 ? 4 : random.integer(20)
    const body = wire === Wire.varint ? varint(random.integer(2 ** 31)) : noise(random, size)
    const field = oneOf(random, FIELDS)
    fields.splice(random.integer(fields.length + 1), 0, { field, wire, body })
  },
  // A field of another type.
  (fields, random) => {
    const at = random.integer(fields.length)
    fields[at] = { ...fields[at]!, wire: random.integer(8) }
  },
  // Another field number.
  (fields, random) => {
    const at = random.integer(fields.length)
    fields[at] = { ...fields[at]!, field: oneOf(random, FIELDS) }
  },
  // A length that is not so.
  (fields, random) => {
    const at = random.integer(fields.length)
    const { body } = fields[at]!
    const near = Math.max(0, body.length + random.integer(17) - 8)
    fields[at] = { ...fields[at]!, claim: random.uniform() < 0.5 ? near : oneOf(random, LENGTHS) }
  },
  // A body cut short or grown.
  (fields, random) => {
    const at = random.integer(fields.length)
    const { body } = fields[at]!
    const grown = random.uniform() < 0.5
    const changed = grown
      ? Buffer.concat([body, noise(random, 1 + random.integer(16))])
      : body.subarray(0, random.integer(body.length + 1))
    fields[at] = { ...fields[at]!, body: changed }
  },
  // A varint longer than any number.
  (fields, random) => {
    const at = random.integer(fields.length)
    const body = Buffer.alloc(9 + random.integer(6), 0xff)
    fields[at] = { ...fields[at]!, wire: Wire.varint, body }
  },
]

/** Changes the structure of a message, `times` over. */
export function mutateFields(fields: readonly Field[], random: Random, times: number): Field[] {
  const changed = [...fields]
  for (let i = 0; i < times && changed.length > 0; i++) {
    oneOf(random, FIELD_MUTATIONS)(changed, random)
  }
  return changed
}

/** Changes bytes without regard to what they mean. */
export function mutateBytes(bytes: Uint8Array, random: Random): Buffer {
  const copy = Buffer.from(bytes)
  const way = random.integer(5)
  if (way === 0) {
    for (let i = 0; i <= random.integer(4) && copy.length > 0; i++) {
      copy[random.integer(copy.length)]! ^= 1 << random.integer(8)
    }
    return copy
  }
  const at = random.integer(copy.length + 1)
  if (way === 1) return copy.subarray(0, at)
  if (way === 2) return Buffer.concat([copy.subarray(0, at), noise(random, 8), copy.subarray(at)])
  if (way === 3) return Buffer.concat([copy.subarray(at), copy.subarray(0, at)])
  return noise(random, random.integer(64))
}
