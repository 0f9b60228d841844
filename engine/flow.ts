/**
 * The types between the stages. Every stage imports this file and no other stage:
 * bytes -> ReadingBatch -> LineFrame -> TwinFrame -> Anomaly, AlarmRecord -> Advice -> outputs.
 * Values are SI; a number with a unit ends in it; array shapes are written as [outer][inner].
 */
import type { Observable } from 'rxjs'
import type { Quantity } from '#twin-models/model.ts'
import type { EngineLoad } from './load.ts'

export type { Quantity } from '#twin-models/model.ts'
export type { StoreUsage } from './load.ts'

// ------------------------------------------------------------------ lines, tags, series

export type LineKind = 'potline' | 'machine' | 'air' | 'generic'
/** `stream`: late, future and silent are judged by the line's own highest event time. */
export type LineClock = 'wall' | 'stream'
/** Where the readings come from; every screen shows anything but `plant`. */
export type LineOrigin = 'plant' | 'simulated' | 'recorded' | 'synthetic'

export type TagScope = 'line' | 'cell'
/** `signal` comes by itself each period; `sample` is manual and late; `event` happens. */
export type TagKind = 'signal' | 'sample' | 'event'
export type InTick = 'last' | 'mean' | 'sum' | 'event'

export interface TagDefinition {
  readonly tag: string
  /** Unit of the range and limits below, and of display, e.g. "kA". See engine/core/units.ts. */
  readonly unit: string
  readonly scope: TagScope
  readonly kind: TagKind
  /** Expected distance of two readings; 0 for samples and events. */
  readonly period_ms: number
  /** A value older than this is missing, not held. */
  readonly hold_max_ms: number
  readonly in_tick: InTick
  /** Physical range in `unit`; a reading outside goes to quarantine. */
  readonly low: number
  readonly high: number
  /** Alarm limits in `unit`; crossing one is an anomaly at once. */
  readonly alarm_low?: number
  readonly alarm_high?: number
  /** Largest believable change, `unit` per second. */
  readonly rate_max_per_s?: number
  /** A signal that shows one value for this long is stuck; absent or 0: not checked. */
  readonly stuck_after_ms?: number
}

export interface LineDefinition {
  readonly tenant: string
  readonly line: string
  readonly kind: LineKind
  readonly clock: LineClock
  readonly origin: LineOrigin
  readonly tick_ms: number
  /** Moves the line's ticks, so that lines that sample at other moments do not wait for each other. */
  readonly tick_offset_ms?: number
  /** Asset names in physical order: the cells of a potline, the assets of a generic line. */
  readonly cells: readonly string[]
  readonly tags: readonly TagDefinition[]
}

/**
 * Dense index of a series within its line: [tag][cell]. A tag of scope `line` uses cell 0.
 */
export function seriesIndex(definition: LineDefinition, tagIndex: number, cell: number): number {
  return tagIndex * definition.cells.length + cell
}

export const Quality = { good: 0, uncertain: 1, bad: 2, missing: 3 } as const
export type Quality = (typeof Quality)[keyof typeof Quality]

// ------------------------------------------------------------------ ingest

/** Readings of one producer for one line, columnar and immutable. */
export interface ReadingBatch {
  readonly producer: string
  readonly epoch: number
  readonly sequence: number
  readonly received_ms: number
  readonly mode: 'live' | 'backfill'
  readonly count: number
  readonly series: Uint32Array // [reading], dense series index of the line
  readonly times_ms: Float64Array // [reading], source time UTC
  readonly values: Float64Array // [reading], SI
  readonly quality: Uint8Array // [reading]
}

export interface ProducerState {
  readonly epoch: number
  /** Last sequence that is durable in the log; 0 before the first. */
  readonly committed_sequence: number
}

/** Who calls: from the connection's identity, never from a payload. */
export interface Identity {
  readonly subject: string
  readonly tenant: string
  readonly role: Role
}

