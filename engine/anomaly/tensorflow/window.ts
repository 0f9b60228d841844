import type { ModelRecord } from './model-record.ts'

/**
 * What a network answers to a window of rows: all rows of it rebuilt, its newest row rebuilt, or
 * the row that comes next.
 */
export type WindowAnswer = 'window' | 'newest' | 'next'

/** Rows of one cell that a network takes at once, oldest first. */
export interface ModelWindow {
  readonly rows: number
  /** From one row to the next, event time. */
  readonly step_ms: number
  readonly answer: WindowAnswer
}

/** Sizes that a model may have. */
export const WINDOW_ROWS_MIN = 2
export const WINDOW_ROWS_MAX = 64
/** Rows are this far apart wherever windows are made: live, in training and in a gate's bank. */
export const WINDOW_STEP_MS = 60_000
const ANSWERS: readonly string[] = ['window', 'newest', 'next'] satisfies WindowAnswer[]

/** Ticks from one row of a cell to its next; 0: the ticks are too long for that. */
export function windowStep(tick_ms: number): number {
  return tick_ms > WINDOW_STEP_MS ? 0 : Math.max(1, Math.round(WINDOW_STEP_MS / tick_ms))
}

/** Rows that one score takes: the window, and the next row where that is foretold. */
export function spanOf(window: ModelWindow | undefined): number {
  if (!window) return 1
  return window.answer === 'next' ? window.rows + 1 : window.rows
}

/** Why this engine makes no such windows, or ''. */
export function windowProblem({ rows, step_ms, answer }: ModelWindow): string {
  if (!Number.isInteger(rows) || rows < WINDOW_ROWS_MIN || rows > WINDOW_ROWS_MAX) {
    return `takes windows of ${rows} rows, this engine makes ${WINDOW_ROWS_MIN} to ${WINDOW_ROWS_MAX}`
  }
  if (step_ms !== WINDOW_STEP_MS) {
    return `takes rows ${step_ms} ms apart, this engine makes them ${WINDOW_STEP_MS} ms apart`
  }
  if (ANSWERS.includes(answer)) return ''
  return `answers "${answer}" to a window, known answers are ${ANSWERS.join(', ')}`
}

/** Sizes of the ends of a model's network, of one row or window. */
export interface NetworkShape {
  readonly input: readonly number[]
  readonly output: readonly number[]
}

/** What the network of a record has to take and to give. */
export function shapeOf({
  features,
  inputs,
}: Pick<ModelRecord, 'features' | 'inputs'>): NetworkShape {
  const row = [features.length]
  if (!inputs?.window) return { input: row, output: row }
  const { rows, answer } = inputs.window
  const whole = [rows, features.length]
  return { input: whole, output: answer === 'window' ? whole : row }
}

/** Numbers in a value of these sizes. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}
