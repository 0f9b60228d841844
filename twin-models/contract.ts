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
 * `input` [input][cell] should differ from cell to cell.
 */
export function checkProcessModel<Parameters extends object>(
  model: ProcessModel<Parameters>,
  parameters: Parameters,
  cellCount: number,
  input: Float64Array, // [input][cell]
  check: ModelCheck = USUAL,
): readonly string[] {
  const problems: string[] = []
  if (input.length !== model.inputs.length * cellCount) return ['input: expected [input][cell]']
  problems.push(...namesAndRanges(model))
  const run = (
    given: Parameters,
    fed: Float64Array,
    from: Float64Array,
    steps: number,
    dt: number,
  ) => runModel(model, given, cellCount, fed, from, steps, dt)
  const first = new Float64Array(model.states.length * cellCount)
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
      const at = index * cellCount + cell
      const off = Math.abs(long[at]! - short[at]!)
      if (!(off <= allowed)) problems.push(`${quantity.name}: long step is ${off} from short ones`)
    }
  })

  const order = Array.from({ length: cellCount }, (_, cell) => cellCount - 1 - cell)
  const swapped = run(
    permuteParameters(parameters, cellCount, order),
    permute(input, order),
    permute(start, order),
    3,
    check.step_s,
  )
  if (
    !sameBytes(swapped.state, permute(once.state, order)) ||
    !sameBytes(swapped.output, permute(once.output, order))
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

function runModel<Parameters>(
  model: ProcessModel<Parameters>,
  parameters: Parameters,
  cellCount: number,
  input: Float64Array,
  from: Float64Array,
  steps: number,
  dt_s: number,
): Run {
  const state = from.slice()
  const output = new Float64Array(model.outputs.length * cellCount)
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
    widen(run.stateLow, run.stateHigh, state, cellCount)
    widen(run.outputLow, run.outputHigh, output, cellCount)
  }
  return run
}

/** Math.min and max keep a NaN, so a field that was NaN once stays outside its range. */
function widen(low: Float64Array, high: Float64Array, values: Float64Array, cells: number): void {
  for (let i = 0; i < values.length; i++) {
    const field = Math.floor(i / cells)
    low[field] = Math.min(low[field]!, values[i]!)
    high[field] = Math.max(high[field]!, values[i]!)
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

/** Reorders [field][cell] by cell: cell i of the result is cell order[i] of the argument. */
function permute(values: Float64Array, order: readonly number[]): Float64Array {
  const cells = order.length
  return values.map((_, i) => values[i - (i % cells) + order[i % cells]!]!)
}

/** Reorders every array that has one number per cell. */
function permuteParameters<Parameters extends object>(
  parameters: Parameters,
  cellCount: number,
  order: readonly number[],
): Parameters {
  const entries = Object.entries(parameters).map(([key, value]) => [
    key,
    value instanceof Float64Array && value.length === cellCount ? permute(value, order) : value,
  ])
  return Object.fromEntries(entries) as Parameters
}
