/**
 * The stages of one line, joined: log entries -> readings -> frames -> twin -> anomaly -> advice ->
 * one atomic commit -> outputs. The elements are chunks of log entries, never single readings.
 * The next chunk is pulled when the commit of the last one has begun, and that begins when the one
 * before has ended, so nothing can pile up here.
 */
import { concat, concatMap, defer, from, Observable, of, reduce, repeat } from 'rxjs'
import type { LineChange, LineFrame, TwinFrame } from './flow.ts'
import type { LogItem } from './lines/entry-queue.ts'
import { type CommitDraft, emptyDraft, type Step, type TickStep } from './lines/step.ts'

/** The stages of one line. Each is a function of a step; all memory is in the line's snapshot. */
export interface LineStages {
  /** The next entries of the log; waits while there are none. */
  pull(): Promise<readonly LogItem[]>
  /** The steps that one log entry causes: readings, closed ticks, decisions. */
  frames(item: LogItem): Iterable<Step>
  /** Does a tick's work, now or when the thread has done what is more urgent. */
  turn(work: () => void): void
  twin(frame: LineFrame): TwinFrame
  /** The first half of the anomaly stage; a promise where models score rows of several lines. */
  observe(step: TickStep): Promise<void> | undefined
  anomaly(step: Step): void
  advice(step: Step): void
  /** What comes before the next entry, such as a rewind; its steps have been through all stages. */
  settle?(emit: (step: Step) => void): Promise<void> | undefined
  /** Makes the draft true in the store, at once or not at all. */
  commit(draft: CommitDraft): Promise<LineChange | undefined>
}

export function linePipeline(stages: LineStages): Observable<LineChange> {
  const advance = (chunk: readonly LogItem[]): Observable<CommitDraft> =>
    from(chunk).pipe(
      concatMap(item => concat(stepsOf(stages, item), settled(stages))),
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
    const steps = stages.frames(item)[Symbol.iterator]()
    const end = (step: Step): void => {
      stages.anomaly(step)
      stages.advice(step)
      subscriber.next(step)
    }
    /** What was put off goes on only in a line that is still there, and fails no other. */
    const resumed = (work: () => void) => () => {
      if (subscriber.closed) return
      try {
        work()
      } catch (error) {
        subscriber.error(error)
      }
    }
    const tick = (step: TickStep): void => {
      step.twin = stages.twin(step.frame)
      const scored = stages.observe(step)
      const conclude = resumed(() => {
        end(step)
        goOn()
      })
      if (scored) scored.then(conclude, error => subscriber.error(error))
      else conclude()
    }
    /** Goes on until the next tick, which waits for its turn. */
    const goOn = (): void => {
      while (!subscriber.closed) {
        const { done, value: step } = steps.next()
        if (done) {
          subscriber.complete()
          return
        }
        if (step.at === 'tick') {
          stages.turn(resumed(() => tick(step)))
          return
        }
        end(step)
      }
    }
    goOn()
  })
}

function settled(stages: LineStages): Observable<Step> {
  return new Observable(subscriber => {
    const settling = stages.settle?.(step => subscriber.next(step))
    if (!settling) subscriber.complete()
    else settling.then(() => subscriber.complete()).catch(error => subscriber.error(error))
  })
}

function collect(draft: CommitDraft, step: Step): CommitDraft {
  if (step.at === 'tick') draft.ticks += 1
  for (const event of step.events) draft.events.push(event)
  return draft
}
