import fc from 'fast-check'
import { expect, test } from 'vitest'
import { liquidus } from '#proto/gen/ingest.js'
import { scanColumns } from './column-scan.ts'
import type { Columns } from './columns.ts'
import { decodeColumns, isDecodeProblem, readColumns } from './columns.ts'

const { ReadingBatch } = liquidus.ingest.v1

const whole = (value: number | { toNumber(): number } | null | undefined): number =>
  typeof value === 'object' && value !== null ? value.toNumber() : (value ?? 0)

/** The same reading done by protobufjs. */
function reference(bytes: Uint8Array): Columns {
  const message = ReadingBatch.decode(bytes)
  const base_ms = whole(message.baseTimeMs)
  const values = Float64Array.from(message.values ?? [])
  return {
    sequence: whole(message.sequence),
    mode: message.mode === 2 ? 'backfill' : 'live',
    count: values.length,
    series: (message.series ?? []).map(one => ({
      ref: one.ref ?? 0,
      asset_path: one.assetPath ?? '',
      tag: one.tag ?? '',
      unit: one.unit ?? '',
    })),
    refs: Uint32Array.from(message.seriesRefs ?? []),
    times_ms: Float64Array.from(message.timeOffsetsMs ?? [], offset => base_ms + offset),
    values,
    qualities: Uint8Array.from(message.qualities ?? []),
  }
}

const text = fc.string({ maxLength: 12 })
const series = fc.record({ ref: fc.nat(0xffffffff), assetPath: text, tag: text, unit: text })
const reading = fc.tuple(
  fc.nat(0xffffffff),
  fc.integer({ min: -0x80000000, max: 0x7fffffff }),
  fc.double(),
  fc.nat(2),
)
const message = fc
  .record({
    sequence: fc.maxSafeNat(),
    mode: fc.nat(2),
    series: fc.array(series, { maxLength: 3 }),
    baseTimeMs: fc.maxSafeInteger(),
    readings: fc.array(reading, { maxLength: 20 }),
    withQualities: fc.boolean(),
  })
  .map(({ readings, withQualities, ...rest }) => ({
    ...rest,
    seriesRefs: readings.map(one => one[0]),
    timeOffsetsMs: readings.map(one => one[1]),
    values: readings.map(one => one[2]),
    ...(withQualities ? { qualities: Uint8Array.from(readings, one => one[3]) } : {}),
  }))

/** Writes the columns element by element or in pieces, as the format also allows. */
function writtenInPieces(batch: ReturnType<typeof ReadingBatch.decode>): Uint8Array {
  const parts: Uint8Array[] = []
  const { seriesRefs = [], timeOffsetsMs = [], values = [], ...rest } = batch
  seriesRefs!.forEach((ref, i) => {
    const single = new DataView(new ArrayBuffer(5))
    single.setUint8(0, (5 << 3) | 5)
    single.setUint32(1, ref, true)
    parts.push(new Uint8Array(single.buffer))
    parts.push(ReadingBatch.encode({ timeOffsetsMs: [timeOffsetsMs![i]!] }).finish())
    parts.push(ReadingBatch.encode({ values: [values![i]!] }).finish())
    parts.push(Uint8Array.of((15 << 3) | 0, 1)) // an unknown field, to be skipped
  })
  parts.push(ReadingBatch.encode(rest).finish())
  return Buffer.concat(parts)
}

test('decoding gives what protobufjs gives', () => {
  fc.assert(
    fc.property(message, batch => {
      const bytes = ReadingBatch.encode(batch).finish()
      expect(decodeColumns(bytes)).toEqual(reference(bytes))
    }),
  )
})

/** A batch as producers write it: no definitions, and numbers that are not huge. */
const usual = fc
  .record({
    sequence: fc.nat(),
    mode: fc.nat(2),
    baseTimeMs: fc.integer({ min: 1, max: 2 ** 48 }),
    readings: fc.array(reading, { minLength: 1, maxLength: 200, size: 'max' }),
    withQualities: fc.boolean(),
  })
  .map(({ readings, withQualities, ...rest }) => ({
    ...rest,
    seriesRefs: readings.map(one => one[0]),
    timeOffsetsMs: readings.map(one => one[1]),
    values: readings.map(one => one[2]),
    ...(withQualities ? { qualities: Uint8Array.from(readings, one => one[3]) } : {}),
  }))

