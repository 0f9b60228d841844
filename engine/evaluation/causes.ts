import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { dispersion, nearestNormalDrops, ranked, reconstruction } from '../anomaly/rows/explain.ts'
import { type Run, rowOf, runSlice } from '../anomaly/rows/run.ts'
import { fitLinear, type LinearPlan } from '../anomaly/rows/statistics.ts'
import { fitScaler, rowWindow, type Window } from '../anomaly/rows/window.ts'
import { seededRandom } from '../core/random.ts'
import { channelsOf, readTable, runOf } from './table.ts'

/** Ways to rank the channels of an anomaly. */
export const CAUSE_METHODS = ['contributions', 'reconstruction', 'nearest_normal'] as const
type Method = (typeof CAUSE_METHODS)[number]

/** How often the broken sensor is ranked first or among the first three, mean over the faults. */
export interface CausesResult {
  readonly benchmark: 'causes'
  readonly data: 'tep' | 'occupancy'
  readonly faults: number
  /** Faults with at least one row above the threshold; only these are ranked. */
  readonly found: number
  readonly hit1: Readonly<Record<Method, number>>
  readonly hit3: Readonly<Record<Method, number>>
  /** Mean dispersion of the nearest-normal ranking. */
  readonly dispersion: number
}

interface Case {
  readonly run: Run
  /** Broken channels of each row; none: not to be ranked. */
  readonly truth: (row: number) => { fault: string; channels: readonly number[] } | undefined
}

const PLAN: LinearPlan = { kind: 'cva', lags: 2, states: 0.433, ridge: 1e-5 }
const KINDS = ['bias', 'drift', 'stuck', 'noise'] as const
const FAULT_ROW = 200
const FAULT_ROWS = 200
const ALPHA = 0.01
const CALM_SHARE = 0.05
const TRAIN_SHARE = 0.4
const FIT_SHARE = 0.28

/** Ranks the channels of known single-sensor faults by each method. */
export function evaluateCauses(folder: string, onProgress: (text: string) => void): CausesResult {
  const tep = existsSync(join(folder, 'normal_extra_06.csv.gz'))
  const { fit, calibrate, cases } = tep ? tepCases(folder) : occupancyCases(folder)
  onProgress(`${tep ? 'tep' : 'occupancy'}: ${cases.length} runs to rank`)
  const tally = new Map<string, Tally>()
  rankAll(fit, calibrate, cases, tally)
  const ranks = [...tally.values()].filter(one => one.rows > 0)
  const mean = (value: (one: Tally) => number) =>
    ranks.reduce((sum, one) => sum + value(one), 0) / Math.max(1, ranks.length)
  const named = (value: (one: Tally, k: number) => number) =>
    Object.fromEntries(
      CAUSE_METHODS.map((method, k) => [method, mean(one => value(one, k) / one.rows)]),
    ) as Record<Method, number>
  return {
    ...{ benchmark: 'causes', data: tep ? 'tep' : 'occupancy' },
    ...{ faults: tally.size, found: ranks.length },
    hit1: named((one, k) => one.hit1[k]!),
    hit3: named((one, k) => one.hit3[k]!),
    dispersion: mean(one => one.dispersion / one.rows),
  }
}

interface Tally {
  rows: number
  dispersion: number
  readonly hit1: number[] // [method]
  readonly hit3: number[] // [method]
}

function rankAll(
  fit: readonly Run[],
  calibrate: readonly Run[],
  cases: readonly Case[],
  tally: Map<string, Tally>,
): void {
  const { shape, statistics } = fitLinear(PLAN, fit)
  const first = statistics[0]!
  const width = shape.centre.length
  const n = shape.lags * width
  const score = (stack: Float64Array) => {
    let total = 0
    for (let k = 0, from = 0; k < first.count; k++, from += n) {
      let sum = 0
      for (let i = 0; i < n; i++) sum += first.weights[from + i]! * stack[i]!
      total += sum * sum
    }
    return total
  }
  const window = rowWindow(shape)
  const normal = calibrate.flatMap(run => {
    window.reset()
    return Array.from({ length: run.count }, (_, row) =>
      window.take(rowOf(run, row), false) ? score(window.stack) : 0,
    )
  })
  const threshold = normal.sort((a, b) => a - b)[Math.floor((1 - ALPHA) * normal.length)]!
  const blame = reconstruction(first, n, width)
  const rank = (stack: Float64Array, calm: Float64Array): readonly Float64Array[] => {
    const nearest = nearestNormalDrops(score, stack, calm)
    return [plainShares(first, stack, width), blame.drops(stack), nearest]
  }
  for (const one of cases) {
    window.reset()
    rankRun(one, window, stack => score(stack) > threshold, rank, tally)
  }
}

