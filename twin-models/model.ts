/** A physical quantity that a model takes, keeps or gives. */
export interface Quantity {
  /** Name ending in its SI unit, e.g. `bath_K`. */
  readonly name: string
  /** SI unit, e.g. "K"; "1" for a ratio. */
  readonly unit: string
  /** For people, e.g. "bath temperature". */
  readonly text: string
  /** Believable range in SI. */
  readonly low: number
  readonly high: number
  /** How people read it: shown = SI * scale + offset, in `unit`, with `digits` decimals. */
  readonly display: {
    readonly unit: string
    readonly scale: number
    readonly offset: number
    readonly digits: number
  }
}

/**
 * A pure process model of all cells of a line: no clock, no I/O, no hidden memory.
 * Arrays are structure of arrays, [field][cell], or [tile][field][lane] where `lanes` is given: a
 * tile holds `lanes` cells side by side, and copies of its first cell fill the last one. Shaped like FMI 3 co-simulation: state can be
 * copied out and in, and a step depends on its arguments alone, so equal runs give equal bytes.
 */
export interface ProcessModel<Parameters> {
  readonly name: string
  readonly version: string
  /** Cells per tile of a model whose arrays are tiled. */
  readonly lanes?: number
  readonly inputs: readonly Quantity[]
  readonly states: readonly Quantity[]
  readonly outputs: readonly Quantity[]
  /** Papers and standards behind the equations. */
  readonly sources: readonly string[]
  /** Fills `state` [state][cell] with the nominal steady state of each cell. */
  initialise(parameters: Parameters, state: Float64Array): void
  /** Advances `state` by dt_s under constant `input`, and fills `output` at the new state. */
  advance(
    parameters: Parameters,
    state: Float64Array, // [state][cell]
    input: Float64Array, // [input][cell]
    dt_s: number,
    output: Float64Array, // [output][cell]
  ): void
}
