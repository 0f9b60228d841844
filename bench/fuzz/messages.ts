import type { Random } from '#engine/core/random.ts'
import { mutateBytes, mutateFields, noise, oneOf } from './mutate.ts'
import { bytes, type Field, message, number, packed } from './wire-bytes.ts'

/** Lines, assets and tags that the engine under test knows. */
export const KNOWN = {
  lines: ['wall', 'stream'],
  assets: ['pump-1', 'pump-2'],
  tags: ['pressure', 'flow'],
} as const
/** Producers of single calls, and the one of each stream. */
export const PRODUCERS_MAX = 64
/** Lines that proposals may make. */
const MADE_LINES_MAX = 8

const VALUES = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324],
  ...[1e308, -1e308, 1e16, 19.999, 20.001],
]
const BASES_MS = [
  ...[0n, -1n, 1n << 53n, (1n << 63n) - 1n, -(1n << 63n), 1_700_000_000n],
  ...[631_151_999_999n, 7_258_118_400_000n, 1_767_225_600_000n],
]
const OFFSETS_MS = [0, 1, -1, 2 ** 31 - 1, -(2 ** 31), 120_001, -120_001, 36 * 3600_000]
const REFS = [0, 99, 2 ** 31, 2 ** 32 - 1]
const TEXTS = [
  ...['', ' ', 'pump-9', 'tenant:other/pump-1', '../../etc/passwd', 'pump-1\u0000', '__proto__'],
  ...['constructor', 'é\u202e🔥', 'x'.repeat(300), 'a b', 'Pump-1', '%s%n', "'; drop--"],
]
const UNITS = ['bar', 'Pa', 'kg', '', 'furlong', '__proto__', '°C', 'x'.repeat(300)]
const LINES = ['', 'nowhere', 'other/wall', 'WALL', 'a b', 'x'.repeat(600), '__proto__', 'wall/']
const SEQUENCES = [1n, 2n, 1n << 32n, 1n << 53n, (1n << 64n) - 1n]

function rowCount(random: Random): number {
  const chance = random.uniform()
  if (chance < 0.1) return 0
  if (chance < 0.97) return 1 + random.integer(8)
  return chance < 0.999 ? 100 + random.integer(400) : 5000
}

function seriesField(random: Random): Field {
  const odd = random.uniform() < 0.15
  const text = (good: readonly string[]) => oneOf(random, odd ? TEXTS : good)
  const fields = [
    number(1, odd ? oneOf(random, REFS) : 1 + random.integer(4)),
    bytes(2, text(KNOWN.assets)),
    bytes(3, text(KNOWN.tags)),
    bytes(4, odd ? oneOf(random, UNITS) : ''),
  ]
  const changed = random.uniform() < 0.05 ? mutateFields(fields, random, 1) : fields
  const body = message(changed)
  return bytes(3, random.uniform() < 0.02 ? noise(random, body.length) : body)
}

/** The fields of a batch: mostly right, here and there with a value at an edge. */
export function batchFields(random: Random, now_ms: number, sequence: number | bigint): Field[] {
  const count = rowCount(random)
  const rarely = <T>(values: readonly T[], usual: T): T =>
    random.uniform() < 0.03 ? oneOf(random, values) : usual
  const base_ms = rarely<number | bigint>(BASES_MS, now_ms - 1000 - random.integer(1000))
  const refs = Uint32Array.from({ length: count }, () => rarely(REFS, 1 + random.integer(4)))
  const offsets = Int32Array.from({ length: count }, () => rarely(OFFSETS_MS, random.integer(1000)))
  const values = Float64Array.from({ length: count }, () => rarely(VALUES, 20 * random.uniform()))
  const fields: Field[] = []
  if (sequence !== 0) fields.push(number(1, sequence))
  fields.push(number(2, rarely([0, 2, 3, 2 ** 31], 1)))
  const series = random.uniform() < 0.9 ? 1 + random.integer(4) : 0
  for (let i = 0; i < series; i++) fields.push(seriesField(random))
  fields.push(number(4, base_ms), packed(5, refs), packed(6, offsets), packed(7, values))
  if (random.uniform() < 0.3) {
    fields.push(
      bytes(
        8,
        Uint8Array.from({ length: count }, () => rarely([3, 200, 255], 0)),
      ),
    )
  }
  return fields
}

