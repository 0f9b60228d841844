/** What computes a network: its files are TensorFlow.js's, and ONNX Runtime is quicker. */
export type Runtime = 'onnx' | 'tensorflow'

/** Rows of scaled features in, as many rows rebuilt out. */
export type Runner = (input: Float32Array, rows: number) => Float32Array

/** A trained model that scores all cells of a line in one call. */
export interface CellScorer {
  /** Registry name and version, e.g. `potline-cells/1`. */
  readonly version: string
  /** What computes it; other runtimes give other last digits, so the log names it. */
  readonly runtime?: Runtime
  /** Names of the features it takes, in order. */
  readonly features: readonly string[]
  /** A score above this stands out. */
  readonly threshold: number
  /** Only a promoted model may raise an alarm; any model scores live. */
  readonly promoted: boolean
  /**
   * Called once per tick. Fills `out` [cell] with the score and `parts` [cell][feature] with
   * each feature's share of it; a cell's result does not depend on the other cells.
   */
  score(
    features: Float32Array, // [cell][feature]
    cells: number,
    out: Float64Array, // [cell]
    parts?: Float64Array, // [cell][feature]
  ): void
}

/** The models at work on a line; they change only between two ticks. */
export interface CellModels {
  /** The champion, else the shadow; undefined: none scores. */
  readonly lead: CellScorer | undefined
  /** The shadow beside a champion; it scores and never alarms. */
  readonly second: CellScorer | undefined
}
