import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { LineClock, LineDefinition, LineOrigin } from '../flow.ts'
import { seriesIndex } from '../flow.ts'
import { cellNames, potlineDefinition } from '../lines/potline.ts'
import { admit, SIGNAL_LAG_MS } from './admission.ts'
import type { Columns, SeriesDefinition } from './columns.ts'
import { createDictionary, resolveSeries, TERMS } from './dictionary.ts'

const NOW_MS = 1_700_000_000_000
const potline = (clock: LineClock, origin: LineOrigin = 'simulated'): LineDefinition =>
  potlineDefinition({
    tenant: 'plant',
    line: 'line-1',
    cells: cellNames(3),
    feeders: 2,
    clock,
    origin,
  })

const named = (ref: number, asset_path: string, tag: string, unit = ''): SeriesDefinition => ({
  ref,
  asset_path,
  tag,
  unit,
})
const SERIES = [
  named(0, 'cell-101', 'cell_voltage', 'V'),
  named(1, 'cell-102', 'cell_voltage', 'mV'),
  named(2, '', 'line_current', 'kA'),
  named(3, 'cell-101', 'bath_temperature', 'K'),
  named(4, 'cell-999', 'cell_voltage', 'V'),
  named(5, 'cell-101', 'cell_voltage', 'kg'),
  named(6, 'cell-101', 'humidity'),
  named(7, 'tenant:other/cell-101', 'cell_voltage'),
  named(70_000, 'tenant:plant/cell-103', 'cell_voltage'),
]

type Row = readonly [ref: number, time_ms: number, value: number, quality?: number]

function columnsOf(rows: readonly Row[], mode: 'live' | 'backfill' = 'live'): Columns {
  return {
    sequence: 9,
    mode,
    count: rows.length,
    series: [],
    refs: Uint32Array.from(rows, row => row[0]),
    times_ms: Float64Array.from(rows, row => row[1]),
    values: Float64Array.from(rows, row => row[2]),
    qualities: rows.some(row => row[3] !== undefined)
      ? Uint8Array.from(rows, row => row[3] ?? 0)
      : new Uint8Array(0),
  }
}

function judge(
  rows: readonly Row[],
  options: {
    clock?: LineClock
    origin?: LineOrigin
    newest_event_ms?: number
    mode?: 'live' | 'backfill'
  } = {},
) {
  const definition = potline(options.clock ?? 'wall', options.origin)
  const dictionary = createDictionary(definition)
  dictionary.define(SERIES)
  return admit(columnsOf(rows, options.mode), dictionary, definition, {
    producer: 'p',
    now_ms: NOW_MS,
    newest_event_ms: options.newest_event_ms ?? Number.NaN,
    lag_ms: SIGNAL_LAG_MS,
  })
}

const reasons = (verdict: ReturnType<typeof judge>) =>
  verdict.rejections.map(run => [run.first_index, run.count, run.reason])

test('good readings are accepted, NaN and the edges of the range included', () => {
  const verdict = judge([
    [0, NOW_MS, 4.2],
    [0, NOW_MS, Number.NaN],
    [0, NOW_MS, 0],
    [1, NOW_MS, 100_000],
    [2, NOW_MS, 1000],
    [3, NOW_MS, 960 + 273.15],
    [70_000, NOW_MS, 4.2, 2],
  ])
  expect(verdict.rejections).toEqual([])
  expect(verdict.accepted_count).toBe(7)
  expect(verdict.newest_event_ms).toBe(NOW_MS)
})

test('unknown series, foreign units and other tenants are rejected with their reasons', () => {
  const verdict = judge([
    [4, NOW_MS, 4],
    [5, NOW_MS, 4],
    [6, NOW_MS, 4],
    [7, NOW_MS, 4],
    [55, NOW_MS, 4],
    [0, NOW_MS, 4],
  ])
  expect(reasons(verdict)).toEqual([
    [0, 1, 'UNKNOWN_SERIES'],
    [1, 1, 'UNIT'],
    [2, 1, 'UNKNOWN_SERIES'],
    [3, 1, 'UNAUTHORIZED'],
    [4, 1, 'UNKNOWN_SERIES'],
  ])
  expect(verdict.rejections.map(run => run.detail)).toEqual([
    'line "line-1" has no asset "cell-999" (tag "cell_voltage")',
    'tag "cell_voltage" is measured in "V"; "kg" does not convert to it',
    'line "line-1" has no tag "humidity"',
    'asset "tenant:other/cell-101" is another tenant\'s',
    'ref 55 was never defined in this stream',
  ])
  expect(verdict.rejected).toEqual([[0, 5]])
  expect(verdict.accepted_count).toBe(1)
  expect(verdict.undefined_refs).toBe(true)
})

