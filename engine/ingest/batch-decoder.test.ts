import fc from 'fast-check'
import { expect, test } from 'vitest'
import { liquidus } from '#proto/gen/ingest.js'
import type { BatchEntry, LineDefinition, TagDefinition } from '../flow.ts'
import { batchDecoder } from './batch-decoder.ts'

const { ReadingBatch } = liquidus.ingest.v1

const celsius: TagDefinition = {
  tag: 'bath',
  unit: 'degC',
  scope: 'cell',
  kind: 'signal',
  period_ms: 1000,
  hold_max_ms: 3000,
  in_tick: 'last',
  low: 0,
  high: 2000,
}
const definition: LineDefinition = {
  tenant: 'local',
  line: 'l',
  kind: 'generic',
  clock: 'stream',
  origin: 'recorded',
  tick_ms: 1000,
  cells: ['a', 'b', 'c'],
  tags: [celsius, { ...celsius, tag: 'volt', unit: 'mV' }],
}
/** Refs in another order than the line's own, one of them with holes before it, one unknown. */
const SERIES = [
  { ref: 5, assetPath: 'c', tag: 'volt', unit: 'mV' },
  { ref: 900, assetPath: 'a', tag: 'bath', unit: 'degC' },
  { ref: 70_000, assetPath: 'b', tag: 'volt', unit: 'V' },
  { ref: 2, assetPath: 'nobody', tag: 'bath', unit: '' },
]
const MEANING: Readonly<Record<number, (value: number) => readonly [series: number, si: number]>> =
  {
    5: value => [5, value * 1e-3],
    900: value => [0, value + 273.15],
    70000: value => [4, value],
  }

const row = fc.record({
  ref: fc.constantFrom(5, 900, 70_000, 2, 77),
  offset_ms: fc.integer({ min: -5000, max: 5000 }),
  value: fc.constantFrom(0, 1.5, -3, 1e6, Number.NaN),
  quality: fc.nat(2),
})
type Row = { ref: number; offset_ms: number; value: number; quality: number }

const BASE_MS = 1_700_000_000_000

function entryOf(
  rows: readonly Row[],
  rejected: BatchEntry['rejected'] = [],
  producer = 'p',
): BatchEntry {
  const wire = ReadingBatch.encode({
    sequence: 1,
    series: SERIES,
    baseTimeMs: BASE_MS,
    seriesRefs: rows.map(one => one.ref),
    timeOffsetsMs: rows.map(one => one.offset_ms),
    values: rows.map(one => one.value),
    qualities: Uint8Array.from(rows, one => one.quality),
  }).finish()
  const head = { kind: 'batch', producer, epoch: 1, sequence: 1, received_ms: 0 } as const
  return { ...head, mode: 'live', rejected, wire }
}

/** The same done reading by reading, from what the protocol says. */
function expectedOf(rows: readonly Row[], isRejected: (row: number) => boolean) {
  return rows.flatMap(({ ref, offset_ms, value, quality }, i) => {
    const meaning = MEANING[ref]
    if (!meaning || isRejected(i)) return []
    const [series, si] = meaning(value)
    return [[series, BASE_MS + offset_ms, si, Number.isNaN(si) ? 2 : quality]]
  })
}

const rowsOf = (batch: ReturnType<ReturnType<typeof batchDecoder>['decode']>) =>
  Array.from(batch.values, (value, i) => [
    batch.series[i],
    batch.times_ms[i],
    value,
    batch.quality[i],
  ])

test('accepted readings of known series come out in SI and in order, batch after batch', () => {
  const decoder = batchDecoder(definition)
  const batches = fc.array(fc.tuple(fc.array(row, { maxLength: 40 }), fc.nat(40), fc.nat(5)), {
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(batches, list => {
      for (const [rows, first, length] of list) {
        const rejected: [number, number][] = first + length <= rows.length ? [[first, length]] : []
        const isOut = (i: number) => rejected.length > 0 && i >= first && i < first + length
        const batch = decoder.decode(entryOf(rows, rejected))
        expect(rowsOf(batch)).toEqual(expectedOf(rows, isOut))
        expect(batch.count).toBe(batch.values.length)
      }
    }),
    { numRuns: 200 },
  )
})

test('a large batch comes out whole, and the next small one after it', () => {
  const decoder = batchDecoder(definition)
  const many = Array.from({ length: 10_000 }, (_, i) => ({
    ref: 900,
    offset_ms: i,
    value: i,
    quality: 0,
  }))
  for (const rows of [many.slice(0, 5), many, many.slice(7, 8)]) {
    expect(rowsOf(decoder.decode(entryOf(rows)))).toEqual(expectedOf(rows, () => false))
  }
})

test('the snapshot is the same whether it was taken before or after a restore', () => {
  const decoder = batchDecoder(definition)
  const reading = [{ ref: 5, offset_ms: 0, value: 1, quality: 0 }]
  for (const producer of ['a', 'b', 'c', 'a']) decoder.decode(entryOf(reading, [], producer))
  const bytes = decoder.snapshot()
  const copy = batchDecoder(definition)
  copy.restore(bytes)
  expect(copy.snapshot()).toEqual(bytes)
  for (const one of [decoder, copy]) one.decode(entryOf(reading, [], 'b'))
  expect(copy.snapshot()).toEqual(decoder.snapshot())
  const order = JSON.parse(new TextDecoder().decode(copy.snapshot())) as { producer: string }[]
  expect(order.map(({ producer }) => producer)).toEqual(['c', 'a', 'b'])
})
