/**
 * A fixed-lag rewind: the line goes back to a checkpoint and folds its log from there again, the
 * late readings in their own ticks. What it then holds is what the run in order would hold.
 */

import { assert } from '../core/assert.ts'
import { decodeEntry } from '../core/log-entry.ts'
import { packSections, piecesOf, unpackSections } from '../core/sections.ts'
import type {
  Anomaly,
  AnomalyResult,
  AnomalyStage,
  BatchDecoder,
  LineDefinition,
  LineFrame,
  OutputEvent,
  ReadingBatch,
  Twin,
  TwinFrame,
} from '../flow.ts'
import {
  CHECKPOINT_EVERY_MS,
  type CheckpointRing,
  type NumberedCheckpoint,
  type Past,
} from './checkpoints.ts'
import { anomalyEvent, type Corrections } from './corrections.ts'
import type { LogItem } from './entry-queue.ts'
import type { FrameBuilder, FrameCounters } from './frames/builder.ts'
import { KIND_SAMPLE, type SeriesPlan } from './frames/series-plan.ts'
import { inTimeOrder } from './frames/tick-slices.ts'
import type { Joined, Lateness } from './lateness.ts'
import { type Mark, type Source, type Stretch, streamTicks, surveyStretch } from './refold.ts'
import { emptyRows, pushRow, rowsBatch } from './rows.ts'
import { tickNow } from './score-desk.ts'

const READ = { count_max: 64, bytes_max: 1 << 20 } as const
/** Checkpoints that a rewind makes anew at most. */
const MARKS_MAX = 64
/** Before every tick. */
export const FIRST_TICK = Number.MIN_SAFE_INTEGER

/** What of a line is rewound, and what remembers the past. */
export interface RewindParts {
  readonly definition: LineDefinition
  readonly plan: SeriesPlan
  readonly decoder: BatchDecoder
  readonly builder: FrameBuilder
  readonly twin: Twin
  readonly anomaly: AnomalyStage
  readonly late: Lateness
  readonly ring: CheckpointRing
  readonly told: Corrections
}

export interface RewindOrder {
  readonly from: NumberedCheckpoint
  /** The oldest tick that is not what it should be. */
  readonly tick: number
  /** Log position up to which the line is folded. */
  readonly to: number
  /** End of the last tick that was folded. */
  readonly time_ms: number
}

export interface RewindHooks {
  readonly past: Past
  /** A past tick, from the wrong one on, as the twin sees it now. */
  again(twin: TwinFrame): void
  /** Past ticks are right now; called once, before the first `fresh`. */
  corrected(events: OutputEvent[]): void
  /** A tick that the late readings complete: it is new. */
  fresh(frame: LineFrame): void
  /** Readings of ticks that are still open, after the first new tick. */
  ahead(tick: number, batch: ReadingBatch): void
}

/** State of a line as a checkpoint keeps it: no alarms and no advice, these are never rewound. */
export function checkpointState(parts: RewindParts, decoder = parts.decoder.snapshot()) {
  const { builder, twin, anomaly } = parts
  return packSections([
    ['decoder', decoder],
    ['frames', builder.pieces()],
    ['twin', piecesOf(twin)],
    ['detectors', piecesOf(anomaly.detectors)],
  ])
}

/** A checkpoint of the line as it stands after the log entry at `position`. */
export function takeCheckpoint(parts: RewindParts, position: number): void {
  const { builder, ring } = parts
  const next = builder.next_tick()
  const newest = builder.newest_tick()
  ring.add({
    position,
    floor: Number.isNaN(next) ? FIRST_TICK : next,
    clean: Number.isNaN(next)
      ? FIRST_TICK
      : Math.max(next, Number.isNaN(newest) ? next : newest + 1),
    newest_ms: builder.newest_ms(),
    accepted: builder.counters.accepted,
    log_readings: ring.log_readings,
    state: checkpointState(parts),
  })
}

