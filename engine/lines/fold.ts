import { assert } from '../core/assert.ts'
import {
  jsonBytes,
  packSections,
  parseJsonBytes,
  piecesOf,
  unpackSections,
} from '../core/sections.ts'
import { spreadOf } from '../core/spread.ts'
import { tickEndingAt } from '../core/tick-grid.ts'
import type {
  AdviceStage,
  Anomaly,
  AnomalyStage,
  BatchDecoder,
  LineDefinition,
  LineFrame,
  ReadingBatch,
  ScoreCall,
  Twin,
  TwinFrame,
} from '../flow.ts'
import { readingSorter, ticksOf } from './arrivals.ts'
import {
  CHECKPOINT_BYTES_MAX,
  checkpointRing,
  type Kept,
  type Past,
  readingsIn,
} from './checkpoints.ts'
import { anomalyEvent, corrections } from './corrections.ts'
import type { LogItem } from './entry-queue.ts'
import { type FrameBuilder, frameBuilder } from './frames/builder.ts'
import { seriesPlan } from './frames/series-plan.ts'
import { lateness } from './lateness.ts'
import { isLive } from './refold.ts'
import { type RewindOrder, type RewindParts, rewindLine, takeCheckpoint } from './rewind.ts'
import { scoreNow } from './score-desk.ts'
import { shownLine } from './shown-line.ts'
import { skewWatch } from './skew.ts'
import type { Step } from './step.ts'
import {
  modelVersions,
  roomIn,
  roomVersion,
  sameModels,
  sameVersions,
  type Versions,
} from './versions.ts'

export interface LineFold {
  readonly builder: FrameBuilder
  readonly twin: Twin
  readonly anomaly: AnomalyStage
  readonly advice: AdviceStage
  /**
   * The steps that a log entry causes, each to go through all stages before the next is asked for:
   * its frame is reused, and what it finds counts for what follows.
   */
  frames(item: LogItem): Generator<Step, void>
  /** True where late readings call for a rewind before the next entry is folded. */
  isRewindDue(): boolean
  /**
   * Folds past ticks again from a checkpoint; the steps that come of it have been through all
   * stages. `onAgain` hears of each past tick as it is known now.
   */
  rewind(
    past: Past,
    onStep: (step: Step) => void,
    onAgain?: (twin: TwinFrame) => void,
  ): Promise<void>
  /** Resolves when the rewind that runs is over: until then the twin is one of the past. */
  rewinding(): Promise<void> | undefined
  /** Log position after which entries may be read again; those up to it may go. */
  needed_after(): number
  /** Rewinds so far: each changed values of the past. */
  revision(): number
  /** Producers whose clocks are off, as texts for people. */
  clockProblems(): readonly string[]
  /** Runs all stages over readings that need no log: for offline runs. */
  foldBatch(batch: ReadingBatch, onStep: (step: Step) => void): void
  runTwin(frame: LineFrame): TwinFrame
  /**
   * The first half of the anomaly stage; gives what models have to score before `runAnomaly`. What
   * needs no model is among the step's events then.
   */
  observe(step: Step): readonly ScoreCall[]
  runAnomaly(step: Step): void
  runAdvice(step: Step): void
  /** The last tick that went through; undefined before the first. */
  latest(): { readonly frame: LineFrame; readonly twin: TwinFrame } | undefined
  /** End of the last tick that went through, also after a restore; 0 before the first. */
  time_ms(): number
  /** Versions that the log last named; empty before the first. */
  versions(): Readonly<Record<string, string>>
  /** The state, but for the checkpoints to go back to: these are kept beside it. */
  snapshot(): Uint8Array
  /** Checkpoints that were not handed out yet, and the numbers that the snapshot names. */
  takeKept(): Kept
  restore(bytes: Uint8Array, kept: ReadonlySet<number>): void
}

export interface FoldStages {
  readonly decoder: BatchDecoder
  readonly twin: Twin
  readonly anomaly: AnomalyStage
  readonly advice: AdviceStage
  /** Puts the models in force that the log names; called between two ticks only. */
  readonly putInForce?: (versions: Readonly<Record<string, string>>) => void
  /** Readings of the log that are held for rewinds at most; by default `READINGS_BACK_MAX`. */
  readonly readings_back_max?: number
}

/**
 * The pure part of a line: state' = fold(state, log entry). Live running, catching up and
 * verification are this one code path, so equal logs give equal bytes.
 */