test('a batch as producers write it takes the short way, and gives what protobufjs gives', () => {
  fc.assert(
    fc.property(usual, fc.nat(3), (batch, shift) => {
      const whole = new Uint8Array([
        ...new Uint8Array(shift),
        ...ReadingBatch.encode(batch).finish(),
      ])
      const bytes = whole.subarray(shift)
      expect(scanColumns(bytes)?.refs_size).toBe(4 * batch.values.length)
      expect(decodeColumns(bytes)).toEqual(reference(bytes))
    }),
  )
})

test('a definition, a second piece or an unknown field takes the careful way', () => {
  const bytes = ReadingBatch.encode({ seriesRefs: [1], timeOffsetsMs: [2], values: [3] }).finish()
  const more = [
    ReadingBatch.encode({ series: [{ ref: 1 }] }).finish(),
    Uint8Array.of((15 << 3) | 0, 1),
    bytes,
  ]
  expect(scanColumns(bytes)).toBeDefined()
  for (const one of more) {
    const longer = Buffer.concat([bytes, one])
    expect(scanColumns(longer)).toBeUndefined()
    expect(decodeColumns(longer)).toEqual(reference(longer))
  }
})

test('arrays that are read into are used again, and decoded ones are not', () => {
  const one = ReadingBatch.encode({ seriesRefs: [7], timeOffsetsMs: [1], values: [5] }).finish()
  const other = ReadingBatch.encode({ seriesRefs: [8], timeOffsetsMs: [2], values: [6] }).finish()
  const kept = decodeColumns(one) as Columns
  const read = readColumns(one) as Columns
  readColumns(other)
  expect([read.refs[0], read.times_ms[0], read.values[0]]).toEqual([8, 2, 6])
  expect([...kept.refs, ...kept.times_ms, ...kept.values]).toEqual([7, 1, 5])
})

test('split and unpacked columns and unknown fields decode alike', () => {
  fc.assert(
    fc.property(message, batch => {
      const bytes = writtenInPieces(ReadingBatch.decode(ReadingBatch.encode(batch).finish()))
      expect(decodeColumns(bytes)).toEqual(reference(bytes))
    }),
  )
})

test('garbage is answered with columns or a problem, never with an exception', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), bytes => {
      const decoded = decodeColumns(bytes)
      if (isDecodeProblem(decoded)) expect(decoded.problem).not.toBe('')
      else expect(decoded.values.length).toBe(decoded.count)
    }),
    { numRuns: 2000 },
  )
})

test('a damaged batch is answered with columns or a problem, never with an exception', () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(message, damage, fc.nat(), (batch, changes, cut) => {
      const bytes = Uint8Array.from(ReadingBatch.encode(batch).finish())
      for (const [at, byte] of changes) bytes[at % Math.max(1, bytes.length)] = byte
      const decoded = decodeColumns(bytes.subarray(0, cut % (bytes.length + 1)))
      if (!isDecodeProblem(decoded)) expect(decoded.refs.length).toBe(decoded.times_ms.length)
    }),
    { numRuns: 500 },
  )
})

test('columns of different lengths are a problem that tells the lengths', () => {
  const bytes = ReadingBatch.encode({ sequence: 1, seriesRefs: [1, 2], values: [1] }).finish()
  const decoded = decodeColumns(bytes)
  expect(decoded).toEqual({
    problem: 'columns differ in length: 2 series_refs, 0 time_offsets_ms, 1 values',
  })
})

test('a column of broken width is a problem that names the column', () => {
  const decoded = decodeColumns(Uint8Array.of((7 << 3) | 2, 3, 0, 0, 0))
  expect(isDecodeProblem(decoded) && decoded.problem).toContain('values: 3 bytes')
})