/** Runs a rewind; false where more is out of place than it can put right. */
export async function rewindLine(
  parts: RewindParts,
  order: RewindOrder,
  hooks: RewindHooks,
): Promise<boolean> {
  const { decoder, builder, anomaly, late, ring } = parts
  const { from, to } = order
  const next = builder.next_tick()
  const decoderNow = decoder.snapshot()
  const counted = { ...builder.counters, closed: { ...builder.counters.closed } }
  const state = from.state ?? (await hooks.past.checkpoint(from.number))
  if (!state) {
    late.giveUp()
    return false
  }
  const sections = unpackSections(state)
  const stretch: Stretch = { ...from, after: from.position, to }
  const source = sourceOf(parts, sections.get('decoder')!, hooks.past.read)
  const survey = await surveyStretch(source, stretch, boundariesOf(parts, order.tick, next))
  if (!survey) {
    decoder.restore(decoderNow)
    late.giveUp()
    return false
  }
  builder.restore(sections.get('frames')!)
  parts.twin.restore(sections.get('twin')!)
  anomaly.detectors.restore(sections.get('detectors')!)
  anomaly.detectors.detach()
  const pass = pastPass(parts, order, hooks, next)
  const regained: ReturnType<typeof checkpointAt>[] = []
  const marks = [...survey.marks]
  const closes = [...survey.closes].sort((a, b) => a.tick - b.tick)
  const joins = [...late.joins()].sort(byTick)
  const closeThrough = (tick: number): void => {
    while (closes.length > 0 && closes[0]!.tick <= tick) {
      const { tick: through, reason } = closes.shift()!
      for (const one of builder.close(through, reason)) pass.frame(one)
    }
  }
  const joinThrough = (tick: number): void => {
    while (joins.length > 0 && joins[0]!.tick <= tick) {
      const at = joins[0]!.tick
      const count = joins.findIndex(one => one.tick !== at)
      const batch = samplesOf(joins.splice(0, count < 0 ? joins.length : count))
      closeThrough(at - 1)
      if (at >= from.floor) pass.samples(at, batch)
    }
  }
  await streamTicks(source, stretch, survey, (tick, batch) => {
    while (marks.length > 0 && marks[0]!.tick <= tick) {
      const mark = marks.shift()!
      joinThrough(mark.tick - 1)
      closeThrough(mark.tick - 1)
      if (!pass.isOver()) regained.push(checkpointAt(parts, mark))
    }
    joinThrough(tick)
    closeThrough(tick - 1)
    pass.readings(tick, inTimeOrder(batch, parts.plan.rank))
  })
  joinThrough(Number.POSITIVE_INFINITY)
  closeThrough(Number.POSITIVE_INFINITY)
  // A tick that was closed stays closed, also where late readings make it wait for others.
  for (const one of builder.close(next - 1, 'watermark')) pass.frame(one)
  pass.end()
  decoder.restore(decoderNow)
  countAgain(builder.counters, counted, pass.fresh())
  ring.dropFrom(order.tick)
  for (const checkpoint of regained) ring.add(checkpoint)
  late.settled(counted.accepted - from.accepted)
  return true
}

/** Readings that were read again are not counted twice; ticks that closed for the first time are. */
function countAgain(now: FrameCounters, before: FrameCounters, fresh: FrameCounters['closed']) {
  now.accepted = before.accepted
  now.late = before.late
  for (const reason of ['complete', 'watermark', 'grace', 'silent'] as const) {
    now.closed[reason] = before.closed[reason] + fresh[reason]
  }
}

const byTick = (a: Joined, b: Joined): number => a.tick - b.tick

