import type { LineDefinition, QuarantineRow, RejectReason } from '../flow.ts'
import type { Columns } from './columns.ts'
import { type DictionaryColumns, type SeriesDictionary, TERMS } from './dictionary.ts'

/** What a batch is judged against. */
export interface AdmissionContext {
  readonly producer: string
  /** Wall time now; also the received time of quarantined rows. */
  readonly now_ms: number
  /** Highest event time of the line so far, or NaN. */
  readonly newest_event_ms: number
  /** A signal this far behind the line's clock is late. */
  readonly lag_ms: number
}

/** A run of readings rejected for one reason. */
export interface RejectedRun {
  readonly first_index: number
  count: number
  readonly reason: RejectReason
  readonly detail: string
}

/** The verdict on one batch; rows that it does not reject are accepted. */
export interface Admission {
  readonly accepted_count: number
  /** Rejected rows as [first, count] pairs, ascending, whatever the reason. */
  readonly rejected: readonly (readonly [first: number, count: number])[]
  readonly rejections: readonly RejectedRun[]
  readonly quarantine: readonly QuarantineRow[]
  /** Accepted live readings that are older than their lag. */
  readonly late_count: number
  /** True when a reading used a ref that was never defined. */
  readonly undefined_refs: boolean
  /** Highest event time of the line with this batch, or NaN. */
  readonly newest_event_ms: number
  readonly mode: 'live' | 'backfill'
}

/** How far behind the line's clock a signal is late. */
export const SIGNAL_LAG_MS = 120_000
/** How far behind the line's clock a manual sample is late. */
export const SAMPLE_LAG_MS = 36 * 3600_000
const WALL_FUTURE_MS = 5_000
const DAY_MS = 24 * 3600_000
/** How far one reading may move the clock of a `stream` line, in days; recordings have holes. */
const STREAM_FUTURE_DAYS = { plant: 1, simulated: 1, recorded: 400, synthetic: 400 } as const
const OLDEST_MS = 631_152_000_000
const NEWEST_MS = 7_258_118_400_000
const SAMPLE_KIND = 1
const KIND_COUNT = 3
const QUALITY_MAX = 2

/** Of this module alone: the compiler reads what is exported or imported anew in every turn. */
const TERMS_SLOT: number = TERMS

const NONE: readonly never[] = []

/** Judges every reading of a batch whose series are defined in the dictionary. Pure. */
export function admit(
  columns: Columns,
  dictionary: SeriesDictionary,
  definition: LineDefinition,
  context: AdmissionContext,
): Admission {
  const { count, refs, times_ms, values, qualities } = columns
  const known = dictionary.columns
  const { dense } = dictionary
  const wall = definition.clock === 'wall'
  const lateOf_ms = lateBefore_ms(context, wall)
  const rows = new RejectedRows(columns, dictionary, definition, context)
  const ahead_ms = wall ? WALL_FUTURE_MS : STREAM_FUTURE_DAYS[definition.origin] * DAY_MS
  const told = qualities.length > 0
  let newest_ms = context.newest_event_ms
  const future_ms = wall
    ? context.now_ms + ahead_ms
    : reach_ms(columns, dictionary, newest_ms, ahead_ms)
  let late = 0
  for (let row = 0; row < count; row++) {
    const ref = refs[row]!
    const slot = ref < dense.length ? dense[ref]! : dictionary.slot(ref)
    const time_ms = times_ms[row]!
    const quality = told ? qualities[row]! : 0
    if (slot < 0 || !isRight(known, slot, time_ms, future_ms, values[row]!, quality)) {
      rows.add(row, faultOf(known, slot, time_ms, future_ms, values[row]!, quality), slot)
      continue
    }
    if (time_ms < lateOf_ms[known.kind[slot]!]!) late++
    if (!(time_ms <= newest_ms)) newest_ms = time_ms
  }
  return {
    accepted_count: count - rows.count,
    rejected: rows.rejected,
    rejections: rows.runs,
    quarantine: rows.quarantine,
    late_count: columns.mode === 'live' ? late : 0,
    undefined_refs: rows.undefined_refs,
    newest_event_ms: newest_ms,
    mode: columns.mode,
  }
}

/**
 * Up to when a batch moves the clock of a `stream` line: each step from one reading to the next in
 * time is `ahead_ms` at most, whatever the order of the rows. A line without a time begins at the
 * middle reading, so that one wrong clock does not decide for all others.
 */
function reach_ms(
  columns: Columns,
  dictionary: SeriesDictionary,
  newest_ms: number,
  ahead_ms: number,
): number {
  const { count, times_ms } = columns
  let last_ms = Number.NEGATIVE_INFINITY
  for (let row = 0; row < count; row++) if (times_ms[row]! > last_ms) last_ms = times_ms[row]!
  if (last_ms <= newest_ms + ahead_ms) return newest_ms + ahead_ms
  const sorted_ms = rightTimes_ms(columns, dictionary)
  let at_ms = Number.isNaN(newest_ms) ? sorted_ms[(sorted_ms.length - 1) >> 1]! : newest_ms
  for (const time_ms of sorted_ms) {
    if (time_ms > at_ms + ahead_ms) break
    if (time_ms > at_ms) at_ms = time_ms
  }
  return at_ms + ahead_ms
}

/** Times of the rows that nothing else is wrong with, in order. */
function rightTimes_ms(columns: Columns, dictionary: SeriesDictionary): Float64Array {
  const { count, refs, times_ms, values, qualities } = columns
  const right_ms = new Float64Array(count)
  let length = 0
  for (let row = 0; row < count; row++) {
    const slot = dictionary.slot(refs[row]!)
    const quality = qualities.length > 0 ? qualities[row]! : 0
    const [time_ms, value] = [times_ms[row]!, values[row]!]
    if (slot < 0 || !isRight(dictionary.columns, slot, time_ms, Infinity, value, quality)) continue
    right_ms[length++] = time_ms
  }
  return right_ms.subarray(0, length).sort()
}

