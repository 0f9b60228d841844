import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { LineDefinition, LineFrame, ReadingBatch, TagDefinition } from '../../flow.ts'
import { frameBuilder } from './builder.ts'
import { seriesPlan } from './series-plan.ts'
import { inTimeOrder } from './tick-slices.ts'

const signal: TagDefinition = {
  tag: 'x',
  unit: '1',
  scope: 'cell',
  kind: 'signal',
  period_ms: 1000,
  hold_max_ms: 3000,
  in_tick: 'mean',
  low: -1e9,
  high: 1e9,
}
const definition: LineDefinition = {
  tenant: 'local',
  line: 'l',
  kind: 'generic',
  clock: 'stream',
  origin: 'recorded',
  tick_ms: 1000,
  cells: ['a', 'b'],
  tags: [
    signal,
    { ...signal, tag: 'shot', kind: 'event', in_tick: 'sum', period_ms: 0, hold_max_ms: 0 },
    { ...signal, tag: 'bath', kind: 'sample', in_tick: 'last', period_ms: 0, hold_max_ms: 1e9 },
  ],
}
const A = 0
const B = 1
const SHOT_A = 2
const BATH_A = 4

type Row = readonly [series: number, time_ms: number, value: number, quality?: number]

const { rank } = seriesPlan(definition)

function batchOf(rows: readonly Row[]): ReadingBatch {
  const batch: ReadingBatch = {
    producer: 'p',
    epoch: 1,
    sequence: 1,
    received_ms: 0,
    mode: 'live',
    count: rows.length,
    series: Uint32Array.from(rows, row => row[0]),
    times_ms: Float64Array.from(rows, row => row[1]),
    values: Float64Array.from(rows, row => row[2]),
    quality: Uint8Array.from(rows, row => row[3] ?? 0),
  }
  return inTimeOrder(batch, rank)
}

interface Seen {
  tick: number
  closed: string
  values: number[]
  events: number
  samples: number
}
const seen = (frame: LineFrame): Seen => ({
  tick: frame.tick,
  closed: frame.closed,
  values: Array.from(frame.values),
  events: frame.events.length,
  samples: frame.samples.length,
})

/** Copied one by one: a frame is reused. */
const seenIn = (frames: Iterable<LineFrame>): Seen[] => Array.from(frames, seen)

function run(batches: readonly (readonly Row[])[], clock: 'wall' | 'stream' = 'stream') {
  const builder = frameBuilder({ ...definition, clock })
  const frames: Seen[] = []
  for (const rows of batches) frames.push(...seenIn(builder.batch(batchOf(rows))))
  return { builder, frames }
}

const steady = (ticks: number): Row[] =>
  Array.from({ length: ticks }, (_, k): Row[] => [
    [A, k * 1000 + 10, k],
    [B, k * 1000 + 20, -k],
  ]).flat()