export type Role =
  | 'operator'
  | 'engineer'
  | 'manager'
  | 'scientist'
  | 'auditor'
  | 'administrator'
  | 'device'
  | 'developer'

/** The only way into a line; the engine hands it to sources. */
export interface LineIntake {
  readonly definition: LineDefinition
  /** Issues the next epoch of the producer, which fences its older streams. */
  openProducer(producer: string): Promise<ProducerState>
  /** What is durable for the producer, or epoch 0 when it was never seen. */
  producer(producer: string): ProducerState
  /**
   * Appends one accepted wire batch; resolves once it is durable in the log.
   * Throws LiquidusError PRODUCER_FENCED or SEQUENCE_GAP, LINE_STOPPED, or STORE_FULL where the
   * line is behind by all it may keep; a duplicate resolves and does nothing.
   */
  append(entry: BatchEntry, quarantined: readonly QuarantineRow[]): Promise<void>
  /** Bytes that the line's producers together may have unacknowledged; shrinks when it lags. */
  credit_bytes(): number
  /** True while the line is so far behind that producers must wait; asked before each append. */
  held(): boolean
  /** Highest event time accepted so far, or NaN. */
  newest_event_ms(): number
}

/** The door to all lines, handed to sources by the composition root. */
export interface Intake {
  find(tenant: string, line: string): LineIntake | undefined
  /** Also those that are being created. */
  lineNames(tenant: string): readonly string[]
  /** Creates a line where the identity may; throws LiquidusError otherwise. */
  create(identity: Identity, definition: LineDefinition): Promise<LineIntake>
}

export type RejectReason =
  | 'UNKNOWN_SERIES'
  | 'VALUE_OUT_OF_RANGE'
  | 'IN_FUTURE'
  | 'UNIT'
  | 'TYPE'
  | 'UNAUTHORIZED'
  | 'SCHEMA'

/** A rejected reading, kept with its raw form and the reason. */
export interface QuarantineRow {
  readonly producer: string
  readonly sequence: number
  readonly row: number
  readonly reason: RejectReason
  readonly detail: string
  readonly asset: string
  readonly tag: string
  readonly time_ms: number
  readonly value: number
  readonly received_ms: number
}

// ------------------------------------------------------------------ log

export interface BatchEntry {
  readonly kind: 'batch'
  readonly producer: string
  readonly epoch: number
  readonly sequence: number
  readonly received_ms: number
  readonly mode: 'live' | 'backfill'
  /** Rejected rows as [first, count] pairs, ascending. */
  readonly rejected: readonly (readonly [first: number, count: number])[]
  /** The ReadingBatch message as it was sent. */
  readonly wire: Uint8Array
}

/** A tick that arrival time closed; closes that follow from the readings need no entry. */
export interface CloseEntry {
  readonly kind: 'close'
  readonly tick: number
  readonly reason: 'grace' | 'silent'
}

/** What a person or a machine decided. */
export type Decision =
  | { readonly on: 'alarm'; readonly action: 'acknowledge' | 'reset'; readonly target: string }
  | {
      readonly on: 'alarm'
      readonly action: 'shelve'
      readonly target: string
      readonly until_ms: number
      /** The shelf ends at the next return to normal, if that comes first. */
      readonly once?: boolean
    }
  | { readonly on: 'alarm'; readonly action: 'unshelve'; readonly target: string }
  | {
      readonly on: 'alarm'
      readonly action: 'remove-from-service' | 'return-to-service'
      readonly target: string
    }
  | { readonly on: 'advice'; readonly action: 'approve' | 'reject'; readonly target: string }

export interface DecisionEntry {
  readonly kind: 'decision'
  readonly decision: Decision
  readonly subject: string
  readonly role: Role
  readonly comment: string
  readonly decided_ms: number
}

/** Versions that are in force from here on: engine, configuration, models. */
export interface VersionEntry {
  readonly kind: 'version'
  readonly versions: Readonly<Record<string, string>>
}