/** Before when a reading is late, by kind. */
function lateBefore_ms(context: AdmissionContext, wall: boolean): Float64Array {
  const clock_ms = wall ? context.now_ms : context.newest_event_ms
  const late_ms = new Float64Array(KIND_COUNT).fill(clock_ms - context.lag_ms)
  late_ms[SAMPLE_KIND] = clock_ms - Math.max(SAMPLE_LAG_MS, context.lag_ms)
  return late_ms
}

/** The one question asked of nearly every reading; `faultOf` says what is wrong with the rest. */
function isRight(
  known: DictionaryColumns,
  slot: number,
  time_ms: number,
  future_ms: number,
  value: number,
  quality: number,
): boolean {
  const { terms } = known
  const at = TERMS_SLOT * slot
  const si = value * terms[at]! + terms[at + 1]!
  // NaN passes the comparisons that are denied: "no value" is a fact worth keeping.
  return (
    !(si < terms[at + 2]! || si > terms[at + 3]!) &&
    time_ms >= OLDEST_MS &&
    time_ms < NEWEST_MS &&
    !(time_ms > future_ms) &&
    known.series[slot]! >= 0 &&
    quality <= QUALITY_MAX
  )
}

const Fault = {
  undefinedRef: 1,
  series: 2,
  time: 3,
  future: 4,
  range: 5,
  quality: 6,
} as const
type Fault = (typeof Fault)[keyof typeof Fault]

function faultOf(
  known: DictionaryColumns,
  slot: number,
  time_ms: number,
  future_ms: number,
  value: number,
  quality: number,
): Fault {
  if (slot < 0) return Fault.undefinedRef
  if (known.series[slot]! < 0) return Fault.series
  if (!(time_ms >= OLDEST_MS && time_ms < NEWEST_MS)) return Fault.time
  if (time_ms > future_ms) return Fault.future
  return quality > QUALITY_MAX && isRight(known, slot, time_ms, future_ms, value, 0)
    ? Fault.quality
    : Fault.range
}

/** Collects rejected rows; it allocates nothing until the first one. */
class RejectedRows {
  count = 0
  undefined_refs = false
  rejected: (readonly [number, number])[] = NONE as never[]
  runs: RejectedRun[] = NONE as never[]
  quarantine: QuarantineRow[] = NONE as never[]
  readonly #columns: Columns
  readonly #dictionary: SeriesDictionary
  readonly #definition: LineDefinition
  readonly #context: AdmissionContext

  constructor(
    columns: Columns,
    dictionary: SeriesDictionary,
    definition: LineDefinition,
    context: AdmissionContext,
  ) {
    this.#columns = columns
    this.#dictionary = dictionary
    this.#definition = definition
    this.#context = context
  }

  add(row: number, fault: Fault, slot: number): void {
    if (this.count === 0) {
      this.rejected = []
      this.runs = []
      this.quarantine = []
    }
    this.count++
    const { reason, detail } = this.#explain(row, fault, slot)
    const run = this.runs.at(-1)
    const adjacent = run !== undefined && run.first_index + run.count === row
    if (adjacent && run.reason === reason && run.detail === detail) run.count++
    else this.runs.push({ first_index: row, count: 1, reason, detail })
    const last = this.rejected.at(-1)
    if (last && last[0] + last[1] === row) {
      this.rejected[this.rejected.length - 1] = [last[0], last[1] + 1]
    } else this.rejected.push([row, 1])
    const named = slot < 0 ? undefined : this.#dictionary.named(slot)
    this.quarantine.push({
      producer: this.#context.producer,
      sequence: this.#columns.sequence,
      row,
      reason,
      detail,
      asset: named?.asset_path ?? '',
      tag: named?.tag ?? '',
      time_ms: this.#columns.times_ms[row]!,
      value: this.#columns.values[row]!,
      received_ms: this.#context.now_ms,
    })
  }

  /** Words without the row's own numbers, so that equal faults in a row make one run. */
  #explain(row: number, fault: Fault, slot: number): { reason: RejectReason; detail: string } {
    if (fault === Fault.undefinedRef) {
      this.undefined_refs = true
      const detail = `ref ${this.#columns.refs[row]} was never defined in this stream`
      return { reason: 'UNKNOWN_SERIES', detail }
    }
    if (fault === Fault.series) return this.#dictionary.problem(slot)!
    const { tag } = this.#dictionary.named(slot)
    if (fault === Fault.range) {
      const { low, high, unit } = this.#definition.tags.find(one => one.tag === tag)!
      const detail = `"${tag}" lies outside its physical range ${low} to ${high} ${unit}`
      return { reason: 'VALUE_OUT_OF_RANGE', detail }
    }
    if (fault === Fault.time) {
      return { reason: 'SCHEMA', detail: 'time is before 1990 or after 2200; is it in ms?' }
    }
    if (fault === Fault.quality) {
      return { reason: 'SCHEMA', detail: 'quality is none of 0 good, 1 uncertain, 2 bad' }
    }
    const hours = 24 * STREAM_FUTURE_DAYS[this.#definition.origin]
    const detail =
      this.#definition.clock === 'wall'
        ? 'time is more than 5 s ahead of the clock of the engine'
        : `time is more than ${hours} h ahead of the newest reading of the line`
    return { reason: 'IN_FUTURE', detail }
  }
}