test('values outside the physical range are judged in SI and make runs', () => {
  const verdict = judge([
    [0, NOW_MS, 4.2],
    [0, NOW_MS, 101],
    [1, NOW_MS, 101_000],
    [0, NOW_MS, Number.POSITIVE_INFINITY],
    [1, NOW_MS, 101],
    [3, NOW_MS, 960],
  ])
  expect(reasons(verdict)).toEqual([
    [1, 3, 'VALUE_OUT_OF_RANGE'],
    [5, 1, 'VALUE_OUT_OF_RANGE'],
  ])
  expect(verdict.quarantine.map(row => [row.row, row.asset, row.value])).toEqual([
    [1, 'cell-101', 101],
    [2, 'cell-102', 101_000],
    [3, 'cell-101', Number.POSITIVE_INFINITY],
    [5, 'cell-101', 960],
  ])
  expect(verdict.quarantine[0]).toMatchObject({ producer: 'p', sequence: 9, received_ms: NOW_MS })
})

test('times that cannot be are rejected, whatever the clock', () => {
  const verdict = judge(
    [
      [0, 1_700_000_000, 4],
      [0, Number.NaN, 4],
      [0, Number.POSITIVE_INFINITY, 4],
      [0, 9e12, 4],
    ],
    { clock: 'stream' },
  )
  expect(reasons(verdict)).toEqual([[0, 4, 'SCHEMA']])
  expect(verdict.newest_event_ms).toBeNaN()
})

test('a line on the wall clock takes readings up to 5 s ahead', () => {
  const verdict = judge([
    [0, NOW_MS + 5_000, 4],
    [0, NOW_MS + 5_001, 4],
  ])
  expect(reasons(verdict)).toEqual([[1, 1, 'IN_FUTURE']])
})

test('a line on its own clock takes readings up to 24 h ahead of its newest', () => {
  const day_ms = 24 * 3600_000
  const rows: Row[] = [
    [0, NOW_MS + day_ms, 4],
    [0, NOW_MS + 3 * day_ms + 1, 4],
    [0, NOW_MS + 2 * day_ms, 4],
  ]
  const verdict = judge(rows, { clock: 'stream', newest_event_ms: NOW_MS })
  expect(reasons(verdict)).toEqual([[1, 1, 'IN_FUTURE']])
  expect(verdict.newest_event_ms).toBe(NOW_MS + 2 * day_ms)
})

test('one wrong clock in the first batch of a line does not decide for the others', () => {
  const year_ms = 365 * 24 * 3600_000
  const first = (stray_ms: number) =>
    judge(
      [
        [0, stray_ms, 4],
        [0, NOW_MS, 4],
        [1, NOW_MS + 10, 4],
      ],
      { clock: 'stream' },
    )
  expect(reasons(first(NOW_MS + year_ms))).toEqual([[0, 1, 'IN_FUTURE']])
  expect(first(NOW_MS - year_ms).rejections).toEqual([])
  for (const stray_ms of [NOW_MS + year_ms, NOW_MS - year_ms]) {
    expect(first(stray_ms).newest_event_ms).toBe(NOW_MS + 10)
  }
})

test('the order of the rows of a batch changes nothing of what is taken', () => {
  const hour_ms = 3600_000
  const row = fc.tuple(
    fc.constantFrom(0, 1, 4, 55),
    fc.integer({ min: -40, max: 160 }).map(hours => NOW_MS + 0.5 * hours * hour_ms),
    fc.constantFrom(4.2, 4.2, 4.2, 1e6, Number.NaN),
    fc.constantFrom(0, 0, 0, 9),
  )
  const options = fc.record({
    clock: fc.constantFrom<LineClock>('stream', 'stream', 'wall'),
    origin: fc.constantFrom<LineOrigin>('plant', 'recorded'),
    newest_event_ms: fc.constantFrom(Number.NaN, NOW_MS),
  })
  const shuffled = fc
    .array(row, { maxLength: 12 })
    .chain(rows =>
      fc.tuple(fc.constant(rows), fc.shuffledSubarray(rows, { minLength: rows.length })),
    )
  const property = fc.property(shuffled, options, ([rows, others], of) => {
    const takenOf = (some: readonly Row[]) => {
      const { rejected, accepted_count, newest_event_ms, late_count } = judge(some, of)
      const left = some.filter((_, i) => !rejected.some(([at, n]) => i >= at && i < at + n))
      return { left: left.map(String).sort(), accepted_count, newest_event_ms, late_count }
    }
    expect(takenOf(others)).toEqual(takenOf(rows))
  })
  fc.assert(property, { seed: 4, numRuns: 300 })
})

