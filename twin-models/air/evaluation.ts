/** Runs the estimator of a room over a recording and holds it against the counted people. */
import { ROOM_READINGS, roomEstimator, roomReading } from './estimator.ts'
import { type AirParameters, officeRooms } from './parameters.ts'
import { roomRow } from './tuning.ts'

/** One row of a recording, SI; NaN where something was not measured. */
export interface AirRow {
  readonly time_s: number
  readonly co2_1: number
  readonly air_K: number
  readonly light_lx: number
  /** Above 0 when something moved. */
  readonly motion: number
  /** Counted people: only compared with, never used. */
  readonly people: number
}

/** How well one quantity was foretold one reading ahead. */
export interface ForecastScore {
  readonly rmse: number
  /** Of "as it was one reading ago". */
  readonly persistenceRmse: number
  /** Share of readings inside the 95 % band. */
  readonly inBand_share: number
}

/** Estimated people against counted people. */
export interface PeopleScore {
  readonly mae: number
  readonly correlation: number
  /** Share of rows where occupied or empty was told rightly. */
  readonly presence_share: number
  /** The same, as the mean over occupied and over empty rows. */
  readonly presenceBalanced_share: number
  /** Share of rows where the rounded count was right. */
  readonly exact_share: number
  /** Share of rows where the count lay inside the 95 % band. */
  readonly inBand_share: number
  /** Of the rows with people alone: their number, error and share inside the band. */
  readonly occupiedRows: number
  readonly occupiedMae: number
  readonly occupiedInBand_share: number
}

/** What a run over a recording gave. */
export interface AirRun {
  readonly rows: number
  readonly co2: ForecastScore // 1
  readonly air: ForecastScore // K
  readonly people: PeopleScore
  readonly airChangeMedian_per_h: number
  readonly estimate: {
    readonly people: Float64Array // [row]
    readonly peopleStd: Float64Array // [row]
    readonly presence: Float64Array // [row]
    readonly airChange_per_h: Float64Array // [row]
  }
}

/** Which readings the estimator is given, and from which row on it is scored. */
export interface AirRunOptions {
  readonly motion?: boolean
  readonly light?: boolean
  readonly scoreFrom?: number
  readonly scoreTo?: number
  readonly parameters?: AirParameters
}

const BAND = 1.96
/** A reading after more than this many usual intervals is not foretold one reading ahead. */
const GAP_INTERVALS = 3

/** Estimates people and air changes along `rows` and scores them; rows are in order of time. */
export function runAir(rows: readonly AirRow[], options: AirRunOptions = {}): AirRun {
  const estimator = roomEstimator(options.parameters ?? officeRooms(1))
  const reading = new Float64Array(ROOM_READINGS).fill(Number.NaN)
  const column = () => new Float64Array(rows.length)
  const people = column()
  const peopleStd = column()
  const presence = column()
  const airChange_per_h = column()
  const expected = [column(), column()] as const
  const expectedStd = [column(), column()] as const
  rows.forEach((row, i) => {
    reading[roomReading.co2_1] = row.co2_1
    reading[roomReading.air_K] = row.air_K
    reading[roomReading.motion] = options.motion ? row.motion : Number.NaN
    reading[roomReading.light_lx] = options.light ? row.light_lx : Number.NaN
    const dt_s = i === 0 ? 0 : row.time_s - rows[i - 1]!.time_s
    const estimate = estimator.step(0, dt_s, reading)
    people[i] = estimate.mean[roomRow.occupants_1]!
    peopleStd[i] = estimate.std[roomRow.occupants_1]!
    presence[i] = estimate.presence_1
    airChange_per_h[i] = 3600 * Math.exp(estimate.mean[roomRow.logAirChange]!)
    for (const channel of [0, 1] as const) {
      expected[channel][i] = estimate.expected[channel]!
      expectedStd[channel][i] = estimate.expectedStd[channel]!
    }
  })
  const from = Math.max(1, options.scoreFrom ?? 1)
  const to = options.scoreTo ?? rows.length
  const estimate = { people, peopleStd, presence, airChange_per_h }
  return {
    rows: to - from,
    co2: forecastScore(rows, row => row.co2_1, expected[0], expectedStd[0], from, to),
    air: forecastScore(rows, row => row.air_K, expected[1], expectedStd[1], from, to),
    people: peopleScore(rows, estimate, from, to),
    airChangeMedian_per_h: median(airChange_per_h.slice(from, to)),
    estimate,
  }
}

