import { join } from 'node:path'
import type { RowDetector } from '../anomaly/rows/detector.ts'
import { type Run, rowOf } from '../anomaly/rows/run.ts'
import { LiquidusError } from '../core/errors.ts'
import { channelsOf, readTable, runOf } from './table.ts'

/** Results on the Tennessee Eastman process by the strict protocol. */
export interface TepResult {
  readonly benchmark: 'tep'
  readonly detector: string
  /** Mean detection rate over 18 faults (3, 9 and 15 left out), 0..1. */
  readonly fdr18: number
  readonly fdr21: number
  readonly far_normal_pct: number
  readonly far_prefault_pct: number
  readonly fdr: Readonly<Record<string, number>>
  /** Rows from the fault to the first of six consecutive alarms, null when there is none. */
  readonly delay_rows: Readonly<Record<string, number | null>>
  readonly threshold: number
  readonly fit: readonly string[]
  readonly calibrate: readonly string[]
}

/** Rows before the fault in the test runs. */
export const TEP_FAULT_ROW = 160
const DELAY_RUN = 6
const HARD_FAULTS = [3, 9, 15]
const FAULTS = Array.from({ length: 21 }, (_, i) => i + 1)
const two = (n: number) => String(n).padStart(2, '0')

/** The run that the strict protocol fits. */
export const TEP_FIT: readonly string[] = ['d00_train']
const TEP_CALIBRATE = [6, 7, 8, 9, 10].map(i => `normal_extra_${two(i)}`)

/** Makes a detector from the runs to fit and those for the threshold. */
export type RunsFit = (
  fit: readonly Run[],
  calibrate: readonly Run[],
) => RowDetector | Promise<RowDetector>

/** Fits, calibrates and scores one configuration. */
export async function evaluateTep(
  folder: string,
  name: string,
  fitRuns: RunsFit,
  onProgress: (text: string) => void,
  fit: readonly string[] = TEP_FIT,
): Promise<TepResult> {
  const both = fit.find(run => TEP_CALIBRATE.includes(run) || run.endsWith('_te'))
  if (both !== undefined) {
    throw new LiquidusError('USAGE', { problem: `${both} is not for fitting; name another run` })
  }
  const channels = channelsOf(readTable(join(folder, `${fit[0]}.csv.gz`)), [])
  const load = (run: string) => runOf(readTable(join(folder, `${run}.csv.gz`)), channels)
  const detector = await fitRuns(fit.map(load), TEP_CALIBRATE.map(load))
  onProgress(`fitted on ${fit.join(', ')}; threshold from ${TEP_CALIBRATE.length} normal runs`)
  const normal = alarmsOf(detector, load('d00_te'))
  const alarms = FAULTS.map(fault => {
    onProgress(`fault ${fault} of ${FAULTS.length}`)
    return alarmsOf(detector, load(`d${two(fault)}_te`))
  })
  return {
    ...tepScores(normal, alarms),
    detector: name,
    threshold: detector.threshold,
    fit,
    calibrate: TEP_CALIBRATE,
  }
}

/** Alarm of each row, 0 or 1. */
export function alarmsOf(detector: RowDetector, run: Run): Uint8Array {
  const scorer = detector.start()
  const alarms = new Uint8Array(run.count)
  for (let row = 0; row < run.count; row++) {
    scorer.take(rowOf(run, row))
    alarms[row] = Number(scorer.alarm())
  }
  return alarms
}

/** Scores from alarms alone: a normal run, and one run per fault. */
export function tepScores(normal: Uint8Array, faults: readonly Uint8Array[]) {
  const share = (alarms: Uint8Array) =>
    alarms.reduce((sum, a) => sum + a, 0) / Math.max(1, alarms.length)
  const rates = faults.map(alarms => share(alarms.subarray(TEP_FAULT_ROW)))
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length
  const before = faults.map(alarms => share(alarms.subarray(0, TEP_FAULT_ROW)))
  const named = <T>(values: readonly T[]) =>
    Object.fromEntries(values.map((value, i) => [String(i + 1), value]))
  return {
    benchmark: 'tep' as const,
    fdr18: mean(rates.filter((_, i) => !HARD_FAULTS.includes(i + 1))),
    fdr21: mean(rates),
    far_normal_pct: 100 * share(normal),
    far_prefault_pct: 100 * mean(before),
    fdr: named(rates),
    delay_rows: named(faults.map(alarms => delayOf(alarms.subarray(TEP_FAULT_ROW)))),
  }
}

/** Rows to the first of six consecutive alarms. */
export function delayOf(alarms: Uint8Array): number | null {
  let length = 0
  for (let row = 0; row < alarms.length; row++) {
    length = alarms[row] === 1 ? length + 1 : 0
    if (length === DELAY_RUN) return row - DELAY_RUN + 1
  }
  return null
}