/** Ranks the rows of one run that are above the threshold and known to be broken. */
function rankRun(
  { run, truth }: Case,
  window: Window,
  stands: (stack: Float64Array) => boolean,
  rank: (stack: Float64Array, calm: Float64Array) => readonly Float64Array[],
  tally: Map<string, Tally>,
): void {
  const calm = new Float64Array(run.width)
  const { stack } = window
  for (let row = 0; row < run.count; row++) {
    if (!window.take(rowOf(run, row), false)) continue
    const known = truth(row)
    const one = known && (tally.get(known.fault) ?? emptyTally())
    if (known && one) tally.set(known.fault, one)
    if (!stands(stack)) {
      for (let c = 0; c < run.width; c++) calm[c]! += CALM_SHARE * (stack[c]! - calm[c]!)
    } else if (known && one) {
      count(one, rank(stack, calm), known.channels)
    }
  }
}

function count(one: Tally, rankings: readonly Float64Array[], broken: readonly number[]): void {
  one.rows++
  one.dispersion += dispersion(rankings.at(-1)!)
  rankings.forEach((drops, k) => {
    const order = ranked(drops).slice(0, 3)
    one.hit1[k]! += Number(broken.includes(order[0]!))
    one.hit3[k]! += Number(broken.some(c => order.includes(c)))
  })
}

const emptyTally = (): Tally => ({ rows: 0, dispersion: 0, hit1: [0, 0, 0], hit3: [0, 0, 0] })

/** The usual contributions: each channel's part of the projections. */
function plainShares(
  { weights, count }: { weights: Float64Array; count: number },
  stack: Float64Array,
  width: number,
): Float64Array {
  const n = stack.length
  const parts = new Float64Array(width)
  for (let k = 0, from = 0; k < count; k++, from += n) {
    let sum = 0
    for (let i = 0; i < n; i++) sum += weights[from + i]! * stack[i]!
    for (let i = 0; i < n; i++) parts[i % width]! += sum * weights[from + i]! * stack[i]!
  }
  return parts
}

interface Cases {
  readonly fit: readonly Run[]
  readonly calibrate: readonly Run[]
  readonly cases: readonly Case[]
}

/** Made-up faults of every sensor in normal runs; no test run is read. */
function tepCases(folder: string): Cases {
  const first = readTable(join(folder, 'd00_train.csv.gz'))
  const channels = channelsOf(first, [])
  const load = (i: number) => {
    const name = `normal_extra_${String(i).padStart(2, '0')}.csv.gz`
    return runOf(readTable(join(folder, name)), channels)
  }
  const fit = [runOf(first, channels)]
  const { scale } = fitScaler(fit)
  const normal = [6, 7, 8, 9, 10].map(load)
  const cases = channels.flatMap((name, channel) =>
    KINDS.map((kind, k): Case => {
      const run = normal[(channel + k) % normal.length]!
      const cut = runSlice(run, 0, FAULT_ROW + FAULT_ROWS)
      const truth = { fault: `${name} ${kind}`, channels: [channel] }
      return {
        run: brokenSensor(cut, channel, kind, scale[channel]!),
        truth: row => (row >= FAULT_ROW ? truth : undefined),
      }
    }),
  )
  return { fit, calibrate: [1, 2, 3, 4, 5].map(load), cases }
}

function brokenSensor(
  run: Run,
  channel: number,
  kind: (typeof KINDS)[number],
  spread: number,
): Run {
  const values = run.values.slice()
  const random = seededRandom(channel + 1).fork(kind)
  const at = (row: number) => row * run.width + channel
  for (let row = FAULT_ROW; row < run.count; row++) {
    const share = (row - FAULT_ROW) / FAULT_ROWS
    if (kind === 'bias') values[at(row)]! += 3 * spread
    else if (kind === 'drift') values[at(row)]! += 5 * share * spread
    else if (kind === 'stuck') values[at(row)] = values[at(FAULT_ROW - 1)]!
    else values[at(row)]! += 3 * spread * random.normal()
  }
  return { ...run, values }
}

/** Injected faults of a recorded room, with the sensor named in the label file. */
function occupancyCases(folder: string): Cases {
  const table = readTable(join(folder, 'injected_dev.csv'))
  const labels = readTable(join(folder, 'injected_dev.labels.csv'))
  const channels = channelsOf(table, ['Room_Occupancy_Count'])
  const run = runOf(table, channels)
  const faults = labels.texts('fault_id')
  const sensors = labels.texts('sensor')
  const cut = (share: number) => Math.round(share * run.count)
  return {
    fit: [runSlice(run, 0, cut(FIT_SHARE))],
    calibrate: [runSlice(run, cut(FIT_SHARE), cut(TRAIN_SHARE))],
    cases: [
      {
        run,
        truth(row) {
          const fault = faults[row]!
          if (fault === '0' || fault === '') return undefined
          const broken = sensors[row]!.split(/[|;+]/).map(name => channels.indexOf(name))
          return { fault, channels: broken }
        },
      },
    ],
  }
}

/** The ranking as text. */
export function causesReport(result: CausesResult): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`.padStart(8)
  return [
    `${result.data}: ${result.found} of ${result.faults} single-sensor faults found`,
    `${''.padEnd(16)}  first   in 3`,
    ...CAUSE_METHODS.map(
      method =>
        `${method.padEnd(16)}${percent(result.hit1[method])}${percent(result.hit3[method])}`,
    ),
    `mean dispersion of the nearest-normal ranking ${result.dispersion.toFixed(2)}`,
  ].join('\n')
}