describe('frameBuilder', () => {
  it('closes a tick at the last expected reading, without waiting for the next tick', () => {
    const { frames } = run(steady(5).map(row => [row]))
    expect(frames.map(f => f.tick)).toEqual([0, 1, 2, 3, 4])
    expect(frames.slice(1).map(f => f.closed)).toEqual(Array(4).fill('complete'))
    expect(frames[3]!.values.slice(0, 2)).toEqual([3, -3])
  })

  it('takes the mean of good readings within a tick and ignores NaN and bad ones', () => {
    const { frames } = run([
      steady(2),
      [
        [A, 2000, 1],
        [A, 2300, 3],
        [A, 2400, Number.NaN],
        [A, 2500, 99, 2],
        [B, 2600, 0],
        [A, 3500, 0],
        [B, 3501, 0],
      ],
    ])
    expect(frames.find(f => f.tick === 2)!.values[A]).toBe(2)
  })

  it('holds a value up to its limit and then reports it missing', () => {
    const rows: Row[] = [...steady(2)]
    for (let k = 2; k < 10; k++) rows.push([A, k * 1000, k])
    const { frames } = run([rows])
    expect(frames.find(f => f.tick === 3)!.values[B]).toBe(-1)
    expect(frames.find(f => f.tick === 7)!.values[B]).toBeNaN()
  })

  it('lets a silent series leave the expected set after three periods and rejoin', () => {
    const rows: Row[] = [...steady(3)]
    for (let k = 3; k < 12; k++) rows.push([A, k * 1000, k])
    rows.push([B, 12_000, 0], [A, 12_001, 0], [A, 13_000, 1], [B, 13_001, 1])
    const { frames } = run(rows.map(row => [row]))
    const closed = new Map(frames.map(f => [f.tick, f.closed]))
    expect(closed.get(4)).toBe('watermark')
    expect(closed.get(9)).toBe('complete')
    expect(closed.get(13)).toBe('complete')
  })

  it('fills a short gap with silent ticks and jumps over a long one', () => {
    const short = run([steady(2), [[A, 10_000, 1]], [[A, 12_000, 1]]]).frames
    expect(short.filter(f => f.closed === 'silent').map(f => f.tick)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9, 11,
    ])
    const long = run([steady(2), [[A, 9_000_000, 1]], [[A, 9_002_000, 1]]]).frames
    expect(long.at(-1)!.tick).toBe(9002)
    expect(long.length).toBeLessThan(10)
  })

  it('does not close by arrival on a wall clock but as the logged close says', () => {
    const builder = frameBuilder({ ...definition, clock: 'wall' })
    const frames: Seen[] = []
    frames.push(...seenIn(builder.batch(batchOf(steady(1)))))
    frames.push(...seenIn(builder.close(0, 'grace')))
    const next: readonly Row[] = [...steady(2).slice(2), [A, 2000, 5], [A, 3900, 6]]
    frames.push(...seenIn(builder.batch(batchOf(next))))
    expect(frames.map(f => [f.tick, f.closed])).toEqual([
      [0, 'grace'],
      [1, 'complete'],
    ])
    frames.push(...seenIn(builder.close(2, 'grace')))
    expect(frames.at(-1)).toMatchObject({ tick: 2, closed: 'grace' })
  })

  it('counts late signals, keeps late events, and tells a sample when it becomes known', () => {
    const { builder, frames } = run([
      steady(5),
      [
        [A, 1000, 77],
        [SHOT_A, 2500, 1.2],
        [BATH_A, -3600_000, 1230],
      ],
      [
        [A, 5000, 5],
        [B, 5001, 5],
        [A, 6000, 5],
        [B, 6001, 5],
      ],
    ])
    expect(builder.counters.late).toBe(2)
    expect(frames.reduce((sum, f) => sum + f.events, 0)).toBe(1)
    const withSample = frames.filter(f => f.samples > 0)
    expect(withSample.map(f => f.tick)).toEqual([5])
    expect(withSample[0]!.values[BATH_A]).toBe(1230)
  })

  it('lets a slow signal that comes after its tick closed join the open one, newer than held', () => {
    const slow = { ...definition, tags: [signal, { ...signal, tag: 'slow', period_ms: 10_000 }] }
    const builder = frameBuilder(slow)
    const frames: Seen[] = []
    const feed = (rows: readonly Row[]) => frames.push(...seenIn(builder.batch(batchOf(rows))))
    const SLOW_A = 2
    feed(steady(3))
    feed([
      [SLOW_A, 1200, 7],
      [A, 3500, 3],
      [B, 3500, 3],
    ])
    feed([[SLOW_A, 1100, 6]]) // older than what is held by now
    expect(frames.map(frame => frame.values[SLOW_A])).toEqual([NaN, NaN, NaN, 7])
    expect(builder.counters.late).toBe(1)
  })

  it('gives the same frames for any order of rows within a batch', () => {
    const rows = steady(6)
    const reference = run([rows]).frames
    fc.assert(
      fc.property(fc.shuffledSubarray(rows, { minLength: rows.length }), shuffled => {
        expect(run([shuffled]).frames).toEqual(reference)
      }),
      { numRuns: 30, seed: 1 },
    )
  })

  it('goes on from a snapshot bit for bit', () => {
    const rows = [
      ...steady(4),
      [A, 4000, 4],
      [SHOT_A, 4100, 1],
      [A, 5000, 5],
      [B, 5500, 5],
    ] as Row[]
    for (let cut = 0; cut <= rows.length; cut++) {
      const first = frameBuilder(definition)
      const frames: Seen[] = []
      for (const row of rows.slice(0, cut)) frames.push(...seenIn(first.batch(batchOf([row]))))
      const second = frameBuilder(definition)
      second.restore(first.snapshot())
      for (const row of rows.slice(cut)) frames.push(...seenIn(second.batch(batchOf([row]))))
      const whole = run(rows.map(row => [row]))
      expect(frames).toEqual(whole.frames)
      expect(second.snapshot()).toEqual(whole.builder.snapshot())
    }
  })
})
