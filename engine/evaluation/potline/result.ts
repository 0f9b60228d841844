import { averagePrecision, curveOf, pointAt, scoredCells } from './curve.ts'
import {
  cellDays,
  effectOutcomes,
  type FaultOutcome,
  falseAlarms,
  faultOutcomes,
  type ScoredLine,
} from './events.ts'
import { poissonUpper } from './poisson.ts'

/** Figures of one kind of fault. */
export interface KindFigures {
  readonly count: number
  /** Share with any alarm of the cell before the fault ended. */
  readonly recall: number
  readonly found_median_min: number | null
  /** Share of those found whose first alarm, or any alarm, has a right cause in its first three. */
  readonly right_at_first: number | null
  readonly right: number | null
  /** Feeder faults: share whose feeder was named by number, at all and within 20 min. */
  readonly feeder_named: number
  readonly feeder_named_20min: number
  /** Share told as a fault of the feed, with or without the number, within 20 min. */
  readonly named_20min: number
  readonly named_median_min: number | null
}

/** Figures of the anode effects of one origin. */
export interface EffectFigures {
  readonly count: number
  /** Share foretold by a minute or more. */
  readonly foretold: number
  readonly lead_min: readonly number[]
}

/** False alarms and how many there may be. */
export interface FalseFigures {
  readonly alarms: number
  readonly cell_days: number
  readonly per_cell_day: number
  /** Exact upper bound, 95 %, one-sided. */
  readonly per_cell_day_upper: number
  /** The same for a line-day of 300 cells. */
  readonly per_line_day_upper: number
  readonly kinds: Readonly<Record<string, number>>
  /** Events that are no alarms, by detector. */
  readonly events: Readonly<Record<string, number>>
}

/** All figures of the simulated potline. */
export interface PotlineResult {
  readonly benchmark: 'potline'
  readonly simulated: true
  readonly kinds: Readonly<Record<string, KindFigures>>
  readonly effects: Readonly<Record<string, EffectFigures>>
  readonly sudden_or_local: number
  readonly prediction: {
    readonly pr_auc: number
    readonly pr_auc_voltage_slope: number
    readonly f1_best: number
    readonly precision: number
    readonly recall: number
    readonly false_episodes: number
  }
  readonly right_at_first: number
  readonly right: number
  readonly false_faulted: FalseFigures
  readonly false_quiet: FalseFigures | null
}

const FOUND_S = 20 * 60
const AHEAD_MIN_S = 60
/** Score from which the rule warns. */
const WARNS = 0.5

/** Middle of the numbers that are known, or null. */
export function median(values: readonly number[]): number | null {
  const known = values.filter(Number.isFinite).toSorted((a, b) => a - b)
  return known.length === 0 ? null : known[Math.floor((known.length - 1) / 2)]!
}

const share = <T>(all: readonly T[], is: (one: T) => boolean): number =>
  all.length === 0 ? 0 : all.filter(is).length / all.length
const minutes = (seconds: number | null) => (seconds === null ? null : seconds / 60)

function groupedBy<T>(all: readonly T[], key: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const name = key(one)
    groups.set(name, [...(groups.get(name) ?? []), one])
  }
  return groups
}

/** Figures over lines with faults, and over lines without. */
export function potlineResult(
  faulted: readonly ScoredLine[],
  quiet: readonly ScoredLine[],
): PotlineResult {
  const outcomes = faulted.flatMap(faultOutcomes)
  const effects = faulted.flatMap(effectOutcomes)
  const found = outcomes.filter(({ found_s }) => Number.isFinite(found_s))
  return {
    benchmark: 'potline',
    simulated: true,
    kinds: Object.fromEntries(
      [...groupedBy(outcomes, ({ kind }) => kind)].map(([kind, own]) => [kind, kindFigures(own)]),
    ),
    effects: Object.fromEntries(
      [...groupedBy(effects, ({ origin }) => origin)].map(([origin, own]) => [
        origin,
        {
          count: own.length,
          foretold: share(own, ({ lead_s }) => lead_s >= AHEAD_MIN_S),
          lead_min: own
            .map(({ lead_s }) => lead_s / 60)
            .filter(Number.isFinite)
            .toSorted((a, b) => a - b),
        },
      ]),
    ),
    sudden_or_local: share(effects, ({ origin }) => origin !== 'with precursor'),
    prediction: predictionOf(faulted),
    right_at_first: share(found, ({ rightAtFirst }) => rightAtFirst),
    right: share(found, ({ named_s }) => Number.isFinite(named_s)),
    false_faulted: falseFigures(faulted),
    false_quiet: quiet.length === 0 ? null : falseFigures(quiet),
  }
}

function kindFigures(own: readonly FaultOutcome[]): KindFigures {
  const found = own.filter(({ found_s }) => Number.isFinite(found_s))
  const known = (value: number) => (found.length === 0 ? null : value)
  return {
    count: own.length,
    recall: found.length / own.length,
    found_median_min: minutes(median(own.map(({ found_s }) => found_s))),
    right_at_first: known(share(found, ({ rightAtFirst }) => rightAtFirst)),
    right: known(share(found, ({ named_s }) => Number.isFinite(named_s))),
    feeder_named: share(own, ({ feeder_s }) => Number.isFinite(feeder_s)),
    feeder_named_20min: share(own, ({ feeder_s }) => feeder_s <= FOUND_S),
    named_20min: share(own, ({ named_s }) => named_s <= FOUND_S),
    named_median_min: minutes(median(own.map(({ named_s }) => named_s))),
  }
}

function predictionOf(lines: readonly ScoredLine[]): PotlineResult['prediction'] {
  const cellsBy = (score: 'risk' | 'slope') =>
    lines.flatMap(line => scoredCells(line[score], line.minutes, line.effects))
  const ours = cellsBy('risk')
  const curve = curveOf(ours)
  const { precision, recall, false_episodes } = pointAt(ours, WARNS)
  return {
    pr_auc: averagePrecision(curve),
    pr_auc_voltage_slope: averagePrecision(curveOf(cellsBy('slope'))),
    f1_best: Math.max(0, ...curve.map(({ f1 }) => f1)),
    ...{ precision, recall, false_episodes },
  }
}

const CELLS_OF_LINE = 300

/** False alarms of the lines, and the bound that they leave. */
export function falseFigures(lines: readonly ScoredLine[]): FalseFigures {
  const alarms = lines.flatMap(falseAlarms)
  const days = lines.reduce((sum, line) => sum + cellDays(line), 0)
  const kinds: Record<string, number> = {}
  for (const { kind } of alarms) kinds[kind] = (kinds[kind] ?? 0) + 1
  const events: Record<string, number> = {}
  for (const line of lines) {
    for (const [by, count] of Object.entries(line.events)) events[by] = (events[by] ?? 0) + count
  }
  const upper = poissonUpper(alarms.length) / days
  return {
    alarms: alarms.length,
    cell_days: days,
    per_cell_day: alarms.length / days,
    per_cell_day_upper: upper,
    per_line_day_upper: CELLS_OF_LINE * upper,
    ...{ kinds, events },
  }
}
