import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../core/random.ts'
import type { LogEntry, OutputEvent } from '../flow.ts'
import { tinyLine, tinySecond } from './fixture-line.ts'
import { disturbed, entriesOf, plantRun, type Row, runEntries } from './rewind-fixture.ts'

const SHARE = { shuffled: 0.1, late: 0.05, late_ms: 110_000 }
/** In-order event time at the end of a run: the lag, and the wait for the last rewind. */
const TAIL_MS = 140_000
const FROM = 1000

/** A signal that swings, leaves its limit at times, and is not known at others. */
const usual = (second: number) => (ref: number) => {
  if (ref === 1 && second % 97 > 80) return 400
  return ref === 2 && second % 41 === 7
    ? Number.NaN
    : 10 * Math.sin(second * (0.1 + 0.03 * ref)) + (second % 7)
}

const series = tinySecond(0, () => 0).series
function tinyRows(seconds: number, value = usual): Row[] {
  return Array.from({ length: seconds }, (_, i) => {
    const { refs, times_ms, values } = tinySecond(FROM + i, value(i))
    return Array.from(refs, (ref, r) => ({ ref, time_ms: times_ms[r]!, value: values[r]! }))
  }).flat()
}

const isBefore = (end_ms: number) => (row: Row) => row.time_ms < end_ms - TAIL_MS
const arrivedBy = (
  rows: readonly Row[],
  seed: number,
  may: (row: Row) => boolean,
  share = SHARE,
) => {
  const random = seededRandom(seed)
  return disturbed(rows, share, may, () => random.uniform())
}

const potline = (seconds: number) => plantRun({ cells: 2, seconds, faults: 'noisy-cell@1m:cell=2' })