export type LogEntry = BatchEntry | CloseEntry | DecisionEntry | VersionEntry

// ------------------------------------------------------------------ frames

export type CloseReason = 'complete' | 'watermark' | 'grace' | 'silent'

/** A manual sample, with the time it was taken and the time it became known. */
export interface Sample {
  readonly tagIndex: number
  readonly cell: number
  readonly taken_ms: number
  readonly value: number // SI
}

/** Something that happened within the tick: a feed shot, a tap, an anode change. */
export interface FrameEvent {
  readonly tagIndex: number
  readonly cell: number
  readonly time_ms: number
  readonly value: number // SI
}

/** One tick of one line: all that was known of [time_ms - tick_ms, time_ms) when it closed. */
export interface LineFrame {
  /** Tick number: floor((event time - tick_offset_ms) / tick_ms). */
  readonly tick: number
  /** End of the tick. */
  readonly time_ms: number
  readonly closed: CloseReason
  readonly values: Float64Array // [tag][cell], SI; NaN where nothing is known
  readonly quality: Uint8Array // [tag][cell]
  readonly age_ms: Float64Array // [tag][cell], since the value's source time
  readonly events: readonly FrameEvent[]
  readonly samples: readonly Sample[]
}

// ------------------------------------------------------------------ twin

/** A measured channel the twin predicts, e.g. cell voltage. */
export interface Channel extends Quantity {
  /** Tag it is compared with. */
  readonly tag: string
}

/** Observed beside expected for one line at one instant. Arrays are reused: copy to keep. */
export interface TwinFrame {
  readonly tick: number
  readonly time_ms: number
  readonly estimate: Float64Array // [field][cell], SI
  readonly std: Float64Array // [field][cell], SI; NaN where no band applies
  readonly observable: Uint8Array // [field][cell], 0: "not observable now"
  readonly observed: Float64Array // [channel][cell], SI
  readonly expected: Float64Array // [channel][cell], SI
  readonly expected_std: Float64Array // [channel][cell], SI
  /** Innovation over its standard deviation; NaN when the channel was not used. */
  readonly residual: Float64Array // [channel][cell], 1
  readonly masked: Uint8Array // [cell], 1 while an event (tap, anode change, beam) hides the voltage
  readonly trusted: Uint8Array // [cell]
}

/** A plan for a what-if: changes from now on; an empty plan is "as it runs". */
export interface Plan {
  /** Multiplies the alumina feed rate. */
  readonly feed_ratio?: number
  /** Added to the anode-cathode distance, m. */
  readonly acd_change_m?: number
}

/** A trajectory of one cell under a plan. */
export interface Forecast {
  readonly times_s: Float64Array // [step], from now
  readonly fields: readonly string[]
  readonly mean: Float64Array // [field][step], SI
  readonly std: Float64Array // [field][step], SI
}

/** A quantity along an axis of one cell, such as alumina along the channels. */
export interface Profile extends Quantity {
  readonly axis: {
    readonly text: string
    /** "m" along the cell, or "1" for a numbered position such as an anode. */
    readonly unit: string
    readonly positions: Float64Array // [point]
    /** Names of the points where numbers alone say little, e.g. "bath level". */
    readonly labels?: readonly string[] // [point]
  }
  /** What each row is, e.g. "side A". */
  readonly rows: readonly string[]
  readonly values: Float64Array // [row][point], SI, NaN where nothing is known
  /** Measured beside it; NaN where not. */
  readonly observed?: Float64Array // [row][point], SI
}

export interface Twin {
  readonly fields: readonly Quantity[]
  readonly channels: readonly Channel[]
  readonly version: string
  /** Advances all cells by the frame's tick. Called once per tick, in order. */
  step(frame: LineFrame): TwinFrame
  /** Forks the state of one cell and runs it on; the twin itself is unchanged. */
  forecast(cell: number, plan: Plan, horizon_s: number, step_s: number): Forecast | undefined
  /** What lies behind the estimates of one cell after the last step; for pictures. */
  profiles(cell: number): readonly Profile[]
  snapshot(): Uint8Array
  /** What `snapshot` joins: memory of the stage itself, of use until its next step. */
  pieces?(): readonly Uint8Array[]
  restore(bytes: Uint8Array): void
}