export function lineFold(definition: LineDefinition, stages: FoldStages): LineFold {
  const { decoder, twin, anomaly, advice, putInForce } = stages
  const builder = frameBuilder(definition)
  const plan = seriesPlan(definition)
  const late = lateness(definition)
  const spread = spreadOf(`${definition.tenant}/${definition.line}`)
  const ring = checkpointRing(
    definition.tick_ms,
    CHECKPOINT_BYTES_MAX,
    spread,
    stages.readings_back_max,
  )
  const told = corrections()
  const parts: RewindParts = { definition, plan, decoder, builder, twin, anomaly, late, ring, told }
  const arrivals = readingSorter(parts)
  const shown = shownLine(builder, anomaly)
  const skew = skewWatch(definition.clock)
  let latest: { frame: LineFrame; twin: TwinFrame } | undefined
  let line_ms = 0
  let versions: Versions = {}
  let due: RewindOrder | undefined

  /**
   * Where event time stands still, the log goes on: what is too far back in it is given up. The next
   * checkpoint comes with event time, so that it does not depend on where a batch ends.
   */
  const letGo = (readings: number): void => {
    if (ring.passed(readings)) late.giveUp()
  }

  /** What happens between two entries: by event time a checkpoint, or a rewind. */
  const endEntry = (position: number, readings: number): void => {
    letGo(readings)
    const { accepted } = builder.counters
    builder.counters.late = late.late()
    if (line_ms === 0 || !late.passed(line_ms, accepted)) return
    const target = late.target(ring, accepted)
    if (target) due = { ...target, to: position, time_ms: line_ms }
    else if (!late.isWaiting() && ring.isDue(builder.next_tick())) takeCheckpoint(parts, position)
    forgetOld(parts)
  }

  const takeVersions = (named: Versions, position: number): void => {
    // An engine that does not know the end of its log names again what is in force.
    if (sameVersions(versions, named)) return
    const isRoomAlone = sameModels(versions, named)
    versions = named
    ring.limit(roomIn(versions))
    if (isRoomAlone) return
    putInForce?.(modelVersions(versions))
    // Past ticks ran with other models; they are not run again with these.
    late.giveUp()
    ring.clear()
    takeCheckpoint(parts, position)
  }

  const noteFound = (step: Step, tick: number, anomalies: readonly Anomaly[]): void => {
    for (const found of anomalies) {
      const body = told.tell(tick, found)
      if (body) step.events.push(anomalyEvent(body))
    }
  }

  const foldOf: LineFold = {
    builder: shown.builder,
    twin,
    anomaly: shown.anomaly,
    advice,
    rewinding: shown.rewinding,
    latest: () => shown.latest() ?? latest,
    time_ms: () => line_ms,
    versions: () => versions,
    isRewindDue: () => due !== undefined,
    needed_after: () => ring.oldest()?.position ?? Number.POSITIVE_INFINITY,
    revision: late.revision,
    clockProblems: skew.problems,
    *frames(item) {
      const { entry, position } = item
      let readings = 0
      if (entry.kind === 'batch') {
        const isNew = ring.count === 0 && builder.counters.accepted === 0
        if (isNew && ring.isDue(builder.next_tick())) takeCheckpoint(parts, position - 1)
        const batch = decoder.decode(entry)
        readings = readingsIn(item, batch)
        if (!isLive(batch)) {
          letGo(readings)
          return
        }
        skew.take(batch)
        yield* arrivals.take(batch, true)
      } else if (entry.kind === 'close') {
        yield* ticksOf(builder.close(entry.tick, entry.reason))
      } else if (entry.kind === 'decision') {
        yield { at: 'decision', entry, time_ms: line_ms || entry.decided_ms, events: [] }
      } else {
        takeVersions(entry.versions, position)
      }
      endEntry(position, readings || readingsIn(item))
    },
    async rewind(past, onStep, onAgain = () => {}) {
      assert(due, 'a rewind is due')
      const order = due
      due = undefined
      shown.freeze(latest)
      try {
        const done = await rewindLine(parts, order, {
          past,
          again: onAgain,
          corrected: events => onStep({ at: 'rewind', events }),
          fresh(frame) {
            runStages(foldOf, { at: 'tick', frame, twin: undefined, events: [] }, onStep)
          },
          ahead(tick, batch) {
            runStages(foldOf, { at: 'readings', batch, tick, events: [] }, onStep)
          },
        })
        if (done) takeCheckpoint(parts, order.to)
        builder.counters.late = late.late()
        forgetOld(parts)
      } finally {
        shown.thaw()
      }
    },
    foldBatch(batch, onStep) {
      for (const step of arrivals.take(batch, false)) runStages(foldOf, step, onStep)
    },
    runTwin(frame) {
      const result = twin.step(frame)
      latest = { frame, twin: result }
      line_ms = frame.time_ms
      return result
    },
    observe(step) {
      if (step.at !== 'tick') return NO_CALLS
      const calls = anomaly.observe(step.frame, twinOf(step))
      noteFound(step, step.frame.tick, anomaly.found())
      return calls
    },
    runAnomaly(step) {
      if (step.at === 'rewind') return
      const result =
        step.at === 'readings'
          ? anomaly.readings(step.batch)
          : step.at === 'tick'
            ? anomaly.conclude(step.frame, twinOf(step))
            : anomaly.decide(step.entry, step.time_ms)
      if (result.stirred) arrivals.stirred()
      const tick = step.at === 'readings' ? step.tick : tickEndingAt(definition, line_ms)
      noteFound(step, tick, result.anomalies)
      for (const body of result.proposals ?? []) step.events.push(anomalyEvent(body))
      for (const body of result.alarms) {
        step.events.push({ channel: 'alarm', id: `${body.id}#${body.revision}`, body })
      }
    },
    runAdvice(step) {
      if (step.at === 'readings' || step.at === 'rewind') return
      const changed =
        step.at === 'tick'
          ? advice.tick(step.frame, twinOf(step), anomaly.alarms())
          : advice.decide(step.entry, step.time_ms)
      for (const body of changed) {
        step.events.push({ channel: 'advice', id: `${body.id}#${body.revision}`, body })
      }
    },
    snapshot: () =>
      packSections([
        ['line', jsonBytes({ line_ms, versions: modelVersions(versions) })],
        ['decoder', decoder.snapshot()],
        ['frames', builder.pieces()],
        ['twin', piecesOf(twin)],
        ['anomaly', piecesOf(anomaly)],
        ['advice', advice.snapshot()],
        ['arrivals', jsonBytes(builder.counters)],
        ['late', late.snapshot()],
        ['told', told.snapshot()],
        ['checkpoints', ring.snapshot()],
        ['skew', skew.snapshot()],
      ]),
    takeKept: ring.takeKept,
    restore(bytes, kept) {
      const sections = unpackSections(bytes)
      const part = (name: string): Uint8Array => {
        const found = sections.get(name)
        assert(found, `a line's state has the section ${name}`)
        return found
      }
      const line = parseJsonBytes<LineSection>(part('line'))
      line_ms = line.line_ms
      // States of older engines name the room as well.
      versions = modelVersions(line.versions)
      putInForce?.(versions)
      decoder.restore(part('decoder'))
      builder.restore(part('frames'))
      twin.restore(part('twin'))
      anomaly.restore(part('anomaly'))
      advice.restore(part('advice'))
      Object.assign(builder.counters, parseJsonBytes<FrameBuilder['counters']>(part('arrivals')))
      late.restore(part('late'))
      told.restore(part('told'))
      ring.restore(part('checkpoints'), kept)
      versions = { ...versions, ...roomVersion(ring.room_bytes) }
      // States of older engines do not have it: then producers are judged anew.
      const clocks = sections.get('skew')
      if (clocks) skew.restore(clocks)
      due = undefined
    },
  }
  return foldOf
}

