/** Parameters of a bank of cells, from data files with a source per number. */
import { type CellSizes, LANES, type Places, placeOf } from './layout.ts'
import { LAYER_FIELDS, PARAMETER_SCALARS, type ParameterRow } from './parameter-fields.ts'

export type ParameterKey = (typeof PARAMETER_SCALARS)[number][0]
export type LayerKey = (typeof LAYER_FIELDS)[number][0]

/** Places of the single parameters; the same for all sizes. */
export const parameterPlace = Object.fromEntries(
  PARAMETER_SCALARS.map(([key], i) => [key, i]),
) as Readonly<Record<ParameterKey, number>>

/** Side walls of a cell, by height. */
export type WallHeight = 'bath' | 'metal'

/** Where the parameters per layer of lining are. */
export interface ParameterLayout {
  readonly fields: readonly ParameterRow[]
  readonly layers: Readonly<Record<WallHeight, Readonly<Record<LayerKey, Places>>>>
}

/** What a file of parameters/ holds: every number with its source. */
export interface ParameterSet {
  readonly name: string
  readonly text: string
  readonly sizes: CellSizes
  readonly parameters: Readonly<Record<string, { readonly value: number; readonly source: string }>>
  readonly layers: Readonly<Record<WallHeight, readonly LayerOfSet[]>> // outside first
  readonly geometry: CellGeometry
}

type LayerOfSet = { readonly name: string; readonly source: string } & Readonly<
  Record<LayerKey, number>
>

/** The cell seen from above, the same for all cells of a bank; lengths along the cell. */
export interface CellGeometry {
  readonly channelLength_m: number
  readonly anodeLength_m: number
  readonly feeders_m: readonly number[]
  readonly source: string
}

/** Parameters that `balanceHeat` sets, so that no file gives them. */
export const BALANCED: readonly ParameterKey[] = ['top_W_K', 'rim_W_K', 'bottom_W_K', 'bars_W_K']

/** Parameters of a bank of cells; a line may vary them from cell to cell. */
export interface CellParameters {
  readonly name: string
  readonly sizes: CellSizes
  readonly layers: number
  readonly cellCount: number
  readonly geometry: CellGeometry
  readonly layout: ParameterLayout
  readonly values: Float64Array // [tile][parameter][lane]
}

/** Places of all parameters of cells with the given layers of lining. */
export function parameterLayout(layers: number): ParameterLayout {
  const fields: ParameterRow[] = [...PARAMETER_SCALARS]
  const vectors = <Key extends string>(
    rows: readonly ParameterRow[],
    count: number,
    name: (key: string, number: number) => string,
  ) => {
    const places = {} as Record<Key, Places>
    for (const [key, unit, text, low, high] of rows) {
      places[key as Key] = { first: fields.length, count }
      for (let i = 1; i <= count; i++) fields.push([name(key, i), unit, text, low, high])
    }
    return places
  }
  return {
    layers: {
      bath: vectors<LayerKey>(LAYER_FIELDS, layers, (key, i) => `bathLayer${i}_${key}`),
      metal: vectors<LayerKey>(LAYER_FIELDS, layers, (key, i) => `metalLayer${i}_${key}`),
    },
    fields,
  }
}

/**
 * A bank of equal cells from a data file. Call `balanceHeat` before use, and again after varying
 * parameters. Throws a RangeError that names an impossible or missing parameter and its range.
 */
export function cellParameters(
  set: ParameterSet,
  cellCount: number,
  sizes: CellSizes = set.sizes,
): CellParameters {
  const layers = set.layers.bath.length
  if (set.layers.metal.length !== layers) {
    throw new RangeError(`${set.name}: both heights need the same number of layers`)
  }
  const layout = parameterLayout(layers)
  const tiles = Math.ceil(cellCount / LANES)
  const parameters: CellParameters = {
    name: set.name,
    sizes,
    layers,
    cellCount,
    geometry: geometryOf(set, sizes),
    layout,
    values: new Float64Array(tiles * layout.fields.length * LANES),
  }
  for (const [key] of PARAMETER_SCALARS) {
    if (BALANCED.includes(key)) continue
    const given = set.parameters[key]
    if (!given) throw new RangeError(`${set.name}: parameter ${key} is missing`)
    setAll(parameters, parameterPlace[key], given.value)
  }
  for (const key of Object.keys(set.parameters)) {
    if (!(key in parameterPlace)) throw new RangeError(`${set.name}: parameter ${key} is not known`)
  }
  for (const height of ['bath', 'metal'] as const) {
    for (const [key] of LAYER_FIELDS) {
      set.layers[height].forEach((layer, i) => {
        setAll(parameters, layout.layers[height][key].first + i, layer[key])
      })
    }
  }
  checkParameters(parameters)
  return parameters
}

