import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fitOneRun, type RowPlan } from '../anomaly/rows/detector.ts'
import { type Run, runSlice } from '../anomaly/rows/run.ts'
import { fitScaler } from '../anomaly/rows/window.ts'
import { LiquidusError } from '../core/errors.ts'
import { type Random, seededRandom } from '../core/random.ts'
import { type Confusion, confusionOf, pointScores, pooled } from './point-scores.ts'
import { SKAB_LABELS, SKAB_TRAIN_ROWS, scoreRows } from './skab.ts'
import { channelsOf, readTable, runOf } from './table.ts'

/** Scores of one share of normal rows that may pass, on development data. */
export interface OperatingPoint {
  readonly alpha: number
  /** On made-up faults in pieces of the recording without faults. */
  readonly f1: number
  readonly far_pct: number
  readonly mar_pct: number
  /** Alarms in the runs' own normal rows that the fit has not seen: what the rule goes by. */
  readonly runs_far_pct: number
}

/** The operating point that the rule picks, and the one that is committed. */
export interface OperatingPointResult {
  readonly benchmark: 'skab_alpha'
  readonly detector: string
  readonly picked: number
  /** False if no share keeps the allowed alarms, so that the smallest one was taken. */
  readonly is_within: boolean
  readonly committed: number
  readonly points: readonly OperatingPoint[]
}

/** The shares that are tried. */
export const ALPHAS: readonly number[] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(pct => pct / 100)
/** Share of alarms in normal rows that is allowed. */
const FAR_MOST_PCT = 25
const NORMAL_FILE = 'anomaly-free.csv'
const PIECE_ROWS = 1150
const FAULT_FROM = 600
const FAULT_TO = 950
/** Sizes in spreads of a channel over the rows that were learnt. */
const SIZES = [1, 2, 4]
/** Of the normal rows of a run so many are learnt, the others are checked. */
const RUN_LEARN_ROWS = 250
const SEED = 1

/**
 * Picks the share of normal rows that may pass: the largest one with alarms in at most 25 % of
 * the held-out normal rows of the runs that will be scored; the smallest one where none keeps
 * that. No test row and no label is used; the made-up faults are told, but decide nothing.
 */
export function pickOperatingPoint(
  folder: string,
  plan: RowPlan,
  onProgress: (text: string) => void,
): OperatingPointResult {
  const pieces = piecesOf(loadRun(join(folder, NORMAL_FILE)))
  const heads = runHeads(folder)
  const points = ALPHAS.map(alpha => {
    onProgress(`alpha ${(100 * alpha).toFixed(0)} %`)
    const own = { ...plan, threshold: { ...plan.threshold, alpha } }
    const { f1, far_pct, mar_pct } = pointScores(
      pooled(pieces.flatMap(one => faultCounts(own, one))),
    )
    const normal = pointScores(pooled(heads.map(head => headCounts(own, head))))
    return { alpha, f1, far_pct, mar_pct, runs_far_pct: normal.far_pct }
  })
  const { point, isWithin } = pickPoint(points)
  return {
    benchmark: 'skab_alpha',
    detector: plan.name,
    picked: point.alpha,
    is_within: isWithin,
    committed: plan.threshold.alpha,
    points,
  }
}

/** The rule alone: the most sensitive point within the allowed alarms, else the least sensitive. */
export function pickPoint(points: readonly OperatingPoint[]): {
  readonly point: OperatingPoint
  readonly isWithin: boolean
} {
  const kept = points.filter(({ runs_far_pct }) => runs_far_pct <= FAR_MOST_PCT)
  if (kept.length > 0) {
    return { point: kept.reduce((a, b) => (b.alpha > a.alpha ? b : a)), isWithin: true }
  }
  return { point: points.reduce((a, b) => (b.alpha < a.alpha ? b : a)), isWithin: false }
}

/** The operating points as text. */
export function operatingPointReport(result: OperatingPointResult): string {
  const pct = (share: number) => `${(100 * share).toFixed(0)} %`
  const number = (value: number, digits: number) => value.toFixed(digits).padStart(7)
  const reason = result.is_within
    ? `largest with alarms in at most ${FAR_MOST_PCT} % of the runs' own normal rows`
    : `the smallest: none keeps alarms to ${FAR_MOST_PCT} % of the runs' own normal rows`
  return [
    `skab, detector ${result.detector}: alarms in the runs' own normal rows (learnt on the first`,
    `${RUN_LEARN_ROWS}, checked on the next ${SKAB_TRAIN_ROWS - RUN_LEARN_ROWS}), which decide; ` +
      `for information, made-up faults in ${NORMAL_FILE}`,
    'alpha   alarms % | made up:  F1   FAR %   MAR %',
    ...result.points.map(point => {
      const { alpha, f1, far_pct, mar_pct, runs_far_pct } = point
      const told = [number(f1, 3), number(far_pct, 1), number(mar_pct, 1)]
      return `${pct(alpha).padStart(5)} ${number(runs_far_pct, 1)}    |    ${told.join(' ')}`
    }),
    `picked ${pct(result.picked)} (${reason}), committed ${pct(result.committed)}`,
  ].join('\n')
}

