/**
 * Places of the states, inputs and outputs of the full cell, with units and believable ranges.
 * Single values come first, at fixed places; vectors follow, their places depend on the sizes.
 */
import type { Quantity } from '../../model.ts'
import {
  INPUT_SCALARS,
  INPUT_VECTORS,
  OUTPUT_SCALARS,
  OUTPUT_VECTORS,
  type ScalarRow,
  STATE_SCALARS,
  STATE_VECTORS,
  type VectorRow,
} from './fields.ts'

/** Cells side by side in a tile; value i of lane l of a tile is at LANES * i + l. */
export const LANES = 4

/** Numbers of nodes and parts; the same for all cells of a bank. */
export interface CellSizes {
  /** Finite volumes of steel, joint and side lining, per height. */
  readonly liningNodes: number
  /** Finite volumes of the ledge, per height. */
  readonly ledgeNodes: number
  /** Nodes along each of the two channels of bath. */
  readonly channelNodes: number
  /** Anodes, in two rows of equal length; an even number. */
  readonly anodes: number
  readonly feeders: number
}

const SIZE_RANGES: Readonly<Record<keyof CellSizes, readonly [low: number, high: number]>> = {
  liningNodes: [2, 256],
  ledgeNodes: [2, 256],
  channelNodes: [4, 1024],
  anodes: [2, 128],
  feeders: [1, 16],
}

/** A run of places, one per node, anode or feeder. */
export interface Places {
  readonly first: number
  readonly count: number
}

type Keys<Rows extends readonly (readonly [string, ...unknown[]])[]> = Rows[number][0]
export type StateKey = Keys<typeof STATE_SCALARS>
export type InputKey = Keys<typeof INPUT_SCALARS>
export type OutputKey = Keys<typeof OUTPUT_SCALARS>
export type StateVector = Keys<typeof STATE_VECTORS>
export type InputVector = Keys<typeof INPUT_VECTORS>
export type OutputVector = Keys<typeof OUTPUT_VECTORS>

/** Places of the single states; the same for all sizes. */
export const statePlace = placesOf<StateKey>(STATE_SCALARS)
/** Places of the single inputs. */
export const inputPlace = placesOf<InputKey>(INPUT_SCALARS)
/** Places of the single outputs. */
export const outputPlace = placesOf<OutputKey>(OUTPUT_SCALARS)

/** Where everything is for given sizes. */
export interface CellLayout {
  readonly sizes: CellSizes
  readonly states: readonly Quantity[]
  readonly inputs: readonly Quantity[]
  readonly outputs: readonly Quantity[]
  /** Vectors of the state. */
  readonly state: Readonly<Record<StateVector, Places>>
  /** Vectors of the input. */
  readonly input: Readonly<Record<InputVector, Places>>
  /** Vectors of the output. */
  readonly output: Readonly<Record<OutputVector, Places>>
}

/** The layout of a cell of the given sizes; throws a RangeError that names an impossible size. */
export function cellLayout(sizes: CellSizes): CellLayout {
  for (const [name, [low, high]] of Object.entries(SIZE_RANGES)) {
    const value = sizes[name as keyof CellSizes]
    if (!Number.isInteger(value) || value < low || value > high) {
      throw new RangeError(`size ${name} is ${value}; whole numbers from ${low} to ${high} work`)
    }
  }
  if (sizes.anodes % 2 !== 0) {
    throw new RangeError(`size anodes is ${sizes.anodes}; two rows need an even number`)
  }
  const state = fieldsOf(STATE_SCALARS, STATE_VECTORS, sizes)
  const input = fieldsOf(INPUT_SCALARS, INPUT_VECTORS, sizes)
  const output = fieldsOf(OUTPUT_SCALARS, OUTPUT_VECTORS, sizes)
  return {
    sizes,
    states: state.quantities,
    inputs: input.quantities,
    outputs: output.quantities,
    state: state.vectors as CellLayout['state'],
    input: input.vectors as CellLayout['input'],
    output: output.vectors as CellLayout['output'],
  }
}

/** Index of a value in an array [tile][field][lane] with `fields` fields. */
export function placeOf(fields: number, cell: number, field: number): number {
  const lane = cell % LANES
  return ((cell - lane) / LANES) * fields * LANES + field * LANES + lane
}

/** Copies one vector of one cell out of [tile][field][lane]. */
export function copyVector(
  from: Float64Array,
  fields: number,
  cell: number,
  places: Places,
  into: Float64Array,
): void {
  const start = placeOf(fields, cell, places.first)
  for (let i = 0; i < places.count; i++) into[i] = from[start + LANES * i]!
}

function placesOf<Key extends string>(rows: readonly ScalarRow[]): Readonly<Record<Key, number>> {
  return Object.fromEntries(rows.map(([key], i) => [key, i])) as Record<Key, number>
}

function fieldsOf(
  scalars: readonly ScalarRow[],
  vectors: readonly VectorRow[],
  sizes: CellSizes,
): { quantities: Quantity[]; vectors: Record<string, Places> } {
  const quantities = scalars.map(row => quantity(row[0], row))
  const places: Record<string, Places> = {}
  for (const [key, unit, text, low, high, display, length] of vectors) {
    const count = length(sizes)
    places[key] = { first: quantities.length, count }
    const cut = key.indexOf('_')
    for (let i = 0; i < count; i++) {
      const place = String(i + 1).padStart(2, '0')
      const name = count === 1 ? key : `${key.slice(0, cut)}_${place}${key.slice(cut)}`
      quantities.push(quantity(name, [key, unit, `${text} ${i + 1}`, low, high, display]))
    }
  }
  return { quantities, vectors: places }
}

function quantity(
  name: string,
  [, unit, text, low, high, [shown, scale, offset, digits]]: ScalarRow,
): Quantity {
  return { name, unit, text, low, high, display: { unit: shown, scale, offset, digits } }
}