function forecastScore(
  rows: readonly AirRow[],
  of: (row: AirRow) => number,
  expected: Float64Array,
  std: Float64Array,
  from: number,
  to: number,
): ForecastScore {
  const gapMax_s = GAP_INTERVALS * usualInterval_s(rows)
  let squares = 0
  let persistence = 0
  let inside = 0
  let count = 0
  for (let i = from; i < to; i++) {
    const error = of(rows[i]!) - expected[i]!
    const change = of(rows[i]!) - of(rows[i - 1]!)
    const gap_s = rows[i]!.time_s - rows[i - 1]!.time_s
    if (gap_s > gapMax_s || !Number.isFinite(error) || !Number.isFinite(change)) continue
    squares += error * error
    persistence += change * change
    if (Math.abs(error) <= BAND * std[i]!) inside++
    count++
  }
  return {
    rmse: Math.sqrt(squares / count),
    persistenceRmse: Math.sqrt(persistence / count),
    inBand_share: inside / count,
  }
}

function peopleScore(
  rows: readonly AirRow[],
  estimate: AirRun['estimate'],
  from: number,
  to: number,
): PeopleScore {
  const count = to - from
  let exact = 0
  // Of empty and of occupied rows.
  const right = [0, 0]
  const seen = [0, 0]
  const within = [0, 0]
  const errors = [0, 0]
  for (let i = from; i < to; i++) {
    const truth = rows[i]!.people
    const off = estimate.people[i]! - truth
    const there = truth > 0 ? 1 : 0
    if (Math.round(estimate.people[i]!) === truth) exact++
    seen[there]!++
    errors[there]! += Math.abs(off)
    if (Math.abs(off) <= BAND * estimate.peopleStd[i]!) within[there]!++
    if (estimate.presence[i]! > 0.5 === there > 0) right[there]!++
  }
  const shares = right.map((n, there) => n / seen[there]!).filter(share => !Number.isNaN(share))
  return {
    mae: (errors[0]! + errors[1]!) / count,
    correlation: correlation(rows, estimate.people, from, to),
    presence_share: (right[0]! + right[1]!) / count,
    presenceBalanced_share: shares.reduce((sum, share) => sum + share, 0) / shares.length,
    exact_share: exact / count,
    inBand_share: (within[0]! + within[1]!) / count,
    occupiedRows: seen[1]!,
    occupiedMae: errors[1]! / seen[1]!,
    occupiedInBand_share: within[1]! / seen[1]!,
  }
}

function correlation(
  rows: readonly AirRow[],
  people: Float64Array,
  from: number,
  to: number,
): number {
  let sx = 0
  let sy = 0
  let sxx = 0
  let syy = 0
  let sxy = 0
  const count = to - from
  for (let i = from; i < to; i++) {
    const x = rows[i]!.people
    const y = people[i]!
    sx += x
    sy += y
    sxx += x * x
    syy += y * y
    sxy += x * y
  }
  return (
    (sxy - (sx * sy) / count) / Math.sqrt((sxx - (sx * sx) / count) * (syy - (sy * sy) / count))
  )
}

function usualInterval_s(rows: readonly AirRow[]): number {
  return median(Float64Array.from(rows.slice(1), (row, i) => row.time_s - rows[i]!.time_s))
}

function median(values: Float64Array): number {
  values.sort()
  return values[Math.floor(values.length / 2)] ?? Number.NaN
}