// ------------------------------------------------------------------ anomaly and alarms

export interface Cause {
  /** In the words of the process, e.g. "alumina feed below demand". */
  readonly text: string
  /** Share of the score this cause explains, 0..1; causes are ranked by it. */
  readonly weight: number
}

/** A score that stands out: an event, not yet an alarm. */
export interface Anomaly {
  /** Deterministic: equal logs give equal ids. */
  readonly id: string
  readonly line: string
  /** Asset, or '' for the line. */
  readonly cell: string
  /** Tag it concerns, or ''. */
  readonly tag: string
  /** Key of the anomaly catalogue, e.g. `feed-below-demand`. */
  readonly kind: string
  readonly detector: string
  /** Event time of the last reading that it needed. */
  readonly time_ms: number
  readonly score: number // 0..1
  readonly text: string
  readonly causes: readonly Cause[]
  /** How evenly it comes from all signals: near 0 a fault, near 1 another regime. */
  readonly dispersion?: number
  /** Rises by one with each correction; 1 when absent. */
  readonly revision?: number
  /** True where late readings changed the past: the event is told or told anew, and alarms nobody. */
  readonly correction?: boolean
  /** True where late readings show that it never was. */
  readonly withdrawn?: boolean
}

export type AlarmPriority = 'critical' | 'high' | 'medium' | 'low'

/** One alarm occurrence with its ISA-18.2 facts. */
export interface AlarmRecord {
  readonly id: string
  readonly line: string
  readonly cell: string
  readonly tag: string
  readonly kind: string
  readonly priority: AlarmPriority
  readonly text: string
  readonly causes: readonly Cause[]
  /** What the operator should do. */
  readonly response: string
  /** What happens when nobody acts. */
  readonly consequence: string
  /** Time to act before the consequence. */
  readonly respond_within_ms: number
  readonly active: boolean
  readonly acknowledged: boolean
  readonly latched: boolean
  readonly shelved_until_ms: number // 0: not shelved
  /** Suppressed by design. */
  readonly suppressed: boolean
  /** Name of the rule that suppresses it, or ''. */
  readonly suppressed_by: string
  readonly out_of_service: boolean
  /** Who took it out of service, or ''. */
  readonly out_of_service_by: string
  /** Id of the first alarm of the group that this one belongs to: its own when it was the first. */
  readonly incident: string
  readonly raised_ms: number
  readonly returned_ms: number // 0: still active
  readonly acknowledged_ms: number // 0: not yet
  readonly acknowledged_by: string
  readonly comment: string
  readonly revision: number
}

/** Alarms of one flood that belong together, told by the one that came first. */
export interface AlarmIncident {
  /** Id of the first alarm; its members name it in `incident`. */
  readonly id: string
  readonly line: string
  /** Of the first alarm. */
  readonly cell: string
  readonly tag: string
  readonly kind: string
  readonly text: string
  /** The highest of its members. */
  readonly priority: AlarmPriority
  /** Of all members, the strongest first; weights sum to at most 1. */
  readonly causes: readonly Cause[]
  readonly kinds: readonly { readonly kind: string; readonly alarms: number }[]
  /** Members so far, and those that are not yet over. */
  readonly alarms: number
  readonly standing: number
  readonly unacknowledged: number
  readonly cells: number
  readonly started_ms: number
  readonly last_ms: number
}

