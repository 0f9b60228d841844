import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fitOneRun, type RowPlan } from '../anomaly/rows/detector.ts'
import { type Run, rowOf, runSlice } from '../anomaly/rows/run.ts'
import { LiquidusError, problemOf } from '../core/errors.ts'
import { type NabProfile, type NabStream, nabScore, probationRows } from './nab-score.ts'
import { readTable } from './table.ts'
import { seconds } from './times.ts'

/** Results on the Numenta benchmark: a smoke test of streaming, its threshold sees the labels. */
export interface NabResult {
  readonly benchmark: 'nab'
  readonly detector: string
  readonly nab_standard: number
  readonly nab_low_fp: number
  readonly nab_low_fn: number
  readonly streams: number
}

const PROFILES: Readonly<Record<string, NabProfile>> = {
  standard: { hit: 1, false_alarm: 0.11, miss: 1 },
  low_fp: { hit: 1, false_alarm: 0.22, miss: 1 },
  low_fn: { hit: 1, false_alarm: 0.11, miss: 2 },
}

/** Fits on the probationary rows of each stream and scores the rest, one row at a time. */
export function evaluateNab(
  folder: string,
  plan: RowPlan,
  onProgress: (text: string) => void,
): NabResult {
  const labels = readLabels(join(folder, 'combined_windows.json'))
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => /\.csv(\.gz)?$/.test(file))
    .sort()
  const streams: NabStream[] = []
  for (const [i, file] of files.entries()) {
    onProgress(`${file} (${i + 1} of ${files.length})`)
    const table = readTable(join(folder, file))
    const values = table.numbers('value')
    const times_s = seconds(table)
    const windows = (labels[file.replace(/\.gz$/, '')] ?? []).map(([from, to]) => {
      const first = times_s.findIndex(at_s => at_s >= timeOf(from))
      const last = times_s.findLastIndex(at_s => at_s <= timeOf(to))
      return [first, last] as const
    })
    streams.push({ scores: scoreStream(plan, values), windows })
  }
  const score = (profile: string) => nabScore(streams, PROFILES[profile]!).score
  return {
    ...{ benchmark: 'nab', detector: plan.name, streams: streams.length },
    ...{ nab_standard: score('standard'), nab_low_fp: score('low_fp') },
    nab_low_fn: score('low_fn'),
  }
}

/** Scores of a single signal; a signal that never moved while learning scores its first move. */
function scoreStream(plan: RowPlan, values: Float64Array): Float64Array {
  const run: Run = { values, count: values.length, width: 1 }
  const learn = probationRows(values.length)
  const first = values[0]!
  if (values.subarray(0, learn).every(value => value === first)) {
    return values.map(value => Number(value !== first))
  }
  const scorer = fitOneRun(plan, runSlice(run, 0, learn)).start()
  return values.map((_, row) => scorer.take(rowOf(run, row)))
}

function timeOf(text: string): number {
  return Date.parse(`${text.slice(0, 19).replace(' ', 'T')}Z`) / 1000
}

function readLabels(path: string): Record<string, [string, string][]> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, [string, string][]>
  } catch (error) {
    throw new LiquidusError('FILE_UNREADABLE', { path, problem: problemOf(error) })
  }
}