/** How far a message strays from what it should be. */
function spoil(fields: Field[], random: Random): Buffer {
  const chance = random.uniform()
  if (chance < 0.3) return message(fields)
  if (chance < 0.85) return message(mutateFields(fields, random, 1 + random.integer(3)))
  return mutateBytes(message(fields), random)
}

/** A ReadingBatch that is right, at an edge, or spoilt. */
export const fuzzedBatch = (random: Random, now_ms: number, sequence: number | bigint): Buffer =>
  spoil(batchFields(random, now_ms, sequence), random)

function proposal(random: Random): Buffer {
  const tag = [
    ...[bytes(1, oneOf(random, [...KNOWN.tags, ...TEXTS])), bytes(2, oneOf(random, UNITS))],
    ...[number(3, random.integer(4)), number(4, random.integer(5)), number(5, 1000)],
    ...[number(6, oneOf(random, [0, 1000, -1])), number(7, random.integer(6))],
    packed(8, Float64Array.of(oneOf(random, VALUES))),
    packed(9, Float64Array.of(oneOf(random, VALUES))),
  ]
  const fields = [
    ...[number(1, random.integer(6)), number(2, random.integer(4)), number(3, random.integer(6))],
    number(4, oneOf(random, [0, 1, 10, 1000, 3_600_000, 2 ** 32])),
    ...Array.from({ length: random.integer(4) }, (_, i) =>
      bytes(5, oneOf(random, [`a${i}`, ...TEXTS])),
    ),
    ...Array.from({ length: random.integer(3) }, () => bytes(6, spoil(tag, random))),
  ]
  return spoil(fields, random)
}

function lineName(random: Random): string {
  return random.uniform() < 0.94 ? oneOf(random, KNOWN.lines) : oneOf(random, LINES)
}

/** Fields that a hello and a single call share. */
function heading(random: Random, producer: string): Field[] {
  if (random.uniform() < 0.004) {
    const made = `made-${random.integer(MADE_LINES_MAX)}`
    return [bytes(1, producer), bytes(2, made), bytes(4, proposal(random))]
  }
  const name = random.uniform() < 0.97 ? producer : oneOf(random, TEXTS)
  return [bytes(1, name), bytes(2, lineName(random))]
}

/** A WriteReadingsRequest around a batch. */
export function fuzzedWrite(random: Random, now_ms: number): Buffer {
  const producer = `call-${random.integer(PRODUCERS_MAX)}`
  const sequence = random.uniform() < 0.95 ? 0 : oneOf(random, SEQUENCES)
  const wire = fuzzedBatch(random, now_ms, sequence)
  const fields = [...heading(random, producer), bytes(3, wire)]
  return random.uniform() < 0.9 ? message(fields) : spoil(fields, random)
}

const hello = (fields: readonly Field[]): Buffer => message([bytes(1, message(fields))])
const batch = (wire: Uint8Array): Buffer => message([bytes(2, wire)])

/** Messages of one stream: right ones first, then one that is not. */
export function fuzzedStream(random: Random, now_ms: number, producer: string): readonly Buffer[] {
  const good = hello([bytes(1, producer), bytes(2, oneOf(random, KNOWN.lines))])
  const next = () => batch(fuzzedBatch(random, now_ms, oneOf(random, SEQUENCES)))
  switch (random.integer(9)) {
    case 0:
      return [hello(mutateFields(heading(random, producer), random, 2))]
    case 1:
      return [good, good]
    case 2:
      return [next()]
    case 3:
      return [good, batch(message(batchFields(random, now_ms, 0)))]
    case 4:
      return [good, message([bytes(1, good), bytes(2, next())])]
    case 5:
      return [good, message(mutateFields([bytes(3, '')], random, 2)), next()]
    case 6:
      return [mutateBytes(good, random), next()]
    case 7:
      return [good, mutateBytes(next(), random)]
    default:
      return [good, next(), next()]
  }
}