test('a recording may have a hole of 400 days, and a plant on its own clock one of a day', () => {
  const day_ms = 24 * 3600_000
  for (const [origin, days] of [
    ['recorded', 400],
    ['synthetic', 400],
    ['plant', 1],
    ['simulated', 1],
  ] as const) {
    const after = (hole_ms: number) =>
      judge([[0, NOW_MS + hole_ms, 4]], { clock: 'stream', origin, newest_event_ms: NOW_MS })
    expect(after(days * day_ms).rejections).toEqual([])
    const verdict = after(days * day_ms + 1)
    expect(reasons(verdict)).toEqual([[0, 1, 'IN_FUTURE']])
    expect(verdict.rejections[0]?.detail).toContain(`${24 * days} h ahead`)
  }
})

test('late signals and late samples are counted and kept', () => {
  const hour_ms = 3600_000
  const rows: Row[] = [
    [0, NOW_MS - SIGNAL_LAG_MS, 4],
    [0, NOW_MS - SIGNAL_LAG_MS - 1, 4],
    [3, NOW_MS - 36 * hour_ms, 1230],
    [3, NOW_MS - 36 * hour_ms - 1, 1230],
  ]
  const live = judge(rows)
  expect([live.accepted_count, live.late_count]).toEqual([4, 2])
  expect(judge(rows, { mode: 'backfill' }).late_count).toBe(0)
  expect(judge(rows, { clock: 'stream', newest_event_ms: NOW_MS }).late_count).toBe(2)
})

test('a quality that is none of the three is rejected', () => {
  expect(reasons(judge([[0, NOW_MS, 4, 192]]))).toEqual([[0, 1, 'SCHEMA']])
})

test('series resolve to their dense index and their way to SI', () => {
  const definition = potline('wall')
  const current = resolveSeries(definition, named(0, '', 'line_current', 'A'))
  expect(current).toMatchObject({ series: seriesIndex(definition, 1, 0), scale: 1 })
  const bath = resolveSeries(definition, named(0, 'cell-103', 'bath_temperature', ''))
  const tagIndex = definition.tags.findIndex(tag => tag.tag === 'bath_temperature')
  expect(bath).toMatchObject({ series: seriesIndex(definition, tagIndex, 2), offset: 273.15 })
})

test('a dictionary survives its JSON, redefinitions included', () => {
  const definition = potline('wall')
  const dictionary = createDictionary(definition)
  dictionary.define(SERIES)
  dictionary.define([named(1, 'cell-103', 'beam_position', 'mm')])
  const foreign = named(500, `tenant:${definition.tenant}/cell-103`, 'beam_position', '')
  dictionary.define([foreign, named(501, '', 'line_current', 'A'), named(502, 'x', 'y', 'z')])
  const copy = createDictionary(definition, JSON.parse(JSON.stringify(dictionary.toJson())))
  expect(copy.toJson()).toEqual(dictionary.toJson())
  for (const { ref } of SERIES) {
    const [a, b] = [dictionary.slot(ref), copy.slot(ref)]
    expect(copy.columns.series[b]).toBe(dictionary.columns.series[a])
    expect(copy.columns.terms[TERMS * b!]).toBe(dictionary.columns.terms[TERMS * a!])
  }
  expect(copy.named(copy.slot(1)).tag).toBe('beam_position')
  expect(copy.named(copy.slot(500))).toEqual(foreign)
  expect(copy.named(copy.slot(501))).toEqual(named(501, '', 'line_current', 'A'))
  expect(copy.problem(copy.slot(502))?.reason).toBe('UNKNOWN_SERIES')
  expect(copy.slot(12)).toBe(-1)
  expect(copy.slot(1_000_000)).toBe(-1)
})