/** The geometry of a file; feeders at equal distances and shorter anodes for other sizes. */
function geometryOf(set: ParameterSet, sizes: CellSizes): CellGeometry {
  const { geometry } = set
  const { channelLength_m } = geometry
  const feeders_m =
    sizes.feeders === geometry.feeders_m.length
      ? geometry.feeders_m
      : Array.from(
          { length: sizes.feeders },
          (_, i) => (channelLength_m * (i + 0.5)) / sizes.feeders,
        )
  const anodeLength_m = (geometry.anodeLength_m * set.sizes.anodes) / sizes.anodes
  return { ...geometry, feeders_m, anodeLength_m: Math.min(anodeLength_m, channelLength_m) }
}

/** Sets one parameter of all cells, the padding of the last tile included. */
function setAll(parameters: CellParameters, place: number, value: number): void {
  const fields = parameters.layout.fields.length
  const lanes = parameters.values.length / fields
  for (let cell = 0; cell < lanes; cell++) {
    parameters.values[placeOf(fields, cell, place)] = value
  }
}

/** One parameter of one cell. */
export function parameterOf(parameters: CellParameters, cell: number, key: ParameterKey): number {
  const fields = parameters.layout.fields.length
  return parameters.values[placeOf(fields, cell, parameterPlace[key])]!
}

/** Sets one parameter of one cell; `balanceHeat` and `padParameters` come after. */
export function setParameter(
  parameters: CellParameters,
  cell: number,
  key: ParameterKey,
  value: number,
): void {
  const fields = parameters.layout.fields.length
  parameters.values[placeOf(fields, cell, parameterPlace[key])] = value
}

/** Copies the first cell of the last tile into its unused lanes. */
export function padParameters(parameters: CellParameters): void {
  const { values, cellCount } = parameters
  const fields = parameters.layout.fields.length
  const start = cellCount - ((cellCount - 1) % LANES) - 1
  for (let cell = cellCount; cell % LANES !== 0; cell++) {
    for (let i = 0; i < fields; i++) {
      values[placeOf(fields, cell, i)] = values[placeOf(fields, start, i)]!
    }
  }
}

/** Throws a RangeError that names the first impossible parameter, its cell and its range. */
export function checkParameters(parameters: CellParameters): void {
  const { fields } = parameters.layout
  for (let cell = 0; cell < parameters.cellCount; cell++) {
    fields.forEach(([key, unit, , low, high], i) => {
      const value = parameters.values[placeOf(fields.length, cell, i)]!
      if (!(value >= low && value <= high)) {
        throw new RangeError(
          `parameter ${key} of cell ${cell + 1} is ${value} ${unit}; ${low} to ${high} is possible`,
        )
      }
    })
  }
}

/** How far parameters differ between cells: relative standard deviation by name. */
export type Spread = Readonly<Partial<Record<ParameterKey, number>>>

/**
 * Varies parameters from cell to cell by normal factors, kept within 2.5 deviations and their
 * ranges. `normal` is a seeded standard normal. Call `balanceHeat` after it.
 */
export function spreadParameters(
  parameters: CellParameters,
  spread: Spread,
  normal: () => number,
): void {
  for (let cell = 0; cell < parameters.cellCount; cell++) {
    for (const [key, , , low, high] of PARAMETER_SCALARS) {
      const deviation = spread[key as ParameterKey]
      if (deviation === undefined) continue
      const factor = 1 + deviation * Math.min(Math.max(normal(), -2.5), 2.5)
      const value = parameterOf(parameters, cell, key) * factor
      setParameter(parameters, cell, key, Math.min(Math.max(value, low), high))
    }
  }
  padParameters(parameters)
}