function sourceOf(parts: RewindParts, dictionaries: Uint8Array, read: Past['read']): Source {
  const { definition, decoder, plan } = parts
  return {
    grid: definition,
    isSample: plan.kind.map(kind => (kind === KIND_SAMPLE ? 1 : 0)),
    entries: ({ after, to }) => entriesOf(read, after, to),
    rewindDecoder: () => decoder.restore(dictionaries),
    decode({ entry }) {
      if (entry.kind !== 'batch') return undefined
      return decoder.decode(entry)
    },
    decoderState: decoder.snapshot,
  }
}

async function* entriesOf(read: Past['read'], after: number, to: number): AsyncGenerator<LogItem> {
  let position = after
  while (position < to) {
    const records = await read(position + 1, READ)
    assert(records[0]?.position === position + 1, 'the log holds what a rewind reads again')
    for (const record of records) {
      if (record.position > to) return
      position = record.position
      yield { position, entry: decodeEntry(record.bytes), size_bytes: record.bytes.length }
    }
  }
}

/** Tick boundaries at which checkpoints are made anew: those from the wrong tick on. */
function boundariesOf({ definition }: RewindParts, tick: number, next: number): number[] {
  const step = Math.max(1, Math.round(CHECKPOINT_EVERY_MS / definition.tick_ms))
  const found: number[] = []
  let at = Math.floor(next / step) * step
  for (; at > tick && found.length < MARKS_MAX; at -= step) if (at < next) found.push(at)
  return found.reverse()
}

function checkpointAt(parts: RewindParts, mark: Mark) {
  const { tick, position, newest_ms, accepted, log_readings, decoder } = mark
  const state = checkpointState(parts, decoder)
  return { position, floor: tick, clean: tick, newest_ms, accepted, log_readings, state }
}

function samplesOf(joins: readonly Joined[]): ReadingBatch {
  const rows = emptyRows()
  for (const { series, time_ms, value, quality } of joins) {
    const one = { series: [series], times_ms: [time_ms], values: [value], quality: [quality] }
    pushRow(rows, one as unknown as ReadingBatch, 0)
  }
  return rowsBatch(rows)
}

/** Runs the stages over past ticks, and hands over to the live ones after the last of them. */
function pastPass(parts: RewindParts, order: RewindOrder, hooks: RewindHooks, next: number) {
  const { builder, twin, anomaly, told } = parts
  const found = new Map<string, { tick: number; body: Anomaly }>()
  const fresh = { complete: 0, watermark: 0, grace: 0, silent: 0 }
  let isOver = false
  let fed = FIRST_TICK

  const keep = (tick: number, { anomalies }: AnomalyResult): void => {
    // Ticks before the wrong one are as they were.
    if (tick < order.tick) return
    for (const body of anomalies) found.set(body.id, { tick, body })
  }
  const end = (): void => {
    if (isOver) return
    isOver = true
    const below = Math.max(next, fed + 1)
    const events: OutputEvent[] = told.correct(order.tick, below, found).map(anomalyEvent)
    for (const body of anomaly.detectors.attach(order.time_ms).alarms) {
      events.push({ channel: 'alarm', id: `${body.id}#${body.revision}`, body })
    }
    hooks.corrected(events)
  }
  const frame = (one: LineFrame): void => {
    if (one.tick < next) {
      const seen = twin.step(one)
      if (one.tick >= order.tick) hooks.again(seen)
      keep(one.tick, tickNow(anomaly, one, seen))
      return
    }
    end()
    fresh[one.closed] += 1
    hooks.fresh(one)
  }
  const look = (tick: number, batch: ReadingBatch): void => {
    if (isOver) hooks.ahead(tick, batch)
    else keep(tick, anomaly.readings(batch))
  }
  return {
    frame,
    end,
    isOver: () => isOver,
    fresh: () => fresh,
    readings(tick: number, batch: ReadingBatch): void {
      fed = Math.max(fed, tick)
      look(tick, batch)
      for (const one of builder.batch(batch)) frame(one)
    },
    samples(tick: number, batch: ReadingBatch): void {
      look(tick, batch)
      builder.join(batch, tick)
    },
  }
}