const NO_CALLS: readonly ScoreCall[] = []

interface LineSection {
  readonly line_ms: number
  readonly versions: Readonly<Record<string, string>>
}

/** Versions that a snapshot was made with; empty where it is none. */
export function versionsIn(snapshot: Uint8Array): Readonly<Record<string, string>> {
  const line = unpackSections(snapshot).get('line')
  return line ? parseJsonBytes<LineSection>(line).versions : {}
}

/** Lets go of what no rewind can reach any more. */
function forgetOld({ ring, late, told, builder }: RewindParts): void {
  const oldest = ring.oldest()
  late.forget(oldest?.floor ?? builder.next_tick())
  told.forget(oldest?.clean ?? builder.next_tick())
}

function twinOf(step: Extract<Step, { at: 'tick' }>): TwinFrame {
  assert(step.twin, 'the twin runs before the stages that read it')
  return step.twin
}

function runStages(fold: LineFold, step: Step, onStep: (step: Step) => void): void {
  if (step.at === 'tick') step.twin = fold.runTwin(step.frame)
  scoreNow(fold.observe(step))
  fold.runAnomaly(step)
  fold.runAdvice(step)
  onStep(step)
}

/** Runs the whole fold over one entry, without RxJS, and leaves a rewind that is due undone. */
export function foldEntry(fold: LineFold, item: LogItem, onStep: (step: Step) => void): void {
  for (const step of fold.frames(item)) runStages(fold, step, onStep)
}

/** The same with the rewind that the entry calls for: what the engine does with each entry. */
export async function foldWhole(
  fold: LineFold,
  item: LogItem,
  past: Past,
  onStep: (step: Step) => void,
): Promise<void> {
  foldEntry(fold, item, onStep)
  if (fold.isRewindDue()) await fold.rewind(past, onStep)
}
