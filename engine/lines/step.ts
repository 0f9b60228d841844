import type { DecisionEntry, LineFrame, OutputEvent, ReadingBatch, TwinFrame } from '../flow.ts'

/** One thing that happens to a line while its log is read; stages add to `events`. */
export type Step =
  | {
      readonly at: 'readings'
      readonly batch: ReadingBatch
      /** Tick that the readings belong to. */
      readonly tick: number
      readonly events: OutputEvent[]
    }
  | TickStep
  | {
      readonly at: 'decision'
      readonly entry: DecisionEntry
      /** Event time of the line when the decision takes effect. */
      readonly time_ms: number
      readonly events: OutputEvent[]
    }
  /** Past ticks were folded again with what came late; the events are corrections. */
  | { readonly at: 'rewind'; readonly events: OutputEvent[] }

/** A tick was closed. */
export interface TickStep {
  readonly at: 'tick'
  readonly frame: LineFrame
  twin: TwinFrame | undefined
  readonly events: OutputEvent[]
}

/** What a chunk of log entries will make true. */
export interface CommitDraft {
  readonly position: number
  ticks: number
  readonly events: OutputEvent[]
}

export function emptyDraft(position: number): CommitDraft {
  return { position, ticks: 0, events: [] }
}
