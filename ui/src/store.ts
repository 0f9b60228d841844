import type { Advice, AlarmRecord, AlarmSummary, OutputEvent } from '#engine/flow.ts'
import type {
  LineInfo,
  NotResumed,
  ResumePoint,
  SensorFault,
  ServerMessage,
  Telemetry,
} from '#engine/outputs/websocket/protocol.ts'
import { isFinished, isUnacknowledged } from './alarm-state.ts'

/** Alarms and recommendations that are over are kept up to this many, newest first. */
export const FINISHED_COUNT_MAX = 500

export type ConnectionState = 'connecting' | 'open' | 'lost'

/** What the page knows of one line besides alarms and advice. */
export interface LineState {
  readonly info: LineInfo
  readonly telemetry: Telemetry | undefined
  /** When the last telemetry frame arrived, monotonic ms; NaN before the first. */
  readonly arrived_ms: number
  readonly degraded: string
  readonly faults: readonly SensorFault[]
  /** Names of the rows of the telemetry's scores. */
  readonly detectors: readonly string[]
  /** Rises when late readings changed the past. */
  readonly revision: number
  /** End of the last tick before no reading came at all; 0 while readings come. */
  readonly silent_since_ms: number
  /** What went by unseen while the connection was lost; until somebody has noted it. */
  readonly missed: Missed | undefined
}

/** Events of a line that this page will never see one by one. */
export interface Missed {
  readonly why: NotResumed
  /** Event time of the last frame before; 0 when there was none. */
  readonly since_ms: number
}

/** Everything the page shows; one immutable value, replaced by `reduce`. */
export interface ClientState {
  readonly connection: ConnectionState
  readonly problem: string
  readonly version: string
  readonly subject: string
  readonly role: string
  readonly actions: readonly string[]
  readonly lines: ReadonlyMap<string, LineState>
  readonly alarms: ReadonlyMap<string, AlarmRecord>
  readonly advice: ReadonlyMap<string, Advice>
  /** Flood, incidents and alarm figures by line. */
  readonly summaries: ReadonlyMap<string, AlarmSummary>
  /** Where to resume each line after a drop. */
  readonly positions: ReadonlyMap<string, ResumePoint>
  /** The newest critical or high alarm that came as an event, for the live region. */
  readonly announced: AlarmRecord | undefined
}

export const emptyState: ClientState = {
  connection: 'connecting',
  problem: '',
  version: '',
  subject: '',
  role: '',
  actions: [],
  lines: new Map(),
  alarms: new Map(),
  advice: new Map(),
  summaries: new Map(),
  positions: new Map(),
  announced: undefined,
}

/** All that can change the state. */
export type Action =
  | { readonly type: 'connecting' }
  | { readonly type: 'opened' }
  | { readonly type: 'lost'; readonly problem: string }
  | { readonly type: 'message'; readonly message: ServerMessage }
  | { readonly type: 'telemetry'; readonly telemetry: Telemetry; readonly arrived_ms: number }
  | { readonly type: 'noted'; readonly line: string }

/** The next state; pure. */
export function reduce(state: ClientState, action: Action): ClientState {
  switch (action.type) {
    case 'connecting':
      return { ...state, connection: 'connecting' }
    case 'opened':
      return { ...state, connection: 'open', problem: '' }
    case 'lost':
      return { ...state, connection: 'lost', problem: action.problem }
    case 'telemetry':
      return withTelemetry(state, action.telemetry, action.arrived_ms)
    case 'message':
      return withMessage(state, action.message)
    case 'noted':
      return withLine(state, action.line, { missed: undefined })
  }
}

function withMessage(state: ClientState, message: ServerMessage): ClientState {
  switch (message.type) {
    case 'welcome':
      return withWelcome(state, message)
    case 'snapshot':
      return withSnapshot(state, message)
    case 'resumed':
    case 'heartbeat':
      return state
    case 'event':
      return withEvent(state, message)
    case 'status': {
      const { degraded, faults, detectors, revision } = message
      return withLine(state, message.line, { degraded, faults, detectors, revision })
    }
    case 'alarm-summary':
      return {
        ...state,
        summaries: withEntry(state.summaries, message.line, message.summary),
      }
    case 'error':
      return { ...state, problem: message.message }
  }
}

type MessageOf<T extends ServerMessage['type']> = Extract<ServerMessage, { readonly type: T }>

/** Lines that are gone take their alarms with them; the others keep what is known. */
function withWelcome(state: ClientState, message: MessageOf<'welcome'>): ClientState {
  const lines = new Map<string, LineState>()
  for (const info of message.lines) {
    const known = state.lines.get(info.line)
    const fits =
      known !== undefined &&
      known.info.cells.length === info.cells.length &&
      known.info.fields.length === info.fields.length &&
      known.info.channels.length === info.channels.length
    lines.set(info.line, {
      info,
      telemetry: fits ? known.telemetry : undefined,
      arrived_ms: fits ? known.arrived_ms : Number.NaN,
      degraded: known?.degraded ?? '',
      faults: known?.faults ?? [],
      detectors: known?.detectors ?? [],
      revision: known?.revision ?? 0,
      silent_since_ms: (fits && known?.silent_since_ms) || 0,
      missed: known?.missed,
    })
  }
  const ofLines = (record: { readonly line: string }) => lines.has(record.line)
  return {
    ...state,
    version: message.version,
    subject: message.identity.subject,
    role: message.identity.role,
    actions: message.actions,
    lines,
    alarms: filtered(state.alarms, ofLines),
    advice: filtered(state.advice, ofLines),
    summaries: new Map([...state.summaries].filter(([line]) => lines.has(line))),
    positions: new Map([...state.positions].filter(([line]) => lines.has(line))),
  }
}

