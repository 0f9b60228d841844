import type { ProcessModel } from './model.ts'

/** A process model told by what one cell does; cells meet only in their inputs. */
export interface OneCell<Parameters>
  extends Omit<ProcessModel<Parameters>, 'initialise' | 'advance' | 'lanes'> {
  /** Refuses impossible parameters with a RangeError. */
  check?(parameters: Parameters): void
  /** Fills `state` [state] of one cell. */
  initialise(parameters: Parameters, cell: number, state: Float64Array): void
  /** Advances `state` [state] of one cell in place, and fills `output` [output]. */
  advance(
    parameters: Parameters,
    cell: number,
    state: Float64Array,
    input: Float64Array, // [input]
    dt_s: number,
    output: Float64Array,
  ): void
}

/** The model of all cells, [field][cell], in one call. */
export function cellByCell<Parameters extends { readonly cellCount: number }>(
  one: OneCell<Parameters>,
): ProcessModel<Parameters> {
  const { name, version, inputs, states, outputs, sources } = one
  const cellState = new Float64Array(states.length)
  const cellInput = new Float64Array(inputs.length)
  const cellOutput = new Float64Array(outputs.length)
  return {
    ...{ name, version, inputs, states, outputs, sources },
    initialise(parameters, state) {
      one.check?.(parameters)
      const cells = parameters.cellCount
      for (let cell = 0; cell < cells; cell++) {
        one.initialise(parameters, cell, cellState)
        scatter(cellState, state, cells, cell)
      }
    },
    advance(parameters, state, input, dt_s, output) {
      const cells = parameters.cellCount
      for (let cell = 0; cell < cells; cell++) {
        gather(state, cellState, cells, cell)
        gather(input, cellInput, cells, cell)
        one.advance(parameters, cell, cellState, cellInput, dt_s, cellOutput)
        scatter(cellState, state, cells, cell)
        scatter(cellOutput, output, cells, cell)
      }
    },
  }
}

function gather(from: Float64Array, into: Float64Array, cells: number, cell: number): void {
  for (let i = 0; i < into.length; i++) into[i] = from[i * cells + cell]!
}

function scatter(from: Float64Array, into: Float64Array, cells: number, cell: number): void {
  for (let i = 0; i < from.length; i++) into[i * cells + cell] = from[i]!
}
