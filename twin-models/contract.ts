import type { ProcessModel, Quantity } from './model.ts'

/** How hard `checkProcessModel` tries. */
export interface ModelCheck {
  /** Simulated time of the range check. */
  readonly duration_s: number
  /** Steps of the range check; also the long step that is held against short ones. */
  readonly step_s: number
  /** Allowed difference of one long step from many short ones, relative to each range. */
  readonly tolerance: number
}

const USUAL: ModelCheck = { duration_s: 86_400, step_s: 60, tolerance: 1e-6 }
const SHORT_STEPS = 60

/**
 * Holds a process model to its contract and returns one line per breach; empty when it holds.
 * `input` should differ from cell to cell; it is [input][cell], tiled like the model's arrays.
 */
export function checkProcessModel<Parameters extends object>(
  model: ProcessModel<Parameters>,
  parameters: Parameters,
  cellCount: number,
  input: Float64Array, // [input][cell] or [tile][input][lane]
  check: ModelCheck = USUAL,
): readonly string[] {
  const problems: string[] = []
  const shape = shapeOf(cellCount, model.lanes)
  if (input.length !== model.inputs.length * shape.places) {
    return [model.lanes ? 'input: expected [tile][input][lane]' : 'input: expected [input][cell]']
  }
  problems.push(...namesAndRanges(model))
  const run = (
    given: Parameters,
    fed: Float64Array,
    from: Float64Array,
    steps: number,
    dt: number,
  ) => runModel(model, given, shape, fed, from, steps, dt)
  const first = new Float64Array(model.states.length * shape.places)
  model.initialise(parameters, first)
  // Cells must differ before their independence can show.
  const start = run(parameters, input, first, 10, check.step_s).state

  const once = run(parameters, input, start, 3, check.step_s)
  run(
    parameters,
    input.map(value => 0.9 * value),
    first,
    2,
    check.step_s,
  )
  const twice = run(parameters, input, start, 3, check.step_s)
  if (!sameBytes(once.state, twice.state) || !sameBytes(once.output, twice.output)) {
    problems.push('the same step gives different bytes after another call')
  }

  const long = run(parameters, input, start, 1, check.step_s).state
  const short = run(parameters, input, start, SHORT_STEPS, check.step_s / SHORT_STEPS).state
  model.states.forEach((quantity, index) => {
    const allowed = check.tolerance * (quantity.high - quantity.low)
    for (let cell = 0; cell < cellCount; cell++) {
      const at = placeIn(shape, model.states.length, index, cell)
      const off = Math.abs(long[at]! - short[at]!)
      if (!(off <= allowed)) problems.push(`${quantity.name}: long step is ${off} from short ones`)
    }
  })

  const order = Array.from({ length: cellCount }, (_, cell) => cellCount - 1 - cell)
  const swapped = run(
    permuteParameters(parameters, shape, order),
    permute(input, shape, order),
    permute(start, shape, order),
    3,
    check.step_s,
  )
  if (
    !sameBytes(swapped.state, permute(once.state, shape, order)) ||
    !sameBytes(swapped.output, permute(once.output, shape, order))
  ) {
    problems.push('cells are not independent of their order')
  }

  const steps = Math.ceil(check.duration_s / check.step_s)
  const last = run(parameters, input, first, steps, check.step_s)
  problems.push(...outside('state', model.states, last.stateLow, last.stateHigh))
  problems.push(...outside('output', model.outputs, last.outputLow, last.outputHigh))
  return problems
}

function namesAndRanges<Parameters>(model: ProcessModel<Parameters>): string[] {
  const problems: string[] = []
  for (const list of [model.inputs, model.states, model.outputs]) {
    const names = new Set<string>()
    for (const quantity of list) {
      if (names.has(quantity.name)) problems.push(`${quantity.name}: named twice`)
      names.add(quantity.name)
      if (!(quantity.low < quantity.high)) problems.push(`${quantity.name}: range is empty`)
    }
  }
  return problems
}