function withSnapshot(state: ClientState, message: MessageOf<'snapshot'>): ClientState {
  const ofOthers = (record: { readonly line: string }) => record.line !== message.line
  const alarms = filtered(state.alarms, ofOthers)
  const advice = filtered(state.advice, ofOthers)
  for (const alarm of message.alarms) alarms.set(alarm.id, alarm)
  for (const one of message.advice) advice.set(one.id, one)
  const { epoch, offset, not_resumed: why } = message
  const next = {
    ...state,
    alarms,
    advice,
    positions: withEntry(state.positions, message.line, { epoch, offset }),
  }
  const known = state.lines.get(message.line)
  if (why === undefined || !known) return next
  // What was missed first and not noted yet reaches further back.
  const missed = known.missed ?? { why, since_ms: known.telemetry?.time_ms ?? 0 }
  return withLine(next, message.line, { missed: { ...missed, why } })
}

/** Delivery is at least once: what is not newer than the known record changes nothing. */
function withEvent(state: ClientState, message: MessageOf<'event'>): ClientState {
  const { line, epoch, offset, event } = message
  const at = state.positions.get(line)
  if (at && at.epoch === epoch && offset <= at.offset) return state
  const positions = withEntry(state.positions, line, { epoch, offset })
  return withOutput({ ...state, positions }, event)
}

function withOutput(state: ClientState, event: OutputEvent): ClientState {
  if (event.channel === 'advice') {
    const known = state.advice.get(event.body.id)
    if (known && known.revision >= event.body.revision) return state
    const advice = pruned(
      withEntry(state.advice, event.body.id, event.body),
      isDecided,
      a => a.created_ms,
    )
    return { ...state, advice }
  }
  if (event.channel !== 'alarm') return state
  const alarm = event.body
  const known = state.alarms.get(alarm.id)
  if (known && known.revision >= alarm.revision) return state
  const alarms = pruned(withEntry(state.alarms, alarm.id, alarm), isFinished, a => a.raised_ms)
  const urgent = alarm.priority === 'critical' || alarm.priority === 'high'
  const isCalling = (one: AlarmRecord) => one.active && isUnacknowledged(one)
  const isNew = urgent && isCalling(alarm) && !(known && isCalling(known))
  return { ...state, alarms, announced: isNew ? alarm : state.announced }
}

function withLine(state: ClientState, name: string, change: Partial<LineState>): ClientState {
  const line = state.lines.get(name)
  if (!line) return state
  return { ...state, lines: withEntry(state.lines, name, { ...line, ...change }) }
}

function withTelemetry(state: ClientState, telemetry: Telemetry, arrived_ms: number): ClientState {
  for (const [name, line] of state.lines) {
    if (line.info.number !== telemetry.lineNumber) continue
    if (!matches(line.info, telemetry)) return state
    const silentFrom_ms = line.silent_since_ms || telemetry.time_ms - line.info.tick_ms
    const silent_since_ms = telemetry.closed === 'silent' ? silentFrom_ms : 0
    return withLine(state, name, { telemetry, arrived_ms, silent_since_ms })
  }
  return state
}

function matches(info: LineInfo, telemetry: Telemetry): boolean {
  const cells = info.cells.length
  return (
    telemetry.cells === cells &&
    telemetry.estimate.length === info.fields.length * cells &&
    telemetry.observed.length === info.channels.length * cells
  )
}

/** True when nothing is left to decide about the recommendation. */
export function isDecided(advice: Advice): boolean {
  return advice.state !== 'PENDING_APPROVAL'
}

function withEntry<K, V>(map: ReadonlyMap<K, V>, key: K, value: V): Map<K, V> {
  return new Map(map).set(key, value)
}

function filtered<V>(map: ReadonlyMap<string, V>, keep: (value: V) => boolean): Map<string, V> {
  return new Map([...map].filter(([, value]) => keep(value)))
}

/** Drops the oldest records that are over, so that a page may stay open for months. */
function pruned<V>(
  map: Map<string, V>,
  isOver: (value: V) => boolean,
  time: (value: V) => number,
): Map<string, V> {
  if (map.size <= FINISHED_COUNT_MAX) return map
  const over = [...map].filter(([, value]) => isOver(value))
  over.sort(([, a], [, b]) => time(b) - time(a))
  for (const [id] of over.slice(FINISHED_COUNT_MAX)) map.delete(id)
  return map
}
