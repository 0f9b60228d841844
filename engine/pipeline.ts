/**
 * The stages of one line, joined: log entries -> readings -> frames -> twin -> anomaly -> advice ->
 * one atomic commit -> outputs. The elements are chunks of log entries, never single readings.
 * The next chunk is pulled only after the last one is committed, so nothing can pile up here.
 */
import { concatMap, defer, from, map, Observable, of, reduce, repeat } from 'rxjs'
import type { LineChange, LineFrame, TwinFrame } from './flow.ts'
import type { LogItem } from './lines/entry-queue.ts'
import { type CommitDraft, emptyDraft, type Step } from './lines/step.ts'

/** The stages of one line. Each is a function of a step; all memory is in the line's snapshot. */
export interface LineStages {
  /** The next entries of the log; waits while there are none. */
  pull(): Promise<readonly LogItem[]>
  /** Emits the steps that one log entry causes: readings, closed ticks, decisions. */
  frames(item: LogItem, emit: (step: Step) => void): void
  twin(frame: LineFrame): TwinFrame
  anomaly(step: Step): void
  advice(step: Step): void
  /** Makes the draft true in the store, at once or not at all. */
  commit(draft: CommitDraft): Promise<LineChange | undefined>
}

export function linePipeline(stages: LineStages): Observable<LineChange> {
  const advance = (chunk: readonly LogItem[]): Observable<CommitDraft> =>
    from(chunk).pipe(
      concatMap(item => stepsOf(stages, item)),
      map(step => {
        if (step.at === 'tick') step.twin = stages.twin(step.frame)
        stages.anomaly(step)
        stages.advice(step)
        return step
      }),
      reduce(collect, emptyDraft(chunk.at(-1)?.position ?? 0)),
    )

  return defer(() => stages.pull()).pipe(
    concatMap(advance),
    concatMap(draft => stages.commit(draft)),
    repeat(),
    concatMap(change => (change ? of(change) : [])),
  )
}

/** Steps go down the whole chain one by one: a frame is reused by the next tick. */
function stepsOf(stages: LineStages, item: LogItem): Observable<Step> {
  return new Observable(subscriber => {
    stages.frames(item, step => subscriber.next(step))
    subscriber.complete()
  })
}

function collect(draft: CommitDraft, step: Step): CommitDraft {
  if (step.at === 'tick') draft.ticks += 1
  for (const event of step.events) draft.events.push(event)
  return draft
}
