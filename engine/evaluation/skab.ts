import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fitOneRun, type RowDetector, type RowPlan } from '../anomaly/rows/detector.ts'
import { type Run, rowOf, runSlice } from '../anomaly/rows/run.ts'
import { LiquidusError } from '../core/errors.ts'
import { type ChangePointFile, changePointScore, PROFILES, turns } from './change-points.ts'
import { areaUnderCurve, type Confusion, confusionOf, pointScores, pooled } from './point-scores.ts'
import { channelsOf, readTable, runOf, type Table } from './table.ts'
import { seconds } from './times.ts'

/** Results on the Skoltech anomaly benchmark, pooled over files. */
export interface SkabResult {
  readonly benchmark: 'skab'
  readonly detector: string
  readonly f1: number
  readonly far_pct: number
  readonly mar_pct: number
  readonly auc: number
  readonly nab_standard: number
  readonly nab_low_fp: number
  readonly nab_low_fn: number
  readonly files: Readonly<Record<string, { f1: number; far_pct: number; mar_pct: number }>>
}

/** Rows of each file that are normal and serve for fit and threshold. */
export const SKAB_TRAIN_ROWS = 400
const WINDOW_S = 60
/** Columns that hold the truth. */
export const SKAB_LABELS: readonly string[] = ['anomaly', 'changepoint']

/** Scores of the rows of one run, its first rows used for fit and calibration. */
export type RunScorer = (train: Run, run: Run) => RunScores | Promise<RunScores>

/** Scores less their threshold, and alarms, of all rows of a run. */
export interface RunScores {
  readonly scores: Float64Array
  readonly alarms: Uint8Array
}

/** Scores every row of a run with the detector that its first rows gave. */
export function planScorer(plan: RowPlan): (train: Run, run: Run) => RunScores {
  return (train, run) => scoreRows(fitOneRun(plan, train), run)
}

/** Scores every row of a run, one after the other. */
export function scoreRows(detector: RowDetector, run: Run): RunScores {
  const scorer = detector.start()
  const scores = new Float64Array(run.count)
  const alarms = new Uint8Array(run.count)
  for (let row = 0; row < run.count; row++) {
    scores[row] = scorer.take(rowOf(run, row)) - detector.threshold
    alarms[row] = Number(scorer.alarm())
  }
  return { scores, alarms }
}

/** Runs one configuration over all labelled files of a folder. */
export async function evaluateSkab(
  folder: string,
  name: string,
  scoreRun: RunScorer,
  onProgress: (text: string) => void,
): Promise<SkabResult> {
  const tables = labelledTables(folder)
  const confusions: Confusion[] = []
  const changes: ChangePointFile[] = []
  const scores: Float64Array[] = []
  const labels: Uint8Array[] = []
  const files: Record<string, ReturnType<typeof pointScores>> = {}
  for (const [i, { file, table }] of tables.entries()) {
    onProgress(`${file} (${i + 1} of ${tables.length})`)
    const run = runOf(table, channelsOf(table, SKAB_LABELS))
    const scored = await scoreRun(runSlice(run, 0, SKAB_TRAIN_ROWS), run)
    const label = Uint8Array.from(table.numbers('anomaly')).subarray(SKAB_TRAIN_ROWS)
    const alarms = scored.alarms.subarray(SKAB_TRAIN_ROWS)
    const times_s = seconds(table).subarray(SKAB_TRAIN_ROWS)
    const marks = table.numbers('changepoint').subarray(SKAB_TRAIN_ROWS)
    const confusion = confusionOf(alarms, label)
    files[file] = pointScores(confusion)
    confusions.push(confusion)
    scores.push(scored.scores.subarray(SKAB_TRAIN_ROWS))
    labels.push(label)
    const changes_s = Array.from(times_s).filter((_, row) => marks[row] === 1)
    changes.push({ changes_s, alarms_s: turns(alarms, times_s) })
  }
  return {
    ...{ benchmark: 'skab', detector: name },
    ...pointScores(pooled(confusions)),
    auc: areaUnderCurve(joined(scores), Uint8Array.from(labels.flatMap(part => Array.from(part)))),
    nab_standard: changePointScore(changes, PROFILES.standard, WINDOW_S),
    nab_low_fp: changePointScore(changes, PROFILES.low_fp, WINDOW_S),
    nab_low_fn: changePointScore(changes, PROFILES.low_fn, WINDOW_S),
    files,
  }
}

/** All CSV files under a folder that have an anomaly column, by name. */
function labelledTables(folder: string): { file: string; table: Table }[] {
  const tables = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => /\.csv(\.gz)?$/.test(file))
    .sort()
    .map(file => ({ file, table: readTable(join(folder, file)) }))
    .filter(({ table }) => table.columns.includes('anomaly'))
  if (tables.length > 0) return tables
  throw new LiquidusError('FILE_UNREADABLE', { path: folder, problem: 'no labelled CSV in it' })
}

function joined(parts: readonly Float64Array[]): Float64Array {
  return Float64Array.from(parts.flatMap(part => Array.from(part)))
}
