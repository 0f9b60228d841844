import type { RowScorer } from '../../flow.ts'
import type { ModelWindow } from './window.ts'

/** What computes a network: its files are TensorFlow.js's, and ONNX Runtime is quicker. */
export type Runtime = 'onnx' | 'tensorflow'

/** Rows or windows of scaled features in, as many answers out. */
export type Runner = (input: Float32Array, rows: number) => Float32Array

/** A trained model that scores cells, a row or a window of rows each. */
export interface CellScorer extends RowScorer {
  /** Registry name and version, e.g. `potline-cells/1`. */
  readonly version: string
  /** What computes it; other runtimes give other last digits, so the log names it. */
  readonly runtime?: Runtime
  /** Names of the features it takes, in order. */
  readonly features: readonly string[]
  /** Absent: a score takes one row. Else the rows of its window, and the next where it says so. */
  readonly window?: ModelWindow
  /** A score above this stands out. */
  readonly threshold: number
  /** Only a promoted model may raise an alarm; any model scores live. */
  readonly promoted: boolean
}

/** The models at work on a line; they change only between two ticks. */
export interface CellModels {
  /** The champion, else the challenger, else the shadow; undefined: none scores. */
  readonly lead: CellScorer | undefined
  /** The challenger, else the shadow, beside a champion; it scores and never alarms. */
  readonly second: CellScorer | undefined
}
