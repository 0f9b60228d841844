import { liquidus } from '#proto/gen/ingest.js'
import { LiquidusError } from '../../core/errors.ts'
import type { BatchEntry, LineIntake } from '../../flow.ts'
import type { BatchTaken } from '../../load.ts'
import type { Admission } from '../admission.ts'
import { admit, SIGNAL_LAG_MS } from '../admission.ts'
import type { Columns, SeriesDefinition } from '../columns.ts'
import { SERIES_PER_BATCH_MAX } from '../columns.ts'
import type { SeriesDictionary } from '../dictionary.ts'
import { createDictionary } from '../dictionary.ts'
import type { Refusal } from './refusal.ts'
import { refusalOf } from './refusal.ts'

const { ReadingBatch } = liquidus.ingest.v1

/** The way of one producer's batches into the log, from a hello to the next. */
export interface Lane {
  readonly line: LineIntake
  readonly producer: string
  readonly epoch: number
  readonly dictionary: SeriesDictionary
  /** Sequence that comes next. */
  expected: number
  /** Definitions that came in a duplicate: this epoch's part of the log does not have them yet. */
  readonly unlogged: Map<number, SeriesDefinition>
  /** Highest event time of what was sent to the log, or NaN. */
  newest_event_ms: number
}

/** A judged batch, ready for the log. */
export interface Judged {
  readonly entry: BatchEntry
  readonly admission: Admission
}

/** What a follower of batches is told. */
export function takenOf(
  { line, producer, epoch }: Lane,
  { entry }: Judged,
  readings: number,
  received_ms: number,
  traceparent: string | undefined,
  alone: boolean,
): BatchTaken {
  const { tenant, line: name } = line.definition
  const { sequence, wire } = entry
  const bytes = wire.length
  return {
    ...{ tenant, line: name, producer, epoch, sequence, readings, bytes },
    ...{ received_ms, traceparent, alone },
  }
}

/** Opens a lane; `committed` is the producer's last durable sequence. */
export function openLane(
  line: LineIntake,
  producer: string,
  epoch: number,
  committed: number,
): Lane {
  const dictionary = createDictionary(line.definition)
  const expected = committed + 1
  const newest_event_ms = Number.NaN
  return { line, producer, epoch, dictionary, expected, unlogged: new Map(), newest_event_ms }
}

/** Takes the definitions of a batch that the log already has; false when they are too many. */
export function noteDuplicate(lane: Lane, columns: Columns): boolean {
  for (const one of columns.series) lane.unlogged.set(one.ref, one)
  return lane.dictionary.define(columns.series)
}

/** Judges the next batch and makes its log entry; undefined when it defines too many series. */
export function judge(
  lane: Lane,
  columns: Columns,
  wire: Uint8Array,
  now_ms: number,
): Judged | undefined {
  if (columns.series.length + lane.unlogged.size > SERIES_PER_BATCH_MAX) return undefined
  if (columns.series.length > 0 && !lane.dictionary.define(columns.series)) return undefined
  const elsewhere_ms = lane.line.newest_event_ms()
  if (!(elsewhere_ms <= lane.newest_event_ms)) lane.newest_event_ms = elsewhere_ms
  const admission = admit(columns, lane.dictionary, lane.line.definition, {
    producer: lane.producer,
    now_ms,
    newest_event_ms: lane.newest_event_ms,
    lag_ms: SIGNAL_LAG_MS,
  })
  lane.expected = columns.sequence + 1
  lane.newest_event_ms = admission.newest_event_ms
  let logged = wire
  if (lane.unlogged.size > 0) {
    logged = withDefinitions([...lane.unlogged.values()], wire)
    lane.unlogged.clear()
  }
  const entry: BatchEntry = {
    kind: 'batch',
    producer: lane.producer,
    epoch: lane.epoch,
    sequence: columns.sequence,
    received_ms: now_ms,
    mode: columns.mode,
    rejected: admission.rejected,
    wire: logged,
  }
  return { entry, admission }
}

/** Protocol buffers concatenate: definitions put in front of a batch become part of it. */
export function withDefinitions(series: readonly SeriesDefinition[], wire: Uint8Array): Uint8Array {
  const list = series.map(one => ({
    ref: one.ref,
    assetPath: one.asset_path,
    tag: one.tag,
    unit: one.unit,
  }))
  return Buffer.concat([ReadingBatch.encode({ series: list }).finish(), wire])
}

/** The sequence number written behind a batch, where the last one counts. */
export function withSequence(wire: Uint8Array, sequence: number): Uint8Array {
  return Buffer.concat([wire, ReadingBatch.encode({ sequence }).finish()])
}

/** The refusal of a batch that is not the next one. */
export function sequenceGap({ producer, line, expected }: Lane, got: number): Refusal {
  const facts = { producer, line: line.definition.line, expected, got }
  return refusalOf(new LiquidusError('SEQUENCE_GAP', facts))
}

/** A rejection as it goes into an acknowledgement. */
export type RejectionMessage = liquidus.ingest.v1.Rejection.$Properties

/** The rejections of a batch for its acknowledgement. */
export function rejectionMessages({ entry, admission }: Judged): RejectionMessage[] {
  return admission.rejections.map(run => ({
    sequence: entry.sequence,
    firstIndex: run.first_index,
    count: run.count,
    reason: liquidus.ingest.v1.RejectionReason[`REJECTION_REASON_${run.reason}`],
    detail: run.detail,
  }))
}