interface Run {
  readonly state: Float64Array // [state][cell]
  readonly output: Float64Array // [output][cell]
  readonly stateLow: Float64Array // [state], of all cells and steps
  readonly stateHigh: Float64Array
  readonly outputLow: Float64Array // [output]
  readonly outputHigh: Float64Array
}

/** How the arrays of a model lie in memory. */
interface Shape {
  readonly cells: number
  /** Cells per tile; all of them where arrays are not tiled. */
  readonly lanes: number
  /** Numbers per field, padding included. */
  readonly places: number
}

function shapeOf(cells: number, lanes = cells): Shape {
  return { cells, lanes, places: Math.ceil(cells / lanes) * lanes }
}

function placeIn({ lanes }: Shape, fields: number, field: number, cell: number): number {
  const lane = cell % lanes
  return (cell - lane) * fields + field * lanes + lane
}

function runModel<Parameters>(
  model: ProcessModel<Parameters>,
  parameters: Parameters,
  shape: Shape,
  input: Float64Array,
  from: Float64Array,
  steps: number,
  dt_s: number,
): Run {
  const state = from.slice()
  const output = new Float64Array(model.outputs.length * shape.places)
  const run: Run = {
    state,
    output,
    stateLow: new Float64Array(model.states.length).fill(Number.POSITIVE_INFINITY),
    stateHigh: new Float64Array(model.states.length).fill(Number.NEGATIVE_INFINITY),
    outputLow: new Float64Array(model.outputs.length).fill(Number.POSITIVE_INFINITY),
    outputHigh: new Float64Array(model.outputs.length).fill(Number.NEGATIVE_INFINITY),
  }
  for (let step = 0; step < steps; step++) {
    model.advance(parameters, state, input, dt_s, output)
    widen(run.stateLow, run.stateHigh, state, shape)
    widen(run.outputLow, run.outputHigh, output, shape)
  }
  return run
}

/** Math.min and max keep a NaN, so a field that was NaN once stays outside its range. */
function widen(low: Float64Array, high: Float64Array, values: Float64Array, shape: Shape): void {
  for (let field = 0; field < low.length; field++) {
    for (let cell = 0; cell < shape.cells; cell++) {
      const value = values[placeIn(shape, low.length, field, cell)]!
      low[field] = Math.min(low[field]!, value)
      high[field] = Math.max(high[field]!, value)
    }
  }
}

function outside(
  what: string,
  quantities: readonly Quantity[],
  low: Float64Array,
  high: Float64Array,
): string[] {
  return quantities.flatMap((quantity, i) =>
    low[i]! >= quantity.low && high[i]! <= quantity.high
      ? []
      : [`${what} ${quantity.name}: ${low[i]} .. ${high[i]} leaves its range`],
  )
}

function sameBytes(one: Float64Array, other: Float64Array): boolean {
  const a = new Uint8Array(one.buffer, one.byteOffset, one.byteLength)
  const b = new Uint8Array(other.buffer, other.byteOffset, other.byteLength)
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

/** Reorders by cell: cell i of the result is cell order[i] of the argument. Padding stays. */
function permute(values: Float64Array, shape: Shape, order: readonly number[]): Float64Array {
  const fields = values.length / shape.places
  const permuted = values.slice()
  for (let field = 0; field < fields; field++) {
    for (let cell = 0; cell < shape.cells; cell++) {
      permuted[placeIn(shape, fields, field, cell)] =
        values[placeIn(shape, fields, field, order[cell]!)]!
    }
  }
  return permuted
}

/** Reorders every array that has one number per cell, or fields in tiles of cells. */
function permuteParameters<Parameters extends object>(
  parameters: Parameters,
  shape: Shape,
  order: readonly number[],
): Parameters {
  const tiled = shape.lanes < shape.cells || shape.places > shape.cells
  const perCell = (length: number) =>
    tiled ? length > 0 && length % shape.places === 0 : length === shape.cells
  const entries = Object.entries(parameters).map(([key, value]) => [
    key,
    value instanceof Float64Array && perCell(value.length) ? permute(value, shape, order) : value,
  ])
  return Object.fromEntries(entries) as Parameters
}