describe('a rewind', () => {
  it('puts one late reading into its own tick, and costs one rewind', async () => {
    const rows = tinyRows(300)
    const straight = await runEntries(
      tinyLine,
      entriesOf(series, rows, () => 4),
    )
    const late = [...rows]
    const [moved] = late.splice(400, 1)
    late.splice(520, 0, moved!)
    const other = await runEntries(
      tinyLine,
      entriesOf(series, late, () => 4),
    )
    expect(straight).toMatchObject({ rewinds: 0, late: 0 })
    expect(other).toMatchObject({ rewinds: 1, late: 0, process: straight.process })
  })

  it('does so though the log names again in between what is in force', async () => {
    const rows = tinyRows(300)
    const [moved] = rows.splice(400, 1)
    rows.splice(520, 0, moved!)
    const entries = entriesOf(series, rows, () => 4)
    const named: LogEntry = { kind: 'version', versions: { engine: '1' } }
    const other: LogEntry = { kind: 'version', versions: { engine: '2' } }
    const at = (middle: LogEntry) => [
      named,
      ...entries.slice(0, 131),
      middle,
      ...entries.slice(131),
    ]
    const once = await runEntries(tinyLine, [named, ...entries])
    expect(once).toMatchObject({ rewinds: 1, late: 0 })
    expect(await runEntries(tinyLine, at(named))).toEqual(once)
    expect(await runEntries(tinyLine, at(other))).toMatchObject({ rewinds: 0, late: 1 })
  })

  it('leads a line to the state of the run in order, whatever arrived late within the lag', async () => {
    const rows = tinyRows(420)
    const straight = await runEntries(
      tinyLine,
      entriesOf(series, rows, () => 4),
    )
    const may = isBefore(1000 * (FROM + 420))
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), fc.integer({ min: 1, max: 40 }), async (seed, size) => {
        const entries = entriesOf(series, arrivedBy(rows, seed, may), i => 1 + ((i * 7) % size))
        const other = await runEntries(tinyLine, entries)
        expect(other.rewinds).toBeGreaterThan(0)
        const { process, alarms } = straight
        expect(other).toMatchObject({ late: 0, process, alarms })
      }),
      { numRuns: 6, seed: 1 },
    )
  })

  it('does so for a potline with its events and samples', async () => {
    const { definition, series: named, rows, isSample } = potline(300)
    const straight = await runEntries(
      definition,
      entriesOf(named, rows, () => 60),
    )
    const before = isBefore(300_000)
    const arrived = arrivedBy(rows, 5, row => before(row) && !isSample(row))
    const other = await runEntries(
      definition,
      entriesOf(named, arrived, () => 25),
    )
    expect(straight).toMatchObject({ rewinds: 0, late: 0 })
    expect(other.rewinds).toBeGreaterThan(0)
    expect(other).toMatchObject({ late: 0, process: straight.process, alarms: straight.alarms })
  })

  it('is the same for a run that was stopped and resumed at any entry', async () => {
    const rows = tinyRows(330)
    const may = isBefore(1000 * (FROM + 330))
    const entries = entriesOf(series, arrivedBy(rows, 9, may), () => 6)
    const whole = await runEntries(tinyLine, entries)
    expect(whole.rewinds).toBeGreaterThan(5)
    const cut = fc.uniqueArray(fc.nat(entries.length - 1), { minLength: 1, maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(cut, async cuts => {
        expect(await runEntries(tinyLine, entries, new Set(cuts))).toEqual(whole)
      }),
      { numRuns: 6, seed: 1 },
    )
  })

  it('puts right what is out of order within its tick, with a sample among it', async () => {
    const lab = { ...tinyLine.tags[0]!, tag: 'lab', kind: 'sample', period_ms: 0 } as const
    const line = { ...tinyLine, tags: [...tinyLine.tags, { ...lab, hold_max_ms: 3_600_000 }] }
    const named = [...series, { ref: 9, asset_path: 'a', tag: 'lab', unit: '' }]
    // Three readings a second of one sensor, and the sample of an hour ago in second 100.
    const seconds = Array.from({ length: 160 }, (_, i): Row[] => {
      const at_ms = 1000 * (FROM + i)
      const sample = i === 100 ? [{ ref: 9, time_ms: at_ms - 3_600_000, value: 55 }] : []
      const often = [0, 330, 660].map(ms => ({ ref: 0, time_ms: at_ms + ms, value: (i * ms) % 13 }))
      const others = [1, 2, 3].map(ref => ({ ref, time_ms: at_ms + 700 + ref, value: i % 5 }))
      return [...sample, ...often, ...others]
    })
    const entries = (batches: readonly Row[][]) => {
      const sizes = batches.map(batch => batch.length)
      return entriesOf(named, batches.flat(), i => sizes[i]!)
    }
    const straight = await runEntries(line, entries(seconds))
    const batches = seconds.map(rows => [...rows])
    batches[50]!.reverse()
    batches[130]!.push(...batches[90]!.splice(1, 1))
    const [first, ...rest] = [batches[60]!.splice(2, 1), batches[60]!]
    batches.splice(60, 1, first, ...rest)
    const other = await runEntries(line, entries(batches))
    expect(straight).toMatchObject({ rewinds: 0, late: 0 })
    expect(other).toMatchObject({ rewinds: 2, late: 0, process: straight.process })
  })

  it('also where arrival time closed the tick', async () => {
    const wall = { ...tinyLine, clock: 'wall' } as const
    const rows = tinyRows(60, () => ref => ref)
    const straight = await runEntries(
      wall,
      entriesOf(series, rows, () => 4),
    )
    const held = rows.splice(81, 1)
    const [before, after] = [rows.slice(0, 87), [...held, ...rows.slice(87)]]
    const close = { kind: 'close', tick: FROM + 20, reason: 'grace' } as const
    const first = entriesOf(series, before, () => 4)
    const rest = entriesOf([], after, () => 4).map((entry, i) => {
      const sequence = first.length + 1 + i
      return entry.kind === 'batch' ? { ...entry, sequence } : entry
    })
    const other = await runEntries(wall, [...first, close, ...rest])
    expect(other).toMatchObject({ rewinds: 1, late: 0, process: straight.process })
  })

  it('gives up what is older than the lag and counts it', async () => {
    const rows = tinyRows(400)
    const late = [...rows]
    const moved = late.splice(400, 3)
    late.splice(1300, 0, ...moved)
    const without = rows.filter(row => !moved.includes(row))
    const straight = await runEntries(
      tinyLine,
      entriesOf(series, without, () => 4),
    )
    const other = await runEntries(
      tinyLine,
      entriesOf(series, late, () => 4),
    )
    expect(other).toMatchObject({ rewinds: straight.rewinds, late: 3, process: straight.process })
  })
})

describe('the order of rows in a batch', () => {
  it('does not matter, nor how a producer cuts its batches', async () => {
    const { definition, series: named, rows } = potline(40)
    const straight = await runEntries(
      definition,
      entriesOf(named, rows, () => 500),
    )
    const size = fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 2, maxLength: 5 })
    await fc.assert(
      fc.asyncProperty(fc.nat(1e6), size, async (seed, sizes) => {
        const random = seededRandom(seed)
        const shuffled = shuffledIn(rows, 500, () => random.uniform())
        const whole = await runEntries(
          definition,
          entriesOf(named, shuffled, () => 500),
        )
        const { state, events } = straight
        expect(whole).toMatchObject({ state, events, rewinds: 0 })
        const cut = await runEntries(
          definition,
          entriesOf(named, rows, i => sizes[i % sizes.length]!),
        )
        expect(cut).toMatchObject({ process: straight.process, alarms: straight.alarms })
      }),
      { numRuns: 4, seed: 1 },
    )
  })
})

