import { describe, expect, it } from 'vitest'
import { joinPieces } from '../core/sections.ts'
import {
  type FrameEvent,
  type LineDefinition,
  type LineFrame,
  Quality,
  type Sample,
  type Twin,
  type TwinFrame,
} from '../flow.ts'

/** A frame of the given tick with nothing known yet; a test fills in what it needs. */
export function emptyFrame(
  definition: LineDefinition,
  tick: number,
): LineFrame & { events: FrameEvent[]; samples: Sample[] } {
  const series = definition.tags.length * definition.cells.length
  return {
    tick,
    time_ms: (tick + 1) * definition.tick_ms,
    closed: 'complete',
    values: new Float64Array(series).fill(Number.NaN),
    quality: new Uint8Array(series).fill(Quality.missing),
    age_ms: new Float64Array(series).fill(Number.NaN),
    events: [],
    samples: [],
  }
}

const tagIndices = new WeakMap<LineDefinition, ReadonlyMap<string, number>>()

/** Place of a tag in its line; -1: it has none. */
export function tagIndexOf(definition: LineDefinition, tag: string): number {
  let indices = tagIndices.get(definition)
  if (!indices) {
    indices = new Map(definition.tags.map((one, index) => [one.tag, index]))
    tagIndices.set(definition, indices)
  }
  return indices.get(tag) ?? -1
}

/** Puts one good, fresh value (SI) into a frame. */
export function putValue(
  definition: LineDefinition,
  frame: LineFrame,
  tag: string,
  cell: number,
  value: number,
): void {
  const at = tagIndexOf(definition, tag) * definition.cells.length + cell
  frame.values[at] = value
  frame.quality[at] = Quality.good
  frame.age_ms[at] = 0
}

/** All numbers of a twin's frame in one copy, for comparison byte by byte. */
export function bytesOf(frame: TwinFrame): Buffer {
  const numbers = [
    frame.estimate,
    frame.std,
    frame.observed,
    frame.expected,
    frame.expected_std,
    frame.residual,
  ]
  const flags = [frame.observable, frame.masked, frame.trusted]
  return Buffer.concat(
    [...numbers, ...flags].map(a => Buffer.from(a.buffer, a.byteOffset, a.byteLength)),
  )
}

function run(twin: Twin, frames: readonly LineFrame[]): Buffer {
  return Buffer.concat(frames.map(frame => bytesOf(twin.step(frame))))
}

const spoil = (frame: LineFrame, change: (i: number) => number): LineFrame => ({
  ...frame,
  values: frame.values.map((_, i) => change(i)),
})

const neverInfinite = (values: Float64Array) =>
  values.every(v => Number.isNaN(v) || Number.isFinite(v))

/**
 * What each twin must hold to. `frames` are consecutive ticks of ordinary running, at least 200,
 * after which the twin is warm and trusts its cells.
 */
export function checkTwin(
  name: string,
  definition: LineDefinition,
  create: () => Twin,
  frames: readonly LineFrame[],
): void {
  const cells = definition.cells.length
  const half = Math.floor(frames.length / 2)

  describe(`${name} as a twin`, () => {
    it('gives the same bytes twice', () => {
      expect(run(create(), frames).equals(run(create(), frames))).toBe(true)
    })

    it('goes on after snapshot and restore as if nothing had happened', () => {
      const straight = create()
      run(straight, frames.slice(0, half))
      const snapshot = straight.snapshot()
      const restored = create()
      restored.restore(snapshot)
      const rest = frames.slice(half)
      expect(run(restored, rest).equals(run(straight, rest))).toBe(true)
      expect(Buffer.from(restored.snapshot()).equals(Buffer.from(straight.snapshot()))).toBe(true)
    })

    it('gives its snapshot in pieces as it gives it whole', () => {
      const twin = create()
      run(twin, frames.slice(0, half))
      expect(joinPieces(twin.pieces?.() ?? [])).toEqual(twin.snapshot())
    })

    it('refuses the state of another twin, a truncated and an older one', () => {
      const bytes = create().snapshot()
      expect(() => create().restore(bytes.subarray(0, bytes.length - 8))).toThrow('bytes instead')
      expect(() => create().restore(new Uint8Array(3))).toThrow('truncated')
      for (const [byte, says] of [
        [0, 'not a twin state'],
        [7, 'version'],
        [9, 'another twin'],
      ] as const) {
        const wrong = bytes.slice()
        wrong[byte] = wrong[byte]! ^ 0x55
        expect(() => create().restore(wrong)).toThrow(says)
      }
    })

    it('fills every array to its declared shape, never with an infinity', () => {
      const twin = create()
      let frame = twin.step(frames[0]!)
      for (const input of frames.slice(1)) frame = twin.step(input)
      const fields = twin.fields.length * cells
      expect(frame.estimate).toHaveLength(fields)
      expect(frame.std).toHaveLength(fields)
      expect(frame.observable).toHaveLength(fields)
      expect(frame.residual).toHaveLength(twin.channels.length * cells)
      for (const array of [frame.estimate, frame.std, frame.expected, frame.expected_std]) {
        expect(neverInfinite(array)).toBe(true)
      }
      expect(frame.std.every(v => Number.isNaN(v) || v >= 0)).toBe(true)
      expect([...frame.observable, ...frame.masked, ...frame.trusted].every(v => v <= 1)).toBe(true)
      expect(frame.trusted.every(v => v === 1)).toBe(true)
      expect(frame.tick).toBe(frames.at(-1)!.tick)
    })

    it('names each field once and each channel after a tag of the line', () => {
      const twin = create()
      expect(new Set(twin.fields.map(f => f.name)).size).toBe(twin.fields.length)
      const tags = new Set(definition.tags.map(t => t.tag))
      expect(twin.channels.every(c => tags.has(c.tag))).toBe(true)
      expect(twin.fields.every(f => f.low < f.high)).toBe(true)
    })

    it('survives ten ticks of nothing, of NaN and of nonsense, and comes back', () => {
      const twin = create()
      run(twin, frames.slice(0, half))
      const next = frames.slice(half)
      const silent = next.slice(0, 10).map(f => emptyFrame(definition, f.tick))
      const missing = next.slice(10, 20).map(f => spoil(f, () => Number.NaN))
      const nonsense = next.slice(20, 30).map(f => spoil(f, i => (i % 2 ? -1e12 : Infinity)))
      run(twin, [...silent, ...missing, ...nonsense])
      let frame = twin.step(next[30]!)
      for (const input of next.slice(31)) frame = twin.step(input)
      expect(neverInfinite(frame.estimate)).toBe(true)
      expect(frame.estimate.some(v => Number.isFinite(v))).toBe(true)
      expect(frame.expected.some(v => Number.isFinite(v))).toBe(true)
    })

    it('scores no channel that has no reading', () => {
      const twin = create()
      run(twin, frames)
      const frame = twin.step(emptyFrame(definition, frames.at(-1)!.tick + 1))
      expect(frame.residual.every(v => Number.isNaN(v))).toBe(true)
    })

    it('forecasts without changing itself, and equal plans alike', () => {
      const twin = create()
      run(twin, frames)
      const before = Buffer.from(twin.snapshot())
      const empty = twin.forecast(0, {}, 3600, 600)
      const same = twin.forecast(0, { feed_ratio: 1, acd_change_m: 0 }, 3600, 600)
      expect(same).toEqual(empty)
      expect(Buffer.from(twin.snapshot()).equals(before)).toBe(true)
    })
  })
}