/** Alarm figures of a line over its last 24 clock hours of event time; null: nothing to tell. */
export interface AlarmKpis {
  readonly since_ms: number
  readonly time_ms: number
  /** Alarms that called the operator, also those called again. */
  readonly announced: number
  readonly per_10min: number
  readonly per_hour: number
  readonly per_day: number
  readonly hours_over_30_pct: number
  readonly windows_over_10_pct: number
  /** In the running ten minutes of the clock, and the most in one. */
  readonly current_10min: number
  readonly max_10min: number
  readonly max_hour: number
  readonly max_minute: number
  readonly flood_pct: number
  /** Share of the ten busiest sources. */
  readonly top10_pct: number | null
  readonly top: readonly { readonly source: string; readonly announced: number }[]
  /** Sources that called three times within a minute. */
  readonly chattering: number
  /** Alarms that were gone within a minute, before anybody acknowledged. */
  readonly fleeting: number
  /** Standing for more than 24 h. */
  readonly stale: number
  readonly priorities_pct: Readonly<Record<AlarmPriority, number>> | null
  /** Removals from service that were refused for lack of a right or a reason. */
  readonly unauthorised: number
  readonly acknowledge_p50_ms: number | null
  readonly acknowledge_p95_ms: number | null
  readonly shelved_p50_ms: number | null
  readonly shelved_p95_ms: number | null
  /** Hidden now. */
  readonly shelved: number
  readonly suppressed: number
  readonly out_of_service: number
  /** Conditions that found the list full, since the line began. */
  readonly not_kept: number
}

/** The alarms of a line as a whole. */
export interface AlarmSummary {
  /** When the flood that lasts now began, or 0. */
  readonly flood_since_ms: number
  /** Of the flood that lasts, and of those before while members are not over; newest last. */
  readonly incidents: readonly AlarmIncident[]
  readonly kpis: AlarmKpis
}

// ------------------------------------------------------------------ advice

export type AdviceState =
  | 'PENDING_APPROVAL'
  | 'APPROVED'
  | 'REJECTED_BY_OPERATOR'
  | 'EXPIRED'
  | 'SUPERSEDED'
  | 'WITHDRAWN'

export interface Margin {
  readonly constraint: string
  /** Distance to the limit in the worst case of the forecast, in `unit`; negative: broken. */
  readonly worst: number
  /** The same distance without the change. */
  readonly worst_without: number
  readonly unit: string
}

export interface ForecastPair {
  readonly times_s: readonly number[]
  readonly field: string
  readonly unit: string
  readonly with_mean: readonly number[]
  readonly with_std: readonly number[]
  readonly without_mean: readonly number[]
  readonly without_std: readonly number[]
}

/** A recommended setpoint. It proposes and never writes to the plant. */
export interface Advice {
  readonly id: string
  readonly line: string
  readonly cell: string
  readonly setpoint: 'base_feed_rate' | 'target_resistance'
  readonly unit: string
  readonly from: number
  readonly to: number
  readonly low: number
  readonly high: number
  readonly step_max: number
  readonly interval_min_s: number
  readonly reason: string
  readonly forecasts: readonly ForecastPair[]
  readonly margins: readonly Margin[]
  readonly confidence: number // 0..1
  readonly inhibits: readonly string[]
  readonly versions: Readonly<Record<string, string>>
  /** SHA-256 over the rest of this object up to here, hex. */
  readonly hash: string
  readonly created_ms: number
  readonly valid_until_ms: number
  readonly state: AdviceState
  readonly decided_by: string
  readonly decided_ms: number
  readonly comment: string
  readonly revision: number
}

// ------------------------------------------------------------------ stages

/** What a step of the anomaly stage found: new events, and alarms with a new revision. */
export interface AnomalyResult {
  readonly anomalies: readonly Anomaly[]
  readonly alarms: readonly AlarmRecord[]
  /** True where readings changed what the tick before theirs would have found. */
  readonly stirred?: boolean
  /** What drift monitors propose: events that no late reading takes back. */
  readonly proposals?: readonly Anomaly[]
}

