import { channelTableBytes, writeChannelTable } from '#twin-models/kernels/transport-layout.ts'
import type { CellBank } from '#twin-models/potline/cell/bank.ts'
import { LANES, placeOf } from '#twin-models/potline/cell/layout.ts'
import {
  type BankMemory,
  bankMemory,
  type CellPlaces,
  cellPlaces,
} from '#twin-models/potline/cell/memory.ts'

/** The blocks of an open bank. */
export interface BankImage {
  readonly places: CellPlaces
  readonly memory: BankMemory
  /** All of the bank's memory; `memory` holds indices in it. */
  readonly numbers: Float64Array
}

/** Finds the blocks of a bank around its state. */
export function bankImage(bank: CellBank): BankImage {
  const places = cellPlaces(bank.parameters)
  const stateAt = bank.state.byteOffset / bank.state.BYTES_PER_ELEMENT
  const start = stateAt - bankMemory(places, bank.cellCount, 0).stateAt
  return {
    places,
    memory: bankMemory(places, bank.cellCount, start),
    numbers: new Float64Array(bank.state.buffer),
  }
}

/** The bank as cell.c reads it: counts, channel table, then blocks of [cell][value]. */
export function imageOf(bank: CellBank, frames: Float64Array): Uint8Array {
  const { places, memory, numbers } = bankImage(bank)
  const { layout, channels } = places
  const { cellCount } = bank
  const table = channelTableBytes(channels)
  const frameCount = frames.length / bank.input.length
  const blocks: readonly (readonly [from: Float64Array, start: number, values: number])[] = [
    [numbers, memory.parametersAt, places.parameters],
    [numbers, memory.planAt, places.plan.count],
    [numbers, memory.stateAt, layout.states.length],
    [numbers, memory.outputAt, layout.outputs.length],
    ...Array.from(
      { length: frameCount },
      (_, f) => [frames, f * bank.input.length, layout.inputs.length] as const,
    ),
  ]
  const head = Int32Array.from([
    cellCount,
    places.parameters,
    places.plan.count,
    layout.states.length,
    layout.inputs.length,
    layout.outputs.length,
    places.work.count,
    frameCount,
    table,
    0,
  ])
  const values = blocks.reduce((sum, [, , count]) => sum + cellCount * count, 0)
  const bytes = new ArrayBuffer(head.byteLength + table + 8 * values)
  new Int32Array(bytes, 0, head.length).set(head)
  writeChannelTable(channels, bytes, head.byteLength)
  const into = new Float64Array(bytes, head.byteLength + table)
  let next = 0
  for (const [from, start, count] of blocks) {
    for (let cell = 0; cell < cellCount; cell++) {
      for (let i = 0; i < count; i++) into[next++] = from[start + placeOf(count, cell, i)]!
    }
  }
  return new Uint8Array(bytes)
}

/** State, then output, of all cells as [cell][value]: what cell.c writes when it is done. */
export function resultOf(bank: CellBank): Float64Array {
  const { cellCount, layout } = bank
  const states = layout.states.length
  const outputs = layout.outputs.length
  const result = new Float64Array(cellCount * (states + outputs))
  let next = 0
  for (const [from, count] of [
    [bank.state, states],
    [bank.output, outputs],
  ] as const) {
    for (let cell = 0; cell < cellCount; cell++) {
      for (let i = 0; i < count; i++) result[next++] = from[placeOf(count, cell, i)]!
    }
  }
  return result
}

/** Bytes that a cell takes in a bank, scratch of the tile in hand aside. */
export function bytesPerCell(bank: CellBank): number {
  const { memory } = bankImage(bank)
  return (8 * (memory.workAt - memory.parametersAt)) / (LANES * memory.tiles)
}
