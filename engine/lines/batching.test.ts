import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LineDefinition, LogEntry } from '../flow.ts'
import { loggedBatch, realFold, tinyLine } from './fixture-line.ts'
import { entriesOf, type Row, runEntries } from './rewind-fixture.ts'

/** So many readings of the log are held for rewinds. */
const BACK = 600
const shortFold = (definition: LineDefinition) =>
  realFold(definition, undefined, { readings_back_max: BACK })

type Mode = 'live' | 'backfill'

const seriesOf = ({ tags, cells }: LineDefinition) =>
  tags.flatMap(({ tag }, t) =>
    cells.map((asset_path, c) => ({ ref: cells.length * t + c, asset_path, tag, unit: '' })),
  )
const series = seriesOf(tinyLine)

const secondOf = (second: number, count = series.length): Row[] =>
  Array.from({ length: count }, (_, ref) => ({
    ref,
    time_ms: 1000 * second + Math.floor((10 * ref) / Math.ceil(count / 50)),
    value: (ref % 7) + (second % 11) / 10,
  }))

/** Live seconds, and at some of them what is late, too old or history, as it arrives. */
function arrivals(): [mode: Mode, rows: Row[]][] {
  const found: [Mode, Row[]][] = []
  const say = (mode: Mode, from: number, seconds: number) => {
    for (let i = 0; i < seconds; i++) found.push([mode, secondOf(from + i)])
  }
  const heldBack = new Set([1060, 1180, 1260, 1345, 1390])
  for (let second = 1000; second < 1600; second++) {
    if (!heldBack.has(second)) say('live', second, 1)
    if (second === 1109) say('live', 1060, 1)
    if (second === 1209) say('backfill', 0, 125) // with this the state before 1180 is too far back
    if (second === 1229) say('live', 1180, 1)
    if (second === 1299) say('backfill', 0, 20)
    if (second === 1309) say('live', 1260, 1)
    if (second === 1354) say('live', 1000, 160) // too old to count, and more than is held
    if (second === 1356) say('live', 1345, 1)
    if (second === 1439) say('live', 1390, 1)
  }
  return found
}

/** Batches of the sizes in turn; one that a change of mode ends is shorter. */
function cut(sizes: readonly number[]): LogEntry[] {
  const entries: LogEntry[] = []
  const rows = arrivals().flatMap(([mode, some]) => some.map(row => ({ mode, row })))
  for (let first = 0; first < rows.length; ) {
    const { mode } = rows[first]!
    let last = first + 1
    const end = first + sizes[entries.length % sizes.length]!
    while (last < Math.min(end, rows.length) && rows[last]!.mode === mode) last++
    const part = rows.slice(first, last).map(({ row }) => row)
    first = last
    entries.push(
      loggedBatch(entries.length + 1, {
        ...{ mode, count: part.length, series: entries.length === 0 ? series : [] },
        refs: Uint32Array.from(part, row => row.ref),
        times_ms: Float64Array.from(part, row => row.time_ms),
        values: Float64Array.from(part, row => row.value),
      }),
    )
  }
  return entries
}

const factsOf = async (entries: readonly LogEntry[]) => {
  const { process, late, rewinds } = await runEntries(tinyLine, entries, new Set(), shortFold)
  return { process, late, rewinds }
}

it('does not matter to what is rewound and what is given up, also near the end of what is held', async () => {
  const single = await factsOf(cut([1]))
  // Of the seconds that came late, three are put right; two are given up, and 160 were too old.
  expect(single).toMatchObject({ rewinds: 3, late: 4 * (2 + 160) })
  const sizesTo = (max: number) =>
    fc.array(fc.integer({ min: 1, max }), { minLength: 1, maxLength: 6 })
  await fc.assert(
    fc.asyncProperty(sizesTo(16), async sizes => {
      expect(await factsOf(cut(sizes))).toEqual(single)
    }),
    { numRuns: 8, seed: 3 },
  )
  // In the batch with which a rewind begins there may be some of a late second: then it takes two.
  await fc.assert(
    fc.asyncProperty(sizesTo(60), async sizes => {
      const { process, late } = single
      expect(await factsOf(cut(sizes))).toMatchObject({ process, late })
    }),
    { numRuns: 8, seed: 3 },
  )
})

it('does not matter from 1 to 10,000 readings, however many entries of the log these are', async () => {
  const cells = Array.from({ length: 25 }, (_, i) => `c${i}`)
  const definition = { ...tinyLine, cells }
  const rows: Row[] = []
  for (let second = 0; second < 400; second++) {
    if (second !== 60) rows.push(...secondOf(second, 50))
    if (second === 172) rows.push(...secondOf(60, 50))
  }
  const facts = async (size: number) => {
    const entries = entriesOf(seriesOf(definition), rows, () => size)
    const { process, late, alarms } = await runEntries(definition, entries)
    return { process, late, alarms }
  }
  const single = await facts(1)
  expect(single.late).toBe(0)
  for (const size of [7, 100, 1000, 10_000]) expect(await facts(size)).toEqual(single)
})