/** The detectors of a line apart from its alarms, so that past ticks can be run again. */
export interface Detectors {
  snapshot(): Uint8Array
  /** What `snapshot` joins: memory of the stage itself, of use until its next step. */
  pieces?(): readonly Uint8Array[]
  restore(bytes: Uint8Array): void
  /** From here on findings act on no alarm ... */
  detach(): void
  /** ... until here: alarms now follow the conditions that stand, none of them in the past. */
  attach(time_ms: number): AnomalyResult
}

/** A trained model that scores rows; the result of a row does not depend on those beside it. */
export interface RowScorer {
  /**
   * Fills `scores` [row], and `shares` [row][feature] with each feature's share of it. A row is a
   * window of several times where the model takes such.
   */
  score(
    features: Float32Array, // [row][time][feature]
    rows: number,
    scores: Float64Array, // [row]
    shares?: Float64Array, // [row][feature]
  ): void
}

/** Rows of a line for one model, in memory of the line. */
export interface ScoreCall {
  readonly scorer: RowScorer
  readonly features: Float32Array // [row][time][feature]
  readonly rows: number
  readonly scores: Float64Array // [row]
  /** Where somebody wants to know. */
  readonly shares?: Float64Array // [row][feature]
}

/** Scores and alarms of one line; deterministic by event time. */
export interface AnomalyStage {
  readonly detectors: Detectors
  /** Checks that need no tick, at once; called before the ticks that the batch closes. */
  readings(batch: ReadingBatch): AnomalyResult
  /** The first half of a tick; gives the rows that trained models have to score before the other. */
  observe(frame: LineFrame, twin: TwinFrame): readonly ScoreCall[]
  /** What the first half found; the second gives what it finds itself. */
  found(): readonly Anomaly[]
  /** The second half of a tick, once the rows are scored. */
  conclude(frame: LineFrame, twin: TwinFrame): AnomalyResult
  decide(entry: DecisionEntry, time_ms: number): AnomalyResult
  alarms(): readonly AlarmRecord[]
  alarmSummary(): AlarmSummary
  /** Health of each tag now, by dense series index. */
  sensorFaults(): ReadonlyMap<number, string>
  /** Latest live scores by detector, [cell]. */
  scores(): readonly { readonly name: string; readonly values: Float64Array }[]
  snapshot(): Uint8Array
  /** What `snapshot` joins: memory of the stage itself, of use until its next step. */
  pieces?(): readonly Uint8Array[]
  restore(bytes: Uint8Array): void
}

/** Recommended setpoints of one line; deterministic by event time. */
export interface AdviceStage {
  /** Called once per tick after the anomaly stage; gives the advice that changed. */
  tick(frame: LineFrame, twin: TwinFrame, alarms: readonly AlarmRecord[]): readonly Advice[]
  decide(entry: DecisionEntry, time_ms: number): readonly Advice[]
  /** Open advice first, then what was decided lately; bounded. */
  current(): readonly Advice[]
  snapshot(): Uint8Array
  restore(bytes: Uint8Array): void
}

/** Turns logged wire batches into readings of the line; its dictionaries are in the snapshot. */
export interface BatchDecoder {
  decode(entry: BatchEntry): ReadingBatch
  snapshot(): Uint8Array
  restore(bytes: Uint8Array): void
}

// ------------------------------------------------------------------ outputs

/** Reliable events, delivered at least once with an id to deduplicate by. */
export type OutputEvent =
  | { readonly channel: 'anomaly'; readonly id: string; readonly body: Anomaly }
  | { readonly channel: 'alarm'; readonly id: string; readonly body: AlarmRecord }
  | { readonly channel: 'advice'; readonly id: string; readonly body: Advice }

/** An event at its place in the line's outbox; offsets rise by one, from 1. */
export interface StoredEvent {
  readonly offset: number
  readonly event: OutputEvent
}

/**
 * What one commit made true, or events that follow from the durable log and are being stored.
 * Telemetry may be conflated by a sink; events may not.
 */