describe('what a late reading changes', () => {
  /** A limit is passed for 20 s; the readings that show it come late. */
  const passed = (second: number) => (ref: number) =>
    ref === 1 && second >= 100 && second < 120 ? 400 : 1
  const bodies = (events: readonly OutputEvent[]) =>
    events.flatMap(({ channel, id, body }) =>
      channel === 'anomaly' ? [{ id, kind: body.kind, ...marks(body) }] : [],
    )
  const marks = ({ revision, correction, withdrawn }: Correction) => ({
    revision,
    ...(correction ? { correction } : {}),
    ...(withdrawn ? { withdrawn } : {}),
  })
  interface Correction {
    readonly revision?: number | undefined
    readonly correction?: boolean | undefined
    readonly withdrawn?: boolean | undefined
  }
  const delayed = (rows: readonly Row[], by: number, which: (row: Row) => boolean) => {
    const places = rows.map((row, i) => ({ row, i, at: row.time_ms + (which(row) ? by : 0) }))
    return places.sort((a, b) => a.at - b.at || a.i - b.i).map(({ row }) => row)
  }
  const runOf = (rows: readonly Row[]) =>
    runEntries(
      tinyLine,
      entriesOf(series, rows, () => 4),
    )
  const of = (row: Row) => row.time_ms / 1000 - FROM

  it('goes out as a correction and raises no alarm of the past', async () => {
    const rows = tinyRows(260, passed)
    const straight = await runOf(rows)
    const other = await runOf(
      delayed(rows, 60_000, row => row.ref === 1 && of(row) >= 99 && of(row) < 121),
    )
    const [first] = bodies(straight.events)
    expect(first).toMatchObject({ kind: 'limit-high', revision: 1 })
    expect(straight.events.some(({ channel }) => channel === 'alarm')).toBe(true)
    expect(bodies(other.events)).toContainEqual({ ...first, correction: true })
    expect(other.events.some(({ channel }) => channel === 'alarm')).toBe(false)
    expect(other.process).toBe(straight.process)
  })

  it('raises the alarm from now on where the condition still stands', async () => {
    const rows = tinyRows(260, second => ref => (ref === 1 && second >= 100 ? 400 : 1))
    const other = await runOf(delayed(rows, 30_000, row => row.ref === 1 && of(row) >= 99))
    const alarms = other.events.flatMap(({ channel, body }) => (channel === 'alarm' ? [body] : []))
    expect(alarms[0]).toMatchObject({ kind: 'limit-high', active: true, revision: 1 })
    // It was 30 s late, and waited for the next rewind.
    expect(alarms[0]!.raised_ms).toBeGreaterThanOrEqual(1000 * (FROM + 130))
    expect(alarms[0]!.raised_ms).toBeLessThanOrEqual(1000 * (FROM + 145))
    expect(other.alarms).toEqual((await runOf(rows)).alarms)
  })

  it('withdraws what it shows never to have been, and ends its alarm', async () => {
    // Silent for 85 s, it seems; then all of it comes at once.
    const rows = tinyRows(330, () => () => 1).map((row, i) => ({ ...row, value: i % 9 }))
    const isHeldBack = (row: Row) => row.ref === 1 && of(row) >= 100 && of(row) < 185
    const back = rows.filter(isHeldBack)
    const gap = rows.filter(row => !isHeldBack(row))
    gap.splice(
      gap.findIndex(row => of(row) >= 185),
      0,
      ...back,
    )
    const straight = await runOf(rows)
    const other = await runOf(gap)
    const silent = bodies(other.events).filter(({ kind }) => kind === 'sensor-silent')
    expect(silent.map(marks)).toEqual([
      { revision: 1 },
      { revision: 2, correction: true, withdrawn: true },
    ])
    expect(new Set(silent.map(({ id }) => id.split('#')[0])).size).toBe(1)
    expect(other).toMatchObject({ process: straight.process, alarms: [] })
  })
})

/** Rows shuffled within each stretch of `size`. */
function shuffledIn(rows: readonly Row[], size: number, chance: () => number): Row[] {
  const shuffled: Row[] = []
  for (let first = 0; first < rows.length; first += size) {
    const part = rows.slice(first, first + size).map(row => ({ row, at: chance() }))
    shuffled.push(...part.sort((a, b) => a.at - b.at).map(({ row }) => row))
  }
  return shuffled
}
