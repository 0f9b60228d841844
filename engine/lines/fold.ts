import { assert } from '../core/assert.ts'
import { jsonBytes, packSections, parseJsonBytes, unpackSections } from '../core/sections.ts'
import type {
  AdviceStage,
  AnomalyStage,
  BatchDecoder,
  LineDefinition,
  LineFrame,
  ReadingBatch,
  Twin,
  TwinFrame,
} from '../flow.ts'
import type { LogItem } from './entry-queue.ts'
import { type FrameBuilder, frameBuilder } from './frames/builder.ts'
import { seriesPlan } from './frames/series-plan.ts'
import { tickSlices } from './frames/tick-slices.ts'
import type { Step } from './step.ts'

export interface LineFold {
  readonly builder: FrameBuilder
  readonly twin: Twin
  readonly anomaly: AnomalyStage
  readonly advice: AdviceStage
  frames(item: LogItem, emit: (step: Step) => void): void
  /** Runs all stages over readings that need no log: for offline runs. */
  foldBatch(batch: ReadingBatch, onStep: (step: Step) => void): void
  runTwin(frame: LineFrame): TwinFrame
  runAnomaly(step: Step): void
  runAdvice(step: Step): void
  /** The last tick that went through; undefined before the first. */
  latest(): { readonly frame: LineFrame; readonly twin: TwinFrame } | undefined
  /** End of the last tick that went through, also after a restore; 0 before the first. */
  time_ms(): number
  /** Versions that the log last named; empty before the first. */
  versions(): Readonly<Record<string, string>>
  snapshot(): Uint8Array
  restore(bytes: Uint8Array): void
}

/**
 * The pure part of a line: state' = fold(state, log entry). Live running, catching up and
 * verification are this one code path, so equal logs give equal bytes.
 */
export function lineFold(
  definition: LineDefinition,
  parts: {
    readonly decoder: BatchDecoder
    readonly twin: Twin
    readonly anomaly: AnomalyStage
    readonly advice: AdviceStage
    /** Puts the models in force that the log names; called between two ticks only. */
    readonly putInForce?: (versions: Readonly<Record<string, string>>) => void
  },
): LineFold {
  const { decoder, twin, anomaly, advice, putInForce } = parts
  const builder = frameBuilder(definition)
  const { rank } = seriesPlan(definition)
  let latest: { frame: LineFrame; twin: TwinFrame } | undefined
  let line_ms = 0
  let versions: Readonly<Record<string, string>> = {}

  const emitTicks = (emit: (step: Step) => void) => (frame: LineFrame) =>
    emit({ at: 'tick', frame, twin: undefined, events: [] })

  const takeReadings = (batch: ReadingBatch, emit: (step: Step) => void): void => {
    for (const slice of tickSlices(batch, rank, definition.tick_ms)) {
      emit({ at: 'readings', batch: slice, events: [] })
      builder.batch(slice, emitTicks(emit))
    }
  }

  const foldOf: LineFold = {
    builder,
    twin,
    anomaly,
    advice,
    latest: () => latest,
    time_ms: () => line_ms,
    versions: () => versions,
    frames(item, emit) {
      const { entry } = item
      if (entry.kind === 'batch') {
        const batch = decoder.decode(entry)
        // History is kept in the log for recalculation; it never moves the live state.
        if (batch.count === 0 || batch.mode === 'backfill') return
        takeReadings(batch, emit)
      } else if (entry.kind === 'close') {
        builder.close(entry.tick, entry.reason, emitTicks(emit))
      } else if (entry.kind === 'decision') {
        emit({ at: 'decision', entry, time_ms: line_ms || entry.decided_ms, events: [] })
      } else {
        versions = entry.versions
        putInForce?.(versions)
      }
    },
    foldBatch(batch, onStep) {
      takeReadings(batch, step => runStages(foldOf, step, onStep))
    },
    runTwin(frame) {
      const result = twin.step(frame)
      latest = { frame, twin: result }
      line_ms = frame.time_ms
      return result
    },
    runAnomaly(step) {
      const result =
        step.at === 'readings'
          ? anomaly.readings(step.batch)
          : step.at === 'tick'
            ? anomaly.tick(step.frame, twinOf(step))
            : anomaly.decide(step.entry, step.time_ms)
      for (const body of result.anomalies) {
        step.events.push({ channel: 'anomaly', id: body.id, body })
      }
      for (const body of result.alarms) {
        step.events.push({ channel: 'alarm', id: `${body.id}#${body.revision}`, body })
      }
    },
    runAdvice(step) {
      if (step.at === 'readings') return
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
        ['line', jsonBytes({ line_ms, versions })],
        ['decoder', decoder.snapshot()],
        ['frames', builder.snapshot()],
        ['twin', twin.snapshot()],
        ['anomaly', anomaly.snapshot()],
        ['advice', advice.snapshot()],
      ]),
    restore(bytes) {
      const sections = unpackSections(bytes)
      const part = (name: string): Uint8Array => {
        const found = sections.get(name)
        assert(found, `a line's state has the section ${name}`)
        return found
      }
      const line = parseJsonBytes<{ line_ms: number; versions: Record<string, string> }>(
        part('line'),
      )
      line_ms = line.line_ms
      versions = line.versions
      putInForce?.(versions)
      decoder.restore(part('decoder'))
      builder.restore(part('frames'))
      twin.restore(part('twin'))
      anomaly.restore(part('anomaly'))
      advice.restore(part('advice'))
    },
  }
  return foldOf
}

function twinOf(step: Extract<Step, { at: 'tick' }>): TwinFrame {
  assert(step.twin, 'the twin runs before the stages that read it')
  return step.twin
}

function runStages(fold: LineFold, step: Step, onStep: (step: Step) => void): void {
  if (step.at === 'tick') step.twin = fold.runTwin(step.frame)
  fold.runAnomaly(step)
  fold.runAdvice(step)
  onStep(step)
}

/** Runs the whole fold over one entry, without RxJS: for verification. */
export function foldEntry(fold: LineFold, item: LogItem, onStep: (step: Step) => void): void {
  fold.frames(item, step => runStages(fold, step, onStep))
}