export interface LineChange {
  readonly tenant: string
  readonly line: string
  /** True when at least one tick closed. */
  readonly ticked: boolean
  /** The newest tick that is folded, and its end; 0 before the first. */
  readonly tick: number
  readonly time_ms: number
  readonly events: readonly StoredEvent[]
  /** Log position of the entry that it follows from; of the last, where it is `whole`. */
  readonly position: number
  /** All that the entries up to there give was told; false while they are being folded. */
  readonly whole: boolean
}

export interface LineStatus {
  readonly tick: number
  readonly time_ms: number
  readonly position: number
  /** Of the last stored state ... */
  readonly state_hash: string
  /** ... which reflects the log up to this position; 0 before the first. */
  readonly state_position: number
  readonly behind_entries: number
  readonly degraded: string // '' when healthy
  readonly readings_accepted: number
  readonly readings_rejected: number
  /** Came too late for the live state and for a rewind; the log has them. */
  readonly readings_late: number
  /** Rewinds for late readings so far: each changed values of the past. */
  readonly revision?: number
  /** Producers whose clocks are off, as texts for people. */
  readonly clock_problems?: readonly string[]
  readonly ticks_closed: Readonly<Record<CloseReason, number>>
}

/** Columns of one cell over time for trend pictures; SI, NaN where nothing is known. */
export interface Trend {
  readonly times_ms: Float64Array
  /** By name: every field, `<field>_std`, and per channel `<tag>`, `<tag>_expected`, `_expected_std`. */
  readonly columns: ReadonlyMap<string, Float32Array>
}

/** What outputs may read of a line. */
export interface LineView {
  readonly definition: LineDefinition
  readonly fields: readonly Quantity[]
  readonly channels: readonly Channel[]
  status(): LineStatus
  /** The last committed tick; undefined before the first. */
  latest(): { readonly frame: LineFrame; readonly twin: TwinFrame } | undefined
  alarms(): readonly AlarmRecord[]
  alarmSummary(): AlarmSummary
  advice(): readonly Advice[]
  /** Health of each tag now, by dense series index: a reason such as "stuck". */
  sensorFaults(): ReadonlyMap<number, string>
  /** Latest live scores by detector, [cell]. */
  scores(): readonly { readonly name: string; readonly values: Float64Array }[]
  /** History of one cell; a promise where the line is folded in another thread. */
  trend(cell: number, from_ms: number, points_max: number): Trend | Promise<Trend>
  /** Profiles of one cell at the last tick; none before the first. */
  profiles(cell: number): readonly Profile[] | Promise<readonly Profile[]>
  /**
   * Events with offset > after, oldest first, those that are only told among them; `oldest` is the
   * first offset still kept.
   */
  events(
    after: number,
    count_max: number,
  ): Promise<{
    readonly oldest: number
    readonly newest: number
    readonly events: readonly StoredEvent[]
  }>
  /** Events that were told and are not in the store and the views yet. */
  pendingEvents(): readonly StoredEvent[]
  /** Writes the decision to the log; resolves when durable. */
  decide(decision: Decision, who: Identity, comment: string): Promise<void>
}

export interface EngineHealth {
  readonly ready: boolean
  /** One line per thing that is not as it should be; some of them leave the engine ready. */
  readonly problems: readonly string[]
  readonly version: string
  readonly uptime_s: number
  readonly store: string
}

/** What outputs may read of the engine. */
export interface EngineView {
  /** Changes when history was lost; clients resume by epoch and offset. */
  readonly epoch: string
  lines(tenant: string): readonly LineView[]
  line(tenant: string, line: string): LineView | undefined
  /** With a tenant: lines of others are counted, not named; '' is nobody's. */
  health(tenant?: string): EngineHealth
  load(): EngineLoad
  /** Emits after each commit. Handlers must return at once and hold nothing unbounded. */
  readonly changes$: Observable<LineChange>
}

/** Delivers what the engine found to the world outside. */
export interface Sink {
  readonly name: string
  /** Connects or listens; throws LiquidusError when it cannot. */
  start(): Promise<{ readonly address: string }>
  close(): Promise<void>
}
