import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fitOneRun, type RowPlan } from '../anomaly/rows/detector.ts'
import { type Run, rowOf } from '../anomaly/rows/run.ts'
import { LiquidusError } from '../core/errors.ts'
import { channelsOf, readTable, runOf } from './table.ts'

/** Results on real wells, averaged over events. */
export interface ThreeWResult {
  readonly benchmark: 'three_w'
  readonly detector: string
  /** Share of windows that were told right, mean over events. */
  readonly f1_micro: number
  readonly f1_micro_spread: number
  readonly events: Readonly<Record<string, number>>
}

const WINDOW_ROWS = 180
const WINDOWS_MAX = 15
const TRAIN_SHARE = 0.6
const MISSING_MAX = 0.1
const SPREAD_MIN = 0.01
const FEATURES = 6

/** Runs the published protocol over every event of a folder. */
export function evaluateThreeW(
  folder: string,
  plan: RowPlan,
  onProgress: (text: string) => void,
): ThreeWResult {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => /\.csv(\.gz)?$/.test(file))
    .sort()
  if (files.length === 0) {
    throw new LiquidusError('FILE_UNREADABLE', { path: folder, problem: 'no CSV in it' })
  }
  const events: Record<string, number> = {}
  files.forEach((file, i) => {
    onProgress(`${file} (${i + 1} of ${files.length})`)
    const table = readTable(join(folder, file))
    const run = runOf(table, channelsOf(table, ['class']))
    const accuracy = eventAccuracy(plan, run, table.numbers('class'))
    if (accuracy !== undefined) events[file] = accuracy
  })
  const values = Object.values(events)
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  const square = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length
  const spread = Math.sqrt(square)
  return {
    benchmark: 'three_w',
    detector: plan.name,
    f1_micro: mean,
    f1_micro_spread: spread,
    events,
  }
}

/** Share of test windows that are told right; undefined when an event has too few windows. */
export function eventAccuracy(plan: RowPlan, run: Run, classes: Float64Array): number | undefined {
  const rowsOf = (wanted: (c: number) => boolean) =>
    Array.from(classes, (c, row) => (wanted(c) ? row : -1)).filter(row => row >= 0)
  const normal = windows(
    rowsOf(c => c === 0),
    WINDOWS_MAX,
  )
  const train = Math.floor(TRAIN_SHARE * normal.length)
  const quiet = normal.slice(train)
  const strange = [
    ...windows(
      rowsOf(c => c >= 100),
      quiet.length,
    ),
    ...windows(
      rowsOf(c => c > 0 && c < 100),
      quiet.length,
    ),
  ]
  if (train < 3 || quiet.length === 0 || strange.length === 0) return undefined
  const fit = normal.slice(0, train)
  const used = usable(run, fit)
  if (used.length === 0) return undefined
  const detector = fitOneRun(plan, featureRun(run, fit, used))
  const told = (rows: readonly number[][]) => {
    const features = featureRun(run, rows, used)
    return rows.map((_, i) => {
      const scorer = detector.start()
      scorer.take(rowOf(features, i))
      return scorer.alarm()
    })
  }
  const right =
    told(quiet).filter(alarm => !alarm).length + told(strange).filter(alarm => alarm).length
  return right / (quiet.length + strange.length)
}

/** Up to `most` windows of a period, evenly spread; in a short period they overlap. */
function windows(rows: readonly number[], most: number): number[][] {
  const room = Math.max(0, rows.length - WINDOW_ROWS + 1)
  const count = Math.min(room, most)
  const step = count > 1 ? Math.floor((room - 1) / (count - 1)) : 0
  return Array.from({ length: count }, (_, i) => rows.slice(i * step, i * step + WINDOW_ROWS))
}

/** Channels that are known and move in the windows to fit. */
function usable(run: Run, fit: readonly number[][]): number[] {
  return Array.from({ length: run.width }, (_, c) => c).filter(c => {
    const values = fit.flat().map(row => run.values[row * run.width + c]!)
    const known = values.filter(Number.isFinite)
    if (known.length < (1 - MISSING_MAX) * values.length) return false
    return spreadOf(known) >= SPREAD_MIN
  })
}

/** One row per window: median, mean, spread, variance, largest and smallest of each channel. */
function featureRun(run: Run, rows: readonly number[][], used: readonly number[]): Run {
  const width = used.length * FEATURES
  const values = new Float64Array(rows.length * width)
  rows.forEach((window, i) => {
    used.forEach((c, k) => {
      const known = window.map(row => run.values[row * run.width + c]!).filter(Number.isFinite)
      known.sort((a, b) => a - b)
      const spread = spreadOf(known)
      const mean = known.reduce((sum, v) => sum + v, 0) / known.length
      const median = known[Math.floor(known.length / 2)] ?? Number.NaN
      const last = known.at(-1) ?? Number.NaN
      const first = known[0] ?? Number.NaN
      values.set([median, mean, spread, spread * spread, last, first], i * width + k * FEATURES)
    })
  })
  return { values, count: rows.length, width }
}

function spreadOf(values: readonly number[]): number {
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length)
}