function loadRun(path: string): Run {
  const table = readTable(path)
  return runOf(table, channelsOf(table, SKAB_LABELS))
}

/** First rows of every labelled run, which are normal; the rest is not kept. */
function runHeads(folder: string): Run[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(file => /\.csv(\.gz)?$/.test(file) && !file.endsWith(NORMAL_FILE))
    .sort()
  if (files.length === 0) {
    throw new LiquidusError('FILE_UNREADABLE', { path: folder, problem: 'no labelled CSV in it' })
  }
  return files.map(file => runSlice(loadRun(join(folder, file)), 0, SKAB_TRAIN_ROWS))
}

function piecesOf(run: Run): Run[] {
  return Array.from({ length: Math.floor(run.count / PIECE_ROWS) }, (_, i) =>
    runSlice(run, i * PIECE_ROWS, (i + 1) * PIECE_ROWS),
  )
}

/** Counts over all made-up faults of one piece, each scored by the same fit. */
function faultCounts(plan: RowPlan, piece: Run): Confusion[] {
  const learnt = runSlice(piece, 0, SKAB_TRAIN_ROWS)
  const detector = fitOneRun(plan, learnt)
  const spread = fitScaler([learnt])
  const random = seededRandom(SEED)
  const labels = new Uint8Array(piece.count).fill(1, FAULT_FROM, FAULT_TO)
  return FAULTS.flatMap(fault =>
    SIZES.map(size => {
      const values = piece.values.slice()
      fault({ values, ...spread, size, random })
      const { alarms } = scoreRows(detector, { ...piece, values })
      return confusionOf(alarms.subarray(SKAB_TRAIN_ROWS), labels.subarray(SKAB_TRAIN_ROWS))
    }),
  )
}

function headCounts(plan: RowPlan, head: Run): Confusion {
  const { alarms } = scoreRows(fitOneRun(plan, runSlice(head, 0, RUN_LEARN_ROWS)), head)
  const checked = alarms.subarray(RUN_LEARN_ROWS)
  return confusionOf(checked, new Uint8Array(checked.length))
}

/** What a made-up fault changes, and how large it is. */
interface FaultDraw {
  readonly values: Float64Array // [row][channel]
  readonly centre: Float64Array // [channel]
  readonly scale: Float64Array // [channel]
  readonly size: number
  readonly random: Random
}

type Fault = (draw: FaultDraw) => void

/** What becomes of one value: `step` is the size with a sign, `grown` how far the fault has run. */
type Change = (value: number, step: number, at: { grown: number; centre: number }) => number

function ofOneChannel(change: (draw: FaultDraw) => Change): Fault {
  return draw => {
    const { values, centre, scale, size, random } = draw
    const width = scale.length
    const c = random.integer(width)
    const step = (random.uniform() < 0.5 ? -1 : 1) * size * scale[c]!
    const one = change(draw)
    for (let row = FAULT_FROM; row < FAULT_TO; row++) {
      const grown = (row - FAULT_FROM + 1) / (FAULT_TO - FAULT_FROM)
      const at = row * width + c
      values[at] = one(values[at]!, step, { grown, centre: centre[c]! })
    }
  }
}

/** Shift of one channel, of all, wider spread, drift, noise. */
const FAULTS: readonly Fault[] = [
  ofOneChannel(() => (value, step) => value + step),
  ({ values, scale, size, random }) => {
    const steps = scale.map(spread => random.normal() * size * spread)
    const width = scale.length
    for (let row = FAULT_FROM; row < FAULT_TO; row++) {
      for (let c = 0; c < width; c++) values[row * width + c]! += steps[c]!
    }
  },
  ofOneChannel(
    ({ size }) =>
      (value, _step, { centre }) =>
        centre + (value - centre) * (1 + size),
  ),
  ofOneChannel(
    () =>
      (value, step, { grown }) =>
        value + grown * step,
  ),
  ofOneChannel(
    ({ random }) =>
      (value, step) =>
        value + step * random.normal(),
  ),
]
