import { assert } from '../../core/assert.ts'
import type { LineFrame, TwinFrame } from '../../flow.ts'

/** How many numbers the frames of a line have. */
export interface FrameShape {
  readonly series: number // [tag][cell]
  readonly fields: number // [field][cell]
  readonly channels: number // [channel][cell]
  readonly cells: number
}

/** What of the two frames is not an array. */
export interface FrameHead extends Omit<LineFrame, 'values' | 'quality' | 'age_ms'> {
  readonly slot: number
}

type Frames = { readonly frame: LineFrame; readonly twin: TwinFrame }

/**
 * The newest frame of a line in memory that two threads see: one writes a slot while the other reads
 * the one that was committed last, so nothing is copied on its way and nothing is read half written.
 */
export interface FrameSlots {
  readonly memory: SharedArrayBuffer
  /** Copies the frames into the slot that is not being read, and makes it the next to be read. */
  write(frames: Frames): FrameHead
  read(head: FrameHead): Frames
}

const SLOTS = 2

/** Slots over memory that the other thread handed over, or over new memory. */
export function frameSlots(shape: FrameShape, shared?: SharedArrayBuffer): FrameSlots {
  const numbers = 2 * shape.series + 2 * shape.fields + 4 * shape.channels
  const flags = shape.series + shape.fields + 2 * shape.cells
  const slot_bytes = 8 * (numbers + Math.ceil(flags / 8))
  const memory = shared ?? new SharedArrayBuffer(SLOTS * slot_bytes)
  const slots = Array.from({ length: SLOTS }, (_, slot) =>
    arraysAt(memory, slot * slot_bytes, shape),
  )
  let last = 0
  return {
    memory,
    write({ frame, twin }) {
      last = 1 - last
      const to = slots[last]!
      for (const name of FRAME_ARRAYS) copy(to[name], frame[name], name)
      for (const name of TWIN_ARRAYS) copy(to[name], twin[name], name)
      const { tick, time_ms, closed, events, samples } = frame
      return { tick, time_ms, closed, events, samples, slot: last }
    },
    read({ slot, ...head }) {
      const { values, quality, age_ms, ...twin } = slots[slot]!
      const { tick, time_ms } = head
      return { frame: { ...head, values, quality, age_ms }, twin: { tick, time_ms, ...twin } }
    },
  }
}

const FRAME_ARRAYS = ['values', 'quality', 'age_ms'] as const
const TWIN_ARRAYS = [
  ...(['estimate', 'std', 'observable', 'observed', 'expected', 'expected_std'] as const),
  ...(['residual', 'masked', 'trusted'] as const),
]

function arraysAt(memory: SharedArrayBuffer, begin: number, shape: FrameShape) {
  let at = begin
  const next = <T>(
    of: new (buffer: SharedArrayBuffer, at: number, length: number) => T,
    length: number,
    bytes: number,
  ): T => {
    const array = new of(memory, at, length)
    at += bytes * length
    return array
  }
  const numbers = (length: number) => next(Float64Array, length, 8)
  const flags = (length: number) => next(Uint8Array, length, 1)
  // The numbers first: they begin on 8-byte boundaries.
  return {
    values: numbers(shape.series),
    age_ms: numbers(shape.series),
    estimate: numbers(shape.fields),
    std: numbers(shape.fields),
    observed: numbers(shape.channels),
    expected: numbers(shape.channels),
    expected_std: numbers(shape.channels),
    residual: numbers(shape.channels),
    quality: flags(shape.series),
    observable: flags(shape.fields),
    masked: flags(shape.cells),
    trusted: flags(shape.cells),
  }
}

function copy<T extends Float64Array | Uint8Array>(to: T, from: T, name: string): void {
  assert(to.length === from.length, `${name} has the length of its line`)
  to.set(from)
}
