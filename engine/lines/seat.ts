import type { Observable } from 'rxjs'
import type {
  AlarmRecord,
  AlarmSummary,
  Channel,
  LineChange,
  LineDefinition,
  LineFrame,
  LineView,
  OutputEvent,
  Profile,
  Quantity,
  Trend,
  TwinFrame,
} from '../flow.ts'
import type { ThreadLoad } from '../load.ts'
import type { LogRecord } from '../store/port.ts'
import type { Kept, Past } from './checkpoints.ts'
import type { FrameCounters } from './frames/builder.ts'
import type { StageTimes } from './stage-times.ts'
import type { CommitDraft } from './step.ts'

/** Where a line's fold stands; times and ticks are NaN before the first reading. */
export interface FoldStand {
  /** The last tick that was folded and its end; zeros before the first. */
  readonly tick: number
  readonly time_ms: number
  /** The oldest tick not closed yet, and the newest that a reading belongs to. */
  readonly next_tick: number
  readonly newest_tick: number
  readonly newest_ms: number
  readonly counters: FrameCounters
  /** Rewinds so far. */
  readonly revision: number
  /** Producers whose clocks are off. */
  readonly clock_problems: readonly string[]
  /** Log position after which the fold, or one that restores its state, may read again. */
  readonly needed_after: number
  /** Versions that the log last named. */
  readonly versions: Readonly<Record<string, string>>
}

/** What may be read of a line's fold at any time, without waiting for it. */
export interface FoldView {
  stand(): FoldStand
  latest(): { readonly frame: LineFrame; readonly twin: TwinFrame } | undefined
  alarms(): readonly AlarmRecord[]
  alarmSummary(): AlarmSummary
  advice: LineView['advice']
  sensorFaults: LineView['sensorFaults']
  scores: LineView['scores']
}

/** What a chunk of log entries made true, and the state with it where one is due. */
export interface Made extends CommitDraft {
  readonly state: Uint8Array | undefined
  /** Checkpoints that the state names. */
  readonly kept: Kept | undefined
  /** A state of about so many bytes is to be stored when its turn comes; 0: none. */
  readonly due_bytes: number
  /** Readings were among it, not closes alone. */
  readonly arrived: boolean
}

/** What a line has to do next. */
export interface Pulled {
  readonly records: readonly LogRecord[]
  /** Whether a large state may be stored with them. */
  readonly mayStore: boolean
}

/** The two ends of a line's pipeline, and the log beside it. */
export interface FoldPorts extends Past {
  /** The next entries of the log; waits for some, or for the turn to store a large state. */
  pull(): Promise<Pulled>
  /**
   * Tells events of the chunk in the making: all that `commit` will give, in the same order.
   * `position` is that of the log entry that they follow from.
   */
  tell(events: readonly OutputEvent[], position: number): LineChange | undefined
  commit(made: Made): Promise<LineChange | undefined>
}

/** A line's fold at work: in this thread or in another, which its user does not see. */
export interface FoldSeat {
  /** Name of the thread. */
  readonly thread: string
  readonly fields: readonly Quantity[]
  readonly channels: readonly Channel[]
  readonly view: FoldView
  readonly times: StageTimes
  /** Runs the line; ends with ThreadLost when its thread is gone, else when it cannot go on. */
  run(ports: FoldPorts): Observable<LineChange>
  trend(cell: number, from_ms: number, points_max: number): Trend | Promise<Trend>
  profiles(cell: number): readonly Profile[] | Promise<readonly Profile[]>
  /** The state as it is now; call it between two chunks only. */
  snapshot(): Promise<StoredFold>
  close(): void
}

/** A state with the checkpoints that it names. */
export interface StoredFold {
  readonly state: Uint8Array
  readonly kept: Kept
}

/** From where a line is folded on. */
export interface SeatRequest {
  readonly definition: LineDefinition
  /** Undefined: the fold begins anew. */
  readonly state: Uint8Array | undefined
  /** Numbers of the checkpoints that the store keeps. */
  readonly kept: ReadonlySet<number>
  /** Log position that the state reflects. */
  readonly position: number
  /** Events of entries up to here were published before and are not made again. */
  readonly published: number
}

/** Opens a line's fold; throws where the state does not fit it. */
export type OpenSeat = (request: SeatRequest) => Promise<FoldSeat>

/** Where folds run. */
export interface FoldPlaces {
  readonly openSeat: OpenSeat
  /** How busy the places other than this thread are. */
  threads(): readonly ThreadLoad[]
  close(): Promise<void>
}

/** The thread of a fold ended; what it had not yet handed over has to be folded again. */
export class ThreadLost extends Error {
  override name = 'ThreadLost'
  /** False where another line was being folded when the thread ended. */
  readonly suspect: boolean

  constructor(problem: string, suspect: boolean) {
    super(problem)
    this.suspect = suspect
  }
}
